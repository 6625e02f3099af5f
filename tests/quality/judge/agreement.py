"""How far the judge's answers lie apart between processors.

    .venv/bin/python tests/quality/judge/agreement.py build/judge/questions.json
    ... --under "qemu-x86_64 -cpu Haswell"     # neither VNNI nor AVX-512 (package qemu-user)

From → to: questions of `sets.py` → the same texts asked in two processes, one of them run `--under`
an emulator; the gaps between the two probabilities. Both read the file that is shipped.
"""

import argparse
import json
import shlex
import subprocess
import sys
from math import exp
from pathlib import Path
from random import Random

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[2]), str(HERE)]

ASKED_FOR = 0.02  # the gap that nobody should see


def answers(texts: list[str], under: list[str]) -> list[float]:
    """What the judge says of them in a process of its own."""
    command = [*under, sys.executable, __file__, "--answer"]
    told = subprocess.run(
        command, input=json.dumps(texts), check=True, capture_output=True, text=True
    )
    return json.loads(told.stdout)


def answer() -> None:
    """Texts on stdin → probabilities on stdout."""
    from detectors.health import judge

    if not judge.load():
        raise SystemExit(judge.missing())
    odds = [judge.odds(text) for text in json.load(sys.stdin)]
    json.dump([1 / (1 + exp(-each)) for each in odds], sys.stdout)


def main() -> int:
    """Ask twice and compare; status 1 if any answers lie further apart than asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("questions", nargs="?", type=Path)
    parser.add_argument("--under", default="qemu-x86_64 -cpu Haswell")
    parser.add_argument("--number", type=int, default=200)
    parser.add_argument("--answer", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.answer:
        answer()
        return 0
    from questions import load

    texts = sorted({each.text for mail in load(chosen.questions) for each in mail.questions})
    texts = Random(1).sample(texts, min(chosen.number, len(texts)))
    pairs = zip(answers(texts, []), answers(texts, shlex.split(chosen.under)), strict=True)
    gaps = sorted(abs(one - other) for one, other in pairs)
    apart = sum(gap > ASKED_FOR for gap in gaps)
    print(f"{len(gaps)} questions here and under {chosen.under}")
    for name, at in (("median", len(gaps) // 2), ("99 %", len(gaps) * 99 // 100), ("largest", -1)):
        print(f"{name} gap {gaps[at]:.4f}")
    print(f"more than {ASKED_FOR} apart: {apart}")
    return int(apart > 0)


if __name__ == "__main__":
    sys.exit(main())
