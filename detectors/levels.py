"""Confidence and level: what a number from 1 to 100 means, and from where it counts.

From → to: a kind and a confidence → `Level`; what rules and judge say → one confidence.

Confidence is a probability in per cent at the base rate of ordinary mail (some five hits in a
thousand), fitted on mails that nothing was trained on. The levels are thresholds of it, for health
and for identity numbers each by themselves: how many innocent mails **medium** and **high** stop
stands beside them. All of it is ``level_data/levels.json``, written by
``tests/quality/judge/levels.py`` from data, with the bounds that go with it; nothing here is set
by hand.
"""

import json
import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from enum import StrEnum
from pathlib import Path

FILE = Path(__file__).parent / "level_data" / "levels.json"
_HEALTH = ("health", "social-care")


class Level(StrEnum):
    """How much a finding weighs; the thresholds stand in `LEVELS`."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The least confidence of each level, of one family of kinds."""

    medium: int
    high: int

    def of(self, confidence: int) -> Level:
        """The level of a confidence from 1 to 100."""
        if confidence >= self.high:
            return Level.HIGH
        return Level.MEDIUM if confidence >= self.medium else Level.LOW


@dataclass(frozen=True, slots=True)
class Levels:
    """The thresholds of both families. All kinds but health follow those of identity numbers."""

    health: Thresholds
    identity: Thresholds

    def family(self, kind: str) -> Thresholds:
        """Which thresholds hold for a kind."""
        return self.health if kind in _HEALTH else self.identity

    def of(self, kind: str, confidence: int) -> Level:
        """The level of a finding."""
        return self.family(kind).of(confidence)

    def to_json(self) -> list[int]:
        """A value that JSON can carry."""
        return [*astuple(self.health), *astuple(self.identity)]

    @staticmethod
    def from_json(value: Sequence[int]) -> "Levels":
        """The reverse."""
        medium, high, medium_identity, high_identity = map(int, value)
        return Levels(Thresholds(medium, high), Thresholds(medium_identity, high_identity))


@dataclass(frozen=True, slots=True)
class Line:
    """A rising line through points; flat before the first and after the last."""

    at: tuple[float, ...]
    value: tuple[float, ...]

    def __call__(self, x: float) -> float:
        """The value at `x`."""
        n = bisect_right(self.at, x)
        if n == 0 or n == len(self.at):
            return self.value[max(n - 1, 0)]
        low, high = self.at[n - 1], self.at[n]
        share = (x - low) / (high - low)
        return self.value[n - 1] + share * (self.value[n] - self.value[n - 1])


@dataclass(frozen=True, slots=True)
class Calibration:
    """How the numbers of rules and judge become a confidence.

    `rules` and `judge` weigh their log odds; `probability` gives per cent of that sum; `by_rules`
    gives per cent of the rules' own number, so that what reached their threshold reaches that of
    the level: without an answer of the judge nothing that they find is lost.
    """

    rules: float
    judge: float
    probability: Line
    by_rules: Line

    def sum(self, rules: int, odds: float) -> float:
        """The log odds of both together."""
        share = min(max(rules, 1), 99) / 100
        return self.rules * math.log(share / (1 - share)) + self.judge * odds

    def both(self, rules: int, odds: float) -> int:
        """The confidence by rules and judge."""
        return _bounded(self.probability(self.sum(rules, odds)))

    def alone(self, rules: int) -> int:
        """The confidence by the rules where the judge said nothing."""
        return _bounded(self.by_rules(rules))

    @staticmethod
    def percent(odds: float) -> int:
        """The judge's own number as the pages show it."""
        return _bounded(100 / (1 + math.exp(-max(-30.0, min(30.0, odds)))))


def _bounded(value: float) -> int:
    return max(1, min(99, round(value)))


def _line(points: list[list[float]]) -> Line:
    return Line(tuple(x for x, _ in points), tuple(y for _, y in points))


def _read() -> tuple[Levels, Calibration]:
    told = json.loads(FILE.read_text("utf-8"))
    families = told["levels"]
    levels = Levels(
        *(
            Thresholds(families[name]["medium"], families[name]["high"])
            for name in ("health", "identity")
        )
    )
    both = told["calibration"]
    calibration = Calibration(
        both["rules"], both["judge"], _line(both["probability"]), _line(both["by_rules"])
    )
    return levels, calibration


LEVELS, CALIBRATION = _read()
