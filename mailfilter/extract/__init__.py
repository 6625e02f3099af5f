"""Extract: parts of a message → texts, and what could not be read.

``extract(...)`` is the room's one door; ``warm()`` imports what it would import later. See
README.md for the map and for how a format is added.
"""

from collections.abc import Callable, Sequence

from detectors import Role
from mailfilter.extract.formats import Formats
from mailfilter.extract.kit.budget import Budget
from mailfilter.extract.kit.context import Ctx
from mailfilter.extract.kit.remembered import NOTHING, Has, Pictures
from mailfilter.extract.kit.table import pinpoint
from mailfilter.extract.walk import Extracted, typed, walk
from mailfilter.model import Message, Part, Text

__all__ = [
    "NOTHING",
    "Budget",
    "Extracted",
    "Formats",
    "Has",
    "Pictures",
    "extract",
    "pinpoint",
    "typed",
    "warm",
]


def extract(
    parts: Sequence[Part],
    *,
    parse: Callable[[bytes], Message],
    roles: Callable[[str], tuple[tuple[int, Role], ...]],
    budget: Budget,
    cloud_hosts: tuple[str, ...] = (),
    formats: Formats = (),
    heard: Sequence[Text] = (),
) -> Extracted:
    """Everything readable in `parts`; pure; raises nothing but `Heavy`, if the budget is light.

    `parse` reads attached mails and `roles` splits a body into (offset, Role); both are lent by
    the parse stage. `cloud_hosts` are the organisation's own file stores, such as
    ``contoso.sharepoint.com`` or ``*.sharepoint.com``. `formats` is what `typed` says of `parts`.
    `heard` are texts of the message from elsewhere, such as the subject, that may tell passwords.
    """
    ctx = Ctx(budget, parse, roles, cloud_hosts, budget.pictures)
    return walk(parts, ctx, formats, heard)


def warm() -> None:
    """Import every reader and its library, before a worker is forked."""
    from mailfilter.extract.archive import library
    from mailfilter.extract.formats import FORMATS
    from mailfilter.extract.locked import encrypted

    for one in FORMATS:
        one.reader()
    library.load()  # looks for libarchive by starting programs
    encrypted.warm()
    import pypdfium2.raw
    import python_calamine

    del pypdfium2, python_calamine
