"""``make quality``: the labelled mails made into real .eml files, scanned, and scored.

    python tests/eval/quality.py [SET.jsonl] [--holdout]

Every fourth mail (by a hash of its id) is the hold-out: the detectors were not tuned on it. Both
scores are printed, and how many mails were incomplete. Exit code 1 if a floor is missed.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
FLOORS = {"identity": (0.90, 0.90), "health": (0.95, 0.92)}  # precision, recall
INCOMPLETE = 2  # of 240


def run(*command: str, **more: object) -> str:
    done = subprocess.run(command, check=True, capture_output=True, text=True, **more)
    return done.stdout


def held_out(id: str) -> bool:
    return int(hashlib.sha256(id.encode()).hexdigest(), 16) % 4 == 0


def score(rows: list[dict], predictions: list[dict], folder: Path, name: str) -> str:
    gold, predicted = folder / f"{name}.gold", folder / f"{name}.predicted"
    ids = {row["id"] for row in rows}
    gold.write_text("".join(json.dumps(row) + "\n" for row in rows))
    predicted.write_text("".join(json.dumps(p) + "\n" for p in predictions if p["id"] in ids))
    return run(sys.executable, str(HERE / "score.py"), str(gold), str(predicted))


def missed(table: str) -> list[str]:
    """The floors that a score table misses."""
    faults = []
    for line in table.splitlines():
        cells = line.split()
        if len(cells) == 10 and cells[0] in FLOORS and cells[1] == "all":
            for what, value, floor in zip(
                ("precision", "recall"), cells[7:9], FLOORS[cells[0]], strict=True
            ):
                if float(value) < floor:
                    faults.append(f"{cells[0]} {what} {value} is under {floor}")
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set", nargs="?", type=Path, default=HERE / "dev.jsonl")
    parser.add_argument("--without-holdout", action="store_true", help="only the tuning part")
    args = parser.parse_args()
    rows = [json.loads(line) for line in args.set.read_text("utf-8").splitlines() if line]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mails = folder / "mails"
        print(run(sys.executable, str(HERE / "mkmail.py"), str(args.set), str(mails)).strip())
        scanned = run(sys.executable, "-m", "mailfilter", "scan", "--json", str(mails))
        predictions = [
            json.loads(line)
            for line in run(sys.executable, str(HERE / "predict.py"), input=scanned).splitlines()
        ]
        tuned = [row for row in rows if not held_out(row["id"])]
        table = score(tuned, predictions, folder, "tuned")
        print(f"tuning part, {len(tuned)} mails\n{table}")
        if not args.without_holdout:
            rest = [row for row in rows if held_out(row["id"])]
            print(f"hold-out, {len(rest)} mails\n{score(rest, predictions, folder, 'rest')}")
            table = score(rows, predictions, folder, "all")
            print(f"all, {len(rows)} mails\n{table}")
    incomplete = [p["id"] for p in predictions if p["incomplete"]]
    print(f"incomplete: {len(incomplete)} {' '.join(incomplete)}")
    faults = missed(table)
    if len(incomplete) > INCOMPLETE:
        faults.append(f"{len(incomplete)} incomplete, at most {INCOMPLETE}")
    print("\n".join(faults) or "all floors reached")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
