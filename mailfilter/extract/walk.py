"""From the parts of a message to everything readable in them.

From → to: `Part`s → `Extracted`. Each part is typed by its content and by its name; where they
disagree and both have readers that could read it, both read it. What a reader yields is gathered;
parts that it yields are read in turn, down to the limits of the budget.

Invariants: never raises on any content (errors of libraries are caught by the readers that know
them; what nobody foresaw is for the worker's fence); the same (place, reason) is said once; blank
texts are dropped; once a limit of the whole message is reached, reading ends and says so.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from detectors import Role
from mailfilter.extract import known
from mailfilter.extract.budget import SPENT, Unreadable
from mailfilter.extract.charset import looks_like_text
from mailfilter.extract.context import Ctx, Found, extension
from mailfilter.extract.formats import FORMATS, Format, Kind
from mailfilter.model import NotExamined, Part, Text
from mailfilter.place import Place, StepKind
from mailfilter.unread import not_examined

Formats = Sequence[list[Format]]


@dataclass(frozen=True, slots=True)
class Extracted:
    """All texts of a message, what was not examined, and facts for rules."""

    texts: tuple[Text, ...]
    not_examined: tuple[NotExamined, ...]
    labels: tuple[str, ...] = ()
    made_by: tuple[str, ...] = ()


@dataclass(slots=True)
class Gathered:
    """What was found so far; dictionaries keep order and say a thing once."""

    texts: list[Text] = field(default_factory=list)
    not_examined: dict[NotExamined, None] = field(default_factory=dict)


def typed(parts: Sequence[Part]) -> Formats:
    """The formats of each part, for `weight` and then for `walk`, so that looking is done once."""
    return [formats_of(part) for part in parts]


def walk(parts: Sequence[Part], ctx: Ctx, formats: Formats = ()) -> Extracted:
    """Read all parts; never raises. `formats` is what `typed` says of `parts`, if it was asked."""
    gathered = Gathered()
    for part, known_formats in zip_longest(parts, formats):
        try:
            _part(part, ctx, gathered, 0, known_formats)
        except Unreadable as problem:
            gathered.not_examined[not_examined(part.place, problem.code)] = None
            break
    _cloud_links(ctx, gathered)
    return Extracted(
        tuple(gathered.texts),
        tuple(gathered.not_examined),
        tuple(ctx.labels),
        tuple(ctx.made_by),
    )


def _part(
    part: Part, ctx: Ctx, gathered: Gathered, depth: int, formats: list[Format] | None = None
) -> None:
    """One part and all below it; `Unreadable` passes only when the message's limit is spent."""
    if part.name:
        name = Text(part.name, ((0, part.place.down(role=Role.NAME).nameless()),))
        _text(name, ctx, gathered)
    try:
        ctx.budget.take_part(depth)
    except Unreadable as problem:
        _problem(problem, part, gathered)
        return
    for one in formats_of(part) if formats is None else formats:
        try:
            for found in one.reader()(part, ctx):
                _found(found, ctx, gathered, depth)
        except Unreadable as problem:
            _problem(problem, part, gathered)


def _problem(problem: Unreadable, part: Part, gathered: Gathered) -> None:
    gathered.not_examined[not_examined(part.place, problem.code)] = None
    if problem.code in SPENT:
        raise problem


def _found(found: Found, ctx: Ctx, gathered: Gathered, depth: int) -> None:
    match found:
        case Text():
            _text(found, ctx, gathered)
        case NotExamined():
            gathered.not_examined[found] = None
        case Part():
            _part(found, ctx, gathered, depth + 1)


def _text(text: Text, ctx: Ctx, gathered: Gathered) -> None:
    if text.content and not text.content.isspace():
        ctx.budget.take_text(len(text.content))
        gathered.texts.append(_encodable(text))


def _encodable(text: Text) -> Text:
    """Half characters, which some charsets and escapes make, become U+FFFD: offsets stay."""
    try:
        text.content.encode()
    except UnicodeEncodeError:
        return Text(_HALVES.sub("\ufffd", text.content), text.places)
    return text


def formats_of(part: Part) -> list[Format]:
    """The formats to read a part as: all that its content shows, and the one that it is named."""
    if not part.data.strip(b"\0\r\n\t "):
        return []
    named = _named(part)
    if named is not None and named.kind is Kind.SKIPPED:
        if known.is_signature(part.data):
            return []
        named = None  # something else under the name of a signature
    found = [one for one in FORMATS if one.sniff is not None and one.sniff(part.data)]
    found = [one for one in found if not any(one.name in other.covers for other in found)]
    if part.place.role is Role.BODY:  # shown as text whatever it is
        return _text_formats(part, named) + [one for one in found if one.kind is not Kind.TEXT]
    if found and (named is None or named.kind is not Kind.TEXT):
        return found
    if found := [one for one in found if one.kind is not Kind.TEXT]:
        return found
    if looks_like_text(part.data):
        return _text_formats(part, named)
    return [named if named is not None and named.kind is Kind.MARKED else _BY_NAME["unknown"]]


def _text_formats(part: Part, named: Format | None) -> list[Format]:
    """The text format of that name; HTML also under a wrong name, as browsers and Excel read it."""
    formats = [named] if named is not None and named.kind is Kind.TEXT else []
    if _HTML.search(part.data[:4096]) and _BY_NAME["html"] not in formats:
        formats.append(_BY_NAME["html"])
    return formats or [_BY_NAME["text"]]


def _named(part: Part) -> Format | None:
    """By the extension of the name, else by the declared type."""
    ending = extension(part.name)
    kind = part.type.partition(";")[0].strip().lower()
    return _BY_EXTENSION.get(ending) or _BY_TYPE.get(kind) or _by_family(kind)


def _by_family(kind: str) -> Format | None:
    match kind.partition("/")[0]:
        case "image":
            return _BY_NAME["image"]
        case "audio":
            return _BY_NAME["sound"]
        case "video":
            return _BY_NAME["film"]
        case _:
            return None


_HALVES = re.compile("[\ud800-\udfff]")
_HTML = re.compile(rb"(?i)<(?:!doctype html|html|head|body|table|div|meta)[\s>]")
_BY_NAME = {one.name: one for one in FORMATS}
_BY_EXTENSION = {ending: one for one in FORMATS for ending in one.extensions}
_BY_TYPE = {kind: one for one in FORMATS for kind in one.types}


def _cloud_links(ctx: Ctx, gathered: Gathered) -> None:
    """A link to the organisation's own cloud storage: once for a message."""
    if not ctx.cloud_hosts:
        return
    hosts = "|".join(_host_pattern(host) for host in ctx.cloud_hosts)
    link = re.compile(rf"https?://(?:{hosts})(?=[/:?#\s\"'>]|$)", re.IGNORECASE)
    for text in gathered.texts:
        if "://" in text.content and link.search(text.content):
            place = _message_place(text.places[0][1])
            gathered.not_examined[not_examined(place, "cloud-attachment")] = None
            return


def _host_pattern(host: str) -> str:
    """``*.sharepoint.com`` matches any host below; no other pattern is known."""
    below = host.startswith("*.")
    return (r"(?:[\w-]{1,63}\.){1,6}" if below else "") + re.escape(host.removeprefix("*."))


def _message_place(place: Place) -> Place:
    """The mail or the attachment that the text stands in, not the spot inside."""
    steps = tuple(s for s in place.steps if s.kind in (StepKind.ATTACHMENT, StepKind.MAIL))
    return Place(place.role, steps)
