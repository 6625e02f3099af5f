"""``make evasion``: every evasion mail through the whole reading, as a table by class.

Prints for each class of `evasion`, `generator`, `dubious` and `mutations`: how many mails, how many
were *hit*, *incomplete* and *clean*, how many of the clean ones another reader shows the number of
(`oracles`), then the sound variants of `conforming` and the catalogue of the selftest. Ends with 1
if any mail is clean though shown, more than one in a hundred sound variants is not hit, or a
promise of the catalogue is broken.
"""

import sys
from collections import Counter, defaultdict

from mailfilter.model import Coverage
from mailfilter.selftest import numbers, techniques
from tests.parse.test_generated import CASES, VARIANTS, coverage, shown
from tests.selftest.test_catalogue import PROMISED, missing

_ROW = "{:<24} {:>6} {:>6} {:>10} {:>6} {:>13}"


def main() -> int:
    """The table; 0 if the promise holds."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for kind, _, data in CASES:
        result = coverage(data)
        counts[kind][result.name] += 1
        if result is Coverage.CLEAN and shown(data):
            counts[kind]["shown"] += 1
    total: Counter[str] = sum(counts.values(), Counter())
    print(_ROW.format("class", "mails", "hit", "incomplete", "clean", "clean, shown"))
    for kind, count in [*counts.items(), ("all", total)]:
        mails = count["HIT"] + count["INCOMPLETE"] + count["CLEAN"]
        print(
            _ROW.format(
                kind, mails, count["HIT"], count["INCOMPLETE"], count["CLEAN"], count["shown"]
            )
        )
    missed = [name for name, data in VARIANTS if coverage(data) is not Coverage.HIT]
    print(f"sound variants: {len(VARIANTS)}, hit: {len(VARIANTS) - len(missed)}")
    lost = missing(numbers())
    every, promised = len(techniques()), len(PROMISED)
    print(f"catalogue: {every} techniques x {len(numbers())} numbers, promised: {promised}, "
          f"found whatever the number: {promised - len(lost)}")  # fmt: skip
    return int(total["shown"] > 0 or len(missed) > 0.01 * len(VARIANTS) or bool(lost))


if __name__ == "__main__":
    sys.exit(main())
