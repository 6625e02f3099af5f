"""Plain text of every kind: txt, log, md, json, xml, svg, and the bodies of mails.

From → to: bytes → one `Text` for each plausible charset. Bodies are split into body, quoted
history and signature by the function that the parse stage lends us. JSON and XML are read as they
stand; what their escapes hide (``\\u0031``, ``&#49;``, digits split by tags) is read a second time,
XML without its tags twice: joined, as runs are shown, and element by element, as cells are.
``data:`` URIs are decoded and read as parts of their own, so are the packages of flat Office files.
"""

import binascii
import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import unquote_to_bytes

from detectors import Role
from mailfilter.extract.containers import flatopc
from mailfilter.extract.kit.charset import decode
from mailfilter.extract.kit.context import Ctx, Found, extension, member, text_at
from mailfilter.extract.kit.references import unescape
from mailfilter.extract.kit.xml_attributes import spelled_out
from mailfilter.extract.text.quoted import dated
from mailfilter.model import NotExamined, Part, Text
from mailfilter.not_examined import not_examined
from mailfilter.place import Place, Step, StepKind

_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_MARKUP = re.compile(r"<[^<>]{0,4000}>")
_LINE_TAG = re.compile(r"</?(?:br|p|div|tr|li|row|text|record|item)\b[^<>]{0,1000}>", re.IGNORECASE)
_DATA_URI = re.compile(r"data:([\w.+-]{0,60}/[\w.+-]{0,60})?([^,\"'()<>\s]{0,100}),", re.IGNORECASE)
_URI_END = re.compile(r"[\"'()<>\s\\]")
_NODE = re.compile(r">([^<>]+)<")
_ENTITY = re.compile(r"<!ENTITY\s+([\w.-]{1,60})\s+[\"']([^\"'<>]{1,1000})[\"']\s*>")
_MARKDOWN = ("md", "markdown", "rmd")
_MARKS = dict.fromkeys(map(ord, "*_`~\\"))
_BASE64_END = re.compile(r"[^A-Za-z0-9+/=%_\-\t\r\n]")  # programs leave out line ends
_BODY = ((0, Role.BODY),)
URIS = 200  # in one text
REFERENCE = 3  # steps: it is resolved in three of the readings
ENTITIES, GROWTH = 50, 1 << 20  # of one document; characters that one entity may add


def read(part: Part, ctx: Ctx) -> Iterator[Found]:
    """Text as it stands."""
    ending = extension(part.name) if part.name else ""
    for content in decode(part.data, part.charset):
        yield placed(content, part, ctx)
        if "\\u" in content or ending == "json":
            yield from _escaped(content, part, ending)
        yield from data_uris(content, part)
        if ending in _MARKDOWN:
            plain = content.translate(_MARKS)
            yield text_at(plain if plain != content else "", part.place.down(Step(StepKind.HIDDEN)))


def read_markup(part: Part, ctx: Ctx) -> Iterator[Found]:
    """XML and SVG: as it stands, then without tags, with and without breaks between elements."""
    for content in decode(part.data, part.charset or _declared(part.data)):
        yield text_at(content, part.place)
        ctx.budget.take_work(content.count("<") + REFERENCE * content.count("&"))
        whole = _with_entities(content) if "<!ENTITY" in content else content
        yield text_at(strip_markup(whole), part.place)
        nodes = [node.strip() for node in _NODE.findall(whole) if not node.isspace()]
        lines = unescape("\n".join(nodes))
        yield text_at(spelled_out(lines), part.place.down(Step(StepKind.HIDDEN)))
        if "&" in whole:
            yield text_at(unescape(whole), part.place.down(Step(StepKind.HIDDEN)))
        if sum(map(len, nodes)) < 2 * len(nodes):  # letters placed one by one
            yield text_at(unescape("".join(nodes)), part.place)
        yield from data_uris(content, part)
        if flatopc.SPACE in content and (data := flatopc.package(content, ctx.budget)):
            yield member(part, 1, "", data)


def _with_entities(content: str) -> str:
    """References to texts that the document defines itself, replaced once; what grows is left."""
    for name, value in islice(_ENTITY.findall(content), ENTITIES):
        if content.count(f"&{name};") * len(value) <= GROWTH:
            content = content.replace(f"&{name};", value)
    return content


def _declared(data: bytes) -> str:
    found = re.search(rb"encoding\s*=\s*[\"']([\w.:-]{1,40})", data[:200])
    return found[1].decode("ascii") if found else ""


def placed(content: str, part: Part, ctx: Ctx) -> Text:
    """The text with its places: a body is split by roles, anything else stands in one place."""
    if part.place.role is not Role.BODY:
        return text_at(content, part.place)
    roles = ctx.roles(content) or ((0, Role.BODY),)
    if roles == _BODY:
        return text_at(content, part.place)
    return Text(
        content, tuple([(at, _role_place(content, at, role, part.place)) for at, role in roles])
    )


def _role_place(content: str, at: int, role: Role, place: Place) -> Place:
    return place.down(*(dated(content, at) if role is Role.QUOTE else ()), role=role)


def strip_markup(content: str) -> str:
    """Text between tags, joined as a reader of the tags would show it."""
    if "<![CDATA[" in content:
        content = content.replace("<![CDATA[", "").replace("]]>", "")
    broken = _LINE_TAG.sub("\n", content)
    return unescape(_MARKUP.sub("", broken))


def _escaped(content: str, part: Part, ending: str) -> Iterator[Text]:
    """What ``\\uXXXX`` escapes and exponents hide."""
    place = part.place.down(Step(StepKind.HIDDEN))
    if "\\u" in content and _ESCAPE.search(content):
        yield text_at(_ESCAPE.sub(lambda found: chr(int(found[1], 16)), content), place)
    if ending == "json" and (written := spelled_out(content)) != content:
        yield text_at(written, place)


def data_uris(content: str, part: Part) -> Iterator[Part | NotExamined]:
    """The files that stand in the text itself as ``data:`` URIs."""
    if ":" not in content or ("ata:" not in content and "ATA:" not in content):
        return
    at = 0
    for _ in range(URIS):
        if not (found := _DATA_URI.search(content, at)):
            return
        packed = "base64" in found[2].lower()
        end = (_BASE64_END if packed else _URI_END).search(content, found.end())
        at = end.start() if end else len(content)  # one inside it is read when its file is
        data = _uri_bytes(content[found.end() : at], packed)
        if data:
            place = part.place.down(Step(StepKind.HIDDEN), role=Role.ATTACHMENT)
            yield Part(place, (found[1] or "text/plain").lower(), data, inline=True)
    if _DATA_URI.search(content, at):
        yield not_examined(part.place, "too-many-parts")


def _uri_bytes(raw: str, packed: bool) -> bytes:
    data = unquote_to_bytes(raw)
    return base64_bytes(data) if packed else data


def base64_bytes(data: bytes) -> bytes:
    """Tolerant base64: both alphabets, blanks and missing padding; what is none stays as it is."""
    kept = re.sub(rb"[^A-Za-z0-9+/]", b"", data.translate(bytes.maketrans(b"-_", b"+/")))
    try:
        return binascii.a2b_base64(kept[: len(kept) & ~3] + _rest(kept))
    except binascii.Error:
        return data


def _rest(kept: bytes) -> bytes:
    """The last group, padded; a single character there carries no whole byte."""
    tail = kept[len(kept) & ~3 :]
    return tail + b"=" * (4 - len(tail)) if len(tail) > 1 else b""
