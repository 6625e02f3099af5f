"""The classes of workers: what each may be given, and how far it steps back for the others.

============  ==========================================================================
``text``      mail without documents, archives, pictures. Warm: takes one job after another
``document``  everything else, once; pictures are looked at, not recognised
``ocr``       mail with pictures that hold text, once; its client is waiting
``patient``   the same for whoever can wait minutes, such as desk for held mail
============  ==========================================================================

Each has a socket, and the kernel's backlog of it is its queue, so a text mail never waits behind
documents and no document behind a scan. The two that recognise pictures share one slot (`slot.py`):
one page is recognised at a time on the whole machine.
"""

from enum import StrEnum
from pathlib import Path


class Kind(StrEnum):
    """A class of workers."""

    TEXT = "text"
    DOCUMENT = "document"
    OCR = "ocr"
    PATIENT = "patient"


NICENESS = {Kind.TEXT: 0, Kind.DOCUMENT: 10, Kind.OCR: 19, Kind.PATIENT: 19}
RECOGNISING = (Kind.OCR, Kind.PATIENT)


def door(path: Path, kind: Kind) -> Path:
    """The socket of a class: `path` is that of text, the others stand beside it."""
    return path if kind is Kind.TEXT else path.with_name(f"{path.stem}-{kind}{path.suffix}")


def counts(workers: int, cores: int) -> dict[Kind, int]:
    """How many of each are kept. One core stays free of documents, where there are two."""
    documents = max(1, min(workers, cores) - 1)
    return {Kind.TEXT: workers, Kind.DOCUMENT: documents, Kind.OCR: 1, Kind.PATIENT: 1}
