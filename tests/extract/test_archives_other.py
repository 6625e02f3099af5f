"""7z, rar, cab, lha, iso, cpio, ar and packed streams: read, locked, broken, two-faced, bombs."""

import os
import struct
import subprocess
import sys
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailfilter.extract import Budget
from mailfilter.extract.archive import library, other
from mailfilter.extract.archive.library import load
from mailfilter.extract.containers.compressed import zstd
from mailfilter.limits import MIB
from tests.effort import within_a_minute
from tests.extract import making
from tests.extract import making_archives as m
from tests.extract.making import zipped
from tests.extract.reading import NUMBER, contents, kinds, places, read, reasons
from tests.extract.test_archives import tape
from tests.extract.test_robust import well_formed

_NAMED = {f"mapp/{NUMBER}.txt": b"hej"}
_NESTED = {"b.zip": zipped({"anteckning.txt": m.TEXT})}
_BOOK = {"lista.xlsx": making.sheet_with(NUMBER)}
MAKERS = {
    "a.7z": m.seven_zip,
    "b.7z": lambda members: m.written("7zip", members),
    "bzip2.7z": lambda members: m.written("7zip", members, options="7zip:compression=bzip2"),
    "ppmd.7z": lambda members: m.written("7zip", members, options="7zip:compression=ppmd"),
    "old.rar": m.rar_old,
    "a.rar": m.rar,
    "a.cab": m.cab,
    "a.lha": m.lha,
    "a.iso": lambda members: m.written("iso9660", members),
    "a.cpio": lambda members: m.written("cpio_newc", members),
    "a.tar.zst": lambda members: zstd().compress(tape(members)),
    "a.tar.lz4": lambda members: m.written("ustar", members, "lz4"),
    "a.tar.lz": lambda members: m.written("ustar", members, "lzip"),
    "a.tar.z": lambda members: m.written("ustar", members, "compress"),
}
GOOD = {name: make(m.NOTE) for name, make in MAKERS.items()}
GOOD["a.deb"] = m.written("ar_bsd", {"anteckning.txt": m.TEXT})
GOOD["a.txt.zst"] = zstd().compress(m.TEXT)
GOOD["twice.zst"] = zstd().compress(m.TEXT[:8]) + zstd().compress(m.TEXT[8:])


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("shown", [True, False])
def test_archives_are_read(name, shown):
    found = read(GOOD[name], name if shown else "bilaga")
    assert places(found), contents(found)[:500]
    assert reasons(found) == []
    assert found.opened == ()


@pytest.mark.parametrize("name", MAKERS)
def test_member_names_are_text(name):
    found = read(MAKERS[name](_NAMED), name)
    assert places(found)
    assert reasons(found) == []


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("members", [_NESTED, _BOOK])
def test_what_lies_in_them_is_read_too(name, members):
    found = read(MAKERS[name](members), name)
    assert places(found)
    assert reasons(found) == ([] if name != "a.cab" else ["ambiguous-archive"])  # it ends as a zip


def test_a_place_names_the_members():
    found = read(m.seven_zip(_NESTED), "a.7z")
    steps = [(step.kind, step.n, step.name) for step in places(found)[0].steps]
    assert steps == [
        ("attachment", 1, "a.7z"),
        ("member", 1, "b.zip"),
        ("member", 1, "anteckning.txt"),
    ]
    assert "member" in kinds(found)


@pytest.mark.parametrize("make", [m.rar, m.rar_old])
def test_a_comment_of_a_rar_is_text(make):
    found = read(make({"a.txt": b"hej"}, comment=f"till {NUMBER}".encode()), "a.rar")
    assert places(found)
    assert reasons(found) == []


def test_a_folder_of_a_rar_is_a_name_and_no_fault():
    found = read(m.rar({f"{NUMBER}/": b"", "a.txt": b"hej"}), "a.rar")
    assert places(found)
    assert reasons(found) == []


# ---- locked, broken, two-faced -------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (m.seven_zip(_NAMED, m.PASSWORD), True),
        (m.seven_zip(_NAMED, m.PASSWORD, names=True), False),
        (m.rar_old(_NAMED, locked=True), True),
    ],
)
def test_a_locked_archive_is_encrypted(data, named):
    found = read(data, "a.7z")
    assert reasons(found) == ["encrypted"]
    assert bool(places(found)) is named


@pytest.mark.parametrize("name", GOOD)
def test_half_an_archive_is_no_clean_one(name):
    half = GOOD[name][: len(GOOD[name]) * 2 // 3]
    found = read(half, name)
    assert set(reasons(found)) & {"broken-archive", "ambiguous-archive"} or places(found)


@pytest.mark.parametrize("name", ["a.7z", "b.7z", "a.lha"])
def test_damaged_content_is_broken(name):
    data = bytearray(GOOD[name])
    at = data.find(NUMBER.encode()) if NUMBER.encode() in data else 36
    data[at] ^= 1
    assert set(reasons(read(bytes(data), name))) & {"broken-archive", "unknown-content"}


@pytest.mark.parametrize("name", [name for name in MAKERS if ".tar." not in name])
def test_what_follows_an_archive_makes_it_ambiguous(name):
    found = read(GOOD[name] + m.rar(m.NOTE), name)
    assert "ambiguous-archive" in reasons(found)
    assert places(found)


@pytest.mark.parametrize("make", [m.rar, m.rar_old, m.cab, m.lha])
def test_two_members_of_one_name_are_ambiguous(make):
    data = make({"a.txt": m.TEXT, "b.txt": b"hej"})
    if make in (m.cab, m.lha):  # a name is not part of a checksum, or of one that adds up
        data = data.replace(b"b.txt", b"a.txt") if make is m.cab else make({"a.txt": b"x"})[:-1] * 2
    else:
        data = make({"a.txt": m.TEXT, "A.TXT": b"hej"})
    assert "ambiguous-archive" in reasons(read(data, "a"))


def test_an_iso_with_two_trees_is_ambiguous():
    data = GOOD["a.iso"]
    at = next(at for at in range(16 * 2048, len(data), 2048) if data[at] == 2) + 156
    # the folder of the second volume descriptor, which is Joliet's, loses all but itself
    extent = struct.unpack_from("<I", data, at + 2)[0] * 2048
    size = struct.unpack_from("<I", data, at + 10)[0]
    emptied = data[: extent + 68] + b"\0" * (size - 68) + data[extent + size :]
    found = read(emptied, "a.iso")
    assert "ambiguous-archive" in reasons(found)


def test_rubbish_under_a_mark_is_broken():
    for mark in (
        b"7z\xbc\xaf\x27\x1c",
        b"Rar!\x1a\x07\x00",
        b"Rar!\x1a\x07\x01\x00",
        b"MSCF\0\0\0\0",
    ):
        assert reasons(read(mark + b"\0\1\2\3" * 50, "a")) == ["broken-archive"]
    for mark in (b"\x28\xb5\x2f\xfd", b"LZIP\x01", b"\x04\x22\x4d\x18", b"\xed\xab\xee\xdb"):
        assert "broken-archive" in reasons(read(mark + b"\0\1\2\3" * 50, "a"))
    assert reasons(read(b"\0\1\2\3" * 50, "a.rar")) == ["archive-format"]


@pytest.mark.parametrize(
    ("at", "value"),
    [(16, 0xFFFF), (26, 0), (26, 9), (28, 0xFFFF), (30, 1), (30, 2), (40, 500), (52, 3), (50, 9)],
)
def test_a_cab_that_contradicts_itself_is_broken(at, value):
    data = bytearray(m.cab(m.NOTE))
    struct.pack_into("<H", data, at, value)
    assert reasons(read(bytes(data), "a.cab")) == ["broken-archive"]


def test_a_block_of_a_cab_holds_what_it_says():
    data = m.cab(m.NOTE)
    at = data.rindex(m.TEXT)
    for size in (0, 1, 29_294, 0xFFFF):  # the third ended libarchive's process
        changed = data[: at - 2] + struct.pack("<H", size) + data[at:]
        assert reasons(read(changed, "a.cab")) == ["broken-archive"]


def test_a_text_that_begins_with_a_birthday_is_no_cpio():
    found = read(f"070701-1234 och {NUMBER}".encode(), "a.txt")
    assert places(found)
    assert reasons(found) == []


# ---- bombs ---------------------------------------------------------------------------------

_ZEROS = b"\0" * (60 * MIB)
_MANY = {f"{n}.txt": b"x" for n in range(25_000)}


def nested(depth: int) -> bytes:
    data = m.TEXT
    for n in range(depth):
        data = m.written("7zip", {f"{n}.7z": data}, options="7zip:compression=copy")
    return data


def lying_rar() -> bytes:
    data = m.rar({"a.txt": b"x" * 9})
    return data.replace(b"\x09\x20", b"\xff\x20")


BOMBS = {
    "flat.7z": lambda: m.written("7zip", {"a": _ZEROS}, options="7zip:compression=deflate"),
    "many.7z": lambda: m.written("7zip", _MANY),
    "many.cpio": lambda: m.written("cpio_newc", _MANY),
    "nested.7z": lambda: nested(30),
    "flat.zst": lambda: zstd().compress(_ZEROS),
    "twice.zst": lambda: zstd().compress(zstd().compress(_ZEROS)),
    "flat.lz4": lambda: m.written("ustar", {"a": _ZEROS}, "lz4"),
    "lying.rar": lying_rar,
    "wide.zst": lambda: struct.pack("<IBBQ", 0xFD2FB528, 0xC0, 0xF8, 1 << 50) + b"\x01\0\0",
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_bounded(name):
    data = BOMBS[name]()
    found = within_a_minute(lambda: read(data, name, budget=Budget(inflated=100 * MIB, ratio=50)))
    assert found.not_examined
    assert set(reasons(found)) <= {
        *("inflated-ratio", "inflated-size", "too-many-parts", "too-deep", "broken-archive"),
        *("unknown-content", "archive-method", "ambiguous-archive"),
    }


# ---- the library, the locked worker, changes -----------------------------------------------


def test_without_libarchive_only_7z_is_read(monkeypatch):
    for module in (other, library):
        monkeypatch.setattr(module, "load", lambda: None)
    assert places(read(GOOD["a.7z"], "a.7z"))
    assert reasons(read(m.seven_zip(m.NOTE, "x"), "a.7z")) == ["encrypted"]
    assert reasons(read(m.seven_zip(m.NOTE, "x", names=True), "a.7z")) == ["encrypted"]
    assert reasons(read(GOOD["a.7z"][:-9], "a.7z")) == ["broken-archive"]
    assert reasons(read(GOOD["a.rar"], "a.rar")) == ["archive-format"]
    assert places(read(GOOD["a.tar.zst"], "a.tar.zst"))


def test_a_library_that_is_not_there_is_none():
    code = "from mailfilter.extract.archive.library import load; assert load() is None"
    environment = {**os.environ, "LIBARCHIVE": "/nowhere/libarchive.so"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    assert load() is not None


_CONFINED = """
import pathlib, sys
from mailfilter.extract import warm
from mailfilter.workers.confine import confine
from tests.extract.reading import places, read, reasons
files = [(file.name, file.read_bytes()) for file in sorted(pathlib.Path(sys.argv[1]).iterdir())]
warm()
assert confine() == "full"
for name, data in files:
    found = read(data, name)
    assert places(found) and not reasons(found), (name, reasons(found))
sys.exit(len(files))  # a locked worker is mute
"""


def test_all_is_read_in_a_locked_worker(tmp_path):
    for name, data in GOOD.items():
        (tmp_path / name).write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", _CONFINED, str(tmp_path)],
        capture_output=True,
        check=False,
    )
    assert done.returncode == len(GOOD)
    assert done.stderr == b""


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(GOOD)), st.data())
def test_changed_archives_never_raise(name, draw):
    changed = bytearray(GOOD[name])
    for _ in range(draw.draw(st.integers(1, 4))):
        at = draw.draw(st.integers(0, len(changed) - 1))
        changed[at : at + draw.draw(st.integers(0, 4))] = draw.draw(st.binary(max_size=5))
        if not changed:
            break
    well_formed(read(resealed(bytes(changed)), name, budget=Budget(inflated=1 << 22)))


def resealed(data: bytes) -> bytes:
    """A 7z whose checksums are right again, so that changes reach what lies behind them."""
    if not data.startswith(b"7z\xbc\xaf\x27\x1c") or len(data) < 33:
        return data
    start, size = struct.unpack_from("<2Q", data, 12)
    header = data[32 + start : 32 + start + size] if start + size < len(data) else b""
    place = data[12:28] + struct.pack("<I", zlib.crc32(header))
    return data[:8] + struct.pack("<I", zlib.crc32(place)) + place + data[32:]
