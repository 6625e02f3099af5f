"""A message as the detector sees it: its texts read, each passage judged by rules and by the model.

From → to: all `Source`s of a message with their hits → `Reading`s; readings → `Judgement`s.

The rules of `score` judge each sentence; the model (`model`) judges the passage around, and moves
all confidences in it by the same points, so that the surest stands at 50 + 10 × log odds. Without
any listed word, several signs together ("orkar inte", "i sängen", "sedan i höstas") may carry a
passage. A subject is not surer than the body that it stands over.

Invariants: linear; the model sees at most `MOST` passages of a text, and only such as hold a hit or
signs. What the rules are sure of (`SURE`) is left as it is.
Known gap: health that is only implied in a text longer than `LETTER` without any listed word.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ..contract import Role, Source
from . import model
from .concepts import concepts, signs, tells, words
from .features import features, speaks_of_somebody
from .passages import LIMIT, Passage, passages
from .plain import Plain
from .reading import Facts, Reading, read_facts, read_kind
from .score import LONE, MEDIUM, Judgement, judgements
from .terms import Hit
from .units import Frame, Unit

SURE = 90
MOST = 60
LETTER = LIMIT  # a text up to here is searched for signs without any listed word
SHARED = 0.7  # share of the general points that passes to the other texts of the message
_NOTHING = Facts()
TITLES = (Role.SUBJECT, Role.HEADER, Role.NAME, Role.PROPERTY)
_ODDS = 10  # points of confidence for one of log odds
_SENTENCE_END = ".!?\n"


@dataclass(frozen=True, slots=True)
class Part:
    """One text under work, and what is known around it."""

    reading: Reading
    subject: frozenset[str]  # the concepts of the mail's subject
    telling: bool  # tells it of illness without any listed word?

    def role(self) -> Role:
        """Where its beginning stands."""
        return self.reading.source.role_at(0)


def parts(
    sources: Sequence[Source],
    texts: Sequence[Plain],
    hits: Sequence[list[Hit]],
    frames: Sequence[Frame],
    telling: Sequence[bool],
) -> list[Part]:
    """All texts of a message, each knowing what the others say."""
    every = list(zip(sources, texts, frames, strict=True))
    facts = [
        read_facts(text, fr, source.role_at(0)) if any(hits) else read_kind(text, fr)
        for source, text, fr in every
    ]
    leading = [f.general for f, s in zip(facts, sources, strict=True) if _leads(s)]
    shared = SHARED * max(leading, default=0.0)
    subject = _subject(sources, texts)
    first, strongest, second = _strongest(facts)
    found = []
    for number, (source, text, fr) in enumerate(every):
        own = replace(facts[number], general=max(facts[number].general, shared))
        rest = second if number == first else strongest
        reading = Reading(number, source, text, hits[number], fr, own, rest)
        found.append(Part(reading, subject, telling[number]))
    return found


def _leads(source: Source) -> bool:
    """Subject and body say what kind of text the attachments are."""
    return source.role_at(0) in (Role.SUBJECT, Role.BODY)


def _strongest(facts: Sequence[Facts]) -> tuple[int, Facts, Facts]:
    """Which text has the strongest person, and what the others have at most."""
    order = sorted(range(len(facts)), key=lambda at: -facts[at].points)[:2]
    best = [facts[at] for at in order] + [_NOTHING, _NOTHING]
    return (order[0] if order else 0), best[0], best[1]


def _subject(sources: Sequence[Source], texts: Sequence[Plain]) -> frozenset[str]:
    """The concepts of the subject."""
    for source, text in zip(sources, texts, strict=True):
        if source.role_at(0) is Role.SUBJECT:
            return frozenset(concepts(words(text.text[:LIMIT])))
    return frozenset()


def judged(every: Sequence[Part]) -> list[tuple[Reading, list[Judgement]]]:
    """The judgements of each text, subjects last made to fit the rest."""
    found = [(part, list(_judged(part))) for part in every]
    rest = [each.confidence for part, own in found if part.role() not in TITLES for each in own]
    doubtful = bool(rest) and max(rest) < MEDIUM
    return [
        (
            part.reading,
            [_lowered(each) for each in own] if doubtful and part.role() is Role.SUBJECT else own,
        )
        for part, own in found
    ]


def _lowered(each: Judgement) -> Judgement:
    return replace(each, confidence=min(each.confidence, MEDIUM - 1))


def by_rules(part: Part) -> list[Judgement]:
    """What the rules alone make of a text."""
    return list(judgements(part.reading)) if part.reading.hits else []


def _judged(part: Part) -> Iterator[Judgement]:
    reading = part.reading
    found = by_rules(part)
    if part.role() in TITLES:
        yield from found
        return
    for number, passage in enumerate(candidates(reading.plain.text, found, part.telling)):
        if number >= MOST or passage.best >= SURE:
            yield from passage.judged
        else:
            yield from _weighed(part, passage)


def is_worth_a_look(text: str, role: Role) -> bool:
    """May a text without a listed word tell of illness: a short one that holds a sign?"""
    return len(text) <= LETTER and role not in TITLES and tells(text)


def candidates(text: str, found: Sequence[Judgement], telling: bool) -> Iterator[Passage]:
    """The passages worth a look: with judgements, or in a short text with signs."""
    if not found and not telling:
        return
    yield from passages(text, found)


def _weighed(part: Part, passage: Passage) -> Iterator[Judgement]:
    plain = part.reading.plain
    named = features(part.reading, passage, part.subject)
    verdict = model.judge(named)
    best = max(1, min(99, MEDIUM + round(_ODDS * verdict.odds)))
    if _is_pointed_out(part, passage):
        best = max(best, passage.best)
    elif best >= MEDIUM > passage.best and not speaks_of_somebody(named):
        best = MEDIUM - 1
    if not passage.judged:
        if best >= MEDIUM:
            yield _implied(plain, passage, best, verdict.codes)
        return
    shift = best - passage.best
    for each in passage.judged:
        confidence = max(1, min(99, each.confidence + shift))
        if each.confidence <= LONE:
            confidence = min(confidence, LONE) if passage.best > LONE else confidence
        yield replace(each, confidence=confidence, evidence=(*each.evidence, *verdict.codes))


def _is_pointed_out(part: Part, passage: Passage) -> bool:
    """Is the person certain: an identity number in the row, "Patient: ..." over the document?"""
    if part.reading.facts.labelled:
        return True
    best = max(passage.judged, key=lambda each: each.confidence, default=None)
    return best is not None and {"identity", "strong-term"} <= set(best.evidence)


def _implied(plain: Plain, passage: Passage, best: int, codes: tuple[str, ...]) -> Judgement:
    """A finding without a listed word: the sentence with the most signs."""
    text = plain.text
    spans = list(_sentences(text, passage.start, passage.end))
    start, end = max(spans, key=lambda span: len(signs(text[slice(*span)])))
    service = "service" in signs(text[start:end])
    hit = Hit(start, end, "omsorg" if service else "symptom", 1)
    unit = Unit(start, end, (passage.start, passage.end), False)
    return Judgement(unit, (hit,), best, ("implied", *codes))


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Sentences without the blanks around them; at least one, not empty."""
    first = start
    for at in range(start, end):
        if text[at] in _SENTENCE_END or at == end - 1:
            stripped = text[start : at + 1].strip()
            if stripped:
                begin = text.index(stripped, start)
                yield begin, begin + len(stripped)
            start = at + 1
    if not text[first:end].strip():
        yield first, end
