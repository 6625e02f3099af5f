"""The disk that loses power: it does lose data where nobody syncs, and the store loses none."""

import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.power import Disk
from tests.faults.power_run import Cuts

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


def test_the_harness_finds_a_store_that_does_not_sync(disk: Disk, tmp_path: Path):
    cuts = Cuts(tmp_path, seed=5, synchronous="OFF")
    cuts.run(10)
    assert any(words in cuts.faults[0] for words in ("LOST", "DAMAGED", "malformed")), cuts.faults


def test_power_cuts_lose_nothing_that_was_acknowledged(disk: Disk, tmp_path: Path):
    cuts = Cuts(tmp_path, seed=7)
    cuts.run(3)
    assert (cuts.faults, cuts.cuts) == ([], 3)
    assert cuts.acks, "nothing was stored at all"
