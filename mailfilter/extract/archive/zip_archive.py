"""Zip archives: every member is a part of its own, every member's name is text.

From → to: a zip → its members as `Part`s, one `Text` of the names that are not read otherwise
(folders, encrypted members), comments, `NotExamined` for encrypted, broken or ambiguous ones. Of an
ambiguous archive what its directory does not list is read too.

Invariants: members are unpacked one at a time, so that only one lies in memory beside its archive.
"""

from collections.abc import Iterator

from detectors import Role
from mailfilter.extract.containers.container import Archive, Member, looks_like_zip, open_archive
from mailfilter.extract.containers.zip_salvage import unlisted
from mailfilter.extract.kit.budget import SPENT, Unreadable
from mailfilter.extract.kit.charset import decode
from mailfilter.extract.kit.context import Ctx, Found, member, text_at
from mailfilter.model import Part
from mailfilter.not_examined import not_examined

__all__ = ["looks_like_zip", "read"]


def read(part: Part, ctx: Ctx) -> Iterator[Found]:
    """Members, names, and what is wrong with the archive."""
    archive = open_archive(part.data, ctx.budget)
    if archive.fault:
        yield not_examined(part.place, archive.fault)
    comments = [archive.comment, *(entry.comment for entry in archive.members)]
    written = "\n".join(decode(comment)[0] for comment in comments if comment)
    yield text_at(written, part.place.down(role=Role.PROPERTY))
    extra = unlisted(archive, ctx.budget) if archive.ambiguous else ()
    for n, entry in enumerate((*archive.members, *extra), 1):
        yield from _member(part, ctx, archive, n, entry)


def _member(part: Part, ctx: Ctx, archive: Archive, n: int, entry: Member) -> Iterator[Found]:
    inner = member(part, n, entry.name, b"")
    if entry.folder and not entry.size:
        yield name_text(inner)
        return
    try:
        data, whole = archive.read(entry, ctx.budget)
    except Unreadable as problem:
        yield name_text(inner)
        if problem.code in SPENT:
            raise
        yield not_examined(inner.place, problem.code)
        return
    if not whole:
        yield not_examined(inner.place, "ambiguous-archive")
    yield member(part, n, entry.name, data)


def name_text(part: Part) -> Found:
    """A file name as text; its place does not repeat it."""
    return text_at(part.name, part.place.down(role=Role.NAME).nameless())
