"""Registers on disk: what a file holds is found, nothing of it is kept, damage is said."""

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors import Source
from mailfilter.errors import ConfigError
from mailfilter.registers import build, bundle, key_of, load, remove, save, unbundle

KEY = key_of(bytes(32))
TODAY = date(2026, 11, 1)
PNR = "19911112-2397"


def written(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode(encoding))
    return path


def found(registers, text):
    return {match.kind for match in registers.find([Source(text)], TODAY)}


@pytest.mark.parametrize(
    ("text", "mail"),
    [
        (f"{PNR}\n", "pnr 911112-2397"),
        (f"Personnummer;Namn\n{PNR};Anna Berg\n", "911112 2397"),
        (f"pnr,anmärkning\n{PNR},x\n", "9111122397"),
        ("Förnamn;Efternamn;Född\nÅsa;Öman;1984-03-09\n", "Åsa Öman, född 1984-03-09"),
        ("namn\tfödelsedatum\nÖman, Åsa\t19840309\n", "Åsa Öman 840309"),
        (f"personnummer;namn\n{PNR};Anna Berg\n", "Anna Berg, 1991-11-12"),
        ("id\nSKY-0071\n", "akt SKY-0071"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_files_of_all_kinds(tmp_path, text, mail, encoding):
    built = build(written(tmp_path, text, encoding), "skyddad", KEY)
    assert (built.rows, built.unusable) == (1, ())
    save(tmp_path / "registers", built.register)
    loaded = load(tmp_path / "registers", KEY)
    assert found(loaded, mail) == {"register:skyddad"}
    assert found(unbundle(bundle(loaded)), mail) == {"register:skyddad"}
    assert found(loaded, "911112-2405 Anna Ek 1984-03-10") == set()


def test_nothing_of_the_file_is_kept(tmp_path):
    built = build(written(tmp_path, f"pnr;namn;född\n{PNR};Åsa Öman;1984-03-09\n"), "a", KEY)
    save(tmp_path, built.register)
    kept = (tmp_path / "a.register").read_bytes()
    for secret in (b"911112", b"2397", "Åsa".encode(), "Öman".encode(), b"1984", KEY, KEY.hex()):
        assert (secret if isinstance(secret, bytes) else secret.encode()) not in kept
    assert (tmp_path / "a.register").stat().st_mode & 0o077 == 0


def test_rows_that_cannot_be_used_are_named_by_number(tmp_path):
    built = build(written(tmp_path, f"pnr;namn\n{PNR};A B\nhemligt;A B\n;\n123;x\n"), "a", KEY)
    assert built.unusable == (3, 5)


@pytest.mark.parametrize(
    ("text", "sentence"), [("", "holds no rows"), ("namn\nAnna Berg\n", "a heading with pnr")]
)
def test_files_without_anything(tmp_path, text, sentence):
    with pytest.raises(ConfigError, match=sentence) as raised:
        build(written(tmp_path, text), "a", KEY)
    assert "Anna" not in str(raised.value)


@pytest.mark.parametrize("name", ["", "Skyddad", "a/b", "..", "a b", "x" * 33])
def test_names_that_may_not_be(tmp_path, name):
    with pytest.raises(ConfigError, match="register name"):
        build(written(tmp_path, PNR), name, KEY)


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "a.register").write_bytes(b"\0\0\0\x02{}")
    with pytest.raises(ConfigError, match=r"a\.register is damaged"):
        load(tmp_path, KEY)


def test_remove(tmp_path):
    save(tmp_path, build(written(tmp_path, PNR), "a", KEY).register)
    remove(tmp_path, "a")
    assert load(tmp_path, KEY).lists == ()
    with pytest.raises(ConfigError, match="no register"):
        remove(tmp_path, "a")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_bundle_or_an_error_that_is_declared(data):
    with contextlib.suppress(ValueError, KeyError, TypeError):
        unbundle(data)
