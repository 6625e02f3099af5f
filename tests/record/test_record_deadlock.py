"""Transactions that wait for each other: the server undoes one of them, and it is run again. Else a
hand-over that a service has accepted is put off, and handed over a second time."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.errors import Temporary
from mailfilter.record.database import engine
from mailfilter.record.database.faults import is_undone
from mailfilter.record.database.sql import insert
from mailfilter.record.database.tables import meta
from mailfilter.record.sealing.keys import PrivateKeys
from tests.record.making import Server

pytestmark = pytest.mark.system
ROWS = ("deadlock-a", "deadlock-b")


class Crossing:
    """Two pieces of work that take the same two rows, each the other's second one first. Neither
    goes on before both have their first; what is run again finds nobody."""

    def __init__(self) -> None:
        self.tries, self.both = 0, asyncio.Barrier(2)

    def work(self, first: str, second: str) -> Any:
        async def take(connection: AsyncConnection) -> str:
            self.tries += 1
            await connection.execute(_mark(first))
            if self.tries <= 2:
                await self.both.wait()
            await connection.execute(_mark(second))
            return first

        return take


def _mark(row: str) -> Any:
    return update(meta).where(meta.c.name == row).values(value=meta.c.value + "x")


@pytest.fixture
async def two_rows(postgresql: Server, keys: PrivateKeys) -> Any:
    one = engine.connect(await postgresql.database(keys))

    async def fill(connection: AsyncConnection) -> None:
        for row in ROWS:
            await connection.execute(insert(connection, meta).values(name=row, value=""))

    await one.run(fill)
    yield one
    await one.close()


async def values(one: engine.Database) -> list[str]:
    query = select(meta.c.value).where(meta.c.name.in_(ROWS))

    async def work(connection: AsyncConnection) -> list[str]:
        return list((await connection.execute(query)).scalars())

    return await one.run(work)


async def test_both_are_done_and_each_once(two_rows: engine.Database) -> None:
    crossing, (a, b) = Crossing(), ROWS
    done = await asyncio.gather(
        two_rows.run(crossing.work(a, b)), two_rows.run(crossing.work(b, a))
    )
    assert done == [a, b]
    assert crossing.tries == 3, "one was undone, and run again"
    assert await values(two_rows) == ["xx", "xx"]


async def test_who_is_undone_each_time_is_told(two_rows: engine.Database, monkeypatch: Any) -> None:
    monkeypatch.setattr(engine, "AGAIN", 0)
    crossing, (a, b) = Crossing(), ROWS
    done = await asyncio.gather(
        two_rows.run(crossing.work(a, b)),
        two_rows.run(crossing.work(b, a)),
        return_exceptions=True,
    )
    (failed,) = [each for each in done if isinstance(each, Exception)]
    assert isinstance(failed, Temporary)
    assert str(failed) == "store: two transactions waited for each other"
    assert await values(two_rows) == ["x", "x"]


@pytest.mark.parametrize(
    ("state", "undone"), [("40P01", True), ("40001", True), ("23505", False), ("57014", False)]
)
def test_only_what_the_server_undid_is_run_again(state: str, undone: bool) -> None:
    class Original(Exception):
        sqlstate = state

    assert is_undone(DBAPIError("", None, Original())) is undone
    assert not is_undone(OSError())
