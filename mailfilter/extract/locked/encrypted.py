"""Files with a password that the same mail tells: the second pass of the walk.

From → to: a part that some reader called "encrypted", the places of which it said so, candidates
(passwords.py) → (place, what is found there) for each place that a password opened. What is found
is read on like everything else, so that places and texts are those of the open file; what stays
locked stays "encrypted".

Each try is paid from `Tries` in microseconds of a slow core before it is done, by what the file
says its key costs; when that is spent, the rest stays locked. Unpacked bytes come from the budget
of the message as always.

Invariants: no password is in an `Unreadable`, in a text, a place or a result; raises nothing but
`Unreadable`. Known gaps: encrypted rar and OpenDocument files, Office rights management.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from detectors import Role
from mailfilter.extract.kit.context import Ctx, Found, member, text_at
from mailfilter.extract.locked import office, openpgp
from mailfilter.extract.locked import zip as encrypted_zip
from mailfilter.extract.locked.tries import Tries
from mailfilter.model import Part
from mailfilter.place import Place

__all__ = ["Tries", "unlock", "warm"]

_PDF = 3000  # microseconds for a try at a pdf, and one more for each 200 bytes


Opened = tuple[Place, Iterable[Found]]
Opener = Callable[[Part, frozenset[Place], Tries, Ctx], Iterator[Opened]]


def unlock(
    part: Part, form: str, said: frozenset[Place], tries: Tries, ctx: Ctx
) -> Iterator[Opened]:
    """What the candidates open in `part`, read as the format `form`; `said` are locked places."""
    opener = OPENERS.get(form)
    if opener is not None:
        yield from opener(part, said, tries, ctx)


def _zip(part: Part, said: frozenset[Place], tries: Tries, ctx: Ctx) -> Iterator[Opened]:
    for n, name, data in encrypted_zip.unlock(part.data, tries, ctx.budget):
        inner = member(part, n, name, data)
        if inner.place in said:
            yield inner.place, [inner]


def _seven_zip(part: Part, said: frozenset[Place], tries: Tries, ctx: Ctx) -> Iterator[Opened]:
    """All members, or those that were locked while the others were not."""
    from mailfilter.extract.archive import other, sevenzip

    if other.kind(part.data) != "7zip":
        return
    for password in tries.passwords:
        found = sevenzip.entries(part.data, ctx.budget, password, tries)
        if found is None:
            continue
        for n, entry in enumerate(found, 1):
            place = member(part, n, entry.name, b"").place
            if place in said:
                yield place, other.members(part, n, entry)
            elif part.place in said:  # the names were locked too
                names = text_at(entry.name, place.down(role=Role.NAME).nameless())
                yield part.place, [names, *other.members(part, n, entry)]
        return


def _pdf(part: Part, _said: frozenset[Place], tries: Tries, ctx: Ctx) -> Iterator[Opened]:
    from mailfilter.extract.pdf import document

    for password in tries.passwords:
        tries.take(_PDF + len(part.data) // 200)
        if document.opens(part.data, password):
            yield part.place, document.read(part, ctx, password)
            return


def _office(part: Part, _said: frozenset[Place], tries: Tries, ctx: Ctx) -> Iterator[Opened]:
    plain = office.unlock(part.data, tries, ctx.budget)
    if plain is not None:
        yield part.place, [replace(part, data=plain)]


def _pgp(part: Part, _said: frozenset[Place], tries: Tries, ctx: Ctx) -> Iterator[Opened]:
    """All messages of the part; one that stays shut keeps the part locked."""
    found: list[openpgp.File] = []
    for message in openpgp.messages(part.data):
        files = openpgp.unlock(message, tries, ctx.budget)
        if files is None:
            return
        found += files
    parts = [member(part, n, file.name, file.data) for n, file in enumerate(found, 1)]
    names = text_at(openpgp.names(found), part.place.down(role=Role.NAME).nameless())
    yield part.place, [names, *parts]


OPENERS: dict[str, Opener] = {
    "zip": _zip,
    "archive": _seven_zip,
    "pdf": _pdf,
    "ole": _office,
    "pgp": _pgp,
}


def warm() -> None:
    """Import what opening may need, before a worker is locked down."""
    from mailfilter.extract.archive import sevenzip

    office.library()
    encrypted_zip.ciphers()
    openpgp.ciphers()
    sevenzip.errors()
