r"""Rich Text Format: everything that a person wrote in it, shown or not.

From → to: a file → its text as shown; headers, footers, notes, comments and properties in their
places; hidden (``\v``) and deleted (``\deleted``) text, codes of fields, descriptions and all other
destinations besides; pictures and embedded objects as `Part`s.

What is shown is one text, so hidden stretches, notes and comments between two digits do not part
them. Bytes are read in the charset of their font.

Invariants: one pass over the tokens of the file (rtftokens.py), linear; raises only `Unreadable`.

Sources: Rich Text Format Specification 1.9.1; MS-OLEDS 2.2.5 for embedded objects.
Known gaps: pictures of the Macintosh, of OS/2 and of Windows 2; names of styles and fonts; a file
inside a file is read only if it is what its first bytes say.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from detectors import Role
from mailfilter.extract.image.icon import with_header
from mailfilter.extract.kit.budget import Unreadable
from mailfilter.extract.kit.context import Ctx, Found, member, text_at
from mailfilter.extract.office import embedded
from mailfilter.extract.rtf.rtftokens import (
    BYTE,
    CLOSE,
    OPEN,
    PLUMBING,
    SIGN,
    SIGNS,
    TEXT,
    WORDS,
    Charsets,
    tokens,
)
from mailfilter.model import Part
from mailfilter.not_examined import not_examined
from mailfilter.place import Step, StepKind

_MAKER = re.compile(rb"\{\\\*\\generator ([^;{}\\]{1,200})")
_EMPTY = re.compile(r"\n{2,}")
_SIZE = re.compile(r"^-?\d{1,9}\n", re.MULTILINE)  # of a shape, as a line of its own
BEFORE = b"\xef\xbb\xbf \t\r\n"  # a byte order mark and blanks before the mark
HEAD = 20_000  # bytes in which a file names its maker
DEPTH = 100_000  # open groups
SHOWN, WHOLE, BESIDE, NOWHERE = "shown", "whole", "beside", "nowhere"
HIDDEN, PROPERTY, COMMENT, NOTES, HEADER = "hidden", "property", "comment", "notes", "header"
PICTURE, OBJECT, FONTS = "pict", "objdata", "fonttbl"
_UNREAD = ("macpict", "pmmetafile", "wbitmap")  # pictures of the Macintosh, OS/2, Windows 2
_DESTINATIONS = {  # where the text of a group goes; others go with the one around them
    **dict.fromkeys(PLUMBING.split(), NOWHERE),
    **{f"{kind}{page}": HEADER for kind in ("header", "footer") for page in ("", "l", "r", "f")},
    **dict.fromkeys(("annotation", "atnauthor", "atnid"), COMMENT),
    **dict.fromkeys(("info", "userprops"), PROPERTY),
    **dict.fromkeys(("shptxt", "dptxbxtext"), BESIDE),
    **dict.fromkeys(("fldinst", "bkmkstart", "sv"), HIDDEN),
    "footnote": NOTES,
    "pict": PICTURE,
    "objdata": OBJECT,
    "fonttbl": FONTS,
}
_STEPS = {kind: Step(StepKind(kind)) for kind in (HIDDEN, PROPERTY, COMMENT, NOTES, HEADER)}


@dataclass(frozen=True, slots=True)
class _Group:
    """What holds within a pair of braces."""

    goes: str = SHOWN
    unseen: frozenset[str] = frozenset()  # why it is not shown: hidden, deleted
    spare: int = 1  # characters behind a \u, for programs that do not know it
    font: int = -1
    table: bool = False


@dataclass(slots=True)
class _Reading:
    """What was read so far."""

    group: _Group = _Group()
    outer: list[_Group] = field(default_factory=list)
    charsets: Charsets = field(default_factory=Charsets)
    texts: dict[str, list[str]] = field(default_factory=dict)
    files: list[tuple[str, list[str]]] = field(default_factory=list)  # kind, hexadecimal digits
    raw: list[str] = field(default_factory=list)  # bytes that wait to be decoded together
    unseen: bool = False  # whether anything is
    spare: int = 0  # characters that are still to be left out
    unread: bool = False  # a picture of a kind that nobody writes any more

    def text(self, raw: str) -> None:
        """Bytes of the document; those behind a \\u are left out."""
        if self.spare:
            left = len(raw)
            raw, self.spare = raw[self.spare :], max(self.spare - left, 0)
        self.raw.append(raw)

    def put(self, text: str) -> None:
        """Characters, to where the group goes."""
        goes = self.group.goes
        if goes in (PICTURE, OBJECT):
            self.files[-1][1].append(text)
        elif goes == SHOWN:
            self.texts.setdefault(WHOLE, []).append(text)
            self.texts.setdefault(HIDDEN if self.group.unseen else SHOWN, []).append(text)
            if self.group.unseen:
                self.unseen = True
            elif self.unseen and self.texts[HIDDEN][-1] != "\n":
                self.texts[HIDDEN].append("\n")
        elif goes not in (NOWHERE, FONTS):
            self.texts.setdefault(goes, []).append(text)

    def flush(self) -> None:
        """Decode what waits."""
        if self.raw:
            raw = "".join(self.raw)
            self.raw.clear()
            self.put(self.charsets.decode(raw, self.group.font))


def sniff(data: bytes) -> bool:
    """The mark, also behind a byte order mark or blanks."""
    return data[:64].lstrip(BEFORE).startswith(b"{\\rt")


def read(part: Part, ctx: Ctx) -> Iterator[Found]:
    """Text, properties, what is embedded."""
    for maker in _MAKER.findall(part.data[:HEAD]):
        ctx.maker(maker.decode("cp1252", "replace"))
    reading = _read(part.data)
    texts = {goes: _joined(pieces) for goes, pieces in reading.texts.items()}
    yield text_at(texts.get(SHOWN, ""), part.place)
    yield text_at(texts.get(BESIDE, ""), part.place)
    if reading.unseen:
        yield text_at(texts.get(WHOLE, ""), part.place.down(_STEPS[HIDDEN]))
    for goes, step in _STEPS.items():
        role = Role.PROPERTY if goes == PROPERTY else None
        said = _SIZE.sub("", _EMPTY.sub("\n", texts.get(goes, "")))
        yield text_at(said, part.place.down(step, role=role))
    if reading.unread:
        yield not_examined(part.place, "image")
    for n, (kind, digits) in enumerate(reading.files, 1):
        yield from _file(part, n, kind, "".join(digits))


def _joined(pieces: list[str]) -> str:
    """The pieces, halves of surrogate pairs made whole, cells and rows without double ends."""
    text = "".join(pieces).replace("\t\n", "\n")
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _read(data: bytes) -> _Reading:
    reading, starred, first = _Reading(), False, False  # first: a word here names a destination
    for kind, text, number in tokens(data):
        if kind in (TEXT, BYTE):
            reading.text(text)
        elif kind == SIGN and text == "*":
            starred = True
            continue
        else:
            reading.flush()
            if kind == OPEN:
                _open(reading)
            elif kind == CLOSE:
                _close(reading)
            elif kind == SIGN:
                reading.put(SIGNS.get(text, ""))
            elif first or starred:
                _destination(reading, text, number, starred)
            else:
                _word(reading, text, number)
        first, starred = kind == OPEN, False
    reading.flush()
    return reading


def _open(reading: _Reading) -> None:
    if len(reading.outer) > DEPTH:
        raise Unreadable("broken-document")
    reading.outer.append(reading.group)
    reading.spare = 0


def _close(reading: _Reading) -> None:
    inner = reading.group.goes
    if reading.outer:
        outer = reading.outer.pop()
        if inner == PROPERTY or inner not in (SHOWN, outer.goes):
            reading.put("\n")
        reading.group = outer
    reading.spare = 0


def _destination(reading: _Reading, word: str, number: int | None, starred: bool) -> None:
    """The first word of a group: it may say where the text of the group goes."""
    group = reading.group
    goes = _DESTINATIONS.get(word)
    if goes is None and starred and word not in ("shppict", "shpinst", "ud"):
        goes = HIDDEN if group.goes == SHOWN else group.goes
    if goes is None or group.goes in (NOWHERE, FONTS):
        _word(reading, word, number)
        return
    reading.group = replace(group, goes=goes)
    if goes in (PICTURE, OBJECT):
        reading.files.append((goes, []))
    elif goes == HIDDEN:
        reading.put("\n")


def _word(reading: _Reading, word: str, number: int | None) -> None:
    group = reading.group
    if word in WORDS:
        reading.put(" " if word in ("par", "line") and group.table else WORDS[word])
    elif word == "u" and number is not None:
        reading.put(chr(number & 0xFFFF))
        reading.spare = group.spare
    elif word in ("v", "deleted"):
        why = group.unseen - {word} if number == 0 else group.unseen | {word}
        reading.group = replace(group, unseen=why)
    elif word == "plain":
        reading.group = replace(group, unseen=frozenset())
    elif word == "uc":
        reading.group = replace(group, spare=max(min(number or 0, 9), 0))
    elif word == "f" and number is not None:
        reading.group = replace(group, font=number)
    elif word == "fcharset" and number is not None:
        reading.charsets.font(group.font, number)
    elif word in ("intbl", "pard"):
        reading.group = replace(group, table=word == "intbl")
    elif word in _UNREAD and group.goes == PICTURE:
        reading.unread = True
        reading.files.pop()
        reading.group = replace(group, goes=NOWHERE)
    else:
        reading.charsets.word(word, number)


def _file(part: Part, n: int, kind: str, digits: str) -> Iterator[Found]:
    """A picture or an object; what cannot be told apart is said to be unread."""
    digits = re.sub(r"[^0-9a-fA-F]", "", digits)
    data = bytes.fromhex(digits[: len(digits) & ~1])
    if kind == PICTURE:
        if data:
            yield member(part, n, "", with_header(data), inline=True)  # a bitmap has none
        return
    try:
        name, content = _object(data)
    except (struct.error, Unreadable):
        yield not_examined(part.place, "embedded-object")
        return
    yield member(part, n, name, content)


def _object(data: bytes) -> tuple[str, bytes]:
    """(name, content) of an object as OLE 1 wraps it: its class, two names, its native data."""
    version, form, length = struct.unpack_from("<3I", data)
    at = 12 + length
    kind = data[12:at].rstrip(b"\0").lower()
    for _ in range(2):
        at += 4 + int(struct.unpack_from("<I", data, at)[0])
    (size,) = struct.unpack_from("<I", data, at)
    content = data[at + 4 : at + 4 + size]
    if form != 2 or not version or not content:
        raise Unreadable("embedded-object")
    return embedded.native(b"\0" * 4 + content) if kind == b"package" else ("", content)
