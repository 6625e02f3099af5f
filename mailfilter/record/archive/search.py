"""Search over sealed mail: keyed hashes of addresses, of words of the subject and of file names.

The smtp processes seal and can hash nothing that desk alone may know, so desk makes the index: it
opens the dossiers of what has come since it last looked (`pending`, `write`). The key is made from
``desk.key``: whoever has a copy of the database alone can compare nothing with a guess, though she
sees which messages have an address or a word in common.

==================================  ==========================================================
of subject and of file names        destroyed in the transaction that destroys the content
of sender and recipients            ``store.search_days`` after the end of the message, never
                                    longer than its bare row; with 0 they go with the content
all of a message that is deleted    with it: delete is for what should never have been kept
==================================  ==========================================================

A protected message (V5) is in no index: it comes with `indexed` set, one that becomes
protected is taken out. A hash is of a whole address or a whole word: part of one finds nothing, and
the pages say so. Known gaps: of a subject or of the file names the first `WORDS` words are indexed,
of recipients `ADDRESSES`; no word forms (``skola`` does not find ``skolan``).
"""

import hmac
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.errors import Permanent
from mailfilter.model import State
from mailfilter.place import Place, StepKind
from mailfilter.record.archive import facets
from mailfilter.record.contract import Clue, Dossier, Way
from mailfilter.record.database.tables import item, message, term, wrapped_key
from mailfilter.record.sealing.seal import Opener

SIZE = 16  # bytes of a hash
WORDS = 200
ADDRESSES = 2000
BATCH = 100
_WORD = re.compile(r"[^\W_]+")
_CONTENT = (Clue.SUBJECT, Clue.FILE)


@dataclass(frozen=True, slots=True)
class Terms:
    """The hashes of a message."""

    addresses: frozenset[bytes]
    content: frozenset[bytes]


# ---- hashes --------------------------------------------------------------------------------


def folded(text: str) -> str:
    """Text as it is compared: composed, without regard to case."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def words(text: str) -> list[str]:
    """The distinct words of a text, in order."""
    return list(dict.fromkeys(_WORD.findall(folded(text))))


def address(text: str) -> str:
    """An address as it is compared: the local part without regard to case as well."""
    return folded(text).strip().strip("<>")


def hashed(key: bytes, clue: Clue, value: str) -> bytes:
    """The keyed hash of a folded value; the same word elsewhere has another."""
    return hmac.digest(key, f"{clue.value}\0{value}".encode("utf-8", "replace"), "sha256")[:SIZE]


def terms(key: bytes, dossier: Dossier) -> Terms:
    """All hashes of a dossier."""
    to = [address(path.text) for path in dossier.rcpts[:ADDRESSES]]
    people = [(Clue.SENDER, address(dossier.sender)), *((Clue.RECIPIENT, one) for one in to)]
    said = [
        *((Clue.SUBJECT, word) for word in words(dossier.subject)[:WORDS]),
        *((Clue.FILE, word) for word in words(" ".join(_names(dossier)))[:WORDS]),
    ]
    return Terms(
        frozenset(hashed(key, clue, value) for clue, value in people if value),
        frozenset(hashed(key, clue, value) for clue, value in said),
    )


def _names(dossier: Dossier) -> list[str]:
    """File names: of what is attached, and of files within."""
    places = [
        *(finding.place for finding in dossier.findings),
        *(part.place for part in dossier.not_examined),
        *dossier.opened,
    ]
    return [*dossier.files, *dict.fromkeys(name for place in places for name in _of_files(place))]


def _of_files(place: Place) -> list[str]:
    files = (StepKind.ATTACHMENT, StepKind.MEMBER)
    return [step.name for step in place.steps if step.kind in files and step.name]


def fitting(key: bytes, ways: Sequence[Way]) -> ColumnElement[bool]:
    """Items that fit one of `ways`: all words of a way stand in the message."""
    found: list[ColumnElement[bool]] = []
    queries = []
    for way in ways:
        if way.clue is Clue.RULE:
            found.append(item.c.rules.contains(facets.packed(way.values), autoescape=True))
        elif way.clue is Clue.DECIDED:
            found.append(item.c.decided_by.in_(way.values))
        else:
            hashes = {hashed(key, way.clue, value) for value in way.values}
            query = select(term.c.message).where(term.c.hash.in_(hashes))
            if len(hashes) > 1:
                whole = func.count() == len(hashes)
                query = query.group_by(term.c.message).having(whole)
            queries.append(query)
    if queries:
        found.append(item.c.message.in_(union(*queries) if len(queries) > 1 else queries[0]))
    return or_(*found)


# ---- making the index ----------------------------------------------------------------------


async def pending(connection: AsyncConnection, most: int = BATCH) -> list[Any]:
    """Messages that are not indexed, the newest first, sealed as they are."""
    query = (
        select(message.c.id, message.c.dossier, wrapped_key.c.wrapped)
        .outerjoin(wrapped_key, wrapped_key.c.owner == message.c.id)
        .where(message.c.indexed.is_(False), message.c.committed, message.c.protected.is_(False))
        .order_by(message.c.at.desc())
        .limit(most)
    )
    rows: list[Any] = list((await connection.execute(query)).all())
    return rows


def opened(opener: Opener, rows: Iterable[Any]) -> dict[str, Dossier | None]:
    """The dossiers by message, None where one cannot be read: some 0.2 ms each."""
    return {row.id: _dossier(opener, row.wrapped, row.dossier, row.id) for row in rows}


def _dossier(opener: Opener, wrapped: bytes | None, sealed: bytes, owner: str) -> Dossier | None:
    try:
        return opener.dossier(wrapped, sealed, owner) if wrapped else None
    except Permanent:
        return None


async def write(
    connection: AsyncConnection, key: bytes, known: Mapping[str, Dossier | None]
) -> int:
    """Index these, but for those that ended or became protected meanwhile; how many are done.

    What others work on is left for the next time: nobody waits for a lock here, whatever order
    theirs have. A message's row is locked as destroying it does, so that no hash outlives it.
    """
    held = await _items(connection, known)
    free = await _items(connection, known, lock=True)
    query = select(message.c.id, message.c.at, message.c.department, message.c.dossier)
    mine = query.where(
        message.c.id.in_([id for id in known if len(free[id]) == len(held[id])]),
        message.c.indexed.is_(False),
        message.c.protected.is_(False),
    )
    rows = (await connection.execute(mine.with_for_update(skip_locked=True))).all()
    found = {row.id: dossier for row in rows if row.dossier and (dossier := known[row.id])}
    await _put(connection, key, found, held)
    await facets.note(connection, [(row, found[row.id]) for row in rows if row.id in found])
    done = update(message).where(message.c.id.in_([row.id for row in rows]))
    await connection.execute(done.values(indexed=True))
    return len(rows)


async def _items(
    connection: AsyncConnection, ids: Iterable[str], *, lock: bool = False
) -> dict[str, list[tuple[str, list[int]]]]:
    """(item, its recipients) by message; of all, or of those that nobody else has locked."""
    query = select(item.c.id, item.c.message, item.c.recipients).where(
        item.c.message.in_(list(ids))
    )
    if lock:
        query = query.with_for_update(skip_locked=True)
    found: dict[str, list[tuple[str, list[int]]]] = {id: [] for id in ids}
    for row in (await connection.execute(query)).all():
        found[row.message].append((row.id, json.loads(row.recipients)))
    return found


async def _put(
    connection: AsyncConnection,
    key: bytes,
    found: Mapping[str, Dossier],
    held: Mapping[str, Sequence[tuple[str, Sequence[int]]]],
    *,
    content: bool = True,
) -> None:
    """The hashes and codes of these messages, in place of those there were."""
    if not found:
        return
    await connection.execute(delete(term).where(term.c.message.in_(list(found))))
    rows = []
    for id, dossier in found.items():
        made = terms(key, dossier)
        rows += [{"hash": one, "message": id, "content": False} for one in made.addresses]
        if content:
            rows += [{"hash": one, "message": id, "content": True} for one in made.content]
    if rows:
        await connection.execute(insert(term), rows)
    await facets.write(connection, {id: (found[id], held[id]) for id in found})


# ---- and its end ---------------------------------------------------------------------------


async def before_end(connection: AsyncConnection, opener: Opener, id: str) -> None:
    """The content is about to be destroyed and nobody has indexed it yet: what stays is noted."""
    query = (
        select(message, wrapped_key.c.wrapped)
        .join(wrapped_key, wrapped_key.c.owner == message.c.id)
        .where(message.c.id == id, message.c.indexed.is_(False), message.c.protected.is_(False))
    )
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return
    dossier = _dossier(opener, row.wrapped, row.dossier, id)
    if dossier is not None:
        held = await _items(connection, [id])
        await _put(connection, opener.search_key, {id: dossier}, held, content=False)
        await facets.note(connection, [(row, dossier)])
    await connection.execute(update(message).where(message.c.id == id).values(indexed=True))


async def end(connection: AsyncConnection, id: str, days: int) -> None:
    """The content is destroyed: hashes of its words go, those of addresses stay for `days`."""
    query = select(item.c.state, item.c.ended_at).where(item.c.message == id)
    rows = (await connection.execute(query)).all()
    purged = any(row.state == State.DELETED for row in rows)
    last = max((row.ended_at for row in rows if row.ended_at is not None), default=None)
    if purged or not days or last is None:
        await remove(connection, id)
        return
    await connection.execute(delete(term).where(term.c.message == id, term.c.content.is_(True)))
    await connection.execute(update(term).where(term.c.message == id).values(ended_at=last))


async def remove(connection: AsyncConnection, id: str) -> None:
    """All hashes of a message: it is deleted, or has become protected."""
    await connection.execute(delete(term).where(term.c.message == id))


async def forget(connection: AsyncConnection, now: datetime, ran: timedelta, days: int) -> int:
    """Addresses of mail that ended more than `days` ago, none of mail that came later by running
    time."""
    came = select(message.c.id).where(message.c.seen <= ran - timedelta(days=days))
    old = (term.c.ended_at <= now - timedelta(days=days)) & term.c.message.in_(came)
    return int((await connection.execute(delete(term).where(old))).rowcount)
