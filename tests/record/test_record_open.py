"""Opening: migrations, unusable settings, failures of the disk and the server in words."""

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path

import pyrage
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.errors import ConfigError, Temporary
from mailfilter.model import State
from mailfilter.record import open_archive, open_desk_server, open_intake, open_store
from mailfilter.record.contract import Filter
from mailfilter.record.database.engine import connect
from mailfilter.record.database.tables import item, metadata
from mailfilter.record.ledgers.audit_key import AuditKey
from mailfilter.record.sealing.keys import PrivateKeys, PublicKeys
from tests.record.making import (
    CHEAP,
    NOW,
    Mails,
    Parts,
    Server,
    count,
    drop_triggers,
    hold,
    line,
    settings,
)


async def test_the_migrations_make_what_the_tables_say(store: Parts) -> None:
    def compare(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    assert await store.database.run(lambda connection: connection.run_sync(compare)) == []


async def test_opening_again_changes_nothing(opening, mails: Mails) -> None:  # type: ignore[no-untyped-def]
    first = await opening()
    await hold(first, mails())
    second = await opening()
    assert len(await second.archive.items(Filter())) == 1


FIRST_TABLES = {
    *("message", "wrapped_key", "chunk", "item", "outbox", "told", "audit", "audit_head"),
    *("counter", "user", "session", "login_link", "login_failure", "meta"),
}


LATER_COLUMNS = {
    "item": (
        *("reading", "ended_at", "rules", "decided_by", "decided_at"),
        *("seen", "ends", "ending"),
    ),
    "message": ("pending", "kinds", "level", "indexed", "seen"),
    "outbox": ("seen",),
    "audit": ("state",),
    "audit_head": ("keyed", "log", "seal"),
    '"user"': ("address", "seen"),
}


async def test_a_database_of_the_first_schema_is_brought_up_to_date(opening, mails: Mails) -> None:  # type: ignore[no-untyped-def]
    first = await opening()
    await hold(first, mails())
    for index in ("message_by_indexed", "message_by_seen"):
        await _sql(first, f"DROP INDEX {index}")
    await drop_triggers(first, "audit_at_its_end")
    for table, names in LATER_COLUMNS.items():
        for column in names:
            await _sql(first, f"ALTER TABLE {table} DROP COLUMN {column}")
    for table in reversed(metadata.sorted_tables):
        if table.name not in FIRST_TABLES:
            await _sql(first, f"DROP TABLE {table.name}")
    await _sql(first, "UPDATE alembic_version SET version_num = '0001'")
    second = await opening()
    (held,) = await second.archive.items(Filter())
    assert held.state is State.HELD
    assert await second.archive.reading() == []
    assert await _ages(second) == (timedelta(), timedelta(days=14)), "as of the newest mail"
    acted = line("refuse", held.id)
    assert await second.archive.act(held.id, [State.READING, State.HELD], State.REFUSED, acted)
    day = NOW.date()
    assert await second.archive.counts(day, day) == [count()], "nothing was pending"


async def _ages(store: Parts) -> tuple[timedelta, timedelta]:
    async def work(connection: AsyncConnection) -> tuple[timedelta, timedelta]:
        row = (await connection.execute(select(item.c.seen, item.c.ends))).one()
        return row.seen, row.ends

    return await store.database.run(work)


async def test_a_newer_schema_is_refused(url: str, store: Parts, keys, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    await _sql(store, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigError, match="newer mailfilter"):
        await open_archive(settings(url, tmp_path), keys)


async def test_other_keys_are_refused(url: str, store: Parts, tmp_path: Path) -> None:
    identity = pyrage.x25519.Identity.generate()
    public = str(identity.to_public())
    other = PrivateKeys(PublicKeys(public, public, b"x" * 32), str(identity), AuditKey(b"y" * 32))
    with pytest.raises(ConfigError, match="sealed to another"):
        await open_store(settings(url, tmp_path), other)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://x/y", "must begin with"),
        ("hello", "is no database URL"),
        ("sqlite://", "names no file"),
        ("sqlite:////proc/none/x.db", "cannot be opened"),
    ],
)
def test_unusable_urls(url: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        connect(url)


async def test_a_server_that_forgets_is_refused(
    postgresql: Server, keys: PrivateKeys, tmp_path: Path
) -> None:
    url = await postgresql.database(keys)
    name = url.split("?")[0].rsplit("/", 1)[1]
    await postgresql.sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    with pytest.raises(ConfigError, match="synchronous_commit off"):
        await open_store(settings(url, tmp_path), keys)


test_a_server_that_forgets_is_refused = pytest.mark.system(test_a_server_that_forgets_is_refused)


# ---- SQLite --------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mailfilter.db"


@pytest.fixture
async def embedded(file: Path, keys: PrivateKeys, tmp_path: Path):  # type: ignore[no-untyped-def]
    made = await open_store(settings(f"sqlite:///{file}", tmp_path), keys, CHEAP)
    yield Parts(made.intake, made.archive, made.database, str(file))
    await made.close()


async def test_the_file_is_ours_alone_and_set_for_durability(embedded: Parts, file: Path) -> None:
    assert file.stat().st_mode & 0o777 == 0o600
    found = {}

    async def read(connection: AsyncConnection) -> None:
        for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete"):
            found[name] = (await connection.execute(text(f"PRAGMA {name}"))).scalar_one()

    await embedded.database.run(read)
    assert found == {
        "journal_mode": "truncate",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
    }


async def test_queued_work_shares_a_commit(embedded: Parts, mails: Mails) -> None:
    from sqlalchemy import event

    commits = []
    event.listen(embedded.database.sync_engine, "commit", commits.append)
    await asyncio.gather(*(embedded.intake.stage(mails()) for _ in range(50)))
    assert len(commits) <= 3


async def test_a_transaction_is_one_visit_to_the_thread_of_the_database(embedded: Parts) -> None:
    import threading

    threads = set()

    async def work(connection: AsyncConnection) -> None:
        for _ in range(3):
            await connection.execute(text("SELECT 1"))
            threads.add(threading.get_ident())

    await asyncio.gather(*(embedded.database.run(work) for _ in range(3)))
    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_work_that_waits_for_something_else_is_undone(embedded: Parts, mails: Mails) -> None:
    mail = mails()

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(text("DELETE FROM message"))
        await asyncio.sleep(0)

    await embedded.intake.stage(mail)
    with pytest.raises(RuntimeError, match="nothing but its connection"):
        await embedded.database.run(work)
    await embedded.intake.commit(mail.id, [])
    assert len(await embedded.archive.items(Filter())) == 1


async def test_one_bad_piece_of_work_spoils_no_other(embedded: Parts, mails: Mails) -> None:
    await embedded.intake.stage(mails(join_key=b"met"))
    good = [embedded.intake.stage(mails()) for _ in range(5)]
    bad = embedded.intake.stage(mails(join_key=b"met"))
    *joined, error = await asyncio.gather(*good, bad, return_exceptions=True)
    assert isinstance(error, Temporary)
    assert len({one.id for one in joined}) == 5


async def test_work_of_a_caller_who_left_is_done(embedded: Parts, mails: Mails) -> None:
    await embedded.intake.stage(mails())
    task = asyncio.create_task(embedded.intake.commit("M00001", []))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    assert len(await embedded.archive.items(Filter())) == 1


async def test_a_full_disk(embedded: Parts, mails: Mails) -> None:
    await hold(embedded, mails())

    async def limit(connection: AsyncConnection) -> None:
        pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
        await connection.execute(text(f"PRAGMA max_page_count={pages}"))

    await embedded.database.run(limit)
    small = [embedded.intake.count([count()]) for _ in range(3)]
    big = embedded.intake.stage(mails(body=b"x" * 3_000_000))
    error, *rest = await asyncio.gather(big, *small, return_exceptions=True)
    assert isinstance(error, Temporary)
    assert "the disk is full" in str(error)
    assert rest == [None] * 3
    await _sql(embedded, "PRAGMA max_page_count=1000000")
    assert len(await embedded.archive.items(Filter())) == 1
    assert await embedded.intake.stage(mails(body=b"x" * 3_000_000))


async def test_a_locked_database(embedded: Parts, mails: Mails, file: Path) -> None:
    await _sql(embedded, "PRAGMA busy_timeout=50")
    other = sqlite3.connect(file)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Temporary, match="locked by another program"):
        await embedded.intake.stage(mails())
    other.rollback()
    other.close()
    assert await embedded.intake.stage(mails())


async def test_a_database_that_was_moved_away(embedded: Parts, mails: Mails, file: Path) -> None:
    file.rename(file.with_suffix(".away"))
    with pytest.raises(Temporary):
        await embedded.intake.stage(mails())
    file.with_suffix(".away").rename(file)
    assert await embedded.intake.stage(mails())


async def test_a_read_only_database(embedded: Parts, mails: Mails) -> None:
    await _sql(embedded, "PRAGMA query_only=1")
    with pytest.raises(Temporary, match="read-only"):
        await embedded.intake.stage(mails())


async def test_a_closed_store(embedded: Parts, mails: Mails) -> None:
    await embedded.database.close()
    with pytest.raises(Temporary, match="closed"):
        await embedded.intake.stage(mails())


# ---- PostgreSQL ----------------------------------------------------------------------------


@pytest.mark.system
async def test_a_backend_that_dies(postgresql: Server, keys, mails: Mails, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    url = await postgresql.database(keys)
    made = await open_store(settings(url, tmp_path), keys, CHEAP)
    store = Parts(made.intake, made.archive, made.database, url)
    await hold(store, mails())

    async def die(connection: AsyncConnection) -> None:
        await connection.execute(text("UPDATE message SET notice = false"))
        await connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(Temporary):
        await store.database.run(die)
    await hold(store, mails())
    assert [p.kind for p in await store.archive.due(NOW)] == ["notice", "notice"]
    await made.close()


@pytest.mark.system
async def test_a_server_that_is_not_there(keys, mails: Mails, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    url = f"postgresql://u@/d?host={tmp_path}"
    intake = await open_intake(settings(url, tmp_path), keys.public)
    with pytest.raises(Temporary, match="cannot be reached"):
        await intake.stage(mails())
    await intake.close()
    with pytest.raises(Temporary):
        await open_store(settings(url, tmp_path), keys)


@pytest.mark.system
async def test_smtp_processes_write_for_themselves(
    postgresql: Server, keys: PrivateKeys, mails: Mails, tmp_path: Path
) -> None:
    url = await postgresql.database(keys)
    desk = await open_store(settings(url, tmp_path), keys, CHEAP)
    smtp = [await open_intake(settings(url, tmp_path), keys.public) for _ in range(2)]
    same = [mails(join_key=b"same") for _ in range(6)]
    tries = (smtp[n % 2].stage(one) for n, one in enumerate(same))
    assert open_desk_server(settings(url, tmp_path), desk.archive) is None
    results = await asyncio.gather(*tries, return_exceptions=True)
    (joined,) = [result for result in results if not isinstance(result, BaseException)]
    await smtp[0].commit(joined.id, [count()])
    await desk.archive.audit(line())
    assert len(await desk.archive.items(Filter())) == 1
    for part in (*smtp, desk):
        await part.close()


async def _sql(store: Parts, statement: str) -> None:
    async def work(connection: AsyncConnection) -> None:
        await connection.execute(text(statement))

    await store.database.run(work)
