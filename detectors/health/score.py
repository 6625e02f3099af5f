"""Person × health: the additive model that turns features into a confidence.

From → to: one `Reading` → a `Judgement` for each unit (sentence or row) with hits → `Match`es.

Features → score → confidence:

- health (`weigh`): the heaviest expression of the unit, a quarter for each further one;
- person (`reach`): the strongest cue in reach: in the unit itself, in its paragraph, in the
  document, in another text of the message;
- general (`weigh`): points of the kind of text, less where the person is certain.

score = health + person - general, and the rules' confidence = 10 × score. Without a person a
finding stays under `MEDIUM`. `hearing` makes of it the confidence of the finding. Every feature
that spoke is named by a code of `evidence`.
Invariants: pure, linear; a source gives at most `MOST` matches, of which `MOST_LOW` low ones.
Known gaps: irony, fiction about one person, a person known only from an earlier mail.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..contract import Match, Role
from ..levels import LEVELS, Level
from . import telling, weigh
from .people import Token
from .reach import Person, is_bare, person_of
from .reading import NO_PERSON, Reading
from .terms import Hit
from .units import Unit, units_at

MEDIUM = 50
_NAMED = {"name", "full-name", "pronoun", "placed", "identity"}
MOST = 300
MOST_LOW = 20
LONE = 10


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was made of the hits of one unit."""

    unit: Unit
    hits: tuple[Hit, ...]
    confidence: int
    evidence: tuple[str, ...]


def judgements(reading: Reading) -> Iterator[Judgement]:
    """One for each unit with hits, in the order of the text."""
    hits, at = reading.hits, 0
    for unit in units_at(reading.plain.text, reading.plain.cased, [hit.start for hit in hits]):
        inside: list[Hit] = []
        while at < len(hits) and hits[at].start < unit.end:
            inside.append(hits[at])
            at += 1
        confidence, evidence = _judge(reading, unit, inside)
        yield Judgement(unit, tuple(inside), confidence, evidence)


def matches(reading: Reading, judged: Iterable[Judgement]) -> Iterator[Match]:
    """The findings of one text."""
    given = low = 0
    for each in judged:
        sure = LEVELS.health.of(each.confidence) is not Level.LOW
        for hit in each.hits if sure else each.hits[: MOST_LOW - low]:
            yield _match(reading, hit, each.confidence, each.evidence)
        given += len(each.hits) * sure
        low += min(len(each.hits), MOST_LOW - low) * (not sure)
        if given >= MOST:
            return


def _judge(reading: Reading, unit: Unit, hits: list[Hit]) -> tuple[int, tuple[str, ...]]:
    """Confidence and evidence of the expressions of one unit."""
    if not weigh.may_carry(reading, unit, hits):
        return LONE, ("no-person", "weak-term")
    if unit.coarse and not telling.hints(reading.plain, unit.start, unit.end):
        return LONE, ("no-person", "weak-term")
    stretch = reading.stretch(unit.paragraph)
    header = reading.role(hits[0]) is Role.HEADER
    words = stretch.words_of(unit)
    peopled = stretch.peopled or any(hit.own for hit in hits) or is_bare(reading, unit, words)
    if header or not peopled:
        return max(1, round(8 * hits[0].weight)), ("no-person",)
    hits = [hit for hit in hits if not weigh.is_workplace(hit, words)]
    if not hits:
        return LONE, ("no-person", "weak-term")
    return _weighed(reading, unit, hits, words)


def _weighed(
    reading: Reading, unit: Unit, hits: list[Hit], words: list[Token]
) -> tuple[int, tuple[str, ...]]:
    person = person_of(reading, unit, hits, words)
    general = weigh.general_points(reading, unit, hits, person, words)
    score = weigh.health_points(reading, unit, hits, words) + person.points - general
    confidence = max(1, min(99, round(10 * score)))
    if person.points <= NO_PERSON or not weigh.carries(hits, person, weigh.has_body(words)):
        confidence = min(confidence, MEDIUM - 1)
    codes = _evidence(hits, person, general)
    named = person.evidence in _NAMED and person.points > NO_PERSON and general < 1
    if named and telling.is_told(reading.plain.text, (hit.start for hit in hits)):
        codes = (*codes, telling.TOLD)
    return confidence, codes


def _evidence(hits: Sequence[Hit], person: Person, general: float) -> tuple[str, ...]:
    codes = [person.evidence if person.points > 0 else "no-person"]
    codes.append("strong-term" if any(hit.weight >= 3 for hit in hits) else "weak-term")
    if len(hits) > 1:
        codes.append("several-terms")
    if any(hit.disguised for hit in hits):
        codes.append("disguised")
    if any(hit.code for hit in hits):
        codes.append("diagnosis-code")
    if general >= 1:
        codes.append("general-text")
    return tuple(codes)


def _match(reading: Reading, hit: Hit, confidence: int, evidence: tuple[str, ...]) -> Match:
    start, end = reading.plain.span(hit.start, hit.end)
    kind = "social-care" if hit.group == "omsorg" else "health"
    return Match(reading.number, start, end, kind, confidence, evidence, hit.group, hit.group)
