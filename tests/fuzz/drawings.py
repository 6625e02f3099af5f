"""Targets of the readers of drawings and of telephones' pictures: metafiles, the boxes of HEIF."""

from collections.abc import Iterable

from mailfilter.extract.image import heif
from mailfilter.extract.kit.budget import Budget, Unreadable
from mailfilter.selftest import metafiles as made
from mailfilter.selftest.pictures import telephone
from tests.fuzz.files import reading
from tests.fuzz.target import NUMBER, RAW, Target, must

WIDE = NUMBER.encode("utf-16-le")


def metafiles(data: bytes) -> None:
    """The bytes as a file, and as records between a good header and a good end."""
    reading("metafile", data, "a.emf")
    found = reading("metafile", made.emf(made.comment(data)), "a.emf")
    must(
        RAW not in data or NUMBER in "".join(text.content for text in found.texts),
        "a number in a comment of a metafile is read",
    )
    whole = data[: len(data) & ~3]
    reading("metafile", made.emf(whole), "a.emf")
    reading("metafile", made.wmf(whole), "a.wmf")


def boxes(data: bytes) -> None:
    """What the boxes say; pixels are the library's."""
    try:
        file = heif.opened(data)
    except Unreadable:
        return
    file.told()
    file.unread()
    for number in file.pictures():
        must(number in file.items, "a picture is an item")
        file.content(number)
    must(len(file.pictures()) <= heif.PICTURES, "pictures are bounded")
    Budget().settle()


def _metafiles() -> Iterable[bytes]:
    for step in (0, 11):
        yield made.font() + made.text(5, 5, NUMBER, step=step) + made.plus_text(5, 9, NUMBER)
    yield made.narrow(5, 5, RAW) + made.stretched(b"\x28" + bytes(90))
    yield made.old_font() + made.old_text(5, 5, RAW) + made.old_spaced(5, 5, RAW)
    yield made.emf(made.text(5, 5, NUMBER))
    yield made.wmf(made.old_text(5, 5, RAW))


TARGETS = (
    Target(
        "metafile",
        "EMF and WMF never raise and are linear, and a number in a comment is read.",
        metafiles,
        (RAW, WIDE, b"EMF+", b"GDIC", b"WMFC\1\0\0\0", b"\x54\0\0\0", b"\x1c\x40", b"\x08\x40"),
        _metafiles,
    ),
    Target(
        "heif",
        "The boxes of HEIF never raise and are linear, and pictures are bounded.",
        boxes,
        (b"meta", b"iloc", b"iinf", b"infe", b"iref", b"dimg", b"ipma", b"ipco", b"hvcC", b"grid"),
        lambda: [telephone("191212121212")[:1200]],
    ),
)
