"""``make bench-reading``: CPU milliseconds that reading one of the bench mails takes, by stage.

    python tests/bench/reading.py [--repeats 30] [MAIL ...]

From → to: the made mails of `load` → a table: parse, extract, fold (look-alike characters), detect,
and all of it as a worker does it; the least of many repetitions, stage by stage in turn. The
figures to reach are those for reading without detectors on a quiet core of 2 GHz. Exit code 1 if
one is missed, which a busy machine alone can do; `tests/extract/test_effort.py` counts the same
work without a clock.
"""

import argparse
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent))  # so that it runs as a file, too

from mailfilter import examine, extract, parse  # noqa: E402
from mailfilter.app.memory import settle  # noqa: E402
from mailfilter.detect import Names, sources_of  # noqa: E402
from tests.bench.load import NAMES, make_mail  # noqa: E402

JOB = examine.Job(b"k" * 32, date(2026, 11, 24))
STAGES = ("parse", "extract", "fold", "detect", "all")
MOST = {"4k": 0.15, "50k": 0.35, "1m": 1.5, "10m": 12.0}  # parse, extract and fold together


def stages(data: bytes) -> dict[str, float]:
    """Milliseconds of each stage, once."""
    spent: dict[str, float] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        began = time.process_time_ns()
        made = work()
        spent[name] = (time.process_time_ns() - began) / 1e6
        return made

    message = timed("parse", lambda: parse.parse(data))
    reading = timed("extract", lambda: examine.read(message, JOB, extract.typed(message.parts)))
    sources = timed("fold", lambda: _folded(reading))
    timed("detect", lambda: Names(JOB.today).search(sources))
    timed("all", lambda: examine.examine(data, JOB))
    return spent


def _folded(reading: examine.Reading) -> list:
    sources = sources_of(reading.texts)
    for source in sources:
        source.folded  # noqa: B018 - worked out at its first use
    return sources


def measured(data: bytes, repeats: int) -> dict[str, float]:
    """The least of each stage over some repetitions."""
    least = dict.fromkeys(STAGES, float("inf"))
    for _ in range(repeats):
        for name, spent in stages(data).items():
            least[name] = min(least[name], spent)
    return least


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("mails", nargs="*", default=NAMES, metavar="MAIL")
    parser.add_argument("--repeats", type=int, default=30)
    args = parser.parse_args()
    settle()  # as all processes of the gateway do: else large blocks cost page faults each time
    examine.warm()
    missed = []
    print(f"{'ms':8}" + "".join(f"{stage:>9}" for stage in STAGES) + "   reading (at most)")
    for name in args.mails:
        data = make_mail(name).lf.replace(b"\n", b"\r\n")
        few = args.repeats * (20 if len(data) < 100_000 else 1)
        least = measured(data, few)
        reading = sum(least[stage] for stage in STAGES[:3])
        most = MOST.get(name)
        if most is not None and reading > most:
            missed.append(name)
        told = f" ({most})" if most is not None else ""
        print(f"{name:8}" + "".join(f"{least[each]:9.3f}" for each in STAGES)
              + f"   {reading:.3f}{told}", flush=True)  # fmt: skip
    if missed:
        print(f"above the figure: {', '.join(missed)}")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
