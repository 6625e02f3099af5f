"""Answers of senders: whom she need not be asked about again, and until when (``act/asking.py``).

A row holds keyed hashes and a time, nothing that anybody could read; without the key that they were
made with, which dies as they do, they cannot even be compared.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.record.contract import MARK, Answer, Answered
from mailfilter.record.database.sql import insert
from mailfilter.record.database.tables import answer, message

MOST = 50  # answers for the same sentences that are looked at: they cross a socket, 33 KiB each


async def put(connection: AsyncConnection, given: Answer) -> None:
    """Remember an answer; a second tap for the same mail changes nothing."""
    first, *others = given.marks
    statement = insert(connection, answer).values(
        message=given.message, first=first, others=b"".join(others), expires_at=given.until
    )
    await connection.execute(statement.on_conflict_do_nothing(index_elements=["message"]))


async def find(
    connection: AsyncConnection, firsts: Sequence[bytes], join_key: bytes, at: datetime
) -> list[Answered]:
    """The answers that begin with one of `firsts`; none for a mail that we have already (P2)."""
    ours = select(message.c.id).where(message.c.join_key == join_key)
    if (await connection.execute(ours)).first() is not None:
        return []
    holds = (answer.c.first.in_(firsts), answer.c.expires_at > at)
    query = select(answer.c.first, answer.c.others).where(*holds)
    newest = query.order_by(answer.c.expires_at.desc(), answer.c.message).limit(MOST)
    return [(row.first, split(row.others)) for row in (await connection.execute(newest)).all()]


def split(marks: bytes) -> frozenset[bytes]:
    """The marks that stand one behind the other."""
    return frozenset(marks[at : at + MARK] for at in range(0, len(marks), MARK))


async def forget(connection: AsyncConnection, now: datetime) -> int:
    """Those whose time is over; how many."""
    gone = await connection.execute(delete(answer).where(answer.c.expires_at <= now))
    return int(gone.rowcount)
