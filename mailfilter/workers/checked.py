"""What a worker answers, checked before anybody believes it.

From → to: JSON of a process that a hostile file may have taken over → `Examination`, or texts for a
reviewer; ValueError for anything that honest reading cannot give. Such a process can still lie
about its own mail; what it cannot do is to make us show, log or store what does not belong there:
codes come from their closed lists, masks hold no number, places have known steps, sizes are ours.
"""

from collections.abc import Collection
from dataclasses import replace
from functools import cache
from typing import Any

from detectors import DETECTORS, evidence_texts
from detectors.health.hearing import JUDGE, RULES
from detectors.registers import EVIDENCE
from mailfilter import limits
from mailfilter.examine import from_json
from mailfilter.model import Examination, Finding, NotExamined, Said
from mailfilter.not_examined import REASONS
from mailfilter.pictures import DIGEST
from mailfilter.repeat import KEY, KEYS, MOST_ATTACHED
from mailfilter.workers.notes import checked_place

View = tuple[list[tuple[str, str]], list[tuple[str, str, str]]]
Explained = tuple[str, str, str, int, tuple[str, ...]]
MASK = 64  # characters
MASK_DIGITS = 8  # a date of birth with its century
PERSON = 24
_SHAPES = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)


def examination(value: Any, size: int, own: Collection[str] = ()) -> Examination:
    """The examination of a message of `size` bytes; `own` are the kinds of the own registers."""
    try:
        if len(value["findings"]) > limits.FINDINGS or len(value["not_examined"]) > limits.UNREAD:
            raise ValueError("too much")
        found = from_json(value)
        places = [*(part.place for part in found.not_examined), *found.opened]
        for place in (*places, *(finding.place for finding in found.findings)):
            checked_place(place.to_json())
    except _SHAPES as error:
        raise ValueError("no examination") from error
    if not _is_sound(found, own):
        raise ValueError("an examination that nobody makes")
    return replace(found, size=size)


def _is_sound(found: Examination, own: Collection[str]) -> bool:
    return (
        0 <= found.persons <= limits.TEXT_SIZE
        and all(_is_finding(finding, own) for finding in found.findings)
        and all(map(_is_unread, found.not_examined))
        and (found.said is None or _is_said(found.said))
    )


def _is_said(said: Said) -> bool:
    hashes = all(len(one) == KEY for one in (*said.prints, *said.attached))
    return hashes and len(said.prints) <= KEYS and len(said.attached) <= MOST_ATTACHED


@cache
def _kinds() -> frozenset[str]:
    return frozenset(kind for one in DETECTORS for kind in one.KINDS)


@cache
def _evidence() -> frozenset[str]:
    numbers = {f"{mark}{number}" for mark in (RULES, JUDGE) for number in range(101)}
    return frozenset(numbers.union(map(str, evidence_texts() | EVIDENCE)))


def _is_finding(finding: Finding, own: Collection[str]) -> bool:
    return (
        (finding.kind in _kinds() or finding.kind in own)
        and 1 <= finding.confidence <= 100
        and _is_mask(finding.masked)
        and len(finding.person) <= PERSON
        and _evidence().issuperset(finding.evidence)
    )


def _is_mask(mask: str) -> bool:
    digits = sum(map(str.isdigit, mask))
    return len(mask) <= MASK and mask.isprintable() and digits <= MASK_DIGITS


def _is_unread(part: NotExamined) -> bool:
    reason = REASONS.get(part.reason)
    return reason is not None and reason.cls is part.cls


def pictures(value: Any) -> list[bytes]:
    """Hashes of pictures that were read and say nothing; none if it is anything else."""
    try:
        found = [bytes.fromhex(str(each)) for each in value[: limits.PICTURES_TOLD]]
    except _SHAPES:
        return []
    return [each for each in found if len(each) == DIGEST]


def explained(value: Any) -> list[Explained]:
    """Place, text, kind, confidence and reasons, for the person at the terminal."""
    try:
        return [
            (str(place), str(text), str(kind), int(confidence), tuple(map(str, reasons)))
            for place, text, kind, confidence, reasons in value
        ]
    except _SHAPES as error:
        raise ValueError("no explanation") from error


def view(value: Any) -> View:
    """The text of a message by place, and (place, reason, class) of what was not read."""
    try:
        texts = [(str(place), str(text)) for place, text in value["texts"]]
        unread = [(str(place), str(reason)) for place, reason in value["unread"]]
        return texts, [(place, code, REASONS[code].cls.value) for place, code in unread]
    except _SHAPES as error:
        raise ValueError("no view") from error
