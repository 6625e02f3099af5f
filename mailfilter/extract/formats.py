"""The table of formats: a new one is one file and one line here.

A line: name; extensions; MIME types; a sniffer on the content, if the format has a mark; the
reader, named as "module:function" and imported when it is first needed, so that a mail without
attachments loads no library. `covers` are formats whose mark this one also carries (a docx is a
zip): the special reader alone reads it then. `sniffable` are the formats that are worth sniffing:
by the first byte, and all whose mark may stand `inside` if one of those marks is there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib import import_module

from mailfilter.byte_search import Needles
from mailfilter.extract.archive import other
from mailfilter.extract.containers import compressed, container, flatopc, nested_mail
from mailfilter.extract.image import image, metafile
from mailfilter.extract.kit import known
from mailfilter.extract.kit.context import Reader
from mailfilter.extract.kit.known import Starts, starts
from mailfilter.extract.locked import rights
from mailfilter.extract.office import ole, opendocument, slides, spreadsheet, word, workbook
from mailfilter.extract.pdf import document
from mailfilter.extract.rtf import richtext
from mailfilter.extract.text import cards


class Kind(Enum):
    """TEXT formats are chosen by name; MEDIA must bear their mark; SKIPPED ones are signatures."""

    TEXT = "text"
    MARKED = "marked"
    MEDIA = "media"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, eq=False)
class Format:
    """One line of the table, equal to no other."""

    name: str
    extensions: tuple[str, ...]
    types: tuple[str, ...]
    sniff: Callable[[bytes], bool] | None
    read: str | Reader
    kind: Kind = Kind.MARKED
    covers: tuple[str, ...] = ()
    first: bytes = b""  # bytes that a file of this format can begin with; none: any
    inside: bool = False  # or its mark stands further in: `marked_inside` knows of it

    def reader(self) -> Reader:
        """The function that reads, imported on demand."""
        return self.read if callable(self.read) else _imported(self.read)


Formats = Sequence[list[Format]]  # of each part


@cache
def _imported(read: str) -> Reader:
    module, _, function = read.partition(":")
    found: Reader = getattr(import_module(f"mailfilter.extract.{module}"), function or "read")
    return found


_OPENXML = "application/vnd.openxmlformats-officedocument."
_OASIS = "application/vnd.oasis.opendocument."

FORMATS: tuple[Format, ...] = (
    # office documents
    Format(
        "docx",
        ("docx", "docm", "dotx", "dotm"),
        (
            _OPENXML + "wordprocessingml.document",
            "application/vnd.ms-word.document.macroenabled.12",
        ),
        word.sniff,
        "office.word",
        first=b"P",
        covers=("zip",),
    ),
    Format(
        "xlsx",
        ("xlsx", "xlsm", "xltx", "xltm"),
        (_OPENXML + "spreadsheetml.sheet", "application/vnd.ms-excel.sheet.macroenabled.12"),
        workbook.sniff,
        "office.workbook",
        first=b"P",
        covers=("zip",),
    ),
    Format(
        "xlsb",
        ("xlsb",),
        ("application/vnd.ms-excel.sheet.binary.macroenabled.12",),
        spreadsheet.sniff_binary,
        "office.spreadsheet:read_binary",
        first=b"P",
        covers=("zip", "xlsx"),
    ),
    Format(
        "pptx",
        ("pptx", "pptm", "ppsx", "ppsm", "potx"),
        (_OPENXML + "presentationml.presentation", _OPENXML + "presentationml.slideshow"),
        slides.sniff,
        "office.slides",
        first=b"P",
        covers=("zip",),
    ),
    Format(
        "ole",
        ("xls", "doc", "ppt", "msg", "xlt", "dot", "pps", "pub", "vsd", "mpp"),
        (
            "application/msword",
            "application/vnd.ms-excel",
            "application/vnd.ms-powerpoint",
            "application/vnd.ms-outlook",
        ),
        ole.sniff,
        "office.oldoffice",
        first=ole.MAGIC[:1],
    ),
    Format(
        "odf",
        ("odt", "ods", "odp", "ott", "ots", "otp", "odg"),
        (_OASIS + "text", _OASIS + "spreadsheet", _OASIS + "presentation"),
        opendocument.sniff,
        "office.opendocument",
        first=b"P",
        covers=("zip",),
    ),
    Format(
        "fodt",
        ("fodt", "fods", "fodp"),
        (),
        opendocument.sniff_flat,
        "office.opendocument:read_flat",
        inside=True,
    ),
    Format("pdf", ("pdf",), ("application/pdf",), document.sniff, "pdf.document", inside=True),
    Format(
        "rtf",
        ("rtf",),
        ("application/rtf", "text/rtf"),
        richtext.sniff,
        "rtf.richtext",
        first=richtext.BEFORE + b"{",
    ),
    Format("activemime", ("mso",), (), starts(flatopc.ACTIVE), "containers.flatopc:read_active"),
    # archives
    Format(
        "zip",
        ("zip", "epub", "jar", "kmz", "vsdx", "odb"),
        ("application/zip", "application/x-zip-compressed"),
        container.looks_like_zip,
        "archive.zip_archive",
        first=b"P",
        inside=True,
    ),
    Format(
        "gzip",
        ("gz", "tgz", "svgz"),
        ("application/gzip", "application/x-gzip"),
        starts(b"\x1f\x8b"),
        "containers.compressed:read_gzip",
    ),
    Format("bzip2", ("bz2", "tbz", "tbz2"), (), starts(b"BZh"), "containers.compressed:read_bzip2"),
    Format("xz", ("xz", "txz"), (), starts(b"\xfd7zXZ\0"), "containers.compressed:read_xz"),
    Format(
        "lzma",
        ("lzma", "tlz"),
        (),
        compressed.sniff_lzma,
        "containers.compressed:read_lzma",
        first=b"\x5d",
    ),
    Format("zstd", ("zst", "tzst"), (), starts(compressed.ZSTD), "containers.compressed:read_zstd"),
    Format(
        "tar",
        ("tar",),
        ("application/x-tar",),
        compressed.sniff_tar,
        "containers.compressed:read_tar",
        inside=True,
    ),
    Format(
        "archive",
        ("7z", "rar", "cab", "rpm", "lha", "lzh", "iso", "z", "lz", "lz4", "deb", "cpio"),
        (),
        other.sniff,
        "archive.other",
        first=other.FIRST,
        inside=True,
    ),
    Format(
        "xar",
        ("xar", "arj", "ace", "wim", "sit", "dmg"),
        (),
        starts(b"xar!", b"MSWIM\0\0\0", b"\x60\xea", b"StuffIt"),
        known.refuse("archive-format"),
    ),
    Format("piece", (), (), None, known.refuse("archive-piece")),
    # mail
    Format(
        "mbox",
        ("mbox",),
        ("application/mbox",),
        nested_mail.sniff,
        "containers.nested_mail:read_mailbox",
        Kind.TEXT,
        first=b"F",
    ),
    Format(
        "mail",
        ("eml", "emlx", "mht", "mhtml"),
        ("message/rfc822", "message/global", "multipart/related"),
        nested_mail.sniff_mail,
        "containers.nested_mail",
        Kind.TEXT,
        first=nested_mail.FIRST,
    ),
    Format(
        "tnef",
        ("dat",),
        ("application/ms-tnef",),
        starts(b"\x78\x9f\x3e\x22"),
        "outlook.tnef",
    ),
    Format(
        "rpmsg",
        ("rpmsg",),
        (rights.TYPE,),
        rights.sniff,
        "locked.rights",
        first=rights.MAGIC[:1],
    ),
    Format(
        "smime",
        ("p7m", "p7z"),
        ("application/pkcs7-mime", "application/x-pkcs7-mime"),
        nested_mail.sniff_smime,
        "containers.nested_mail:read_smime",
        first=b"0",
    ),
    Format(
        "pgp",
        ("pgp", "gpg"),
        ("application/pgp-encrypted",),
        nested_mail.sniff_pgp,
        "containers.nested_mail:read_pgp",
        first=b"\x8c\xc3",
        inside=True,
    ),
    Format(
        "signature",
        ("p7s", "sig"),
        (
            "application/pkcs7-signature",
            "application/x-pkcs7-signature",
            "application/pgp-signature",
        ),
        None,
        known.skip,
        Kind.SKIPPED,
    ),
    # not text
    Format(
        "image",
        (
            *("png", "jpg", "jpeg", "gif", "bmp", "webp", "tif", "tiff", "heic", "heif", "hif"),
            *("avif", "jp2", "j2k", "jpf", "jpx", "ico", "cur", "tga", "pcx", "dcx", "psd"),
            *("wdp", "pict", "pct", "svm", "jxl", "jb2", "djvu"),
        ),
        (),
        image.sniff_image,
        "image.image",
        Kind.MEDIA,
        first=image.FIRST_OF_IMAGE,
        inside=True,
    ),
    Format(
        "metafile",
        ("emf", "wmf"),
        ("image/emf", "image/wmf", "image/x-emf", "image/x-wmf"),
        metafile.sniff,
        "image.metafile",
        Kind.MEDIA,
        first=metafile.FIRST,
    ),
    Format(
        "sound",
        ("mp3", "wav", "ogg", "m4a", "flac", "amr", "aac", "wma"),
        (),
        image.sniff_sound,
        "containers.media:read_sound",
        Kind.MEDIA,
        first=image.FIRST_OF_SOUND,
        inside=True,
    ),
    Format(
        "film",
        ("mp4", "mov", "avi", "mkv", "webm", "wmv", "mpg", "mpeg"),
        (),
        image.sniff_film,
        "containers.media:read_film",
        Kind.MEDIA,
        first=image.FIRST_OF_FILM,
        inside=True,
    ),
    Format(
        "program",
        ("exe", "dll", "msi", "sqlite", "db", "mdb", "accdb"),
        (),
        starts(*known.PROGRAMS),
        known.refuse("program"),
    ),
    Format("unknown", (), (), None, known.refuse("unknown-content")),
    # besides the above: what a pdf or picture has around it, and text as its name says
    Format("around", (), (), None, "kit.trailing_data"),
    Format("runs", (), (), None, "kit.trailing_data:read_runs"),
    # text: chosen by name, or by what the text begins with
    Format(
        "cards",
        ("ics", "vcf", "vcs", "ifb"),
        ("text/calendar", "text/vcard", "text/x-vcard"),
        cards.sniff,
        "text.cards",
        Kind.TEXT,
        first=cards.BEFORE + b"bB",
    ),
    Format(
        "html",
        ("html", "htm", "xhtml", "xht", "shtml"),
        ("text/html", "application/xhtml+xml"),
        None,
        "html.hypertext",
        Kind.TEXT,
    ),
    Format(
        "values",
        ("csv", "tsv", "tab"),
        ("text/csv", "text/tab-separated-values"),
        None,
        "text.separated",
        Kind.TEXT,
    ),
    Format(
        "xml",
        ("xml", "svg", "xsl", "rdf", "gpx", "kml"),
        ("text/xml", "application/xml", "image/svg+xml"),
        None,
        "text.plain:read_markup",
        Kind.TEXT,
    ),
    Format(
        "text",
        ("txt", "md", "json", "log", "ini", "yml", "yaml", "tex"),
        ("text/plain", "application/json", "text/markdown"),
        None,
        "text.plain",
        Kind.TEXT,
    ),
)


def _may_begin(one: Format, byte: int) -> bool:
    if isinstance(one.sniff, Starts):
        return byte in one.sniff.first
    return byte in one.first if one.first else not one.inside


_MARKED = tuple(one for one in FORMATS if one.sniff is not None)
_BY_FIRST = [tuple(one for one in _MARKED if _may_begin(one, byte)) for byte in range(256)]
_INSIDE = [
    tuple(one for one in _MARKED if one.inside or _may_begin(one, byte)) for byte in range(256)
]


def sniffable(data: bytes) -> tuple[Format, ...]:
    """The formats with a mark that `data`, which is not empty, may bear."""
    return _INSIDE[data[0]] if marked_inside(data) else _BY_FIRST[data[0]]


# Marks at their place, and marks that stand anywhere in the first `nested_mail.HEAD` bytes.
_PLACED = (*image.INSIDE, *other.INSIDE, *compressed.INSIDE)
_HEAD = Needles(document.MARK, opendocument.ROOT, nested_mail.ARMOUR)


def marked_inside(data: bytes) -> bool:
    """Whether a mark may be there that stands elsewhere than at the beginning.

    Most parts are text: these few looks stand for a dozen calls of sniffers.
    """
    for mark, at in _PLACED:
        if data.startswith(mark, at):
            return True
    return container.ends_like_zip(data) or _HEAD.within(data[: nested_mail.HEAD])
