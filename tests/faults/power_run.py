"""Power cuts under the store: nothing acknowledged is lost, nothing is damaged.

    python -m tests.faults.power_run --cuts 200 [--database sqlite|postgresql|both] [--seed N]

Each cut ends the process that stores, and with PostgreSQL all processes of the server, loses what
the disk had not synced (a third of the cuts all of it, the others a random part, see ``power.py``),
and a new process must find every mail that was acknowledged before. A server must begin again by
itself; a part of the cuts meets it while it still recovers from the last. Each tenth cut begins
with an empty disk; before that a server is stopped in order and the checksums of all pages are
read. A row goes to ``LEDGER.md``. What must lose mail, or the database: `--careless NAME`, which is
`synchronous` of SQLite; `fsync`, `synchronous_commit` or `full_page_writes` of a server.
"""

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from mailfilter.record.sealing.keys import ensure_keys
from tests.faults.power import Disk
from tests.faults.power_postgres import Cluster

LEDGER = Path(__file__).with_name("LEDGER.md")
ROOT = Path(__file__).parents[2]
FRESH = 10  # cuts on one disk


@dataclass
class Cuts:
    """A series of cuts; `faults` are the sentences of those after which something was wrong."""

    folder: Path
    seed: int
    synchronous: str = "FULL"
    server: Cluster | None = None  # else SQLite
    cuts: int = 0
    early: int = 0  # of them: while the server recovered from the last
    acks: int = 0
    faults: list[str] = field(default_factory=list)

    def run(self, cuts: int) -> None:
        """So many cuts, or until something was wrong."""
        ensure_keys(self.folder / "keys")
        chance = random.Random(self.seed)
        nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.power_child"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            while self.cuts < cuts and not self.faults:
                with Disk(self.folder / "disk") as disk, contextlib.ExitStack() as stack:
                    (self.folder / "acks").write_text("")
                    if self.server:
                        stack.callback(self.server.kill)
                        self.server.put(disk)
                    for n in range(min(FRESH, cuts - self.cuts)):
                        if n and not self.faults:
                            self._while_it_recovers(disk, chance)
                        if not self.faults:
                            self._one(nursery, disk, chance)
                    if not self.faults:
                        self._one(nursery, disk, chance, cut=False)
                        if damage := self.server.stop_and_check() if self.server else "":
                            self.faults.append(f"DAMAGED {damage}")
        finally:
            nursery.stdin.close()
            nursery.wait(20)
            nursery.stdout.close()

    def _cut(self, disk: Disk, chance: random.Random) -> None:
        disk.cut(0 if chance.random() < 0.3 else chance.randrange(1, 1 << 30))
        self.cuts += 1

    def _while_it_recovers(self, disk: Disk, chance: random.Random) -> None:
        """Now and then the power is back for less than the server needs."""
        if self.server and chance.random() < 0.25:
            self.server.begin()
            time.sleep(chance.random())
            self._cut(disk, chance)
            self.early += 1
            self.server.kill()
            disk.up()

    def _one(
        self, nursery: subprocess.Popen, disk: Disk, chance: random.Random, cut: bool = True
    ) -> None:
        """Verify, store for a moment, cut."""
        if self.server and not self.server.start():
            self.faults.append(f"REPAIR: PostgreSQL does not start: {self.server.log[-600:]}")
            return
        file = f"sqlite:///{self.folder}/disk/mailfilter.db"
        url = self.server.url if self.server else file
        words = [url, str(self.folder / "keys"), str(self.folder / "acks"), self.synchronous]
        nursery.stdin.write("\t".join(words) + "\n")
        nursery.stdin.flush()
        pid = int(nursery.stdout.readline().split()[1])
        first = nursery.stdout.readline()
        verified = first.startswith("verified")
        heard: list[str] = []
        reader = threading.Thread(target=_listen, args=(nursery, heard), daemon=True)
        reader.start()
        if verified and cut:
            time.sleep(0.05 + chance.random() * (1.5 if self.server else 0.5))
            self._cut(disk, chance)
        if verified:
            os.kill(pid, signal.SIGKILL)
        if self.server and cut:
            self.server.kill()
        reader.join(30)
        disk.up()
        if not verified:
            self.faults.append(first.removeprefix("failed").strip())
        acks = [row.split() for row in heard if row.startswith("ack ") and row.endswith("\n")]
        self.acks += len(acks)
        with (self.folder / "acks").open("a") as known:
            known.writelines(f"{id} {digest}\n" for _, id, digest in acks)


def _listen(nursery: subprocess.Popen, heard: list[str]) -> None:
    """All lines up to the child's end; a line that its death cut in two is none."""
    for row in nursery.stdout:
        if row.endswith("gone\n"):
            return
        heard.append(row)


def of_database(database: str, folder: Path, seed: int, careless: str = "") -> Cuts:
    """Cuts under this database, with this setting of its off."""
    cuts = Cuts(folder, seed, "OFF" if careless else "FULL")
    if database == "postgresql":
        cuts.server = Cluster(folder / "postgresql", {careless: "off"} if careless else {})
    return cuts


def write_row(database: str, cuts: Cuts, seconds: float) -> None:
    """The run's line in the ledger of all runs."""
    name, found = f"{database}, power cuts", "; ".join(cuts.faults)[:60] or "0"
    with LEDGER.open("a", encoding="utf-8") as ledger:
        ledger.write(
            f"| {datetime.now(UTC):%Y-%m-%d} | {name} | {cuts.seed} | {seconds / 60:.1f} |"
            f" {cuts.cuts} | {cuts.early} while it recovered | {cuts.acks} | {found} |\n"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--seed", type=int, default=int(time.time()) & 0xFFFFFF)
    parser.add_argument("--careless", default="")
    asked = parser.parse_args()
    names = ("sqlite", "postgresql") if asked.database == "both" else (asked.database,)
    bad = 0
    for database in names:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="mailfilter-power-") as folder:
            cuts = of_database(database, Path(folder), asked.seed, asked.careless)
            with contextlib.suppress(KeyboardInterrupt):
                cuts.run(asked.cuts // len(names))
        print(f"{database}, seed {asked.seed}: {cuts.cuts} power cuts", end=", ")
        print(f"{cuts.early} of them early, {cuts.acks} mails acknowledged")
        print("\n".join(cuts.faults) or "0 lost, 0 damaged")
        if not asked.careless:
            write_row(database, cuts, time.monotonic() - began)
        bad += len(cuts.faults)
    return bad > 0


if __name__ == "__main__":
    raise SystemExit(main())
