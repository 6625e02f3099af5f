"""Examine: the bytes of one message → `Examination`; parse, extract and detect in that order.

Runs in a scan worker, in the smtp process for small text mail (P11), and in ``mailfilter scan``.

Invariants: pure; what cannot be examined is in `Examination.not_examined`. The result crosses
processes as length-limited JSON (`to_json`, `from_json`), never as pickle: a parser that a hostile
file has taken over must not own the process that reads its answer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any

from detectors import Source
from detectors.explain import Explanation, explain
from detectors.health import is_heavy
from detectors.registers import NO_REGISTERS, Registers
from mailfilter import extract, limits, parse
from mailfilter.config import Settings
from mailfilter.detect import Names, find, sources_of
from mailfilter.extract.budget import Budget
from mailfilter.extract.weight import light, quick
from mailfilter.labels import bounded
from mailfilter.model import Class, Examination, Facts, Finding, Message, NotExamined, Text
from mailfilter.parse.charset import preload
from mailfilter.parse.roles import split
from mailfilter.place import Place, describe

_DIGITS = b"0123456789"


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker must know beside the bytes.

    `key` counts persons; `marks` are the headers whose values the caller wants back;
    `cloud_hosts` are the organisation's own file stores. `registers` are its own lists; they
    cross processes as a memory file, not as JSON.
    """

    key: bytes
    today: date
    marks: tuple[str, ...] = ()
    cloud_hosts: tuple[str, ...] = ()
    registers: Registers = NO_REGISTERS

    def to_json(self) -> dict[str, Any]:
        """A value that JSON can carry."""
        return {
            "key": self.key.hex(),
            "today": self.today.isoformat(),
            "marks": self.marks,
            "cloud_hosts": self.cloud_hosts,
        }

    @staticmethod
    def from_json(value: dict[str, Any], registers: Registers = NO_REGISTERS) -> "Job":
        return Job(
            bytes.fromhex(value["key"]),
            date.fromisoformat(value["today"]),
            tuple(value["marks"]),
            tuple(value["cloud_hosts"]),
            registers,
        )


def searching(job: Job, settings: Settings) -> Job:
    """The job with what these settings search for."""
    header = settings.department_header.lower()
    hosts = settings.organisation.cloud_hosts
    return replace(job, marks=(header,) if header else (), cloud_hosts=hosts)


@dataclass(frozen=True, slots=True)
class Reading:
    """A message as text: what detectors, ``mailfilter read`` and the reviewer's view see."""

    facts: Facts
    texts: tuple[Text, ...]
    not_examined: tuple[NotExamined, ...]
    opened: tuple[Place, ...] = ()


def examine(data: bytes, job: Job) -> tuple[Examination, bool]:
    """Read and search a message; `data` is the message as received, dots unstuffed.

    True beside it if no document, archive or image was opened: its worker may go on.
    """
    message = parse.parse(data, job.marks)
    formats = extract.typed(message.parts)
    return search(read(message, job, formats), job, len(data)), light(message.parts, formats)


def read(
    message: Message,
    job: Job,
    formats: extract.Formats = (),
    budget: Budget | None = None,
) -> Reading:
    """The texts of a parsed message, and what could not be read."""
    extracted = extract.extract(
        message.parts,
        parse=parse.parse,
        roles=split,
        budget=budget or Budget(),
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
    return Reading(facts, (*message.texts, *extracted.texts), unread, extracted.opened)


def search(reading: Reading, job: Job, size: int, sources: Sequence[Source] = ()) -> Examination:
    """Findings in the texts of a reading; `sources` are these texts, if made before."""
    names = Names(job.today, job.registers)
    sources = sources or sources_of(reading.texts)
    detected = find(reading.texts, sources, job.key, names, extract.pinpoint)
    unread = (replace(part, place=names.clean(part.place)) for part in reading.not_examined)
    opened = dict.fromkeys(map(names.clean, reading.opened))
    return Examination(
        facts=reading.facts,
        findings=detected.findings,
        not_examined=_once(unread),
        persons=detected.persons,
        size=size,
        opened=tuple(opened)[: limits.OPENED],
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
            sources[each.source].content[each.start : each.end],
            each,
        )
        for each in answers
    ]


def examine_small(data: bytes, job: Job) -> Examination | None:
    """The examination of a small text mail, or None if it holds anything that needs a worker."""
    if len(data) > limits.SMALL_MAIL or not parse.is_light(data):
        return None
    message = parse.parse(data, job.marks)
    formats = extract.typed(message.parts)
    if not quick(message.parts, formats):
        return None
    reading = read(message, job, formats)
    sources = sources_of(reading.texts)
    return None if _busy(sources) else search(reading, job, len(data), sources)


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
            [f.kind, f.confidence, f.place.to_json(), f.masked, f.person, f.evidence]
            for f in examination.findings
        ],
        "not_examined": [[n.place.to_json(), n.reason, n.cls] for n in examination.not_examined],
        "persons": examination.persons,
        "size": examination.size,
        "opened": [place.to_json() for place in examination.opened],
    }


def from_json(value: Any) -> Examination:
    """The reverse; raises ValueError, TypeError or KeyError on anything that is not one."""
    return Examination(
        facts=_facts(value["facts"]),
        findings=tuple(
            Finding(str(k), int(c), Place.from_json(p), str(m), str(h), tuple(map(str, e)))
            for k, c, p, m, h, e in value["findings"]
        ),
        not_examined=tuple(
            NotExamined(Place.from_json(p), str(r), Class(c)) for p, r, c in value["not_examined"]
        ),
        persons=int(value["persons"]),
        size=int(value["size"]),
        opened=tuple(map(Place.from_json, value["opened"][: limits.OPENED])),
    )


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
    )
