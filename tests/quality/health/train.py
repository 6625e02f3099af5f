"""Train the model of the health detector: labelled mails → ``detectors/health_data/model.txt``.

    python tests/quality/health/train.py [--folds 10] [--check]

Without arguments: the weights from all mails of this folder and the tuning part of the development
set (never its hold-out). `--folds`: the figures of cross-validation, by topic: mails of one topic
are all in one fold. `--check`: whether the shipped weights are what the data give: in one pass, by
the condition that holds at the best weights and nowhere else (`astray`).

Logistic regression with a ridge, by dual coordinate descent in an order of a fixed seed: no
library, the same weights on every machine up to rounding, half a minute. The lists of the lexicon
were made with the development set and the rows of ``tests/detectors`` in view, so what the
rules say there is too good: those mails are used once as they are and
once without the features of the rules.
"""

import argparse
import hashlib
import json
import math
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random
from typing import NamedTuple

HERE = Path(__file__).parent
ASIDE = {HERE / "blind.jsonl", HERE / "aside.jsonl"}  # never trained on, or they say nothing
ROOT = HERE.parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "eval"), str(HERE)]

from detectors import health  # noqa: E402
from detectors.contract import Role, Source  # noqa: E402
from detectors.health import message, model  # noqa: E402
from detectors.health.features import features  # noqa: E402

COST = 2.0  # how much an error weighs beside the size of the weights
WORDS = 4.0  # the words' features are that much larger while training
SEEN, SEEN_AGAIN = 0.4, 0.3  # weight of mails that the lexicon was made with
ROUNDS = 60
LEAST = 0.01  # smaller weights are left out
ASTRAY = 0.02  # what rounding and that do to the condition of `astray`
UNSEEN = "rules-unseen"  # the feature of mails whose rules are left out
TITLES = (Role.SUBJECT, Role.HEADER, Role.NAME, Role.PROPERTY)


class Example(NamedTuple):
    """One passage."""

    mail: str
    topic: str
    features: dict[str, float]
    label: int  # 1, 0, or -1: of a mail with health data, but perhaps not this passage
    weight: float


class Mail(NamedTuple):
    """One labelled mail, as texts with roles."""

    id: str
    topic: str
    label: bool
    spans: tuple[str, ...]
    sources: tuple[Source, ...]
    seen: bool  # was the lexicon made with it?


def held_out(id: str) -> bool:
    """Every fourth mail of the development set: never trained on."""
    return int(hashlib.sha256(id.encode()).hexdigest(), 16) % 4 == 0


def mails() -> Iterator[Mail]:
    """All labelled mails that may be trained on."""
    from mail_texts import sources_of_mail

    files = [*sorted(set(HERE.glob("*.jsonl")) - ASIDE), ROOT / "tests" / "eval" / "dev.jsonl"]
    for path in files:
        seen = path.name in ("dev.jsonl", "rows.jsonl")
        for number, line in enumerate(path.read_text("utf-8").splitlines()):
            row = json.loads(line)
            if path.name == "dev.jsonl" and held_out(row["id"]):
                continue
            if "health" not in row.get("optional", ()):
                texts = sources_of_mail(row, number)
                topic = row.get("topic") or path.name
                topic = row["id"] if path.name in ("dev.jsonl", "rows.jsonl") else topic
                spans = tuple(row["spans"])
                yield Mail(row["id"], topic, row["health"], spans, texts, seen)


def examples(every: Iterator[Mail]) -> Iterator[Example]:
    """The passages that the model would see, and what they are."""
    for mail in every:
        found = list(_passages(mail.sources))
        for text, named in found:
            sure = len(found) == 1 or any(span[:60] in text for span in mail.spans)
            label = 0 if not mail.label else 1 if sure else -1
            scaled = {k: v * WORDS if k[0] == "w" else v for k, v in named.items()}
            scaled["bias"] = 2.0
            yield Example(mail.id, mail.topic, scaled, label, SEEN if mail.seen else 1.0)
            if mail.seen:
                left = {k: v for k, v in scaled.items() if k[0] != "r"} | {UNSEEN: 1.0}
                yield Example(mail.id + "/again", mail.topic, left, label, SEEN_AGAIN)


def _passages(sources: tuple[Source, ...]) -> Iterator[tuple[str, dict[str, float]]]:
    for part in health.parts_of(sources):
        if part.role() in TITLES:
            continue
        plain = part.reading.plain
        by_rules = message.by_rules(part)
        for passage in message.candidates(plain.text, by_rules, part.telling):
            text = plain.cased[passage.start : passage.end]
            yield text, features(part.reading, passage, part.subject)


def fit(given: list[Example]) -> dict[str, float]:
    """The weights: dual coordinate descent (Yu, Huang, Lin 2011), in an order of a fixed seed."""
    numbers: dict[str, int] = {}
    rows = []
    for example in given:
        pairs = [(numbers.setdefault(k, len(numbers)), v) for k, v in example.features.items()]
        rows.append((pairs, sum(v * v for _, v in pairs), 1 if example.label else -1, example))
    weights = [0.0] * len(numbers)
    duals = []
    for pairs, _, sign, example in rows:
        duals.append(COST * example.weight / 2)
        for k, v in pairs:
            weights[k] += sign * duals[-1] * v
    order = list(range(len(rows)))
    random = Random(1)
    for _ in range(ROUNDS):
        random.shuffle(order)
        for at in order:
            pairs, size, sign, example = rows[at]
            margin = sign * sum(weights[k] * v for k, v in pairs)
            step = _best(COST * example.weight, size, margin, duals[at]) - duals[at]
            duals[at] += step
            for k, v in pairs:
                weights[k] += sign * step * v
    return {name: weights[k] for name, k in numbers.items()}


def _best(cost: float, size: float, margin: float, dual: float) -> float:
    """The best dual of one example: u + size * (cost * sigmoid(u) - dual) + margin = 0, halved."""
    low, high = -margin - size * (cost - dual), -margin + size * dual
    for _ in range(26):
        u = (low + high) / 2
        if u + size * (cost * _sigmoid(u) - dual) + margin > 0:
            high = u
        else:
            low = u
    return cost * _sigmoid((low + high) / 2)


def _sigmoid(u: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, u))))


def folded(given: list[Example], folds: int) -> dict[str, float]:
    """Log odds of each mail by the models that have not seen its topic."""
    odds: dict[str, float] = {}
    for fold in range(folds):
        rest = [e for e in given if _fold(e.topic, folds) != fold and e.label >= 0]
        weights = fit(rest)
        for example in given:
            if _fold(example.topic, folds) == fold and not example.mail.endswith("/again"):
                value = sum(weights.get(k, 0.0) * v for k, v in example.features.items())
                odds[example.mail] = max(value, odds.get(example.mail, -9.0))
    return odds


def _fold(topic: str, folds: int) -> int:
    return int(hashlib.sha256(topic.encode()).hexdigest(), 16) % folds


def shown(every: list[Mail], odds: dict[str, float]) -> str:
    """A row for each set: mails, precision, recall."""
    lines = ["| set | mails | precision | recall |", "|---|---|---|---|"]
    sets = sorted({mail.id.rpartition("-")[0].partition("-")[0] for mail in every})
    for name in [*sets, ""]:
        mine = [mail for mail in every if mail.id.startswith(name)]
        found = {mail.id for mail in mine if odds.get(mail.id, -9.0) > 0}
        right = sum(mail.label for mail in mine if mail.id in found)
        wanted = sum(mail.label for mail in mine)
        precision, recall = right / max(len(found), 1), right / max(wanted, 1)
        lines.append(f"| {name or 'all'} | {len(mine)} | {precision:.3f} | {recall:.3f} |")
    return "\n".join(lines)


def written(weights: dict[str, float], data: str) -> str:
    """The file, smallest weights left out; the words' scale goes into their weights."""
    lines = []
    for name, weight in sorted(weights.items()):
        value = weight * (WORDS if name[0] == "w" else 2.0 if name == "bias" else 1.0)
        if name != UNSEEN and (abs(value) >= LEAST or name == "bias"):
            lines.append(f"{name}\t{value:.3f}")
    body = "\n".join(lines) + "\n"
    return (
        "# Weights of the model of the health detector: a feature of a passage, tab, weight\n"
        "# Source: trained on labelled mails of our own (CC0), all persons made up.\n"
        f"# Date: {date(2026, 11, 28)}. Licence: CC0-1.0.\n"
        "# Rebuilt: python tests/quality/health/train.py. Read by detectors/health/model.py.\n"
        f"# Of training only: {UNSEEN} {weights.get(UNSEEN, 0.0):.3f}\n"
        f"# Hash of the data: {data}\n"
        f"# Hash of the weights: {model.digest(body)}\n\n{body}"
    )


def digest(every: list[Mail]) -> str:
    """A hash of all that is trained on; a document's properties say when it was made anew."""
    told = [
        (m.id, m.label, *(s.content for s in m.sources if s.role_at(0) is not Role.PROPERTY))
        for m in every
    ]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def faults(data: str, given: list[Example]) -> str:
    """What is wrong with the shipped weights, or nothing."""
    head = model.FILE.read_text("utf-8").partition("\n\n")[0]
    if f"# Hash of the data: {data}\n" not in head:
        return "the mails have changed: train anew"
    shipped = model.load()
    unseen = float(head.partition(f"{UNSEEN} ")[2].split()[0])
    known = model.Weights(shipped.bias, {**shipped.of, UNSEEN: unseen})
    far, name = astray(known, [e for e in given if e.label >= 0])
    return f"the features have changed ({name} by {far:.2f}): train anew" if far > ASTRAY else ""


def astray(shipped: model.Weights, given: list[Example]) -> tuple[float, str]:
    """How far a shipped weight is from where the data would keep it, and which one.

    At the best weights each is the sum over all examples of value × label × what is still missing
    to certainty: any other features, labels or weights break that. The distance is the step that
    would mend that weight alone.
    """
    pull: dict[str, float] = {}
    stiff: dict[str, float] = {}
    for example in given:
        sign = 1 if example.label else -1
        odds = sum(value * _trained(shipped, name) for name, value in example.features.items())
        share = _sigmoid(-sign * odds)
        missing = COST * example.weight * share
        for name, value in example.features.items():
            pull[name] = pull.get(name, 0.0) + missing * sign * value
            stiff[name] = stiff.get(name, 1.0) + missing * (1 - share) * value * value
    return max((abs(pull[n] - _trained(shipped, n)) / stiff[n], n) for n in pull)


def _trained(shipped: model.Weights, name: str) -> float:
    """A weight as it was in training."""
    if name == "bias":
        return shipped.bias / 2.0
    return shipped.of.get(name, 0.0) / (WORDS if name[0] == "w" else 1.0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds", type=int, default=0)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    every = list(mails())
    given = list(examples(iter(every)))
    if args.folds:
        print(shown(every, folded(given, args.folds)))
        return 0
    data = digest(every)
    if args.check:
        fault = faults(data, given)
        print(fault or "the shipped weights are those of the data")
        return bool(fault)
    text = written(fit([e for e in given if e.label >= 0]), data)
    model.FILE.write_text(text, encoding="utf-8")
    print(f"{len(every)} mails, {len(given)} passages, {text.count(chr(10))} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main())
