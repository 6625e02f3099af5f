"""Words that only desk can make or read (`link_secret.ticket`), and which of them are spent.

From → to: what a word is for and its text → the word; the word → its text, once (`use`) or until it
is spent (`read`). Only the nonce of a spent word is stored, until the word would have ended by
itself: whatever else somebody writes around the nonce, it is the same word.
"""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.record.database.engine import Database
from mailfilter.record.database.sql import insert
from mailfilter.record.database.tables import spent_ticket
from mailfilter.record.sealing import link_secret
from mailfilter.record.sealing.seal import Opener, Sealer


class Tickets:
    """The tickets of a store."""

    def __init__(self, database: Database, opener: Opener, sealer: Sealer) -> None:
        self._database, self._key, self._entropy = database, opener.link_key, sealer.entropy

    def make(self, what: str, text: str, until: datetime) -> str:
        """A word that is good until then."""
        return link_secret.ticket(self._key, what, text, until, self._entropy(12))

    async def read(self, what: str, word: str, now: datetime) -> str | None:
        """The text of a word that is good and not spent, or None."""
        found = link_secret.read_ticket(self._key, what, word, now)
        if found is None:
            return None
        spent = select(spent_ticket.c.nonce).where(spent_ticket.c.nonce == found.nonce)

        async def work(c: AsyncConnection) -> bool:
            return (await c.execute(spent)).first() is not None

        return None if await self._database.run(work) else found.text

    async def use(self, what: str, word: str, now: datetime) -> str | None:
        """As `read`, and the word is spent. Of many at once one gets the text."""
        found = link_secret.read_ticket(self._key, what, word, now)
        if found is None:
            return None

        async def work(c: AsyncConnection) -> bool:
            row = insert(c, spent_ticket).values(nonce=found.nonce, until=found.until)
            done = await c.execute(row.on_conflict_do_nothing(index_elements=["nonce"]))
            return bool(done.rowcount)

        return found.text if await self._database.run(work) else None


async def forget(connection: AsyncConnection, now: datetime) -> int:
    """Spent words that would have ended by now; how many."""
    gone = await connection.execute(delete(spent_ticket).where(spent_ticket.c.until <= now))
    return int(gone.rowcount)
