"""From scores out of fold to ``detectors/level_data/levels.json``, and the tables that go with it.

    .venv/bin/python tests/quality/judge/levels.py build/judge [--write]
    .venv/bin/python tests/quality/judge/levels.py build/judge --unseen hand-11,hand-12 [--write]

From → to: the questions of all mails and what a judge that had not seen their hand's topic said of
them (``folds-SEED.json``) → the weights of rules and judge, the probability that their sum means at
`BASE_RATE`, the thresholds of the levels. Fitted on the sets of ``ordinary/`` alone: those mails
trained neither the rules' own model nor, out of fold, the judge.

With `--unseen` the scores are those of the shipped judge, and the two weights are fitted on the
named hands alone, which nothing was trained on. Of the others the judge knows the mails, so that a
threshold taken from them would be too low: medium and high keep their numbers in the file, and the
tables say what that stops.

A threshold is the least confidence at which no more innocent mails are stopped than `SHARE` says,
as a point estimate; the 95 % bound (Clopper-Pearson) stands beside it in the file.
"""

import argparse
import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from bounds import upper_bound
from questions import Mail, load

ROOT = Path(__file__).parents[3]
FILE = ROOT / "detectors" / "level_data" / "levels.json"
BASE_RATE = 0.005
# Asked: 1 in 1,000 and 1 in 3,000. At those this judge finds less than the rules did alone, so
# these hold until it is better (RESULTS.md). Counted over innocent mail of hands and offices but
# traps, which were written to look like hits and are half of some hands' innocent mail. What is
# left is still harder than the mail of an office: of the office sets far fewer are stopped.
SHARE = {"medium": 10 / 1000, "high": 1 / 1000}
MEDIUM, HIGH = 50, 80  # of the rules' own number
FITTED = ("hand-", "office-")
Scores = dict[str, dict[str, float]]  # mail → question → log odds


def scores_of(folder: Path) -> Scores:
    """The mean of all seeds at hand, by the text of the question."""
    mails = load(folder / "questions.json")
    runs = [json.loads(path.read_text()) for path in sorted(folder.glob("folds-*.json"))]
    found: Scores = {}
    for mail in mails:
        known = [run.get(mail.id) for run in runs]
        if not all(k is not None and len(k) == len(mail.questions) for k in known):
            continue  # of a fold that was not run, or labelled anew since
        told = zip(mail.questions, *(run[mail.id] for run in runs), strict=True)
        found[mail.id] = {each.text: sum(odds) / len(odds) for each, *odds in told}
    return found


def logit(share: float) -> float:
    """Log odds."""
    share = min(max(share, 0.01), 0.99)
    return math.log(share / (1 - share))


def sigmoid(odds: float) -> float:
    """The reverse."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))


def rows_of(mails: Iterable[Mail], scores: Scores) -> list[tuple[float, float, bool, float]]:
    """(rules, judge, label, weight) of each question; weights make the hits `BASE_RATE`."""
    mails = list(mails)
    hits = sum(mail.health for mail in mails)
    share = {
        True: BASE_RATE / max(hits, 1),
        False: (1 - BASE_RATE) / max(len(mails) - hits, 1),
    }
    return [
        (logit(q.rules / 100), scores[mail.id][q.text], q.label, share[mail.health] * len(mails))
        for mail in mails
        for q in mail.questions
        if q.label is not None
    ]


def fit(rows: Sequence[tuple[float, float, bool, float]]) -> tuple[float, float, float]:
    """Weights of rules and judge and the bias: logistic regression by Newton's method.

    The two weights are found with both labels of equal weight, since the few hits of the base rate
    would leave them to chance; the bias then at the base rate.
    """
    positive = sum(label for *_, label, _ in rows)
    even = {True: len(rows) / (2 * positive), False: len(rows) / (2 * (len(rows) - positive))}
    a, b, _ = _newton([(x, y, label, even[label]) for x, y, label, _ in rows])
    return a, b, bias_of(rows, a, b)


def bias_of(rows: Sequence[tuple[float, float, bool, float]], a: float, b: float) -> float:
    """The bias at which as many hits are stated as there are at the base rate."""
    low, high = -15.0, 5.0
    wanted = sum(weight for *_, label, weight in rows if label)
    for _ in range(60):
        bias = (low + high) / 2
        stated = sum(weight * sigmoid(a * x + b * y + bias) for x, y, _, weight in rows)
        low, high = (bias, high) if stated < wanted else (low, bias)
    return bias


def _newton(rows: Sequence[tuple[float, float, bool, float]]) -> tuple[float, float, float]:
    at = [0.5, 0.5, 0.0]
    for _ in range(25):
        slope = [-0.01 * value for value in at]
        curve = [[0.01 * (i == j) for j in range(3)] for i in range(3)]
        for x, y, label, weight in rows:
            v = (x, y, 1.0)
            p = sigmoid(sum(k * w for k, w in zip(at, v, strict=True)))
            for i in range(3):
                slope[i] += weight * (label - p) * v[i]
                for j in range(3):
                    curve[i][j] += weight * p * (1 - p) * v[i] * v[j]
        step = _solved(curve, slope)
        at = [value + change for value, change in zip(at, step, strict=True)]
    return at[0], at[1], at[2]


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Gauss elimination of three equations."""
    rows = [[*line, value] for line, value in zip(matrix, right, strict=True)]
    for i in range(3):
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for j in range(3):
            if j != i:
                rows[j] = [u - rows[j][i] * v for u, v in zip(rows[j], rows[i], strict=True)]
    return [line[3] for line in rows]


class Scale:
    """Confidence of a question and of a mail, as the detector will give it."""

    def __init__(self, a: float, b: float, bias: float) -> None:
        self.a, self.b, self.bias = a, b, bias
        kept = json.loads(FILE.read_text("utf-8"))["levels"]["health"]
        self.medium, self.high = kept["medium"], kept["high"]

    def both(self, rules: int, odds: float) -> float:
        """Per cent, not rounded, by rules and judge."""
        return 100 * sigmoid(self.a * logit(rules / 100) + self.b * odds + self.bias)

    def by_rules(self) -> list[list[float]]:
        """Points of the line for what the judge is not asked."""
        middle, high = self.medium, self.high
        return [
            [0, 0],
            [MEDIUM - 1, middle - 1],
            [MEDIUM, middle],
            [HIGH - 1, high - 1],
            [HIGH, high],
            [100, 99],
        ]

    def mail(self, mail: Mail, scores: Scores) -> float:
        """The highest confidence of a mail; certain rows count from the rules' medium."""
        asked = [self.both(q.rules, scores[mail.id][q.text]) for q in mail.questions]
        sure = [float(self.high if mail.certain >= HIGH else self.medium)] * (
            mail.certain >= MEDIUM
        )
        return max([*asked, *sure], default=0.0)


def thresholds(scale: Scale, innocent: Sequence[Mail], scores: Scores) -> None:
    """Set the levels: the least whole per cent that keeps the shares."""
    found = sorted((scale.mail(mail, scores) for mail in innocent), reverse=True)
    for name, share in SHARE.items():
        allowed = int(share * len(found))
        setattr(scale, name, min(98, math.floor(found[allowed]) + 1))
    scale.high = max(scale.high, scale.medium + 1)


def table(mails: Sequence[Mail], scale: Scale, scores: Scores) -> str:
    """A row for each hand: innocent mails stopped, recall of short and long mail."""
    lines = ["| set | innocent | stopped | health | found | long | found |", "|---|" + "---|" * 6]
    for hand in [*sorted({mail.hand for mail in mails}), ""]:
        mine = [mail for mail in mails if hand in (mail.hand, "")]
        groups = [
            [m for m in mine if not m.health],
            [m for m in mine if m.health and not m.long],
            [m for m in mine if m.health and m.long],
        ]
        cells = []
        for group in groups:
            over = sum(scale.mail(m, scores) >= scale.medium for m in group)
            cells += [str(len(group)), f"{over} ({over / len(group):.3f})" if group else "–"]
        lines.append(f"| {hand or 'all'} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def roc(mails: Sequence[Mail], scale: Scale, scores: Scores) -> str:
    """Recall at numbers of false alarms."""
    innocent = sorted((scale.mail(m, scores) for m in mails if not m.health), reverse=True)
    hits = [scale.mail(m, scores) for m in mails if m.health]
    lines = ["| innocent mails stopped | per 1,000 | recall |", "|---|---|---|"]
    for count in (0, 1, 2, 4, 8, 16, 32):
        if count < len(innocent):
            over = sum(value > innocent[count] for value in hits)
            lines.append(
                f"| {count} | {1000 * count / len(innocent):.1f} | {over / len(hits):.3f} |"
            )
    return "\n".join(lines)


def reliability(rows: Sequence[tuple[float, float, bool, float]], scale: Scale) -> str:
    """Stated and observed probability in ten bins of equal number."""
    stated = sorted(
        (sigmoid(scale.a * x + scale.b * y + scale.bias), label, w) for x, y, label, w in rows
    )
    lines, worst = ["| stated | observed | questions |", "|---|---|---|"], 0.0
    for n in range(10):
        part = stated[n * len(stated) // 10 : (n + 1) * len(stated) // 10]
        weight = sum(w for *_, w in part)
        said = sum(p * w for p, _, w in part) / weight
        seen = sum(label * w for _, label, w in part) / weight
        worst = max(worst, abs(said - seen))
        lines.append(f"| {said:.3f} | {seen:.3f} | {len(part)} |")
    return "\n".join([*lines, f"largest gap {worst:.3f}"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true", help=f"write {FILE.name}")
    parser.add_argument("--unseen", default="", help="hands that the judge was not trained on")
    args = parser.parse_args()
    scores = scores_of(args.folder)
    mails = [mail for mail in load(args.folder / "questions.json") if mail.id in scores]
    ordinary = [mail for mail in mails if mail.hand.startswith(FITTED)]
    rows = rows_of(ordinary, scores)
    innocent = [mail for mail in ordinary if not mail.health and not mail.trap]
    if unseen := frozenset(filter(None, args.unseen.split(","))):
        a, b, _ = fit(rows_of((mail for mail in mails if mail.hand in unseen), scores))
        scale = Scale(a, b, bias_of(rows, a, b))
    else:
        scale = Scale(*fit(rows))
        thresholds(scale, innocent, scores)
    print(
        f"rules {scale.a:.3f}, judge {scale.b:.3f}, bias {scale.bias:.3f}; "
        f"medium {scale.medium}, high {scale.high}"
    )
    print(
        table(mails, scale, scores),
        roc(ordinary, scale, scores),
        reliability(rows, scale),
        sep="\n\n",
    )
    if args.write:
        write(scale, innocent, scores)


def write(scale: Scale, innocent: Sequence[Mail], scores: Scores) -> None:
    """The file that the detectors read."""
    told = json.loads(FILE.read_text("utf-8"))
    found = [scale.mail(mail, scores) for mail in innocent]
    bounds = {}
    for name, at in (("medium", scale.medium), ("high", scale.high)):
        stopped = sum(value >= at for value in found)
        bounds[name] = {
            "stopped": stopped,
            "innocent": len(found),
            "per 1,000, 95 % bound": round(1000 * upper_bound(stopped, len(found)), 2),
        }
    told["levels"]["health"] = {"medium": scale.medium, "high": scale.high, "seen": bounds}
    points = [[n / 2, round(100 * sigmoid(n / 2 + scale.bias), 3)] for n in range(-16, 33)]
    told["calibration"] = {
        "rules": round(scale.a, 4),
        "judge": round(scale.b, 4),
        "probability": points,
        "by_rules": scale.by_rules(),
    }
    FILE.write_text(json.dumps(told, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
