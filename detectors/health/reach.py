"""The person in reach of a hit: in its sentence, its paragraph, its document, the message.

From → to: a unit of a `Reading` and its hits → `Person`, the strongest cue and how far away it is.
What each step costs is `REACH`.

Invariant: linear in the words of the unit and the cues of its paragraph.
Known gap: a person known only from an earlier mail.
"""

from dataclasses import dataclass

from . import people, telling
from .people import Cue, Kind, Token
from .reading import REACH, Reading
from .terms import Hit
from .units import Unit

OWN_POINTS = 2.5
ADDRESSED = 2.8
WRITER = 1.5


@dataclass(frozen=True, slots=True)
class Person:
    """The strongest cue in reach of a unit."""

    points: float
    kind: Kind
    evidence: str


def person_of(reading: Reading, unit: Unit, hits: list[Hit], words: list[Token]) -> Person:
    """The strongest cue in reach of the unit."""
    best = _in_unit(reading, unit, hits, words)
    if best.points >= 3.0:
        return best
    candidates = [best]
    if not unit.row:
        candidates += _in_paragraph(reading, unit, 0.0 if telling.narrates(words) else 0.5)
    stretch = reading.stretch(unit.paragraph)
    if not reading.known() and stretch.of_writer:
        general = reading.facts.general or telling.is_office(stretch.words)
        near = reading.is_letter() and telling.tells(words)
        near = near or (reading.is_note() and not general)
        candidates.append(Person(WRITER + 0.5 * near, Kind.SELF, "writer"))
    facts = reading.facts
    candidates.append(Person(facts.points - REACH["document"], facts.kind, "person-in-document"))
    other = reading.other
    points = other.points - REACH["other"] + 0.5 * (reading.is_title(hits[0]) and facts.general < 1)
    candidates.append(Person(points, other.kind, "person-in-other-part"))
    strongest = max(candidates, key=lambda person: person.points)
    told = best.kind is Kind.PRONOUN and best.points >= 2 and reading.is_letter()
    if told and any(cue.kind in (Kind.ROLE, Kind.PLACED) for cue in stretch.cues):
        return Person(3.0, Kind.ROLE, best.evidence)  # "... brukaren. Hon har ..."
    if best.kind in (Kind.PRONOUN, Kind.ROLE) and best.points >= 2 and strongest.points >= 2:
        others = [c.points for c in candidates[1:]]
        if max(others) >= 1.5:
            return Person(3.0, strongest.kind, best.evidence)
    return strongest


def is_bare(reading: Reading, unit: Unit, words: list[Token]) -> bool:
    """A sentence without a subject: "Fick svar i går"."""
    return telling.speaks_without_subject(reading.plain, words, unit.end, reading.frame)


def _in_unit(reading: Reading, unit: Unit, hits: list[Hit], words: list[Token]) -> Person:
    best = Person(0.0, Kind.PRONOUN, "no-person")
    for cue in reading.stretch(unit.paragraph).cues:
        if unit.start <= cue.at < unit.end and not _is_hit(cue, hits):
            points = _cue_points(reading, cue, words)
            if points > best.points:
                best = Person(points, cue.kind, cue.kind.value)
    if best.points < people.WEIGHTS[Kind.SELF]:
        bare = is_bare(reading, unit, words)
        for hit in hits[:8]:
            mine = telling.self_points(words, hit.start, hit.group == "omsorg")
            if mine and mine[1] > best.points:
                advice = mine[0] is Kind.YOU and not (reading.is_letter() or telling.tells(words))
                best = Person(mine[1] - advice, mine[0], mine[0].value)
                if best.kind is Kind.YOU and reading.facts.addressed and telling.says_you(words):
                    best = Person(ADDRESSED, Kind.YOU, Kind.YOU.value)
            elif best.points < ADDRESSED and _is_to_reader(reading, hit, words):
                best = Person(ADDRESSED, Kind.YOU, Kind.YOU.value)
            if best.points < OWN_POINTS and bare:
                best = Person(OWN_POINTS, Kind.SELF, "self")
            if hit.own and best.points < OWN_POINTS and not telling.instructs(words):
                best = Person(OWN_POINTS, Kind.SELF, "self")
    return best


def _cue_points(reading: Reading, cue: Cue, words: list[Token]) -> float:
    points = people.WEIGHTS[cue.kind]
    if cue.yours and not (reading.is_letter() or telling.tells(words)):
        points -= 2.0  # "ring om ditt barn ...": advice to anybody
    if cue.kind is Kind.PRONOUN and reading.is_letter() and telling.tells(words):
        points += 1.0  # the receiver of a letter knows who "she" is
    if cue.kind is Kind.ROLE:
        points += max(_told(words), -1.0 + telling.is_one(words, cue.at))
    return points


def _told(words: list[Token]) -> float:
    """A role ("eleven") is somebody when something is told, everybody when it is laid down."""
    if telling.tells(words):
        return 1.0
    return 0.0 if telling.narrates(words) else -1.0


def _is_to_reader(reading: Reading, hit: Hit, words: list[Token]) -> bool:
    """In a letter to one person, "du" beside care or treatment is she."""
    return (
        reading.facts.addressed
        and hit.group not in ("sjukfrånvaro", "omsorg")
        and telling.says_you(words)
    )


def _is_hit(cue: Cue, hits: list[Hit]) -> bool:
    return any(hit.start <= cue.at < hit.end for hit in hits)


def _in_paragraph(reading: Reading, unit: Unit, cost: float) -> list[Person]:
    found = []
    for cue in reading.stretch(unit.paragraph).cues:
        if cue.kind not in (Kind.SELF, Kind.YOU):
            points = people.WEIGHTS[cue.kind] - REACH["paragraph"] - cost
            if cue.kind in (Kind.PRONOUN, Kind.ROLE):
                points -= REACH["paragraph"]
            found.append(Person(points, cue.kind, "person-in-paragraph"))
    return found
