"""Targets of the extract stage: each of our own readers, forced upon any bytes.

`reading` gives the bytes to one reader as if its mark or name had chosen it; what it hands on (a
file in an archive) is typed as usual. Budgets are small, so that a run sees their ends too. OCR has
no time: it is not ours.
"""

import base64
import io
import zipfile
from collections.abc import Callable, Iterable

from mailfilter.extract import Budget, Extracted, extract
from mailfilter.extract.containers.container import open_archive
from mailfilter.extract.decoded import disguise
from mailfilter.extract.formats import FORMATS
from mailfilter.extract.kit.budget import Unreadable
from mailfilter.not_examined import REASONS
from mailfilter.parse import parse, roles
from tests.extract import documents, making, making_archives, test_archives
from tests.extract.reading import attachment
from tests.fuzz.target import NUMBER, RAW, Target, must

INFLATED = 16 << 20
_BY_NAME = {one.name: one for one in FORMATS}
TEXT = f"Hej {NUMBER} från kommunen".encode()


def budget() -> Budget:
    return Budget(inflated=INFLATED, parts=200, entries=2000, depth=6, text=1 << 22, ocr=0.0)


def reading(form: str, data: bytes, name: str = "") -> Extracted:
    """What the reader of this format makes of the bytes, and whether it is well formed."""
    left = budget()
    found = extract(
        [attachment(data, name)],
        parse=parse,
        roles=roles.split,
        budget=left,
        formats=[[_BY_NAME[form]]],
    )
    for text in found.texts:
        offsets = [at for at, _ in text.places]
        must(offsets and offsets[0] == 0 and offsets == sorted(offsets), "places are sorted")
        must(text.content and not text.content.isspace(), "no text is empty")
        text.content.encode()  # half characters would end the worker later
    for each in found.not_examined:
        must(REASONS[each.reason][0] is each.cls, "a reason has its class")
    characters = sum(len(text.content) for text in found.texts)
    must(characters <= 1 << 22, "characters are counted")
    return found


def said(found: Extracted) -> bool:
    """Whether the number is in a text, or anything was not examined."""
    return bool(found.not_examined) or any(NUMBER in text.content for text in found.texts)


def reads(form: str) -> Callable[[bytes], None]:
    """A check that the reader of `form` takes any bytes."""

    def check(data: bytes) -> None:
        reading(form, data)

    return check


# ---- archives ----------------------------------------------------------------------------------


def zips(data: bytes) -> None:
    found = reading("zip", data, "a.zip")
    try:
        open_archive(data, budget())
    except Unreadable:
        must(found.not_examined, "a zip without a directory is not examined")
    if RAW in _by_library(data):
        must(said(found), "a number that zipfile reads is read or said")


def _by_library(data: bytes) -> bytes:
    """All names and contents that the standard library gives, as far as it reads them."""
    pieces: list[bytes] = []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist()[:50]:
                pieces.append(entry.filename.encode("utf-8", "replace"))
                if entry.file_size < 1 << 20:
                    with archive.open(entry) as file:
                        pieces.append(file.read(1 << 16))
    except Exception:  # another reader, with its own errors: what it gave so far counts
        return b"\n".join(pieces)
    return b"\n".join(pieces)


def streams(data: bytes) -> None:
    forms = ("gzip", "bzip2", "xz", "zstd", "tar")
    form = forms[data[0] % len(forms)] if data else "tar"
    found = reading(form, data[1:], "a.bin")
    if form == "tar" and RAW in data[1:]:
        must(said(found), "a number in a tar is read or said")


def rars(data: bytes) -> None:
    reading("archive", data)


def _zips() -> Iterable[bytes]:
    good = [data for data in test_archives.GOOD.values() if data[:2] == b"PK" and len(data) < 4000]
    yield from good
    yield from (data for data in test_archives.AMBIGUOUS.values() if len(data) < 4000)
    yield making.zipped({"a.txt": TEXT, NUMBER + ".txt": b"hej"}, zipfile.ZIP_STORED)
    yield making_archives.zip_old({"a.txt": TEXT})
    yield making_archives.zip_aes({"a.txt": TEXT})


def _streams() -> Iterable[bytes]:
    for name, data in test_archives.GOOD.items():
        form = next(
            (n for n, end in enumerate(("gz", "bz2", "xz", "zst", "tar")) if name.endswith(end)), 0
        )
        if len(data) < 12_000 and data[:2] != b"PK":
            yield bytes([form]) + data
    yield b"\4" + test_archives.tape({"a.txt": TEXT, "b/c.txt": b"hej"})


def _rars() -> Iterable[bytes]:
    members = {"a.txt": TEXT, "b.txt": b"hej"}
    yield making_archives.rar(members, comment=b"Hej")
    yield making_archives.rar_old(members, comment=b"Hej")
    yield making_archives.rar_old(members, locked=True)
    yield making_archives.cab(members)
    yield making_archives.lha(members)
    yield making_archives.seven_zip(members)
    for form in ("7zip", "cpio_newc", "ar_bsd"):
        yield making_archives.written(form, members)


# ---- text --------------------------------------------------------------------------------------

_PLAIN = ("text", "html", "cards", "values", "xml", "mbox", "mail", "fodt")


def texts(data: bytes) -> None:
    form = _PLAIN[data[0] % len(_PLAIN)] if data else "text"
    found = reading(form, data[1:], f"a.{form}")
    content = data[1:]
    if form in ("mail", "mbox"):  # the names of header fields are not read
        content = content.replace(b"\r\n", b"\n").partition(b"\n\n")[2]
    if RAW in content and form != "fodt":  # that is asked for in offices.py
        must(said(found), "a number in a text is read or said")


def _texts() -> Iterable[bytes]:
    yield b"\0Hej " + RAW + b"\n\\u0031\\u0039 data:text/plain;base64,MTkxMjEyMTIxMjEy"
    note = b"NOTE;ENCODING=QUOTED-PRINTABLE:=31=\r\n9\r\n"
    yield b"\2BEGIN:VCARD\r\nPHOTO;ENCODING=B:AAAA\r\n" + note + b"END:VCARD"
    yield b"\2BEGIN:VCALENDAR\r\nSUMMARY:a\\, b\\n\r\n " + RAW + b"\r\nEND:VCALENDAR"
    yield b'\3Namn;Nr\r\n"Anna";' + RAW + b'\r\n"a\n""b";2\r\n'
    yield b"\4<?xml version='1.0'?><svg><text>" + RAW + b"</text></svg>"
    yield b"\5From a@b.se Mon\nSubject: a\n\n" + RAW + b"\n\nFrom b@c.se Tue\nSubject: b\n\nhej\n"
    yield b"\6Received: a\r\nContent-Type: text/plain\r\n\r\n" + RAW
    yield b"\7<office:document><office:body><office:text><text:p>" + RAW + b"</text:p>"


# ---- disguises -----------------------------------------------------------------------------------


def disguises(data: bytes) -> None:
    content = data.decode("utf-8", "replace")
    found = list(disguise.readings(content))
    must(sum(map(len, found)) <= 60 * len(content) + 100_000, "readings are bounded by the text")
    before, _, after = content.partition("\0")
    if len(before) < 2000 and not before[-1:].isalnum() and not after[:1].isalnum():
        told = base64.b64encode(b"Personnummer 19121212-1212 och mer").decode()
        safe = before[-1:] not in tuple("+/-_=") and after[:1] not in tuple("+/-_=")
        if safe and before.count("\n") < 40:
            readings = disguise.readings(f"{before} {told} {after}")
            must(any("19121212-1212" in each for each in readings), "base64 in a text is decoded")


def _disguises() -> Iterable[bytes]:
    yield b"Hej UGVyc29ubnVtbWVyIDE5MTIxMjEyLTEyMTIgb2NoIG1lcg== hej\0slut"
    yield b"Hej %31%39%31%32%31%32%31%32 =31=39=31=32=31=32=31=32 \\x31\\x39 &#49;&#57;&#49;"
    yield b"31 39 31 32 31 32 31 32 31 32 31 32 =?utf-8?B?MTkxMg==?= MTkxMjEyMTIxMjEy +ADEAOQ-"
    yield "a \u202e2121\u202c &lt;b&gt;1&lt;/b&gt; <b>x</b>1".encode()
    yield b"\nM" + b"A" * 60 + b"\n,,3DQ,C$R,3(Q,C$R\n`"


# ---- others --------------------------------------------------------------------------------------


def images(data: bytes) -> None:
    reading("image", data, "a.png")


def _images() -> Iterable[bytes]:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    page = Image.new("L", (8, 8))
    tags = Image.Exif()
    tags[0x010E], tags[0x9286] = NUMBER, b"ASCII\0\0\0" + RAW
    notes = PngInfo()
    notes.add_text("Comment", NUMBER)
    for form, more in {
        "PNG": {"pnginfo": notes, "exif": tags},
        "JPEG": {"exif": tags, "comment": RAW},
        "GIF": {"comment": RAW},
        "TIFF": {"exif": tags},
        "BMP": {},
        "WEBP": {"exif": tags},
    }.items():
        held = io.BytesIO()
        page.save(held, form, **more)
        yield held.getvalue()


TARGETS = (
    Target(
        "zip",
        "The zip reader never raises, takes every byte from the budget, and a number that zipfile "
        "reads is read or the archive is not examined in full.",
        zips,
        (
            RAW,
            b"PK\1\2",
            b"PK\3\4",
            b"PK\5\6",
            b"PK\6\6",
            b"PK\7\x08",
            b"\xff\xff\xff\xff",
            b"a.txt",
        ),
        _zips,
    ),
    Target(
        "streams",
        "gz, bz2, xz, zst and tar never raise, and a number in an unpacked tar is read or said.",
        streams,
        (
            RAW,
            b"\x1f\x8b\x08",
            b"BZh9",
            b"\xfd7zXZ\0",
            b"\x28\xb5\x2f\xfd",
            b"ustar\x0000",
            b"ustar  ",
        ),
        _streams,
        12_288,
    ),
    Target(
        "archives",
        "rar, cab, lha, 7z, cpio and ar tables never raise and are linear.",
        rars,
        (
            b"Rar!\x1a\7\0",
            b"Rar!\x1a\7\1\0",
            b"MSCF\0\0\0\0",
            b"7z\xbc\xaf\x27\x1c",
            b"-lh0-",
            b"CMT",
            b"RR",
        ),
        _rars,
    ),
    Target(
        "texts",
        "txt, html, cards, csv, xml, mbox, eml and fodt never raise, and a number that stands in "
        "the bytes is read or said.",
        texts,
        (
            RAW,
            b"BEGIN:VCARD\r\n",
            b"PHOTO;ENCODING=b:",
            b"\r\nFrom a@b ",
            b"data:;base64,",
            b"sep=;",
            b"\\u0031",
        ),
        _texts,
    ),
    Target(
        "disguise",
        "Decoding by hand never raises, is linear and bounded, and base64 of a number is decoded "
        "whatever stands around it.",
        disguises,
        (
            b"MTkxMjEyMTIxMjEy",
            b"%31",
            b"=31",
            b"\\x31",
            b"&#49;",
            b"=?utf-8?B?",
            b"?=",
            b"+ADE-",
            b"\nM",
            b"&lt;",
        ),
        _disguises,
        2048,
    ),
    Target(
        "image",
        "Pictures of any bytes, and what their files say of themselves, never raise.",
        images,
        (
            b"Exif\0\0",
            b"http://ns.adobe.com/xap/1.0/\0",
            b"iTXt",
            b"zTXt",
            b"tEXt",
            b"eXIf",
            b"\x1c\2",
            b"8BIM",
        ),
        _images,
        native=True,
    ),
    Target(
        "pdf",
        "A pdf of any bytes never raises in our wrapper; a crash of the C library ends the worker.",
        reads("pdf"),
        (
            b"%PDF-1.4",
            b"obj",
            b"endobj",
            b"stream",
            b"xref",
            b"trailer",
            b"/Type /Page",
            b"/Annots",
            b"/AcroForm",
        ),
        lambda: [documents.pdf()],
        native=True,
    ),
)
