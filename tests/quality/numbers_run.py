"""The benchmark of identity numbers: any filter of `adapters.ADAPTERS`, every class of text.

    python tests/quality/numbers_run.py [--filter NAME]... [--scale 1.0] [--misses N]

From → to: official test numbers in twenty-two spellings, and harmless numbers made from a seed →
a table of how many are medium or higher. Exit code 1 if mailfilter misses a figure.
Part of the benchmark; CC0. Made numbers are never printed: `--misses` shows spelling and sentence
with the digits taken out.
"""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent))  # so that it runs as a file, too

from tests.quality.adapters import ADAPTERS, Filter  # noqa: E402 - the path is set first
from tests.quality.lookalikes import (  # noqa: E402
    neutral,
    others,
    phones,
    references,
    timestamps,
)
from tests.quality.other_lookalikes import other_lookalikes  # noqa: E402
from tests.quality.spellings import (  # noqa: E402
    OPEN,
    SPELLINGS,
    WITH_KEYWORD,
    WITHOUT,
    in_sentences,
)

VERSION = 2  # of the benchmark: raised when a text changes
SEED = 20261101
MEDIUM = 50
Texts = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Figure:
    """What is to be reached: at least `floor` found, or at most `ceiling`, as a share."""

    title: str
    texts: Texts
    floor: float | None = None
    ceiling: float | None = None


def test_numbers() -> list[str]:
    data = HERE.parent / "data"
    names = ("test_personnummer.txt", "test_samordningsnummer.txt")
    return [line for name in names for line in (data / name).read_text().split()]


def figures(scale: float) -> list[Figure]:
    numbers = test_numbers()[:: max(round(1 / scale), 1)]

    def size(count: int) -> int:
        return max(round(count * scale), 100)

    spelt = in_sentences(numbers, tuple(SPELLINGS), WITH_KEYWORD)
    seen = references(Random(SEED + 2), size(16_000))
    things = other_lookalikes(Random(SEED + 5), max(round(6 * scale), 1))
    rare, rarer = 1 / 2000, 1 / 10_000
    return [
        Figure("test numbers with a keyword", spelt, floor=1.0),
        Figure("test numbers without", in_sentences(numbers, OPEN, WITHOUT), floor=0.995),
        Figure("random ten digits", neutral(Random(SEED), size(200_000)), ceiling=rarer),
        Figure("telephone", phones(Random(SEED + 1), size(20_000)), ceiling=0.0),
        Figure("OCR, invoice, case, log", seen, ceiling=rare),
        Figure("things in longer places", things, ceiling=0.0),
        Figure("timestamps", timestamps(Random(SEED + 3), size(4_000)), ceiling=rare),
        Figure("other registers", others(Random(SEED + 4), size(1_500)), ceiling=rare),
    ]


def measure(find: Filter, figure: Figure) -> tuple[int, int, Counter[str], list[str]]:
    """Texts, those found at medium or higher, wrong ones by class, and those with no digits."""
    total = found = 0
    wrong: Counter[str] = Counter()
    shown = []
    for kind, text in figure.texts:
        total += 1
        hit = max(find(text), default=0) >= MEDIUM
        found += hit
        if hit is (figure.floor is None):
            wrong[kind] += 1
            shown.append(f"{kind}: {re.sub(r'[0-9]', '#', text)!r}")
    return total, found, wrong, shown


def reached(figure: Figure, share: float) -> bool:
    if figure.floor is not None:
        return share >= figure.floor
    return figure.ceiling is None or share <= figure.ceiling


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--filter", action="append", choices=list(ADAPTERS))
    parser.add_argument("--all", action="store_true", help="every filter")
    parser.add_argument("--scale", type=float, default=1.0, help="a part of the texts")
    parser.add_argument("--misses", type=int, default=0, help="show so many")
    args = parser.parse_args()
    failed = False
    print(f"identity benchmark, version {VERSION}, seed {SEED}\n")
    print(
        "| filter | texts | of | medium or higher | asked | wrong most |\n|---|---|---|---|---|---|"
    )
    for name in ADAPTERS if args.all else args.filter or ["mailfilter"]:
        find = ADAPTERS[name]()
        for figure in figures(args.scale):
            total, found, wrong, shown = measure(find, figure)
            asked = f">= {figure.floor:.1%}" if figure.floor else f"<= {figure.ceiling:.2%}"
            worst = ", ".join(f"{kind} {count}" for kind, count in wrong.most_common(3))
            cells = (name, figure.title, total, f"{found} ({found / total:.3%})", asked, worst)
            print(f"| {' | '.join(map(str, cells))} |", flush=True)
            if args.misses:
                print("\n".join(shown[:: max(len(shown) // args.misses, 1)]))
            failed |= name == "mailfilter" and not reached(figure, found / total)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
