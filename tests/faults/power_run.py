"""Power cuts under the store: nothing acknowledged is lost, nothing is damaged.

    python -m tests.faults.power_run --cuts 200 [--seed N] [--synchronous OFF]

Each cut ends the process that stores, loses what the disk had not synced (a third of the cuts all
of it, the others a random part, see ``power.py``), and a new process must find every mail that was
acknowledged before. Each tenth cut begins with an empty disk.
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
from pathlib import Path

from mailfilter.record.keys import ensure_keys
from tests.faults.power import Disk

ROOT = Path(__file__).parents[2]
FRESH = 10  # cuts on one disk


@dataclass
class Cuts:
    """A series of cuts; `faults` are the sentences of those after which something was wrong."""

    folder: Path
    seed: int
    synchronous: str = "FULL"
    cuts: int = 0
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
                with Disk(self.folder / "disk") as disk:
                    (self.folder / "acks").write_text("")
                    for _ in range(min(FRESH, cuts - self.cuts)):
                        if not self.faults:
                            self._one(nursery, disk, chance)
                    if not self.faults:
                        self._one(nursery, disk, chance, cut=False)
        finally:
            nursery.stdin.close()
            nursery.wait(20)
            nursery.stdout.close()

    def _one(
        self, nursery: subprocess.Popen, disk: Disk, chance: random.Random, cut: bool = True
    ) -> None:
        """Verify, store for a moment, cut."""
        url = f"sqlite:///{self.folder}/disk/mailfilter.db"
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
            time.sleep(0.05 + chance.random() * 0.5)
            disk.cut(0 if chance.random() < 0.3 else chance.randrange(1, 1 << 30))
            self.cuts += 1
        if verified:
            os.kill(pid, signal.SIGKILL)
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()) & 0xFFFFFF)
    parser.add_argument("--synchronous", default="FULL")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mailfilter-power-") as folder:
        cuts = Cuts(Path(folder), asked.seed, asked.synchronous)
        with contextlib.suppress(KeyboardInterrupt):
            cuts.run(asked.cuts)
    print(f"seed {asked.seed}: {cuts.cuts} power cuts, {cuts.acks} mails acknowledged")
    print("\n".join(cuts.faults) or "0 lost, 0 damaged")
    return bool(cuts.faults)


if __name__ == "__main__":
    raise SystemExit(main())
