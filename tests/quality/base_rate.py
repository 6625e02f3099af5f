"""``make quality``: what the filter stops at the base rate of real life, and what it finds.

    python tests/quality/base_rate.py                # all sets of ordinary/ but the blind ones
    python tests/quality/base_rate.py --blind        # those; a row in LEDGER.md, once a day

From → to: labelled mails made real mails, scanned as the gateway does → false stops for each 1,000
innocent mails with the 95 % bound, by hand, department and genre; recall of short and long mail;
the precision that a user meets where `BASE_RATE` of the mails are hits.

Sets that the judge was trained on flatter it: the honest figures are those of the blind sets, and
those out of fold in ``judge/RESULTS.md``.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE / "judge")]

from bounds import upper_bound  # noqa: E402
from sets import argued  # noqa: E402

BASE_RATE = 0.005
LONG = 1500  # characters
LEDGER = HERE / "LEDGER.md"
FAMILIES = {"health": ("health", "social-care"), "identity": ("se.", "fi.", "no.", "dk.", "is.")}
Row = dict
HEAD = (
    "| kind | innocent stopped | per 1,000 (95 %) | short found | long found | recall"
    " | precision at 0.5 % |"
)


def rows_of(blind: bool) -> list[Row]:
    """The labelled mails; each knows its hand."""
    files = sorted((HERE / "ordinary").glob("*.jsonl"))
    if blind:
        files += [HERE / "health" / "blind.jsonl", HERE / "health" / "aside.jsonl"]
    chosen = [f for f in files if (f.stem.endswith("blind") or f.stem == "aside") == blind]
    return [
        json.loads(line) | {"hand": path.stem.removesuffix(".blind")}
        for path in chosen
        for line in path.read_text("utf-8").splitlines()
    ]


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of a mail: the families that reach medium, and each one's confidence."""

    families: frozenset[str]
    surest: dict[str, int]

    def __contains__(self, family: str) -> bool:
        return family in self.families


Found = dict[str, Said]  # id of the mail → what was said of it


def scanned(rows: list[Row]) -> Found:
    """The mails as the gateway reads them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given = folder / "rows.jsonl"
        given.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        make = [sys.executable, str(ROOT / "tests" / "eval" / "mkmail.py")]
        subprocess.run([*make, str(given), str(folder / "mails")], check=True, capture_output=True)
        command = [sys.executable, "-m", "mailfilter", "scan", "--json", str(folder / "mails")]
        lines = subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout
    return {Path(told["file"]).stem: _said(told) for told in map(json.loads, lines.splitlines())}


def _said(told: Row) -> Said:
    families, surest = set(), dict.fromkeys(FAMILIES, 0)
    for one in told["findings"]:
        for name, starts in FAMILIES.items():
            if one["kind"].startswith(starts):
                surest[name] = max(surest[name], one["confidence"])
                if one["level"] != "low":
                    families.add(name)
    return Said(frozenset(families), surest)


def _is_long(row: Row) -> bool:
    return len(row["text"]) + sum(len(each["text"]) for each in row["attachments"]) > LONG


def _is_argued(row: Row, family: str) -> bool:
    return family in row.get("optional", ()) or (family == "health" and row["id"] in argued())


def share(rows: Iterable[Row], found: Found, family: str) -> tuple[int, int]:
    """(found, all) of these mails; those whose label can be argued are left out."""
    scored = [row for row in rows if not _is_argued(row, family)]
    return sum(family in found[row["id"]] for row in scored), len(scored)


def summary(rows: list[Row], found: Found) -> list[str]:
    """A line for each family."""
    lines = []
    for family in FAMILIES:
        clean = [row for row in rows if not row["health"] and not row["identity"]]
        false, innocent = share(clean, found, family)
        hits = [row for row in rows if row[family]]
        short = share([row for row in hits if not _is_long(row)], found, family)
        long = share([row for row in hits if _is_long(row)], found, family)
        recall = (short[0] + long[0]) / max(short[1] + long[1], 1)
        rate = false / max(innocent, 1)
        right = BASE_RATE * recall
        precision = right / max(right + (1 - BASE_RATE) * rate, 1e-9)
        bound = 1000 * upper_bound(false, innocent)
        lines.append(
            f"| {family} | {false} of {innocent} | {1000 * rate:.1f} (≤ {bound:.1f}) |"
            f" {short[0]} of {short[1]} | {long[0]} of {long[1]} | {recall:.3f} | {precision:.2f} |"
        )
    return lines


def by(rows: list[Row], found: Found, of: Callable[[Row], str]) -> list[str]:
    """False stops of health by some group, the worst first."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        if not row["health"]:
            groups.setdefault(of(row), []).append(row)
    told = [(share(mine, found, "health"), name) for name, mine in groups.items()]
    worst = sorted(told, key=lambda one: -one[0][0])[:12]
    return [f"| {name} | {false} of {all_} |" for (false, all_), name in worst if false]


def roc(rows: list[Row], found: Found, family: str) -> list[str]:
    """Recall at numbers of innocent mails stopped."""
    scored = [row for row in rows if not _is_argued(row, family)]
    of = {
        hit: [found[r["id"]].surest[family] for r in scored if r[family] == hit] for hit in (0, 1)
    }
    innocent = sorted(of[0], reverse=True)
    lines = []
    for count in (0, 1, 2, 4, 8, 16, 32):
        if count < len(innocent):
            recall = sum(value > innocent[count] for value in of[1]) / max(len(of[1]), 1)
            lines.append(f"| {count} | {1000 * count / len(innocent):.1f} | {recall:.3f} |")
    return lines


def reliability(rows: list[Row], found: Found, family: str) -> list[str]:
    """Stated and observed share of hits, in ten bins of mails that something was found in, weighted
    so that `BASE_RATE` of all are hits."""
    scored = [row for row in rows if not _is_argued(row, family)]
    hits = sum(row[family] for row in scored)
    weight = {True: BASE_RATE / max(hits, 1), False: (1 - BASE_RATE) / max(len(scored) - hits, 1)}
    told = sorted((found[row["id"]].surest[family], row[family]) for row in scored)
    told = [one for one in told if one[0]]
    lines = []
    for n in range(10):
        part = told[n * len(told) // 10 : (n + 1) * len(told) // 10]
        if part:
            whole = sum(weight[hit] for _, hit in part)
            said = sum(weight[hit] * stated / 100 for stated, hit in part) / whole
            seen = sum(weight[hit] for _, hit in part if hit) / whole
            lines.append(f"| {said:.3f} | {seen:.3f} | {len(part)} |")
    return lines


def _named(name: str, row: Row) -> str:
    return str(row.get(name, ""))


def note(today: str, lines: list[str]) -> None:
    """A row for each family in the ledger."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    with LEDGER.open("a", encoding="utf-8") as ledger:
        ledger.writelines(f"| {today} | {commit.strip()} {line}\n" for line in lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blind", action="store_true")
    parser.add_argument("--errors", action="store_true", help="name the mails, never blind ones")
    args = parser.parse_args()
    today = f"{date.today()}"
    if args.blind and LEDGER.exists() and f"\n| {today} |" in LEDGER.read_text("utf-8"):
        print(f"the blind sets were scored today ({today}): once a day, or they are not blind")
        return 2
    rows = rows_of(args.blind)
    found = scanned(rows)
    lines = summary(rows, found)
    print(HEAD, "|---|---|---|---|---|---|---|", *lines, sep="\n")
    plain = [row for row in rows if row.get("hard") != "trap"]
    print("\nwithout traps", *summary(plain, found), sep="\n")
    for family in FAMILIES:
        print(
            f"\n{family}: innocent mails stopped, per 1,000, recall",
            *roc(rows, found, family),
            sep="\n",
        )
    if args.blind:
        note(today, lines)
        return 0
    for name in ("hand", "department", "genre"):
        worst = by(rows, found, partial(_named, name))
        print(f"\nfalse stops for health by {name}", *worst, sep="\n")
    print("\nhealth: stated, observed, mails", *reliability(rows, found, "health"), sep="\n")
    if args.errors:
        wrong = [r["id"] for r in rows for f in FAMILIES if (f in found[r["id"]]) != r[f]]
        print("\nwrong:", *wrong)
    return 0


if __name__ == "__main__":
    sys.exit(main())
