"""The table of formats: a new one is one file and one line here.

A line: name; extensions; MIME types; a sniffer on the content, if the format has a mark; the
reader, named as "module:function" and imported when it is first needed, so that a mail without
attachments loads no library. `covers` are formats whose mark this one also carries (a docx is a
zip): the special reader alone reads it then.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from importlib import import_module

from mailfilter.extract import image, known, letter, ole, pdf, slides, word, workbook
from mailfilter.extract.container import looks_like_zip
from mailfilter.extract.context import Reader


class Kind(Enum):
    """TEXT formats have no mark and are chosen by name; SKIPPED ones hold nothing for people."""

    TEXT = "text"
    MARKED = "marked"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Format:
    """One line of the table."""

    name: str
    extensions: tuple[str, ...]
    types: tuple[str, ...]
    sniff: Callable[[bytes], bool] | None
    read: str | Reader
    kind: Kind = Kind.MARKED
    covers: tuple[str, ...] = ()

    def reader(self) -> Reader:
        """The function that reads, imported on demand."""
        if callable(self.read):
            return self.read
        module, _, function = self.read.partition(":")
        found: Reader = getattr(import_module(f"mailfilter.extract.{module}"), function or "read")
        return found


FORMATS: tuple[Format, ...] = (
    # marked by their content
    Format(
        "docx",
        ("docx", "docm", "dotx", "dotm"),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document",),
        word.sniff,
        word.read,
        covers=("zip",),
    ),
    Format(
        "xlsx",
        ("xlsx", "xlsm", "xltx", "xltm"),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",),
        workbook.sniff,
        workbook.read,
        covers=("zip",),
    ),
    Format(
        "pptx",
        ("pptx", "pptm", "ppsx", "potx"),
        ("application/vnd.openxmlformats-officedocument.presentationml.presentation",),
        slides.sniff,
        slides.read,
        covers=("zip",),
    ),
    Format("pdf", ("pdf",), ("application/pdf",), pdf.sniff, pdf.read),
    Format("zip", ("zip",), ("application/zip",), looks_like_zip, "archive"),
    Format("ole", ("xls", "doc", "ppt", "msg"), ("application/msword",), ole.sniff, ole.read),
    Format("mbox", ("mbox",), ("application/mbox",), letter.sniff, letter.read_mailbox),
    Format("image", ("png", "jpg", "jpeg", "gif"), (), image.sniff_image, image.read),
    Format("sound", ("mp3", "wav"), (), image.sniff_sound, image.read_sound),
    Format("film", ("mp4", "mov", "avi"), (), image.sniff_film, image.read_film),
    Format("archive", ("7z", "rar"), (), known.sniff_archive, known.refuse("archive-format")),
    # chosen by name
    Format("html", ("html", "htm"), ("text/html",), None, "hypertext", Kind.TEXT),
    Format("text", ("txt",), ("text/plain",), None, "plain", Kind.TEXT),
    Format("unknown", (), (), None, known.refuse("unknown-content")),
)
