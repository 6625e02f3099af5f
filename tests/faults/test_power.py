"""The disk that loses power: it does lose data where nobody syncs, and the store loses none, with
SQLite and with PostgreSQL."""

import contextlib
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.faults.power import Disk
from tests.faults.power_run import Cuts, of_database

pytestmark = pytest.mark.system  # needs /dev/fuse and the right to mount

WRITER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA journal_mode=TRUNCATE")
db.execute("CREATE TABLE IF NOT EXISTS t (x)")
db.execute("PRAGMA synchronous=" + sys.argv[2])
for _ in range(20):
    db.execute("INSERT INTO t VALUES (?)", ("x" * 3000,))
"""


@pytest.fixture
def disk(tmp_path: Path):
    with contextlib.ExitStack() as stack:
        try:
            made = stack.enter_context(Disk(tmp_path / "disk"))
        except OSError:
            pytest.skip("needs /dev/fuse and the right to mount")
        yield made


@pytest.mark.parametrize(("synchronous", "left"), [("FULL", 20), ("OFF", 0)])
def test_what_was_not_synced_is_gone(disk: Disk, synchronous: str, left: int):
    file = disk.folder / "a.db"
    subprocess.run([sys.executable, "-c", WRITER, str(file), synchronous], check=True, timeout=60)
    disk.cut()
    with pytest.raises(OSError, match="Input/output error"):
        file.stat()
    disk.up()
    with contextlib.closing(sqlite3.connect(file)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("SELECT count(*) FROM t").fetchone() == (left,)


def synced(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    os.fsync(file)
    os.close(file)


def test_names_of_a_folder_are_durable_by_its_own_sync_or_by_their_files(disk: Disk):
    folder = disk.folder / "a" / "b"
    folder.mkdir(parents=True)
    names = [f"{n:03d}" + "x" * (n % 90) for n in range(300)]  # more than one answer holds
    for name in names:
        (folder / name).write_text(name)
    assert sorted(path.name for path in folder.iterdir()) == names
    disk.sync()
    (folder / names[0]).rename(folder / "renamed")
    (folder / names[1]).unlink()
    synced(folder)
    (folder / names[2]).rename(folder / "of its file")
    synced(folder / "of its file")
    (folder / names[3]).rename(folder / "of nobody")
    (folder / names[4]).unlink()
    (folder / "new").write_text("new")
    with pytest.raises(OSError, match="not empty"):
        folder.rmdir()
    disk.cut()
    disk.up()
    left = {path.name: path.read_text() for path in folder.iterdir()}
    expected = {name: name for name in names[3:]}
    assert left == expected | {"renamed": names[0], "of its file": names[2]}


def test_the_harness_finds_a_store_that_does_not_sync(disk: Disk, tmp_path: Path):
    cuts = of_database("sqlite", tmp_path, 5, careless="synchronous")
    cuts.run(10)
    assert any(words in cuts.faults[0] for words in ("LOST", "DAMAGED", "malformed", "damaged")), (
        cuts.faults
    )


def test_power_cuts_lose_nothing_that_was_acknowledged(disk: Disk, tmp_path: Path):
    cuts = Cuts(tmp_path, seed=7)
    cuts.run(3)
    assert (cuts.faults, cuts.cuts) == ([], 3)
    assert cuts.acks, "nothing was stored at all"


@pytest.fixture
def folder(disk: Disk):
    """One that the server's user may enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory(prefix="mailfilter-power-") as folder:
        yield Path(folder)


@pytest.mark.parametrize(
    ("careless", "fault"),
    [
        ("synchronous_commit", "LOST"),  # such a server is whole, and has forgotten
        ("fsync", ""),
        ("full_page_writes", ""),  # pages of which a half was written
    ],
)
def test_the_harness_finds_a_careless_postgresql(folder: Path, careless: str, fault: str):
    cuts = of_database("postgresql", folder, 4, careless)
    cuts.run(10)
    assert cuts.faults, careless
    assert fault in cuts.faults[0]


def test_power_cuts_under_postgresql_lose_nothing_that_was_acknowledged(folder: Path):
    cuts = of_database("postgresql", folder, 8)
    cuts.run(2)
    assert cuts.faults == []
    assert cuts.early
    assert cuts.acks, "nothing was stored at all"
