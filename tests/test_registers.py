"""Registers on disk: what a file holds is found, nothing of it is kept, damage is said."""

import contextlib
from datetime import date
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from detectors import Role, Source
from mailfilter import commands, config
from mailfilter.app.examining import Examiner
from mailfilter.commands.scan import fresh_job, workers
from mailfilter.errors import ConfigError
from mailfilter.examine import to_json
from mailfilter.model import Examination, Facts, Finding
from mailfilter.place import Place
from mailfilter.registers import build, bundle, key_of, load, remove, save, unbundle
from mailfilter.workers import checked
from mailfilter.workers.pool import Pool

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
    assert found(loaded, "910120-2381 Anna Ek 1984-03-10") == set()


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


MAIL = (
    b"From: a@kommun.example\r\nTo: b@hem.example\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\nAkten SKY-0071 och 910120-2381.\r\n"
)


def keys(tmp_path):
    """The settings of an installation with a register and an allow list, and its folder."""
    table = {"store": {"keys": str(tmp_path / "keys"), "run": str(tmp_path / "run")}}
    (tmp_path / "c.toml").write_text(
        "".join(f"[{name}]\n" + "".join(f'{k} = "{v}"\n' for k, v in values.items())
        for name, values in table.items())
    )  # fmt: skip
    return config.load(tmp_path / "c.toml")


def cli(*arguments):
    return CliRunner().invoke(application(), list(map(str, arguments)))


def application():
    app = typer.Typer()
    commands.register(app)
    return app


def add(tmp_path, name, text, *options):
    (tmp_path / "list.csv").write_text(text)
    file = tmp_path / "c.toml"
    return cli("register", "add", name, tmp_path / "list.csv", "-c", file, *options)


def kinds(examination):
    return {f.kind for f in examination.findings if f.confidence >= 50}


async def test_command_and_both_ways_of_reading(tmp_path):
    settings = keys(tmp_path)
    done = add(tmp_path, "skyddad", "id\nSKY-0071\n")
    assert (done.exit_code, "skyddad: 1 rows taken" in done.output) == (0, True)
    assert "SKY" not in done.output
    small = Examiner(Pool(Path("nowhere")), settings)
    found = await small(MAIL, TODAY)
    assert kinds(found) == {"register:skyddad", "se.personnummer"}
    with workers(1) as pool:
        by_worker = await pool.examine(MAIL, fresh_job(settings))
        assert kinds(by_worker) == kinds(found)
        attached = MAIL.replace(
            b"Content-Type: text/plain; charset=utf-8",
            b"Content-Type: application/rtf; name=a.rtf",
        )
        assert "register:skyddad" in kinds(await pool.examine(attached, fresh_job(settings)))
    add(tmp_path, "testpersoner", "pnr\n910120-2381\n", "--allow")
    small.look_for(settings)
    assert kinds(await small(MAIL, TODAY)) == {"register:skyddad"}
    listed = cli("register", "list", "-c", tmp_path / "c.toml").output
    assert "skyddad: register, 1 numbers" in listed
    assert "testpersoner: allow list, 1 numbers" in listed
    assert cli("register", "remove", "skyddad", "-c", tmp_path / "c.toml").exit_code == 0
    small.look_for(settings)
    assert kinds(await small(MAIL, TODAY)) == set()


async def test_a_damaged_register_ends_a_start_and_not_a_reload(tmp_path):
    settings = keys(tmp_path)
    add(tmp_path, "skyddad", "id\nSKY-0071\n")
    running = Examiner(Pool(Path("nowhere")), settings)
    (tmp_path / "keys" / "registers" / "skyddad.register").write_bytes(b"x")
    running.look_for(settings)
    assert "register:skyddad" in kinds(await running(MAIL, TODAY))
    with pytest.raises(ConfigError, match="damaged; add the register anew"):
        Examiner(Pool(Path("nowhere")), settings)


@pytest.mark.parametrize(
    ("text", "code", "sentence"),
    [("", 2, "holds no rows"), ("id\nSKY-0071\nabc\n", 1, "1 rows hold nothing to find: row 3")],
)
def test_command_says_what_it_could_not_take(tmp_path, text, code, sentence):
    keys(tmp_path)
    done = add(tmp_path, "a", text)
    assert done.exit_code == code
    assert sentence in done.output


def test_a_worker_that_was_taken_over_names_no_register_of_its_own():
    finding = Finding("register:hemlig", 99, Place(Role.BODY), "******", "", ("register",))
    answer = to_json(Examination(Facts(), (finding,)))
    assert checked.examination(answer, 1, ("register:hemlig",)).findings == (finding,)
    with pytest.raises(ValueError, match="nobody makes"):
        checked.examination(answer, 1, ("register:skyddad",))
