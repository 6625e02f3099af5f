"""How much the expressions of a unit weigh, and what the kind of text takes away again.

From → to: a unit, its hits, its words and the person in reach → points.

Invariant: linear in the hits and words of the unit.
"""

from ..contract import Role
from . import genre, people, telling
from .people import Kind, Token
from .reach import Person
from .reading import Reading
from .terms import Hit
from .units import Unit

WORK_POINTS = THING_POINTS = 1.5
# Share of the general points that remains beside such a person.
TRUST = {
    Kind.IDENTITY: 0.3,
    Kind.FULL_NAME: 0.6,
    Kind.NAME: 0.7,
    Kind.RELATIVE: 0.6,
    Kind.PLACED: 0.6,
    Kind.SELF: 0.7,
    Kind.YOU: 1.2,
    Kind.ROLE: 1.2,
    Kind.PRONOUN: 1.0,
}
_BODY_PARTS = people.WORDS["body-part"]
_HEADINGS = people.WORDS["heading"]


def health_points(reading: Reading, unit: Unit, hits: list[Hit], words: list[Token]) -> float:
    weights = sorted((_weight(reading, hit) for hit in hits[:8]), reverse=True)
    distinct = len({reading.plain.text[hit.start : hit.end] for hit in hits[:8]})
    points = weights[0] + sum(0.25 * weight for weight in weights[1:distinct][:3])
    if hits[0].group != "omsorg" and has_body(words):
        points += 0.5 if weights[0] >= 2 else 1.0
    if unit.row and _heading(reading, unit):
        points += 0.5
    return points


def _weight(reading: Reading, hit: Hit) -> float:
    """A signature names units and professions, not patients."""
    if reading.role(hit) is Role.SIGNATURE:
        return hit.weight * 0.3
    return hit.weight * 0.4 if reading.frame.signs(hit.start) and not hit.own else hit.weight


def has_body(words: list[Token]) -> bool:
    return any(token.low in _BODY_PARTS for token in words)


def _heading(reading: Reading, unit: Unit) -> bool:
    """Has the sheet a column for illness? Its first row says so."""
    end = reading.plain.text.find("\n")
    head = reading.plain.text[: min(end, 400)] if end > 0 else ""
    return unit.start > end > 0 and any(name in head for name in _HEADINGS)


def general_points(
    reading: Reading, unit: Unit, hits: list[Hit], person: Person, words: list[Token]
) -> float:
    """What the kind of text takes away."""
    trust = TRUST[person.kind]
    if person.kind is Kind.YOU and reading.facts.addressed:
        trust = 0.5
    points = reading.facts.general * trust
    if reading.facts.labelled:
        points *= 0.4
    sentence = reading.plain.text[unit.start : unit.end]
    points += genre.sentence_points(sentence, reading.is_letter()) * min(1.0, TRUST[person.kind])
    if telling.counts_many(words) and TRUST[person.kind] > TRUST[Kind.NAME]:
        points += 0.5
    if telling.at_work(words, hits[0].start):
        points += 0.5 if hits[0].group == "sjukfrånvaro" else WORK_POINTS
    if telling.names_thing(words):
        points += THING_POINTS if trust > TRUST[Kind.RELATIVE] else THING_POINTS / 3
    return points


def may_carry(reading: Reading, unit: Unit, hits: list[Hit]) -> bool:
    """The cheap half of `carries`, before anybody looks for persons."""
    text = reading.plain.text[unit.start : unit.end]
    if not _BODY_PARTS.isdisjoint(text.replace(",", " ").replace(".", " ").split()):
        return True
    if hits[0].weight >= 2 or any(h.weight >= 2 or h.group != hits[0].group for h in hits):
        return True
    return telling.has_identity(reading.plain, unit.start, unit.end)


def carries(hits: list[Hit], person: Person, body: bool) -> bool:
    """Words of weight 1 need company, or an identity number beside them."""
    if any(hit.weight >= 2 for hit in hits):
        return True
    groups = {hit.group for hit in hits}
    return len(groups) >= 2 or body or person.kind is Kind.IDENTITY


def is_workplace(hit: Hit, words: list[Token]) -> bool:
    places = ("behandling", "vårdkontakt", "omsorg")
    return hit.group in places and telling.is_workplace(words, hit.start, hit.group == "omsorg")
