"""Examine: the bytes of one message → `Examination`; parse, extract and detect in that order.

Runs in a scan worker, in the smtp process for small text mail (P11), and in ``mailfilter scan``.

Invariants: pure; what cannot be examined is in `Examination.not_examined`. The result crosses
processes as length-limited JSON (`to_json`, `from_json`), never as pickle: a parser that a hostile
file has taken over must not own the process that reads its answer.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from itertools import pairwise
from typing import Any

from detectors import Source
from detectors.explain import Explanation, explain
from detectors.health import KINDS as HEALTH
from detectors.health import is_heavy, judge
from detectors.health.hearing import NOT_JUDGED
from detectors.levels import LEVELS, Level, Levels
from detectors.registers import NO_REGISTERS, Registers
from mailfilter import extract, limits, parse
from mailfilter.config import Settings
from mailfilter.detect import Known, Names, find, sources_of
from mailfilter.extract.kit.budget import Budget
from mailfilter.extract.weight import Heavy, light, quick
from mailfilter.labels import bounded
from mailfilter.model import (
    Class,
    Examination,
    Facts,
    Finding,
    Message,
    NotExamined,
    Part,
    Said,
    Text,
)
from mailfilter.parse.charset import preload
from mailfilter.parse.roles import split
from mailfilter.place import Place, describe
from mailfilter.remembering import clean
from mailfilter.repeat import KEY

_DIGITS = b"0123456789"
FILES, FILE_NAME = 100, 200  # names of attached files, and characters of one
_EDGE = re.compile(r"[.!?…]\s|\n")
_SENTENCE = 200  # characters on each side of what was found


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker must know beside the bytes.

    `key` counts persons; `marks` are the headers whose values the caller wants back;
    `cloud_hosts` are the organisation's own file stores. `levels` say from which confidence
    something counts. `registers` are its own lists; they cross processes as a memory file, not as
    JSON. By `repeat` a mail is known again (``repeat.py``), the newest key first; none where nobody
    is asked. By `pictures` those that were read before are known; no key, no pictures.
    """

    key: bytes
    today: date
    marks: tuple[str, ...] = ()
    cloud_hosts: tuple[str, ...] = ()
    registers: Registers = NO_REGISTERS
    levels: Levels = LEVELS
    repeat: tuple[bytes, ...] = ()
    pictures: bytes = b""

    def to_json(self) -> dict[str, Any]:
        """A value that JSON can carry."""
        return {
            "key": self.key.hex(),
            "today": self.today.isoformat(),
            "marks": self.marks,
            "cloud_hosts": self.cloud_hosts,
            "levels": self.levels.to_json(),
            "repeat": b"".join(self.repeat).hex(),
            "pictures": self.pictures.hex(),
        }

    @staticmethod
    def from_json(value: dict[str, Any], registers: Registers = NO_REGISTERS) -> "Job":
        return Job(
            bytes.fromhex(value["key"]),
            date.fromisoformat(value["today"]),
            tuple(value["marks"]),
            tuple(value["cloud_hosts"]),
            registers,
            Levels.from_json(value["levels"]),
            _keys(value["repeat"]),
            bytes.fromhex(value["pictures"]),
        )


def _keys(value: str) -> tuple[bytes, ...]:
    keys = bytes.fromhex(value)
    return tuple(keys[at : at + KEY] for at in range(0, len(keys), KEY))


def searching(job: Job, settings: Settings) -> Job:
    """The job with what these settings search for."""
    header = settings.department_header.lower()
    hosts = settings.organisation.cloud_hosts
    marks = (header,) if header else ()
    return replace(job, marks=marks, cloud_hosts=hosts, levels=settings.levels.in_force)


@dataclass(frozen=True, slots=True)
class Reading:
    """A message as text: what detectors, ``mailfilter read`` and the reviewer's view see."""

    facts: Facts
    texts: tuple[Text, ...]
    not_examined: tuple[NotExamined, ...]
    opened: tuple[Place, ...] = ()
    parts: tuple[Part, ...] = ()  # as they came; hashed where somebody may be asked
    pictures: extract.Pictures = field(default_factory=extract.Pictures)


def examine(data: bytes, job: Job) -> tuple[Examination, bool]:
    """Read and search a message; `data` is the message as received, dots unstuffed.

    True beside it if no document, archive or image was opened: its worker may go on.
    """
    message = parse.parse(data, job.marks)
    formats = extract.typed(message.parts)
    reading = read(message, job, formats)
    return search(reading, job, len(data)), light(message.parts, formats, reading.pictures)


def read(
    message: Message,
    job: Job,
    formats: extract.Formats = (),
    budget: Budget | None = None,
) -> Reading:
    """The texts of a parsed message, and what could not be read; of pictures that are not known."""
    budget = budget or Budget(pictures=extract.Pictures(job.pictures))
    extracted = extract.extract(
        message.parts,
        parse=parse.parse,
        roles=split,
        budget=budget,
        cloud_hosts=job.cloud_hosts,
        formats=formats,
        heard=message.texts,
    )
    unread = _once((*message.defects, *extracted.not_examined))
    facts = message.facts
    if extracted.labels or extracted.made_by:
        facts = replace(
            facts,
            labels=bounded((*facts.labels, *extracted.labels)),
            made_by=bounded((*facts.made_by, *extracted.made_by)),
        )
    files = tuple(dict.fromkeys(part.name[:FILE_NAME] for part in message.parts if part.name))
    facts = replace(facts, files=files[:FILES]) if files else facts
    texts = (*message.texts, *extracted.texts)
    return Reading(facts, texts, unread, extracted.opened, message.parts, budget.pictures)


def search(reading: Reading, job: Job, size: int, sources: Sequence[Source] = ()) -> Examination:
    """Findings in the texts of a reading; `sources` are these texts, if made before."""
    names = Names(job.today, job.registers)
    sources = sources or sources_of(reading.texts)
    known = Known(reading.parts, job.repeat) if job.repeat else None
    pinpoint = extract.pinpoint
    detected = find(reading.texts, sources, job.key, names, pinpoint, job.levels, known)
    unread = (replace(part, place=names.clean(part.place)) for part in reading.not_examined)
    opened = dict.fromkeys(map(names.clean, reading.opened))
    return Examination(
        facts=reading.facts,
        findings=detected.findings,
        not_examined=_once(unread),
        persons=detected.persons,
        size=size,
        opened=tuple(opened)[: limits.OPENED],
        said=detected.said,
    )


def explained(reading: Reading, job: Job) -> list[tuple[Place, str, Explanation]]:
    """Why each finding has its confidence, and why other candidates were dropped; with the text.

    For the command line alone: matched text goes nowhere else.
    """
    sources = sources_of(reading.texts)
    answers = explain(sources, job.today, job.registers)
    return [
        (
            extract.pinpoint(reading.texts[each.source], each.start),
            _shown(sources[each.source].content, each),
            each,
        )
        for each in answers
    ]


def _shown(content: str, each: Explanation) -> str:
    """What was found; of health the sentence around it, for that is what was judged."""
    if each.kind not in HEALTH:
        return content[each.start : each.end]
    edges = [edge.end() for edge in _EDGE.finditer(content, 0, each.start)]
    low = max(edges[-1] if edges else 0, each.start - _SENTENCE)
    end = _EDGE.search(content, each.end)
    high = min(end.start() + 1 if end else len(content), each.end + _SENTENCE)
    return " ".join(content[low:high].split())


def remembered(reading: Reading, job: Job) -> list[bytes]:
    """Hashes of the pictures of a reading that need not be read again."""
    return list(clean(reading.pictures, Names(job.today, job.registers)))


def examine_small(
    data: bytes, job: Job, memory: extract.Has = extract.NOTHING
) -> Examination | None:
    """The examination of a small text mail, or None if it holds anything that needs a worker."""
    if len(data) > limits.SMALL_MAIL or not parse.is_light(data):
        return None
    message = parse.parse(data, job.marks)
    formats = extract.typed(message.parts)
    pictures = extract.Pictures(job.pictures, memory)
    if not quick(message.parts, formats, pictures):
        return None
    try:
        reading = read(message, job, formats, Budget(light=True, pictures=pictures))
    except Heavy:  # a file inside a text
        return None
    sources = sources_of(reading.texts)
    if _busy(sources):
        return None
    found = search(reading, job, len(data), sources)
    return None if _asks_for_the_judge(found) else found


def _asks_for_the_judge(found: Examination) -> bool:
    """Has a sentence been flagged that a worker could judge? The smtp process never judges."""
    flagged = any(NOT_JUDGED in finding.evidence for finding in found.findings)
    return flagged and not judge.missing()


def _busy(sources: Sequence[Source]) -> bool:
    """So many digits or words for health that judging them could hold up other sessions (P11)."""
    contents = [_latin(source) for source in sources]
    size = sum(map(len, contents))
    if size > limits.SMALL_MAIL_DIGITS and sum(map(_digits, contents)) > limits.SMALL_MAIL_DIGITS:
        return True
    return size > limits.SMALL_MAIL_TEXT and is_heavy(sources, limits.SMALL_MAIL_HEALTH)


def _latin(source: Source) -> bytes:
    return source.seated or source.content.encode("latin-1", "replace")


def _digits(content: bytes) -> int:
    return len(content) - len(content.translate(None, _DIGITS))


def pieces_of(reading: Reading) -> list[tuple[Place, str]]:
    """The texts of a reading by place, in the order of the message."""
    pieces: list[tuple[Place, str]] = []
    for text in reading.texts:
        starts = [*text.places, (len(text.content), text.places[0][1])]
        for (start, place), (end, _) in pairwise(starts):
            if (piece := text.content[start:end]).strip():
                pieces.append((place, piece))
    return pieces


def joined(pieces: Iterable[tuple[Place, str]], language: str) -> list[tuple[str, str]]:
    """Pieces whose place reads the same put together; a sheet's rows become one text again."""
    texts: list[tuple[str, str]] = []
    for place, piece in pieces:
        words = describe(_without_rows(place), language)
        if texts and texts[-1][0] == words:
            before = texts[-1][1]
            texts[-1] = (words, before + ("" if before[-1:].isspace() else "\n") + piece)
        else:
            texts.append((words, piece))
    return texts


def _without_rows(place: Place) -> Place:
    return Place(place.role, tuple(s for s in place.steps if s.kind not in ("row", "column")))


def warm() -> None:
    """Import all that reading may need, before a worker is forked and locked down."""
    extract.warm()
    preload()


def _once(unread: Iterable[NotExamined]) -> tuple[NotExamined, ...]:
    """Each part once; of a flood (a locked archive of thousands) those that an answer may hold,
    every reason among them."""
    parts = list(dict.fromkeys(unread))
    if len(parts) > limits.UNREAD:
        first = {part.reason: part for part in reversed(parts)}
        parts = list(dict.fromkeys([*first.values(), *parts]))[: limits.UNREAD]
    return tuple(parts)


# ---- crossing processes --------------------------------------------------------------------


def to_json(examination: Examination) -> dict[str, Any]:
    """A value that JSON can carry; holds no matched text."""
    return {
        "facts": asdict(examination.facts),
        "findings": [
            [f.kind, f.confidence, f.place.to_json(), f.masked, f.person, f.evidence, f.level]
            for f in examination.findings
        ],
        "not_examined": [[n.place.to_json(), n.reason, n.cls] for n in examination.not_examined],
        "persons": examination.persons,
        "size": examination.size,
        "opened": [place.to_json() for place in examination.opened],
        "said": _said_json(examination.said),
    }


def _said_json(said: Said | None) -> list[list[str]] | None:
    if said is None:
        return None
    return [[one.hex() for one in said.prints], [one.hex() for one in said.attached]]


def from_json(value: Any) -> Examination:
    """The reverse; raises ValueError, TypeError or KeyError on anything that is not one."""
    return Examination(
        facts=_facts(value["facts"]),
        findings=tuple(
            Finding(
                str(kind),
                int(of),
                Place.from_json(place),
                str(mask),
                str(person),
                _codes(e),
                Level(v),
            )
            for kind, of, place, mask, person, e, v in value["findings"]
        ),
        not_examined=tuple(
            NotExamined(Place.from_json(p), str(r), Class(c)) for p, r, c in value["not_examined"]
        ),
        persons=int(value["persons"]),
        size=int(value["size"]),
        opened=tuple(map(Place.from_json, value["opened"][: limits.OPENED])),
        said=_said(value["said"]),
    )


def _codes(value: Iterable[Any]) -> tuple[str, ...]:
    return tuple(map(str, value))


def _said(value: list[list[str]] | None) -> Said | None:
    if value is None:
        return None
    prints, attached = value
    return Said(tuple(map(bytes.fromhex, prints)), tuple(map(bytes.fromhex, attached)))


def _facts(value: dict[str, Any]) -> Facts:
    return Facts(
        message_id=str(value["message_id"]),
        senders=tuple(map(str, value["senders"])),
        visible=tuple(map(str, value["visible"])),
        hidden=tuple(map(str, value["hidden"])),
        subject=str(value["subject"]),
        automatic=bool(value["automatic"]),
        mailing_list=bool(value["mailing_list"]),
        report=bool(value["report"]),
        labels=bounded(map(str, value["labels"])),
        made_by=bounded(map(str, value["made_by"])),
        marks=tuple((str(name), str(content)) for name, content in value["marks"]),
        language=str(value["language"]),
        files=tuple(str(name)[:FILE_NAME] for name in value["files"][:FILES]),
    )
