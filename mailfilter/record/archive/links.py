"""Links to a message that were mailed to somebody: which are good, and what they open.

From → to: (purpose, owner, name) → secret (`ensure`), once for each mail that carries one; then
secret → True (`good`) or the message's data key (`key`).

Of a secret a row keeps the mark, the data key wrapped to the secret, and the secret itself sealed
to desk until the mail that carries it was taken (`posted`): a mail that is sent again after a crash
has the same link. Whoever has the database and not desk's key has no link that works; after
`posted` not even desk has. `end` destroys the wraps: a link then still shows that the matter has
ended, and opens nothing.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.errors import Permanent
from mailfilter.record.archive.running import total
from mailfilter.record.contract import Dossier
from mailfilter.record.database.engine import Database
from mailfilter.record.database.tables import chunk, link, message, wrapped_key
from mailfilter.record.sealing import link_secret
from mailfilter.record.sealing.seal import Opener, Sealer, open_body, open_dossier


@dataclass(frozen=True, slots=True)
class Mailed:
    """Which link: its purpose, the message it opens, and the mail that carries it.

    `address` is whom the message is of: only its keyed hash is stored, for ``/mina``.
    """

    purpose: str
    owner: str
    name: str
    address: str = ""


class Links:
    """The links of a store. Each method is a transaction of its own."""

    def __init__(self, database: Database, opener: Opener, sealer: Sealer) -> None:
        self._database, self._opener, self._sealer = database, opener, sealer

    async def ensure(self, mailed: Mailed, now: datetime, until: datetime) -> str | None:
        """The secret of this mail; "" if it was posted, None if the message's key is destroyed."""
        return await self._database.run(
            lambda c: ensure(c, (self._opener, self._sealer), mailed, now, until)
        )

    async def given(self, mailed: Mailed, now: datetime, until: datetime) -> str:
        """The secret of a link that its visitor is given at once, so that desk keeps none. It opens
        the message while that is kept; afterwards it shows how it ended. `mailed.name` is new."""
        return await self._database.run(
            lambda c: _given(c, (self._opener, self._sealer), mailed, now, until)
        )

    async def posted(self, mailed: Mailed) -> None:
        """The mail was taken: from now on only the one who got it has the secret."""
        await self._database.run(lambda c: posted(c, mailed))

    async def good(self, purpose: str, owner: str, secret: str, now: datetime) -> bool:
        """Whether the secret is a link of `owner` that has not expired."""
        made = link_secret.mark(self._opener.link_key, purpose, owner, secret)
        return await self._database.run(lambda c: _good(c, made, now))

    async def key(self, purpose: str, owner: str, secret: str, now: datetime) -> bytes:
        """The data key of `owner`; Permanent for a wrong, expired or ended link."""
        made = link_secret.mark(self._opener.link_key, purpose, owner, secret)
        wrapped = await self._database.run(lambda c: _wrapped(c, made, now))
        if not wrapped:
            raise Permanent(f"{owner}: the link does not open this message")
        return link_secret.unwrap(secret, purpose, owner, wrapped)

    async def dossier(self, purpose: str, owner: str, secret: str, now: datetime) -> Dossier:
        """What is personal about the message, opened by the link's secret alone."""
        key = await self.key(purpose, owner, secret, now)
        sealed, _ = await self._database.run(lambda c: _sealed(c, owner))
        return open_dossier(key, sealed, owner)

    async def body(self, purpose: str, owner: str, secret: str, now: datetime) -> bytes:
        """The message as it came, opened by the link's secret alone."""
        key = await self.key(purpose, owner, secret, now)
        _, chunks = await self._database.run(lambda c: _sealed(c, owner))
        return await asyncio.to_thread(open_body, key, chunks, owner)


async def ensure(
    connection: AsyncConnection,
    means: tuple[Opener, Sealer],
    mailed: Mailed,
    now: datetime,
    until: datetime,
) -> str | None:
    """As `Links.ensure`, in the caller's transaction."""
    opener, _ = means
    query = select(link.c.sealed).where(*_is(mailed))
    row = (await connection.execute(query)).one_or_none()
    if row is not None:
        return opener.secret(row.sealed, mailed.owner) if row.sealed else ""
    if await _stored(connection, mailed.owner) is None:
        return None
    secret = await _given(connection, means, mailed, now, until)
    sealed = means[1].seal_secret(mailed.owner, secret)
    await connection.execute(update(link).where(*_is(mailed)).values(sealed=sealed))
    return secret


async def _given(
    connection: AsyncConnection,
    means: tuple[Opener, Sealer],
    mailed: Mailed,
    now: datetime,
    until: datetime,
) -> str:
    """A new link, whose secret is not kept; it opens nothing where the message's key is gone."""
    opener, sealer = means
    purpose, owner = mailed.purpose, mailed.owner
    secret = link_secret.new(sealer.entropy)
    stored = await _stored(connection, owner)
    wrapped = b""
    if stored is not None:
        wrapped = link_secret.wrap(secret, purpose, owner, opener.key(stored, owner))
    await connection.execute(
        insert(link).values(
            mark=link_secret.mark(opener.link_key, purpose, owner, secret),
            purpose=purpose,
            owner=owner,
            name=mailed.name,
            wrapped=wrapped,
            sealed=None,
            holder=link_secret.holder(opener.link_key, mailed.address) if mailed.address else None,
            made_at=now,
            expires_at=until,
            ends=await total(connection) + (until - now),
        )
    )
    return secret


async def _stored(connection: AsyncConnection, owner: str) -> bytes | None:
    query = select(wrapped_key.c.wrapped).where(wrapped_key.c.owner == owner)
    return (await connection.execute(query)).scalar_one_or_none()


async def posted(connection: AsyncConnection, mailed: Mailed) -> None:
    """As `Links.posted`, in the caller's transaction."""
    await connection.execute(update(link).where(*_is(mailed)).values(sealed=None))


async def end(connection: AsyncConnection, owner: str, purpose: str = "") -> None:
    """Links of `owner` (of one purpose) open nothing any more."""
    which = [link.c.owner == owner, *([link.c.purpose == purpose] if purpose else [])]
    await connection.execute(update(link).where(*which).values(wrapped=b"", sealed=None))


async def forget(connection: AsyncConnection, ran: timedelta) -> int:
    """Links whose time is over open nothing; how many. Their rows end with their message's: by them
    each sender finds her own."""
    over = (link.c.ends <= ran, link.c.wrapped != b"")
    statement = update(link).where(*over).values(wrapped=b"", sealed=None)
    return int((await connection.execute(statement)).rowcount)


def _is(mailed: Mailed) -> tuple[ColumnElement[bool], ...]:
    return (
        link.c.owner == mailed.owner,
        link.c.purpose == mailed.purpose,
        link.c.name == mailed.name,
    )


async def _good(connection: AsyncConnection, made: bytes, now: datetime) -> bool:
    query = select(link.c.mark).where(link.c.mark == made, link.c.expires_at > now)
    return (await connection.execute(query)).first() is not None


async def _wrapped(connection: AsyncConnection, made: bytes, now: datetime) -> bytes:
    query = select(link.c.wrapped).where(link.c.mark == made, link.c.expires_at > now)
    return (await connection.execute(query)).scalar_one_or_none() or b""


async def _sealed(connection: AsyncConnection, owner: str) -> tuple[bytes, Sequence[bytes]]:
    """(sealed dossier, sealed chunks) of a message; Permanent where a piece is missing."""
    query = select(message.c.dossier, message.c.chunks).where(message.c.id == owner)
    row = (await connection.execute(query)).one_or_none()
    pieces = select(chunk.c.sealed).where(chunk.c.message == owner).order_by(chunk.c.n)
    chunks = list((await connection.execute(pieces)).scalars())
    if row is None or not row.dossier or len(chunks) != row.chunks:
        raise Permanent(f"{owner}: there is no such message any more")
    return row.dossier, chunks
