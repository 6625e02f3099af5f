"""Old Office files (doc, xls, ppt, msg) and whatever else is a compound file.

From → to: a compound file → what the reader of the program makes of it whose main stream there is;
properties; what lies embedded.

Invariants: a file with a circle in its sectors is broken, before any reader or library sees it.

Known gaps: Publisher, Visio and Project are not read.
"""

from collections.abc import Callable, Iterator

from mailfilter.extract.kit.budget import Unreadable
from mailfilter.extract.kit.context import Ctx, Found
from mailfilter.extract.office import embedded, macros, oldslides, oldword, propertyset, spreadsheet
from mailfilter.extract.office.ole import Storage, open_compound
from mailfilter.extract.outlook import msg
from mailfilter.model import Part

_NEVER_READ = ("VisioDocument", "Quill", "Props12", "Props14", "Props9")  # and Project


def read(part: Part, ctx: Ctx) -> Iterator[Found]:
    """What the streams say the file is."""
    compound = open_compound(part.data)
    if not compound.entries or not compound.sound():
        raise Unreadable("broken-document")
    root = compound.root()
    names = root.streams
    if "EncryptedPackage" in names or "EncryptedSummary" in names:
        raise Unreadable("encrypted")
    if msg.is_item(root):
        yield from msg.read(root, part, ctx)
        return
    yield from propertyset.read(root, part, ctx)
    if any(name in names for name in _NEVER_READ):
        raise Unreadable("old-office")
    if reader := _reader(root):
        yield from reader(root, part, ctx)
    else:
        yield from embedded.wrapped(root, part)
    yield from embedded.objects(root, part, ctx)
    yield from macros.read(root, part, ctx)


def _reader(root: Storage) -> Callable[[Storage, Part, Ctx], Iterator[Found]] | None:
    """The reader of the program whose main stream there is."""
    if "Workbook" in root.streams or "Book" in root.streams:
        return spreadsheet.read_old
    if "WordDocument" in root.streams:
        return oldword.read
    return oldslides.read if "PowerPoint Document" in root.streams else None
