"""Files that a text holds as base64 or hexadecimal: in XML elements, in JSON, pasted into a mail.

From → to: `files(text, seen)` → the bytes of each file in it, to be read as parts: the attachment
of an e-service form, the pictures of a notebook, `w:binData` of Word 2003, a diagram of drawio.
Base64 of plain text is read by `disguise`; here are files with a mark, and text that shows itself
as XML, HTML or mail, or that holds such a run again.

How it stays fast: what `afar` makes of the text is searched for `ROW` characters of base64 in a
row, which all such files have, and few other texts. Rows follow each other over line ends, however
they are written: as such, indented, as ``\\n`` or ``&#10;``, or as strings in a list.

Invariants: linear; every decoded byte is taken from the budget; the same file is given once for
each `seen`. A run that bears no mark is nothing: signatures and keys look so.

Sources: RFC 4648; nbformat 4; the sources of draw.io.
Known gaps: rows shorter than `ROW`; base85; marks of two bytes, which signatures have by chance.
"""

import re
import zlib
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from mailfilter.extract.containers.flatopc import SPACE
from mailfilter.extract.containers.nested_mail import sniff_mail
from mailfilter.extract.formats import sniffable
from mailfilter.extract.kit.budget import Budget
from mailfilter.extract.kit.charset import looks_like_text
from mailfilter.extract.kit.prefilter import Afar
from mailfilter.extract.text.plain import base64_bytes

ROW = 40  # characters: the shortest lines that programs write have 57
LEAST = 160  # characters of a whole run: 120 bytes; diagrams are shorter
_ROW = b"a" * ROW
_SEAM = re.compile(
    rb"(?:[\s>]|\\[nrt]|&#[xX]?[0-9aAdD]{1,3};|[\"']\s{0,200}+[,+]\s{0,200}+[\"'])++"
)
_WIDE = 128  # characters: a string of more in a list is a file, not a row of one
_HEX = re.compile(rb"(?:[0-9a-f]{2}){120,}+|(?:[0-9A-F]{2}){120,}+")
_DIAGRAM = re.compile(r"<diagram\b|<mxfile\b")
_SHOWN = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,99}<(?:\?xml|!doctype|html|svg|mxfile)", re.IGNORECASE)
_INSIDE = tuple(  # base64 of marks, for a run that begins with something else, as a folder's name
    sign.encode()
    for sign in ("JVBERi0", "UEsDBB", "iVBORw0KGgo", "/9j/4", "R0lGOD", "0M8R4KG", "e1xydG")
)
_TAG = 60  # characters before a run that may hold the name of its element
_FIRST = 400  # characters of a run in which those are looked for
_FILES = frozenset(
    {
        *("docx", "xlsx", "xlsb", "pptx", "odf", "fodt", "ole", "activemime", "pdf", "rtf"),
        *("zip", "gzip", "bzip2", "xz", "zstd", "tar", "archive", "tnef", "image"),
    }
)
_WEAK = (b"\xff\x0a", b"\x1f\x9d", b"\x1f\xa0", b"\x5d\0")  # marks of two bytes


def files(text: Afar, seen: set[int], budget: Budget, *, markup: bool) -> Iterator[bytes]:
    """The files in the text, each once; those of a flat Office file are in its package, which the
    reader of `markup` gives."""
    if _ROW not in text.runs:
        return
    flat = b"binaryData" if markup and SPACE in text.content else b""
    packed = _DIAGRAM.search(text.content) is not None
    raw, runs = text.raw, text.runs
    if b"\\/" in raw:  # as PHP writes JSON
        fresh = Afar(text.content.replace("\\/", "/"))
        raw, runs = fresh.raw, fresh.runs
    for run, elsewhere in _runs(raw, runs, flat, ROW if packed else LEAST):
        budget.take_bytes(len(run))
        for data in _meant(run, packed):
            if (known := hash(data)) not in seen:
                seen.add(known)
                if not elsewhere:
                    yield data


def _runs(raw: bytes, mapped: bytes, flat: bytes, least: int) -> Iterator[tuple[bytes, bool]]:
    """Stretches of base64 of at least so many characters, their rows joined, and whether they are
    read elsewhere: in addresses of data, and in elements called `flat`."""
    mapped += b" "
    at = 0
    while (start := mapped.find(_ROW, at)) >= 0:
        end = mapped.find(b" ", start)
        pieces, last = [raw[start:end]], end - start
        while last >= ROW and (seam := _SEAM.match(raw, end)):
            stop = mapped.find(b" ", seam.end())
            before, last = last, stop - seam.end()
            if not last or not _goes_on(seam[0], before, last):
                break
            pieces.append(raw[seam.end() : stop])
            end = stop
        at = end
        elsewhere = raw.endswith(b"base64,", 0, start) or (
            flat != b"" and flat in raw[max(start - _TAG, 0) : start]
        )
        if sum(map(len, pieces)) >= least:
            yield b"".join(pieces), elsewhere


def _goes_on(seam: bytes, before: int, after: int) -> bool:
    """Whether rows of these lengths are of one file; a word behind a blank line is none."""
    listed = b'"' in seam or b"'" in seam
    return not (listed and before > _WIDE) and (after >= ROW or seam.count(b"\n") < 2)


def _meant(run: bytes, diagram: bool) -> Iterator[bytes]:
    """What a run may be: the first reading that makes a file of it."""
    data = base64_bytes(run)
    if is_file(data):
        yield data
        return
    if _HEX.fullmatch(run) and is_file(data := bytes.fromhex(run.decode("ascii"))):
        yield data
        return
    for sign in _INSIDE:
        if (start := run.find(sign, 1, _FIRST)) >= 0 and is_file(data := base64_bytes(run[start:])):
            yield data
            return
    if diagram and (data := _drawn(base64_bytes(run))):
        yield data


def _drawn(data: bytes) -> bytes:
    """drawio: XML, percent-encoded and deflated without a header; the size of a picture at most."""
    try:
        shown = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, 200 * len(data) + 4096)
    except zlib.error:
        return b""
    return unquote_to_bytes(shown)


def is_file(data: bytes) -> bool:
    """Whether these bytes bear the mark of a document, archive or picture, or are such a text."""
    if not data:
        return False
    for one in sniffable(data):
        if one.name in _FILES and one.sniff is not None and one.sniff(data):
            return not data.startswith(_WEAK)
    if not looks_like_text(data[:4096]):
        return False
    return bool(_SHOWN.match(data)) or sniff_mail(data) or _ROW in Afar(data.decode("latin-1")).runs
