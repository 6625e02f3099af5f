"""The standstill after a restore: nothing leaves and nothing ends before the operator says so.

What a backup holds as waiting may have left, or ended, between the backup and the loss. While the
mark stands in `meta`, the outbox shows nothing that is due, no sweep ends anything, and running
time stands still; mail that comes is stored, and waits. `mailfilter restore --go` ends it.

The mark is `BEGUN` until a restore has come to its end: what was left half done cannot be let go.
"""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.errors import Permanent
from mailfilter.record.database.sql import insert
from mailfilter.record.database.tables import meta

MARK = "restored"  # in `meta`
BEGUN = "begun"
_QUERY = select(meta.c.value).where(meta.c.name == MARK)
_HALF = (
    "the restore into this database did not come to its end: empty the database and restore again"
)


async def since(connection: AsyncConnection) -> str:
    """When the restore came to its end, as ISO 8601, or `BEGUN`; "" where nothing stands still."""
    return (await connection.execute(_QUERY)).scalar_one_or_none() or ""


async def stand(connection: AsyncConnection, at: datetime) -> None:
    """The restore has come to its end at `at`; from here the operator may let it go."""
    values = {"name": MARK, "value": at.isoformat()}
    new = insert(connection, meta).values(values)
    await connection.execute(new.on_conflict_do_update(index_elements=["name"], set_=values))


async def go(connection: AsyncConnection) -> bool:
    """End the standstill; False if there was none. Permanent where the restore is half done."""
    found = await since(connection)
    if found == BEGUN:
        raise Permanent(_HALF)
    await connection.execute(delete(meta).where(meta.c.name == MARK))
    return bool(found)
