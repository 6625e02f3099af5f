"""``make bombs``: every bomb and its twin through a real worker, and a table.

ARGS: parts of names ("zip/ pdf/form") to run only those; ``--latency`` for what other sessions
notice meanwhile.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from tests.containment.bomb import Bomb, every
from tests.containment.meter import Cost, Meter

SECONDS, MEMORY = 5.0, 512.0
JUDGE = 96  # MiB of each worker that lie once in the machine: the judge, shared with the master


def faults(cost: Cost, twin: Cost) -> list[str]:
    """What is wrong with how a bomb and its twin were read."""
    found = []
    if cost.crashed:
        found.append("ended its worker")
    if not cost.hit and not cost.found.not_examined:
        found.append("clean")
    if cost.cpu > SECONDS:
        found.append("slow")
    if cost.memory > MEMORY + JUDGE:
        found.append("large")
    if not twin.hit:
        found.append(f"the twin is not read ({twin.reasons})")
    return found


async def run(bombs: list[Bomb]) -> int:
    """Exit code: 1 if a bomb did what it should not."""
    bad, costs = 0, []
    print(f"{'bomb':44}{'KiB':>8}{'wall s':>8}{'CPU s':>8}{'MiB':>6}  outcome")
    with tempfile.TemporaryDirectory() as folder, Meter(Path(folder)).running() as meter:
        for each in bombs:
            mail = each.mail(each.big)
            cost, twin = await meter.read(mail), await meter.read(each.mail(each.small))
            wrong = faults(cost, twin)
            bad += bool(wrong)
            costs.append(cost)
            said = ("read " if cost.hit else "") + cost.reasons
            line = f"{each.name:44}{len(mail) >> 10:8}{cost.wall:8.2f}{cost.cpu:8.2f}"
            print(f"{line}{cost.memory:6.0f}  {said}{'  ***' + ', '.join(wrong) if wrong else ''}")
            sys.stdout.flush()
    worst = max(cost.cpu for cost in costs), max(cost.memory for cost in costs)
    print(f"{len(bombs)} bombs, {bad} of them bad; at most {worst[0]:.1f} s and {worst[1]:.0f} MiB")
    return int(bool(bad))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--latency", action="store_true")
    chosen = parser.parse_args()
    os.nice(10)
    bombs = [b for b in every() if not chosen.names or any(n in b.name for n in chosen.names)]
    if chosen.latency:
        from tests.containment import latency

        return latency.main(bombs)
    return asyncio.run(run(bombs))


if __name__ == "__main__":
    sys.exit(main())
