"""From the parts of a message to everything readable in them.

From → to: `Part`s → `Extracted`. Each part is typed by its content and by its name; where they
disagree and both have readers that could read it, both read it. What a reader yields is gathered;
parts that it yields are read in turn, down to the limits of the budget. What was called encrypted
is tried again when all else is read, with the passwords that the message tells (encrypted.py).

Invariants: raises nothing but `Heavy`, where reading must be light (errors of libraries are caught
by the readers that know them; what nobody foresaw is for the worker's fence); the same (place,
reason) is said once; blank texts are dropped; once a limit of the whole message is reached, reading
ends and says so.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from detectors import Role
from mailfilter.extract.containers import nested_mail
from mailfilter.extract.decoded import buried, disguise
from mailfilter.extract.formats import FORMATS, Format, Formats, Kind, sniffable
from mailfilter.extract.html import links
from mailfilter.extract.kit import known, trailing_data
from mailfilter.extract.kit.budget import SPENT, Unreadable
from mailfilter.extract.kit.charset import looks_like_text
from mailfilter.extract.kit.context import Ctx, Found, extension, text_at
from mailfilter.extract.kit.prefilter import Afar
from mailfilter.extract.locked import encrypted
from mailfilter.extract.locked.passwords import candidates
from mailfilter.extract.weight import Heavy, is_light
from mailfilter.model import NotExamined, Part, Text
from mailfilter.not_examined import not_examined
from mailfilter.place import Place, Step, StepKind

LOCKED = "encrypted"
ROUNDS = 3  # an opened file may tell the password of the next


@dataclass(frozen=True, slots=True)
class Extracted:
    """All texts of a message, what was not examined, and facts for rules.

    `opened` are the places of files that a password in the same message opened.
    """

    texts: tuple[Text, ...]
    not_examined: tuple[NotExamined, ...]
    labels: tuple[str, ...] = ()
    made_by: tuple[str, ...] = ()
    opened: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Locked:
    """A part that the reader of `form` called encrypted, and the places that are still locked."""

    part: Part
    form: str
    said: set[Place]
    depth: int


@dataclass(slots=True)
class Gathered:
    """What was found so far; dictionaries keep order and say a thing once."""

    texts: list[Text] = field(default_factory=list)
    not_examined: dict[NotExamined, None] = field(default_factory=dict)
    locked: list[Locked] = field(default_factory=list)
    opened: dict[Place, None] = field(default_factory=dict)


def typed(parts: Sequence[Part]) -> Formats:
    """The formats of each part, for `weight` and then for `walk`, so that looking is done once."""
    return [formats_of(part) for part in parts]


def walk(
    parts: Sequence[Part], ctx: Ctx, formats: Formats = (), heard: Sequence[Text] = ()
) -> Extracted:
    """Read all parts. `formats` is what `typed` says of `parts`, if it was asked.

    `heard` are texts of the message that are read elsewhere, such as the subject: they may tell a
    password.
    """
    gathered = Gathered()
    for part, known_formats in zip_longest(parts, formats):
        try:
            _part(part, ctx, gathered, 0, known_formats)
        except Unreadable as problem:
            gathered.not_examined[not_examined(part.place, problem.code)] = None
            break
    if gathered.locked:
        _unlock(ctx, gathered, heard)
    _tiles(ctx, gathered)
    _cloud_links(ctx, gathered)
    return Extracted(
        tuple(gathered.texts),
        tuple(gathered.not_examined),
        tuple(ctx.labels),
        tuple(ctx.made_by),
        tuple(gathered.opened),
    )


def _part(
    part: Part, ctx: Ctx, gathered: Gathered, depth: int, formats: list[Format] | None = None
) -> None:
    """One part and all below it; `Unreadable` passes only when the message's limit is spent."""
    if part.name:
        name = Text(part.name, ((0, part.place.down(role=Role.NAME).nameless()),))
        _text(name, ctx, gathered)
    _content(part, ctx, gathered, depth, formats)


def _content(
    part: Part, ctx: Ctx, gathered: Gathered, depth: int, formats: list[Format] | None = None
) -> None:
    try:
        ctx.budget.take_part(depth)
    except Unreadable as problem:
        _problem(problem, part, gathered)
        return
    if not ctx.budget.watch.opens(part):
        gathered.not_examined[not_examined(part.place, "poisoned")] = None
        return
    _opened(part, ctx, gathered, depth, formats)
    ctx.budget.watch.closes()


def _opened(
    part: Part, ctx: Ctx, gathered: Gathered, depth: int, formats: list[Format] | None
) -> None:
    seen: set[int] = set()  # of files in its texts
    forms = formats_of(part) if formats is None else formats
    if ctx.budget.light and not is_light(part, forms, ctx.pictures):
        raise Heavy
    for one in forms:
        said: set[Place] = set()
        try:
            for found in one.reader()(part, ctx):
                if isinstance(found, Text):
                    _text(found, ctx, gathered)
                    if one.kind is Kind.TEXT:
                        _told(found, part, seen, ctx, gathered, depth, one.name)
                    continue
                if isinstance(found, NotExamined) and found.reason == LOCKED:
                    said.add(found.place)
                _found(found, ctx, gathered, depth)
        except Unreadable as problem:
            if problem.code == LOCKED:
                said.add(part.place)
            _problem(problem, part, gathered)
        if said:
            gathered.locked.append(Locked(part, one.name, said, depth))


def _tiles(ctx: Ctx, gathered: Gathered) -> None:
    """What pictures say that lie side by side; they were read one by one before."""
    if len(ctx.pictures.tiles) < 2:
        return
    from mailfilter.extract.image import tiles

    try:
        for found in tiles.read(ctx):
            _found(found, ctx, gathered, 0)
    except Unreadable as problem:
        place = ctx.pictures.tiles[0].part.place
        gathered.not_examined[not_examined(place, problem.code)] = None


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


def _unlock(ctx: Ctx, gathered: Gathered, heard: Sequence[Text]) -> None:
    """The second pass: whatever is locked, with the passwords that were read by now."""
    tries = encrypted.Tries()
    for _ in range(ROUNDS):
        waiting = [each for each in gathered.locked if each.said]
        if not waiting:
            return
        before = len(gathered.opened)
        tries.passwords = candidates((*heard, *gathered.texts))
        for each in waiting:
            _retry(each, tries, ctx, gathered)
        if len(gathered.opened) == before:
            break
    for each in gathered.locked:  # two readings of one part may have said the same
        for place in each.said:
            gathered.not_examined[not_examined(place, LOCKED)] = None


def _retry(each: Locked, tries: encrypted.Tries, ctx: Ctx, gathered: Gathered) -> None:
    """Read what opens; a place that opened is locked no longer, whatever is found in it."""
    ctx.budget.watch.opens(each.part)
    try:
        for place, founds in encrypted.unlock(
            each.part, each.form, frozenset(each.said), tries, ctx
        ):
            each.said.discard(place)
            gathered.opened[place] = None
            gathered.not_examined.pop(not_examined(place, LOCKED), None)
            for found in founds:
                if isinstance(found, Part):  # its name was read when it was locked
                    _content(found, ctx, gathered, each.depth + 1)
                else:
                    _found(found, ctx, gathered, each.depth)
    except Unreadable as problem:
        if problem.code != LOCKED:  # broken behind its lock, or too large for the message
            gathered.not_examined[not_examined(each.part.place, problem.code)] = None
    ctx.budget.watch.closes()


def _text(text: Text, ctx: Ctx, gathered: Gathered) -> None:
    if not text.content or text.content.isspace():
        return
    kept = ctx.budget.take_text(text.content)
    if kept:
        gathered.texts.append(_encodable(_beginning(text, kept)))
    if kept < len(text.content):
        raise Unreadable("too-much-text")


def _beginning(text: Text, size: int) -> Text:
    """Its first `size` characters, at least one."""
    if size == len(text.content):
        return text
    return Text(text.content[:size], tuple(place for place in text.places if place[0] < size))


def _told(
    text: Text,
    part: Part,
    seen: set[int],
    ctx: Ctx,
    gathered: Gathered,
    depth: int,
    form: str,
) -> None:
    """What the text says when it is decoded by hand, and files in it; documents are spared this."""
    afar = Afar(text.content)
    for reading in disguise.readings(text.content, afar=afar):
        place = text.places[0][1].down(Step(StepKind.HIDDEN))
        _text(text_at(reading, place), ctx, gathered)
    for data in buried.files(afar, seen, ctx.budget, markup=form == "xml"):
        place = part.place.down(Step(StepKind.HIDDEN), role=Role.ATTACHMENT)
        _part(Part(place, "", data), ctx, gathered, depth + 1)


def _encodable(text: Text) -> Text:
    """Half characters, which some charsets and escapes make, become U+FFFD: offsets stay."""
    for charset in ("latin-1", "utf-8"):  # the first is far cheaper, and holds most Swedish text
        try:
            text.content.encode(charset)
        except UnicodeEncodeError:
            continue
        return text
    return Text(_HALVES.sub("\ufffd", text.content), text.places)


def formats_of(part: Part) -> list[Format]:
    """The formats to read a part as: all that its content shows, and the one that it is named."""
    if not part.data[:64].strip(_BLANK) and not part.data.strip(_BLANK):
        return []
    named = _named(part)
    if named is not None and named.kind is Kind.SKIPPED:
        if known.is_signature(part.data):
            return []
        named = None  # something else under the name of a signature
    data = part.data
    found = [one for one in sniffable(data) if one.sniff is not None and one.sniff(data)]
    if len(found) > 1:
        found = [one for one in found if not any(one.name in other.covers for other in found)]
    if part.place.role is Role.BODY:  # shown as text whatever it is
        return _text_formats(part, named) + [one for one in found if one.kind is not Kind.TEXT]
    if found and (named is None or named.kind is not Kind.TEXT):
        return found + _besides(part, found, named)
    if found := [one for one in found if one.kind is not Kind.TEXT]:
        return found + _besides(part, found, named)
    if looks_like_text(part.data, part.charset):
        return _text_formats(part, named)
    if _PIECE.search(part.name):
        return [_BY_NAME["piece"]]
    return [named if named is not None and named.kind is Kind.MARKED else _BY_NAME["unknown"]]


def _besides(part: Part, found: list[Format], named: Format | None) -> list[Format]:
    """What stands around a file, and what a program shows that goes by the name."""
    names = {one.name for one in found}
    more = []
    if names & {"pdf", "image"} and trailing_data.has(part.data):
        more.append(_BY_NAME["around"])
    if named is not None and named.kind is Kind.TEXT and named not in found:
        more.append(_BY_NAME["runs"])
    return more


def _text_formats(part: Part, named: Format | None) -> list[Format]:
    """The text format of that name; XML, HTML and mail also under a wrong one, as programs do."""
    shown = [named] if named is not None and named.kind is Kind.TEXT else []
    tag = part.data.find(b"<", 0, _HEAD)
    if tag >= 0:
        head = part.data[:_HEAD]
        xml = _XML.match(head) is not None
        page = (_PAGE if xml else _HTML).search(head, tag) is not None
        if xml and not page:
            shown.append(_BY_NAME["xml"])
        if page:
            shown.append(_BY_NAME["html"])
    if part.place.role is not Role.BODY and nested_mail.sniff_mail(part.data):
        shown.append(_BY_NAME["mail"])
    if len(shown) > 1:
        return list(dict.fromkeys(shown))
    return shown or [_BY_NAME["text"]]


def _named(part: Part) -> Format | None:
    """By the extension of the name, else by the declared type."""
    ending = extension(part.name) if part.name else ""
    if not ending and part.type in _BY_TYPE:
        return _BY_TYPE[part.type]
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


_HEAD = 4096  # bytes in which a page or a document in XML shows itself
_BLANK = b"\0\r\n\t "
_PIECE = re.compile(r"\.(?:\d{3}|[zr]\d\d|part\d{1,3}\.rar)$", re.IGNORECASE)
_HALVES = re.compile("[\ud800-\udfff]")
_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,99}<\?xml\s")
_PAGE = re.compile(rb"(?i)<(?:!doctype html|html)[\s>]")
_HTML = re.compile(rb"(?i)<(?:!doctype html|html|head|body|table|div|meta)[\s>]")
_BY_NAME = {one.name: one for one in FORMATS}
_BY_EXTENSION = {ending: one for one in FORMATS for ending in one.extensions}
_BY_TYPE = {kind: one for one in FORMATS for kind in one.types}


def _cloud_links(ctx: Ctx, gathered: Gathered) -> None:
    """A link to the organisation's own cloud storage: once for a message."""
    if not ctx.cloud_hosts:
        return
    own = links.Own(ctx.cloud_hosts)
    for text in gathered.texts:
        if any(host in own for host in links.hosts(text.content)):
            place = _message_place(text.places[0][1])
            gathered.not_examined[not_examined(place, "cloud-attachment")] = None
            return


def _message_place(place: Place) -> Place:
    """The mail or the attachment that the text stands in, not the spot inside."""
    steps = tuple(s for s in place.steps if s.kind in (StepKind.ATTACHMENT, StepKind.MAIL))
    return Place(place.role, steps)
