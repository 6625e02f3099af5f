"""What a reviewer is shown of a stored item: masks, places and codes in words, never content.

From → to: `Item` → `Row` (a line of the list) or `Preview` (its page). All text is plain and is
escaped where it is shown.

Invariants: a protected item is never shown (V5). The subject is shown only while no
finding stands in it. After the key is destroyed there is no dossier; what is left is shown.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from detectors import Role
from detectors.levels import Level
from mailfilter.decide import reasons
from mailfilter.model import Action, Finding, NotExamined, State, Verdict
from mailfilter.not_examined import REASONS, explain
from mailfilter.place import Place, StepKind, describe, describe_all
from mailfilter.record.contract import AuditLine, Dossier, Item, User
from mailfilter.web.words import Words

MOST_FOUND = 100  # lines of a page; more say nothing new
LEAST_OF_A_LIST = 3  # persons in one column
LEVELS = (Level.HIGH, Level.MEDIUM, Level.LOW)
PLACE_LANGUAGES = ("sv", "en")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding and its highest level, in words."""

    name: str
    level: Level


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list."""

    item: Item
    sender: str
    recipients: tuple[str, ...]
    kinds: tuple[Kind, ...]
    unread: tuple[str, ...]
    persons: int


@dataclass(frozen=True, slots=True)
class Found:
    """Equal findings at one place; `count` of them, and why the surest counts."""

    kind: str
    level: Level
    masked: str
    place: str
    count: int
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """A part that was not examined, and why."""

    place: str
    reason: str
    kind: str


@dataclass(frozen=True, slots=True)
class Group:
    """Recipients with the same verdict. `here`: they belong to this item, what is decided holds."""

    addresses: tuple[str, ...]
    kind: str
    action: Action
    reasons: tuple[str, ...]
    rule: str
    here: bool


@dataclass(frozen=True, slots=True)
class Past:
    """A line of the history, in words."""

    line: AuditLine
    act: str
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """All that the page of an item shows."""

    item: Item
    sender: str
    subject: str | None  # None: hidden or destroyed
    groups: tuple[Group, ...]
    found: tuple[Found, ...]
    more_found: int
    unread: tuple[Unread, ...]
    persons: int
    opened: tuple[str, ...] = ()  # places that a password of the same mail opened

    @property
    def here(self) -> int:
        return len(self.item.recipients)

    @property
    def recipients(self) -> int:
        return sum(len(group.addresses) for group in self.groups)


def may_see(user: User, item: Item | None) -> bool:
    """Whether the item may be shown to this user at all."""
    if item is None or item.protected or item.state is State.STAGED:
        return False
    return user.departments is None or item.department in user.departments


def row(item: Item, words: Words) -> Row:
    """The item as a line of the list."""
    dossier = item.dossier
    if dossier is None:
        unread = tuple(words.code("class", kind) for kind, level in item.kinds if not level)
        return Row(item, "", (), _kept(item, words), unread, 0)
    return Row(
        item,
        dossier.sender,
        tuple(_address(dossier, n) for n in item.recipients),
        kinds(dossier.findings, words),
        tuple(dict.fromkeys(words.code("class", part.cls) for part in dossier.not_examined)),
        dossier.persons,
    )


def kinds(findings: Iterable[Finding], words: Words) -> tuple[Kind, ...]:
    """The distinct kinds with their highest level, the surest first."""
    best: dict[str, int] = {}
    for finding in findings:
        best[finding.kind] = max(best.get(finding.kind, 0), finding.confidence)
    order = sorted(best, key=lambda kind: -best[kind])
    levels = {kind: _highest(findings, kind) for kind in order}
    return tuple(Kind(words.code("kind", kind), levels[kind]) for kind in order)


def _kept(item: Item, words: Words) -> tuple[Kind, ...]:
    """The kinds that the bare row keeps."""
    found = [(kind, Level(level)) for kind, level in item.kinds if level in set(LEVELS)]
    found.sort(key=lambda each: LEVELS.index(each[1]))
    return tuple(Kind(words.code("kind", kind), level) for kind, level in found)


def preview(item: Item, words: Words) -> Preview:
    """The item as its page shows it."""
    dossier = item.dossier
    if dossier is None:
        return Preview(item, "", None, (), (), 0, (), 0)
    found = _found(dossier.findings, words)
    return Preview(
        item,
        dossier.sender,
        _subject(dossier),
        _groups(item, dossier.verdicts, words),
        found[:MOST_FOUND],
        len(found[MOST_FOUND:]),
        tuple(_unread(part, words) for part in dossier.not_examined),
        dossier.persons,
        tuple(dict.fromkeys(place_in_words(place, words.language) for place in dossier.opened)),
    )


def past(line: AuditLine, words: Words) -> Past:
    """A line of the audit log in words; details that are no codes of ours are shown as they are."""
    details = (_detail(name, value, words) for name, value in line.detail.items())
    return Past(line, words.code("act", line.act), tuple(details))


def place_in_words(place: Place, language: str) -> str:
    """Where something stands; a language that places do not know falls back to English."""
    return describe(place, language if language in PLACE_LANGUAGES else PLACE_LANGUAGES[-1])


def _detail(name: str, value: str | int, words: Words) -> str:
    section = {"reason": "why", "purpose": "purpose", "how": "how", "answer": "answer"}.get(
        name, ""
    )
    return f"{words.code('detail', name)}: {words.code(section, str(value))}"


def _address(dossier: Dossier, n: int) -> str:
    return dossier.rcpts[n].text if n < len(dossier.rcpts) else ""


def _highest(findings: Iterable[Finding], kind: str) -> Level:
    levels = {finding.level for finding in findings if finding.kind == kind}
    return next(level for level in LEVELS if level in levels)


def _subject(dossier: Dossier) -> str | None:
    hidden = any(finding.place.role is Role.SUBJECT for finding in dossier.findings)
    return None if hidden else dossier.subject


def _found(findings: Iterable[Finding], words: Words) -> tuple[Found, ...]:
    """Lists of persons first, each as one line; then what is alike in the same place."""
    lists: dict[tuple[str, Place], list[Finding]] = {}
    alike: dict[tuple[str, Level, str, str], list[Finding]] = {}
    for f in findings:
        if f.person and (column := _column(f.place)):
            lists.setdefault((f.kind, column), []).append(f)
    long = {key: rows for key, rows in lists.items() if _persons(rows) >= LEAST_OF_A_LIST}
    for f in findings:
        if not (f.person and (f.kind, _column(f.place)) in long):
            place = place_in_words(f.place, words.language)
            alike.setdefault((f.kind, f.level, f.masked, place), []).append(f)
    order = sorted(alike.items(), key=lambda entry: LEVELS.index(entry[0][1]))
    return (
        *(_list(kind, rows, words) for (kind, _), rows in long.items()),
        *(
            Found(
                words.code("kind", kind),
                level,
                words.code("mask", masked),
                place,
                len(same),
                _why(same, words),
            )
            for (kind, level, masked, place), same in order
        ),
    )


def _column(place: Place) -> Place | None:
    """The column of a table that a place stands in, whatever its row."""
    steps = [step for step in place.steps if step.kind is not StepKind.ROW]
    return Place(place.role, tuple(steps)) if len(steps) < len(place.steps) else None


def _persons(findings: Iterable[Finding]) -> int:
    return len({finding.person for finding in findings})


def _list(kind: str, rows: Sequence[Finding], words: Words) -> Found:
    """So: "34 persons" in the column "Personnr", rows 2–35."""
    language = words.language if words.language in PLACE_LANGUAGES else PLACE_LANGUAGES[-1]
    places = ", ".join(describe_all((row.place for row in rows), language))
    level = _highest(rows, rows[0].kind)
    said = words("item.listed", n=_persons(rows))
    return Found(words.code("kind", kind), level, said, places, len(rows), _why(rows, words))


def _why(findings: Iterable[Finding], words: Words) -> tuple[str, ...]:
    surest = max(findings, key=lambda finding: finding.confidence)
    return tuple(_in_words(str(code), words) for code in surest.evidence)


def _in_words(code: str, words: Words) -> str:
    """A code of evidence; some have a number behind a colon."""
    name, _, number = code.partition(":")
    said = words.code("evidence", name)
    return f"{said}: {number}" if number else said


def _unread(part: NotExamined, words: Words) -> Unread:
    return Unread(
        place_in_words(part.place, words.language),
        explain(part.reason, words.language) if part.reason in REASONS else part.reason,
        words.code("class", part.cls),
    )


def _groups(item: Item, verdicts: Sequence[Verdict], words: Words) -> tuple[Group, ...]:
    """Those of this item first; a mail to thirty parents is one group, not thirty lines."""
    alike: dict[tuple[bool, Verdict], list[str]] = {}
    for n, verdict in enumerate(verdicts):
        key = (n not in item.recipients, replace(verdict, recipient="", observed=()))
        alike.setdefault(key, []).append(verdict.recipient)
    order = sorted(alike, key=lambda key: key[0])
    return tuple(_group(alike[key], not key[0], key[1], words) for key in order)


def _group(addresses: Sequence[str], here: bool, verdict: Verdict, words: Words) -> Group:
    return Group(
        tuple(addresses),
        words.code("recipient", verdict.recipient_class),
        verdict.action,
        tuple(reasons.say(code, words.language) for code in verdict.reasons),
        verdict.rule,
        here,
    )
