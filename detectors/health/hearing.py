"""The second stage: what the rules have flagged is put to the judge; their numbers become one.

From → to: the `Judgement`s of all texts of a message by the rules → the same with the confidence
that counts: the calibrated probability, in per cent, that a mail in ordinary life with such a
passage tells of somebody's health (`detectors.levels`).

The surest `MOST` questions are asked, and at least one of each text. What is flagged and was not
asked, or got no answer, keeps the rules' confidence on that scale (`alone`) and is never lowered.
A row with somebody's number and an illness in cells of their own needs no judge and is not asked,
nor does a sentence that says of a person in so many words which diagnosis she has (`telling.TOLD`).
"Ulla Ek har demens." is asked like all else, and counts `LEAST` whatever the answer: the judge, who
learnt from what people write, saw no such sentence in 3,000 mails.
Invariants: linear; a judgement is lowered by an answer about its own stretch only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..contract import Role
from ..levels import CALIBRATION
from . import judge
from .asked import STRONG, Question, is_flagged, questions
from .message import TITLES, Part
from .reading import Reading
from .score import Judgement
from .telling import BY_NAME, TOLD, is_said_by_name

MOST = 16  # questions of a message; each text has one beside
NOT_JUDGED = "not-judged"
RULES, JUDGE = "rules:", "judge:"  # begin the two codes that hold a number
SURE = 70  # of a diagnosis that is told
LEAST = 10  # of an illness that somebody is said to have by first and last name, whoever judges
SPEAKS = {STRONG, "diagnosis-code"}
Judged = tuple[Reading, list[Judgement]]


def heard(parts: Sequence[Part], by_rules: Sequence[Judged]) -> Iterator[Judged]:
    """The judgements with their final confidences."""
    subject = subject_of(parts)
    asked = [
        questions_of(part, judged, subject)
        for part, (_, judged) in zip(parts, by_rules, strict=True)
    ]
    answers = _answers(asked)
    for number, (reading, judged) in enumerate(by_rules):
        told = {n: answers.get((number, k)) for k, q in enumerate(asked[number]) for n in q.at}
        yield reading, [_final(reading, each, told.get(n)) for n, each in enumerate(judged)]


def subject_of(parts: Sequence[Part]) -> str:
    """The subject of the mail, if it has one that was worth a look."""
    for part in parts:
        if part.role() is Role.SUBJECT:
            return part.reading.plain.cased
    return ""


def questions_of(part: Part, judged: Sequence[Judgement], subject: str) -> list[Question]:
    """What is asked of one text; a title has no subject over it."""
    open_ = [each if not is_certain(each) else replace(each, confidence=0) for each in judged]
    mine = "" if part.role() in TITLES else subject
    return questions(part.reading.plain, open_, mine)


def is_certain(each: Judgement) -> bool:
    """A row with somebody's number in one cell and an illness in another; a diagnosis told."""
    said = set(each.evidence)
    return TOLD in said or (each.unit.row and "identity" in said and bool(said & SPEAKS))


def _answers(asked: Sequence[Sequence[Question]]) -> dict[tuple[int, int], float]:
    """(text, question) → log odds by the judge, for those that were asked and answered."""
    every = [(q.best, n, k) for n, mine in enumerate(asked) for k, q in enumerate(mine)]
    every.sort(key=lambda one: (-one[0], one[1], one[2]))
    chosen = every[:MOST]
    have = {n for _, n, _ in chosen}
    for one in every[MOST:]:
        if one[1] not in have:
            have.add(one[1])
            chosen.append(one)
    answers = {}
    for _, n, k in chosen:
        answer = judge.odds(asked[n][k].text)
        if answer is not None:
            answers[n, k] = answer
    return answers


def _is_by_name(reading: Reading, each: Judgement) -> bool:
    """Whether a clear expression is said of somebody with her first and last name."""
    if "full-name" not in each.evidence or "general-text" in each.evidence:
        return False
    cased = reading.plain.cased
    return any(h.weight >= 3 and is_said_by_name(cased, h.start, h.end) for h in each.hits)


def _final(reading: Reading, each: Judgement, answer: float | None) -> Judgement:
    """One judgement on the scale of probabilities, with what was said as codes."""
    rules = f"{RULES}{each.confidence}"
    if answer is not None:
        confidence = CALIBRATION.both(each.confidence, answer)
        codes: tuple[str, ...] = (rules, f"{JUDGE}{CALIBRATION.percent(answer)}")
        if _is_by_name(reading, each):
            confidence = max(confidence, LEAST)
            codes = (BY_NAME, *codes)
        return replace(each, confidence=confidence, evidence=(*each.evidence, *codes))
    confidence = CALIBRATION.alone(each.confidence)
    if TOLD in each.evidence:
        confidence = max(confidence, SURE)
    if not is_flagged(each):
        return replace(each, confidence=confidence)
    codes = (rules,) if is_certain(each) else (rules, NOT_JUDGED)
    return replace(each, confidence=confidence, evidence=(*each.evidence, *codes))
