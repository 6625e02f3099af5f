"""``make bench-detectors``: how fast the detectors read, and whether in proportion.

    python tests/bench/detecting.py [--stages] [--repeats 5]

From → to: texts of a megabyte, made in memory → MB/s of CPU time (the best of several runs), how
much longer ten times the text takes, the time to load and the memory. `--stages` shows what each
detector takes. Exit code 1 if a figure of the issue is missed, which a busy machine alone can do.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from random import Random

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent))  # so that it runs as a file, too

TODAY = date(2026, 11, 24)
SIZE = 1_000_000
MOST_TIMES = 11.0
MOST_SECONDS, MOST_PSS = 0.5, 60
LEAST = {"prose": 30.0, "table": 10.0}  # MB/s
HOSTILE = {
    "digits": "7",
    "1-1-1-": "1-1-1-",
    "one long word": "a",
    "spaces": " ",
    "newlines": "\n",
    "health words": "diabetes ",
    "names": "Anna Karlsson ",
    "health and names": "Anna Karlsson har diabetes. ",
    "dates": "2026-11-24 ",
    "full-width digits": "\uff17",
    "single digits": "1 ",
    "six digits": "812345 ",
    "look-alikes": "o0l1",
    "soft hyphens": "1\xad",
    "last four": "sista fyra ",
    "numerals": "ett två nio ",
    "tabs": "\t",
    "links": "a.com/",
}
_LOAD = """
import time; began = time.process_time(); import detectors; took = time.process_time() - began
pss = next(line for line in open("/proc/self/smaps_rollup") if line.startswith("Pss:"))
print(took, int(pss.split()[1]) / 1024)
"""


def repeated(text: str, size: int) -> str:
    return (text * (size // len(text) + 1))[:size]


def mails() -> list[dict]:
    lines = (HERE.parent / "eval" / "dev.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def prose(size: int = SIZE) -> str:
    """Ordinary mails of the development set in which nothing is found."""
    from detectors import find

    plain = [mail["text"] for mail in mails() if mail["hard"] == "plain"]
    return repeated("\n\n".join(text for text in plain if not find(text, TODAY)) + "\n\n", size)


def table(size: int = SIZE) -> str:
    """A ledger: accounts, days, amounts, references of ten digits, counts, hours."""
    random = Random(1)
    rows = ["Konto\tDatum\tBelopp\tReferens\tAntal\tTid"]
    length = 0
    while length < size:
        cells = (
            random.randrange(1000, 99_999),
            date.fromordinal(random.randrange(734_000, 739_000)),
            f"{random.randrange(1, 99_999)},{random.randrange(100):02}",
            random.randrange(10**9, 10**10),
            random.randrange(1, 500),
            f"{random.randrange(24):02}:{random.randrange(60):02}",
        )
        rows.append("\t".join(map(str, cells)))
        length += len(rows[-1]) + 1
    return "\n".join(rows)[:size]


def persons(size: int = SIZE) -> str:
    """A list of official test numbers."""
    numbers = (HERE.parent / "data" / "test_personnummer.txt").read_text("ascii").split()
    return repeated("".join(f"Elev\t{number[:8]}-{number[8:]}\n" for number in numbers), size)


TEXTS: dict[str, Callable[[], str]] = {
    "prose": prose,
    "table": table,
    "labelled mails": lambda: repeated("\n\n".join(mail["text"] for mail in mails()), SIZE),
    "list of persons": persons,
}


def seconds(text: str, repeats: int = 1) -> float:
    """CPU time of all detectors on one text."""
    from detectors import Source, detect

    best = float("inf")
    for _ in range(repeats):
        began = time.process_time()
        detect([Source(text)], TODAY)
        best = min(best, time.process_time() - began)
    return best


def stages(text: str) -> list[tuple[str, float]]:
    """What each step takes, in ms: the first detector that needs something pays for it no more."""
    from detectors import DETECTORS, Source

    began = time.process_time()
    source = Source(text)
    times = []
    for name in ("folded", "zeroed", "numbers"):
        getattr(source, name)
        times.append((name, time.process_time() - began))
        began = time.process_time()
    for detector in DETECTORS:
        list(detector.find([source], TODAY))
        times.append((detector.__name__.rpartition(".")[2], time.process_time() - began))
        began = time.process_time()
    return [(name, 1000 * took) for name, took in times]


def loading(repeats: int) -> tuple[float, float]:
    """CPU seconds to import the detectors, and MB of a process that has done nothing else."""
    command = (sys.executable, "-c", _LOAD)
    root = HERE.parent.parent
    outputs = [subprocess.check_output(command, cwd=root, text=True) for _ in range(repeats)]
    times, megabytes = zip(*(map(float, output.split()) for output in outputs), strict=True)
    return min(times), min(megabytes)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stages", action="store_true", help="what each detector takes")
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    missed = []
    print("| text | MB/s | asked |\n|---|---|---|")
    for name, make in TEXTS.items():
        text = make()
        rate = len(text) / 1e6 / seconds(text, args.repeats)
        asked = LEAST.get(name, 0.0)
        missed += [name] if rate < asked else []
        print(f"| {name} | {rate:.1f} | {f'>= {asked:.0f}' if asked else ''} |", flush=True)
        if args.stages:
            print(" ".join(f"{step} {took:.1f}" for step, took in stages(text)))
    print("\n| hostile text | ms for 1 MB | times that of 0.1 MB (<= 11) |\n|---|---|---|")
    for name, unit in HOSTILE.items():
        tenth = seconds(repeated(unit, SIZE // 10), args.repeats)
        whole = seconds(repeated(unit, SIZE), args.repeats)
        missed += [name] if whole > MOST_TIMES * tenth else []
        print(f"| {name} | {1000 * whole:.0f} | {whole / tenth:.1f} |", flush=True)
    took, pss = loading(args.repeats)
    print(f"\nload {took:.2f} s (<= {MOST_SECONDS}), {pss:.0f} MB PSS (<= {MOST_PSS})")
    missed += ["load"] if took > MOST_SECONDS or pss > MOST_PSS else []
    print(f"missed: {', '.join(missed)}" if missed else "all figures reached")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
