"""Detect: all texts of one message → findings with places that a person understands.

From → to: ``Sequence[Text]`` → `Detected`. Runs ``detectors``, which know text and not mail, and
adds what they cannot know: the place, and a keyed hash that counts persons. This is where matched
text ends: what leaves is kind, mask, place and hash.

Invariants: pure; the order of findings is that of the detectors, not more than `FINDINGS` of them,
and `persons` counts those of all that were found. Names of files, sheets
and columns pass the detectors too (`Names`): a place in which a name holds a finding or a person's
name loses its names (V3). That holds for every place that leaves a worker.
"""

import hmac
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from detectors import IDENTITY, Match, Role, Source, detect
from detectors.levels import LEVELS, Level, Levels
from detectors.person_name import names_a_person
from detectors.registers import NO_REGISTERS, Registers
from mailfilter import limits, repeat
from mailfilter.model import Finding, Part, Said, Text
from mailfilter.place import Place

_HARMLESS: set[int] = set()  # of names: hashes with the process's own key, no names
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Detected:
    """`persons` counts distinct people among identity numbers of medium and higher."""

    findings: tuple[Finding, ...]
    persons: int
    said: Said | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """By what a mail is known again: its parts, and the keys of ``repeat.py``."""

    parts: tuple[Part, ...] = ()
    keys: tuple[bytes, ...] = ()


def find(
    texts: Sequence[Text],
    sources: Sequence[Source],
    key: bytes,
    names: "Names",
    pinpoint: Callable[[Text, int], Place],
    levels: Levels = LEVELS,
    known: "Known | None" = None,
) -> Detected:
    """All findings in `texts`, of which `sources` were made; `key` counts persons, `pinpoint`
    gives the place of an offset, `levels` says from which confidence something counts."""
    matches = names.search(sources)
    found = (
        _finding(match, names.clean(pinpoint(texts[match.source], match.start)), key, levels)
        for match in _chosen(matches, sources)
    )
    counted = {
        match.value
        for match in matches
        if _is_counted(match) and levels.of(match.kind, match.confidence) is not Level.LOW
    }
    said = repeat.said(matches, sources, known.parts, known.keys, levels) if known else None
    return Detected(tuple(found), len(counted), said)


def _chosen(matches: list[Match], sources: Sequence[Source]) -> list[Match]:
    """All, or the `FINDINGS` that say most: of each kind in each role the surest, in their order.

    So a flood of one kind, of doubtful ones or in one place hides nothing that a rule asks for.
    """
    if len(matches) <= limits.FINDINGS:
        return matches
    ranks: Counter[tuple[str, Role]] = Counter()
    order = []
    for n in sorted(range(len(matches)), key=lambda n: -matches[n].confidence):
        group = matches[n].kind, sources[matches[n].source].role_at(matches[n].start)
        order.append((ranks[group], n))
        ranks[group] += 1
    return [matches[n] for n in sorted(n for _, n in sorted(order)[: limits.FINDINGS])]


def sources_of(texts: Sequence[Text]) -> list[Source]:
    """The texts as detectors take them."""
    return [Source(text.content, _roles(text)) for text in texts]


def _roles(text: Text) -> list[tuple[int, Role]]:
    """The places' roles, with repeats left out: a sheet has a place for each row."""
    roles: list[tuple[int, Role]] = []
    for offset, place in text.places:
        if not roles or roles[-1][1] is not place.role:
            roles.append((offset, place.role))
    return roles or [(0, Role.BODY)]


def _finding(match: Match, place: Place, key: bytes, levels: Levels) -> Finding:
    counted = hmac.digest(key, match.value.encode(), "sha256") if _is_counted(match) else b""
    person = counted[:12].hex()
    level = levels.of(match.kind, match.confidence)
    said = match.evidence
    return Finding(match.kind, match.confidence, place, match.mask, person, said, level)


def _is_counted(match: Match) -> bool:
    return bool(match.value) and match.kind in IDENTITY


class Names:
    """Runs all detectors; remembers which names of one message are harmless."""

    def __init__(self, today: date, registers: Registers = NO_REGISTERS) -> None:
        self._today, self._registers = today, registers
        self._seen: dict[str, bool] = {}

    def search(self, sources: Sequence[Source]) -> list[Match]:
        """What detectors and registers find, without what an allow list names."""
        matches = detect(sources, self._today)
        if not self._registers.lists:
            return matches
        left = [match for match in matches if not self._registers.allows(match)]
        return [*left, *self._registers.find(sources, self._today)]

    def clean(self, place: Place) -> Place:
        """The place; without names if any of them says something about a person."""
        if all(self._harmless(step.name) for step in place.steps if step.name):
            return place
        return place.nameless()

    def _harmless(self, name: str) -> bool:
        if name not in self._seen:
            self._seen[name] = self._is_harmless(name)
        return self._seen[name]

    def _is_harmless(self, name: str) -> bool:
        mark = hash((name, self._today))
        if mark in _HARMLESS and not self._registers.lists:
            return True
        if self.search([Source(name, ((0, Role.NAME),))]) or names_a_person(name):
            return False
        if not self._registers.lists:
            _remember(mark)
        return True


def _remember(mark: int) -> None:
    """Logos, signatures and standard forms have the same name in every mail."""
    if len(_HARMLESS) >= _REMEMBERED:
        _HARMLESS.clear()
    _HARMLESS.add(mark)
