"""What the judge is trained on: questions of labelled mails, as a JSON file.

Made by ``sets.py`` with the gateway's packages, read by ``train.py`` with those of training: no one
environment needs both.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

ASKED = ("questions", "extra")


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: what is read, what the rules say, and what is right (None: not known)."""

    text: str
    rules: int
    label: bool | None


@dataclass(frozen=True, slots=True)
class Mail:
    """One labelled mail. `group` is hand and topic: what stands in one fold.

    `extra` are passages that the rules do not flag: trained on, but nothing is measured on them.
    """

    id: str
    hand: str
    group: str
    health: bool
    long: bool
    questions: tuple[Asked, ...]
    extra: tuple[Asked, ...] = ()
    trap: bool = False  # innocent, and written to look like a hit
    certain: int = 0  # the highest confidence of a row that the rules decide alone

    def fold(self, folds: int) -> int:
        """From 0 to `folds` - 1, the same for all mails of a hand's topic."""
        return int(hashlib.sha256(self.group.encode()).hexdigest(), 16) % folds


def load(path: Path) -> list[Mail]:
    """The mails of a file that ``sets.py`` wrote."""
    return [
        Mail(**row | {name: tuple(Asked(**each) for each in row[name]) for name in ASKED})
        for row in json.loads(path.read_text("utf-8"))
    ]
