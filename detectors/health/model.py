"""The model: a weighted sum over the features of a passage, trained on mails that we wrote.

From → to: features (`features`) → log odds that the passage tells of somebody's health, and which
families of features spoke. Logistic regression; the weights are ``health_data/model.txt``, made by
``tests/quality/health/train.py`` from data of our own (CC0). No library, no network.

Invariants: deterministic; an unknown feature weighs nothing. The file's first lines name the data
by their hash; `load` refuses a file whose weights do not have the hash that it states.
Known gap: words that none of some thousand mails holds say nothing.
"""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from typing import NamedTuple

from .terms import DATA

FILE = DATA / "model.txt"
CLEAR = 0.7  # log odds from which a family of features is worth naming
# Of each family: its code when it speaks for health, and when it speaks against.
CODES = {
    "s": ("story", "other-story"),
    "w": ("wording", "other-wording"),
}
_FAMILY = dict.fromkeys("pntqf", "s")


class Weights(NamedTuple):
    """A trained model."""

    bias: float
    of: Mapping[str, float]


class Verdict(NamedTuple):
    """Log odds, and the codes of what spoke."""

    odds: float
    codes: tuple[str, ...]


def digest(lines: str) -> str:
    """What the file says of its own weights."""
    return sha256(lines.encode()).hexdigest()[:16]


@cache
def load() -> Weights:
    """The weights as shipped."""
    head, _, body = FILE.read_text(encoding="utf-8").partition("\n\n")
    stated = head.rpartition("# Hash of the weights: ")[2].split()[0]
    if digest(body) != stated:
        raise ValueError(
            f"{FILE.name} is damaged: its weights do not have the hash that it states."
            " Install the detectors again."
        )
    pairs = (line.rpartition("\t") for line in body.splitlines())
    of = {name: float(weight) for name, _, weight in pairs}
    return Weights(of.pop("bias"), of)


def judge(features: Mapping[str, float], weights: Weights | None = None) -> Verdict:
    """The sum, and what it consists of."""
    known = weights or load()
    sums: dict[str, float] = {}
    for name, value in features.items():
        if weight := known.of.get(name):
            family = _FAMILY.get(name[0], name[0])
            sums[family] = sums.get(family, 0.0) + value * weight
    codes = tuple(
        pair[sums[family] < 0]
        for family, pair in CODES.items()
        if abs(sums.get(family, 0.0)) >= CLEAR
    )
    return Verdict(known.bias + sum(sums.values()), codes)
