"""The database: one SQLite connection with group commit, or a pool of PostgreSQL connections.

`Database.run` takes a coroutine function that works on a connection, runs it in a transaction and
returns its result after the commit; a failure of the database becomes `Temporary` and nothing of
the work stays. `Database.run_together` is for what comes in numbers: the same work is called once
with the values of all who ask at the time, and gives each a result or its `Temporary`. A commit
costs as much CPU as the rows of six mails: while they come in numbers (more than one had to wait)
commits are `PACE` apart, so that a commit serves many. Whoever comes alone never waits for others.

PostgreSQL: `run` has a connection of the pool for itself; what runs together is one transaction at
a time in each process, and what comes meanwhile waits for the next: the round trips and the fsync
are shared. Where two transactions wait for each other's rows (the sweep of all mail, a hand-over)
the server undoes one; that one is run again.

SQLite: a rollback journal, FULL synchronous, a single connection (Debian's 3.46.1 has the
WAL-reset bug, which needs WAL and two connections). One task takes all work that has queued, runs
it in one transaction and commits once: the cost of the fsync is shared. If any of it fails, all is
rolled back and each piece runs in a transaction of its own, so one piece never spoils another;
work must therefore be repeatable, that is: change nothing but the database. Only where all waited
in vain (a lock, a server that is silent) each is told so at once: one by one they would wait again.
The work of a caller who was cancelled is still done, but what runs together only if it had begun
by then: nothing is stored for somebody who has been told 451. A whole transaction is one visit to
the database's own thread: there work is driven step by step on a plain connection (`_Direct`),
which answers at once, so that a statement costs no change of threads. Work may therefore wait for
nothing but its connection.

The command line may open the same SQLite file beside a running desk: each transaction takes the
write lock at its start and waits for it up to `BUSY` seconds.
"""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import URL, Connection, Dialect, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from mailfilter import failpoint, limits
from mailfilter.errors import ConfigError, Temporary
from mailfilter.record.database.faults import FAULTS, in_vain, is_undone, words

T = TypeVar("T")
V = TypeVar("V")

BUSY = 5.0  # seconds to wait for another process's lock
AGAIN = 5  # times that a server may undo a piece of work before it is a failure
BATCH = 200  # pieces of work in one commit
PACE = 0.01  # seconds between two commits while mail comes in numbers
BATCH_BYTES = 32 * limits.MIB  # about: more takes long, and a server's time for one is limited
_STEP = 256  # pages of a copy between which other work goes on: about a millisecond
_PRAGMAS = (
    f"busy_timeout={int(BUSY * 1000)}",
    "journal_mode=TRUNCATE",
    "synchronous=FULL",
    "foreign_keys=ON",
    "secure_delete=ON",  # a destroyed key leaves no bytes in the file
    "temp_store=MEMORY",
    "cache_size=-16384",  # KiB: a commit of many mails is not written, and synced, in pieces
)
_DRIVERS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+asyncpg"}


Work = Callable[[AsyncConnection], Awaitable[Any]]
Together = Callable[[AsyncConnection, Sequence[V]], Awaitable[Sequence[T | Temporary]]]


class _Direct:
    """What work uses of an `AsyncConnection`, over a connection of this thread: never waits."""

    def __init__(self, connection: Connection) -> None:
        self.sync_connection = connection

    @property
    def dialect(self) -> Dialect:
        return self.sync_connection.dialect

    async def execute(self, *given: Any) -> Any:
        return self.sync_connection.execute(*given)

    async def exec_driver_sql(self, *given: Any) -> Any:
        return self.sync_connection.exec_driver_sql(*given)

    async def run_sync(self, act: Callable[..., T], *given: Any) -> T:
        return act(self.sync_connection, *given)


def _driven(work: Work, connection: Connection) -> Any:
    """The result of `work`, run to its end in this thread."""
    running = work(cast(AsyncConnection, _Direct(connection))).__await__()
    try:
        next(running)
    except StopIteration as end:
        return end.value
    close = getattr(running, "close", None)
    if close is not None:
        close()
    raise RuntimeError("work for the database may wait for nothing but its connection")


@dataclass(frozen=True, slots=True)
class _Job:
    """`work` of its own, or a `value` for the `together` of all."""

    result: asyncio.Future[Any]
    work: Work | None = None
    together: Together[Any, Any] | None = None
    value: Any = None
    size: int = 0  # bytes

    @property
    def dropped(self) -> bool:
        """Whoever asked has gone, and need not be served."""
        return self.together is not None and self.result.cancelled()

    def tell(self, result: Any) -> None:
        """The end of it."""
        if self.result.done():
            return
        if isinstance(result, BaseException):
            self.result.set_exception(result)
        else:
            self.result.set_result(result)


async def _worked(connection: AsyncConnection, jobs: Sequence[_Job]) -> list[Any]:
    """The results of `jobs`, in their order."""
    results: dict[int, Any] = {}
    groups: dict[Together[Any, Any], list[int]] = {}
    for n, job in enumerate(jobs):
        if job.work is not None:
            results[n] = await job.work(connection)
        elif job.together is not None:
            groups.setdefault(job.together, []).append(n)
    for together, places in groups.items():
        found = await together(connection, [jobs[n].value for n in places])
        results |= zip(places, found, strict=True)
    return [results[n] for n in range(len(jobs))]


class Database:
    """See the module's docstring. Made by `connect`; must be closed."""

    def __init__(self, engine: AsyncEngine | Engine, file: Path | None) -> None:
        self._engine = engine
        self.file = file  # of SQLite
        self._thread = ThreadPoolExecutor(1, "sqlite")  # starts with the first work
        self._jobs: asyncio.Queue[_Job] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._rested = asyncio.Event()
        self._closed = False

    @property
    def embedded(self) -> bool:
        """True for SQLite."""
        return self.file is not None

    @property
    def sync_engine(self) -> Engine:
        """Where events of the connections can be listened to."""
        return self._engine.sync_engine if isinstance(self._engine, AsyncEngine) else self._engine

    def give(self, **options: Any) -> None:
        """What work shall find among the execution options of its connection."""
        self.sync_engine.update_execution_options(**options)

    async def run(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """The result of `work` after its transaction is committed durably, or `Temporary`."""
        if self._closed:
            raise Temporary("the store is closed")
        if self.file is None:
            return cast(T, await _translated(self._alone(work)))
        return cast(T, await self._queued(_Job(_future(), work)))

    async def run_together(self, together: Together[V, T], value: V, size: int = 0) -> T:
        """The result for `value`, of so many bytes, after the transaction is committed durably, or
        `Temporary`."""
        if self._closed:
            raise Temporary("the store is closed")
        job = _Job(_future(), together=together, value=value, size=size)
        return cast(T, await self._queued(job))

    async def _queued(self, job: _Job) -> Any:
        if self._task is None:
            self._task = asyncio.create_task(self._serve())
        self._jobs.put_nowait(job)
        if job.work is not None:
            self._rested.set()  # pages and the outbox wait for no mail
        return await job.result

    async def copied(self, target: Path) -> Path:
        """SQLite's pages as of one commit, in a new file that we alone may read; work goes on in
        between: it is our own connection that copies, so that SQLite itself brings the copy up to
        date. Temporary if there is no room; then no file is left."""
        assert isinstance(self._engine, Engine), "a server has its own means"
        engine = self._engine
        return await _translated(
            asyncio.to_thread(_copied, await self._in_thread(lambda: _driver(engine)), target)
        )

    async def close(self) -> None:
        """Finish what has queued and close all connections."""
        self._closed = True
        await self._jobs.join()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        if isinstance(self._engine, AsyncEngine):
            await self._engine.dispose()
        else:
            self._engine.dispose()
        self._thread.shutdown(wait=False)

    async def _serve(self) -> None:
        now = asyncio.get_running_loop().time
        begun, many = now(), False
        while True:
            jobs = [await self._jobs.get()]
            self._take(jobs)
            if many and all(job.work is None for job in jobs):
                await self._rest(begun + PACE)
                self._take(jobs)
            begun = now()
            await self._finish([job for job in jobs if not job.dropped])
            many = len(jobs) > 1 or not self._jobs.empty()
            for _ in jobs:
                self._jobs.task_done()

    def _take(self, jobs: list[_Job]) -> None:
        """What has queued, as much as one commit should hold."""
        size = sum(job.size for job in jobs)
        while len(jobs) < BATCH and size < BATCH_BYTES and not self._jobs.empty():
            jobs.append(self._jobs.get_nowait())
            size += jobs[-1].size

    async def _rest(self, until: float) -> None:
        """Wait for more mail, but not once other work is asked for."""
        self._rested.clear()
        timer = asyncio.get_running_loop().call_at(until, self._rested.set)
        await self._rested.wait()
        timer.cancel()

    async def _finish(self, jobs: list[_Job]) -> None:
        """Run `jobs`, together if all goes well; give each its result or its error."""
        if not jobs:
            return
        # A task of its own keeps any error, even one of a kind nobody foresaw, from this loop.
        attempt = asyncio.ensure_future(_translated(self._together(jobs)))
        await asyncio.wait({attempt})
        error = attempt.exception()
        if error is None:
            for job, result in zip(jobs, attempt.result(), strict=True):
                job.tell(result)
        elif len(jobs) == 1 or in_vain(error.__cause__):
            for job in jobs:
                job.tell(error)
        else:
            for job in jobs:
                await self._finish([job])

    async def _together(self, jobs: Sequence[_Job]) -> list[Any]:
        engine = self._engine
        if isinstance(engine, Engine):
            return await self._in_thread(lambda: _at_once(engine, jobs))
        return cast(list[Any], await self._alone(lambda c: _worked(c, jobs)))

    async def _alone(self, work: Work) -> Any:
        """On a connection of the pool; again where the server undid it for another transaction. A
        service that has said yes would else be asked once more."""
        for _ in range(AGAIN):
            try:
                return await self._once(work)
            except DBAPIError as error:
                if not is_undone(error):
                    raise
        return await self._once(work)

    async def _once(self, work: Work) -> Any:
        assert isinstance(self._engine, AsyncEngine)
        async with self._engine.begin() as connection:
            failpoint.reach("db_begin")
            result = await work(connection)
            failpoint.reach("db_pre_commit")
        failpoint.reach("db_post_commit")
        return result

    async def _in_thread(self, act: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, act)


def _driver(engine: Engine) -> sqlite3.Connection:
    """The one connection, which SQLite lets several threads use, one statement at a time."""
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def _copied(source: sqlite3.Connection, target: Path) -> Path:
    target.unlink(missing_ok=True)
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    copy = sqlite3.connect(target)
    try:
        copy.execute("PRAGMA synchronous=OFF")  # whoever reads it reads it now
        source.backup(copy, pages=_STEP, sleep=0.002)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    finally:
        copy.close()
    return target


def _future() -> asyncio.Future[Any]:
    return asyncio.get_running_loop().create_future()


def _at_once(engine: Engine, jobs: Sequence[_Job]) -> list[Any]:
    """All of it in one transaction, in the thread of the database."""
    with engine.begin() as connection:
        failpoint.reach("db_begin")
        results = _driven(lambda c: _worked(c, jobs), connection)
        failpoint.reach("db_pre_commit")
    failpoint.reach("db_post_commit")
    return cast(list[Any], results)


async def _translated(running: Awaitable[T]) -> T:
    try:
        return await running
    except FAULTS as error:
        raise Temporary(f"store: {words(error)}") from error


def connect(url: str) -> Database:
    """The database of a setting ``store.url``; makes the file of SQLite, readable by us alone."""
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        file = Path(parsed.database or "")
        _make_file(file)
        return Database(_embedded(parsed), file)
    return Database(_server(parsed), None)


def file_of(url: str) -> Path | None:
    """The file of SQLite of a setting ``store.url``; None if a server has the database."""
    parsed = _parse(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


def free_bytes(url: str) -> int | None:
    """Room on the disk of the database of a setting ``store.url``; None if a server has it."""
    file = file_of(url)
    return None if file is None else shutil.disk_usage(file.parent).free


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise ConfigError("store.url: is no database URL; write sqlite:///PATH") from error
    driver = _DRIVERS.get(parsed.get_backend_name())
    if driver is None:
        raise ConfigError("store.url: must begin with sqlite:/// or postgresql://")
    if driver.startswith("sqlite") and parsed.database in (None, "", ":memory:"):
        raise ConfigError("store.url: names no file; held mail must outlive the process")
    return parsed.set(drivername=driver)


def _make_file(file: Path) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise ConfigError(f"store.url: {file} cannot be opened: {error.strerror}") from error


def _embedded(url: URL) -> Engine:
    # isolation_level None: SQLAlchemy's BEGIN is ours to give (below), not the driver's to guess
    engine = create_engine(url, pool_size=1, max_overflow=0, hide_parameters=True, pool_timeout=60)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _server(url: URL) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=10,
        max_overflow=10,
        pool_timeout=15,
        hide_parameters=True,
        connect_args={
            "timeout": 10,
            "command_timeout": 30,
            "server_settings": {"application_name": "mailfilter"},
        },
    )


async def check_durable(database: Database) -> None:
    """ConfigError if the server acknowledges what a power cut would undo (P8)."""
    if database.file is not None:
        return

    async def read(connection: AsyncConnection) -> list[str]:
        return [
            str((await connection.execute(text(f"SHOW {name}"))).scalar_one())
            for name in ("fsync", "synchronous_commit")
        ]

    if "off" in await database.run(read):
        raise ConfigError(
            "store.url: the server has fsync or synchronous_commit off, so that a power cut could"
            " lose acknowledged mail; switch both on for this database"
        )
