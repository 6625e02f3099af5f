r"""Rich Text Format, by striprtf.

From → to: a file → its text, its properties (``\info``); embedded objects (``\objdata``) that are
not read are said to be; pictures are images.

What striprtf leaves out is read here by expression: ``\info``, headers, footers, footnotes,
comments (``\annotation``), fields' instructions, text marked hidden.

Errors: none that striprtf documents; it decodes with the file's code page, ``errors="ignore"``.
LookupError for a code page that Python does not know, ValueError for a number out of range.
Sources: Rich Text Format Specification 1.9.1.
Known gaps: embedded objects and pictures are not unpacked.
"""

import re
from collections.abc import Iterator
from itertools import islice

from detectors import Role
from mailfilter.extract.budget import Unreadable
from mailfilter.extract.context import Ctx, Found, text_at
from mailfilter.model import Part
from mailfilter.place import Step, StepKind
from mailfilter.unread import not_examined

_BINARY = re.compile(r"\\bin\d{1,9}")
_HEX = re.compile(r"[0-9a-fA-F\s]{2000,}")  # the bytes of pictures and objects
_HIDDEN = re.compile(r"\\v(?![a-z0-9])")
_DESTINATION = re.compile(
    r"\{\\(?:\*\\)?(?:title|subject|author|operator|keywords|comment|doccomm|company|manager|"
    r"category|annotation|header[lrf]?|footer[lrf]?|footnote|atnauthor|atnid|docvar|fldinst|bkmkstart|shptxt)(?![a-z])"
)
_MAKER = re.compile(r"\{\\\*\\generator ([^;{}\\]{1,200})")
GROUP, GROUPS = 20_000, 500  # characters of one such group, and how many are looked at


def sniff(data: bytes) -> bool:
    """The mark, also behind a byte order mark or blanks."""
    return data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{\\rt")


def read(part: Part, ctx: Ctx) -> Iterator[Found]:
    """Text, properties, what is embedded."""
    source = part.data.decode("cp1252", "replace")
    for maker in _MAKER.findall(source[:GROUP]):
        ctx.maker(maker)
    if "\\objdata" in source:
        yield not_examined(part.place, "embedded-object")
    if "\\pict" in source:
        yield not_examined(part.place, "image")
    source = _HEX.sub("", source)
    yield text_at(_strip(source), part.place)
    groups = [_strip("{\\rtf1 " + group + "}") for group in _groups(source)]
    yield text_at("\n".join(groups), part.place.down(Step(StepKind.PROPERTY), role=Role.PROPERTY))
    if _HIDDEN.search(source):
        shown = _strip(_HIDDEN.sub("", source))
        yield text_at(shown, part.place.down(Step(StepKind.HIDDEN)))


def _strip(source: str) -> str:
    from striprtf.striprtf import rtf_to_text

    try:
        text: str = rtf_to_text(source, errors="ignore")  # type: ignore[no-untyped-call]
    except (LookupError, ValueError, OverflowError):
        raise Unreadable("broken-document") from None
    return text.replace("|", "\t").replace("\t\n", "\n")


def _groups(source: str) -> Iterator[str]:
    """The content of destinations that striprtf skips."""
    for found in islice(_DESTINATION.finditer(source), GROUPS):
        group = source[found.end() : found.end() + GROUP]
        yield group[: _end(group)].removeprefix(" ")


def _end(group: str) -> int:
    depth = 1
    for brace in re.finditer(r"\\[{}\\]|[{}]", group):
        if len(brace[0]) == 1:
            depth += 1 if brace[0] == "{" else -1
        if not depth:
            return brace.start()
    return len(group)
