"""Power cuts under the store: nothing acknowledged is lost, nothing is damaged.

    python -m tests.faults.power_run --cuts 200 [--seed N] [--synchronous OFF]

Each cut ends the process that stores, loses what the disk had not synced (a third of the cuts all
of it, the others a random part, see ``power.py``), and a new process must find every mail that was
acknowledged before. Each tenth cut begins with an empty disk.
"""

import argparse
import contextlib
import random
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
        ensure_keys(self.folder / "keys")
        chance = random.Random(self.seed)
        while self.cuts < cuts and not self.faults:
            with Disk(self.folder / "disk") as disk:
                self._known = self.folder / "acks"
                self._known.write_text("")
                for _ in range(min(FRESH, cuts - self.cuts)):
                    if not self._one(disk, chance):
                        break
                else:
                    self._one(disk, chance, cut=False)

    def _one(self, disk: Disk, chance: random.Random, cut: bool = True) -> bool:
        """Verify, store for a moment, cut. False when the check failed."""
        url = f"sqlite:///{self.folder}/disk/mailfilter.db"
        words = [url, str(self.folder / "keys"), str(self._known), self.synchronous]
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.power_child", *words],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        heard: list[str] = []
        reader = threading.Thread(target=lambda: heard.extend(child.stdout), daemon=True)
        verified = child.stdout.readline().startswith("verified")
        if verified and cut:
            reader.start()
            time.sleep(0.05 + chance.random() * 0.7)
            disk.cut(0 if chance.random() < 0.3 else chance.randrange(1, 1 << 30))
            self.cuts += 1
        child.kill()
        if verified and cut:
            reader.join(20)
            acks = [
                row.split()[1:] for row in heard if row.startswith("ack ") and row.endswith("\n")
            ]
            self.acks += len(acks)
            with self._known.open("a") as known:
                known.writelines(f"{id} {digest}\n" for id, digest in acks)
        errors = child.stderr.read()
        child.wait(10)
        disk.up()
        if not verified:
            self.faults.append(errors.strip().splitlines()[-1] if errors.strip() else "no start")
        return verified


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
