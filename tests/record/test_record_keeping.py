"""Mail that is held whole: stage and commit in one transaction, many mails in one, both engines."""

import asyncio
import sqlite3
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.errors import Temporary
from mailfilter.model import Action, State
from mailfilter.record import open_intake, open_store
from mailfilter.record.contract import Filter, Joined, StagedItem
from mailfilter.record.database.sql import Rows
from mailfilter.record.database.tables import metadata
from mailfilter.record.intake.keeping import Kept, keep
from mailfilter.record.intake.staging import parcel_row
from mailfilter.record.sealing.keys import PrivateKeys
from mailfilter.record.sealing.seal import Sealer
from tests.record.making import CHEAP, DAY, NOW, Mails, Parts, Server, count, dossier, settings

HELD = StagedItem(Action.QUARANTINE, recipients=(0,))
SERVICE = StagedItem(Action.REDIRECT, "sefos", (1,))
READ_ON = StagedItem(Action.QUARANTINE, recipients=(1,), reading=True)
SEALED = {"dossier", "sealed"}  # with another key: compared by length


async def rows(store: Parts, *names: str) -> dict[str, list[Any]]:
    """All rows of these tables, without what sealing makes different and numbers that count up."""

    async def read(connection: AsyncConnection) -> dict[str, list[Any]]:
        found = {}
        for name in names:
            table = metadata.tables[name]
            every = (await connection.execute(select(table))).mappings().all()
            found[name] = sorted(repr(_comparable(name, dict(row))) for row in every)
        return found

    return await store.database.run(read)


def _comparable(table: str, row: dict[str, Any]) -> dict[str, Any]:
    if table == "outbox":
        row.pop("id")
    if table == "message":
        assert row["lease"] < NOW, "nobody's any more"
    if table == "wrapped_key":
        assert row.pop("wrapped")  # its length is random
    return {
        name: len(value) if name in SEALED and value is not None else value
        for name, value in row.items()
    }


TABLES = ("message", "wrapped_key", "chunk", "item", "outbox", "told", "counter")
WAYS: dict[str, dict[str, Any]] = {
    "held": {},
    "three chunks": {"body": b"x" * 2_500_000},
    "no body": {"body": b""},
    "held and handed over": {"items": (HELD, SERVICE)},
    "handed over": {"items": (SERVICE,)},
    "read on": {"items": (READ_ON,)},
    "held and read on": {"items": (HELD, READ_ON)},
    "protected": {"protected": True},
    "protected, read on": {"protected": True, "items": (READ_ON,)},
    "without notice": {"notice": False},
}


@pytest.mark.parametrize("way", WAYS)
async def test_it_leaves_what_stage_and_commit_leave(store: Parts, way: str) -> None:
    counts = [count(n=2, persons=1), count(kind="health", department="Skola\n1")]
    one = Mails()(**WAYS[way])
    await store.intake.stage(one)
    await store.intake.commit(one.id, counts)
    expected = await rows(store, *TABLES)
    await store.database.run(_empty)
    assert await store.intake.keep(one, counts) == Joined("M00001")
    assert await rows(store, *TABLES) == expected


async def _empty(connection: AsyncConnection) -> None:
    await _forget(*reversed(TABLES))(connection)


async def test_many_at_once_are_all_there(store: Parts, mails: Mails) -> None:
    every = [mails(body=b"%d" % n, dossier=dossier(f"w{n}")) for n in range(40)]
    joined = await asyncio.gather(*(store.intake.keep(one, [count()]) for one in every))
    assert joined == [Joined(one.id) for one in every]
    for one in every:
        assert await store.archive.body(one.id) == one.body
        (item,) = await store.archive.items_of(one.id)
        assert (item.state, item.dossier) == (State.HELD, one.dossier)
    assert {p.message for p in await store.archive.due(NOW, 100)} == {one.id for one in every}
    assert await store.archive.counts(NOW.date(), NOW.date()) == [count(n=40)]


async def test_the_same_mail_many_times_at_once_is_one_row(store: Parts, mails: Mails) -> None:
    same = [mails(join_key=b"same") for _ in range(10)]
    joined = await asyncio.gather(*(store.intake.keep(one, [count()]) for one in same))
    assert len({one.id for one in joined}) == 1
    assert Counter(one.committed for one in joined) == {False: 1, True: 9}
    assert len(await store.archive.items(Filter())) == 1
    assert len(await store.archive.due(NOW)) == 1
    assert await store.archive.counts(NOW.date(), NOW.date()) == [count()]


async def test_one_transaction_takes_the_new_and_meets_the_old(
    store: Parts, mails: Mails, keys: PrivateKeys
) -> None:
    await store.intake.keep(mails(), [])
    sealer = Sealer([keys.public.desk])
    given = [mails(), mails(join_key=b"join-1"), mails()]
    kept = [Kept(sealer.seal(one), [], DAY) for one in given]
    joined = await store.database.run(lambda c: keep(c, kept))
    assert joined == [Joined("M00002"), Joined("M00001", committed=True), Joined("M00004")]
    assert len(await store.archive.items(Filter())) == 3


async def test_copies_of_one_mail_give_one_notice(store: Parts, mails: Mails) -> None:
    copies = [mails(incident_key=b"one") for _ in range(6)] + [mails()]
    await asyncio.gather(*(store.intake.keep(one, []) for one in copies))
    await store.intake.keep(mails(incident_key=b"one"), [])
    assert len(await store.archive.due(NOW)) == 2
    await store.intake.keep(mails(incident_key=b"one", at=NOW + 7 * DAY), [])
    assert len(await store.archive.due(NOW + 7 * DAY)) == 3


async def test_one_that_must_wait_holds_up_no_other(store: Parts, mails: Mails) -> None:
    await store.intake.stage(mails(join_key=b"somebody's"))
    many = [mails(), mails(join_key=b"somebody's"), mails()]
    results = await asyncio.gather(
        *(store.intake.keep(one, []) for one in many), return_exceptions=True
    )
    assert isinstance(results[1], Temporary)
    assert [results[0], results[2]] == [Joined("M00002"), Joined("M00004")]
    assert len(await store.archive.items(Filter())) == 2


async def test_a_retry_commits_the_row_that_was_relayed(store: Parts, mails: Mails) -> None:
    await store.intake.stage(mails())
    await store.intake.mark_relayed("M00001")
    retry = mails(join_key=b"join-1", at=NOW + timedelta(minutes=5))
    assert await store.intake.keep(retry, [count()]) == Joined("M00001", relayed=True)
    (item,) = await store.archive.items(Filter())
    assert (item.id, item.state) == ("M00001.1", State.HELD)
    assert (await store.intake.keep(retry, [count()])).committed


async def test_a_stage_that_has_run_out_makes_way(store: Parts, mails: Mails) -> None:
    await store.intake.stage(mails())
    late = mails(join_key=b"join-1", at=NOW + timedelta(minutes=5))
    assert await store.intake.keep(late, []) == Joined("M00002")
    assert [one.id for one in await store.archive.items(Filter())] == ["M00002.1"]


async def test_who_gave_up_before_it_began_leaves_nothing(store: Parts, mails: Mails) -> None:
    """He has been told 451: a row that is stored behind his back would be a mail of nobody's."""
    tasks = [asyncio.create_task(store.intake.keep(mails(), [])) for _ in range(3)]
    await asyncio.sleep(0)
    for task in tasks[:2]:
        task.cancel()
    await asyncio.wait(tasks)
    assert [one.id for one in await store.archive.items(Filter())] == ["M00003.1"]


async def test_rows_made_for_many_are_those_of_sqlalchemy(store: Parts, mails: Mails) -> None:
    """Types and defaults of every column: the fast way writes what the ordinary one reads."""
    sealed = [b"a\0b", b"\xff"]
    given: dict[str, list[dict[str, Any]]] = {
        "wrapped_key": [{"owner": f"K{n}", "wrapped": piece} for n, piece in enumerate(sealed)],
        "outbox": [parcel_row("notice", NOW, f"M{n}") | {"done": bool(n)} for n in range(2)],
        "request": [{"item": f"{n}.1", "at": NOW, "sealed": sealed[n]} for n in range(2)],
    }

    def ours(name: str) -> Any:
        return lambda c: Rows(metadata.tables[name]).put(c, given[name])

    def theirs(name: str) -> Any:
        return lambda c: c.execute(metadata.tables[name].insert(), given[name])

    found = []
    for way in (theirs, ours):
        for name in given:
            await store.database.run(way(name))
        found.append(await rows(store, *given))
        await store.database.run(_forget(*given))
    assert found[0] == found[1]
    assert len(found[0]["outbox"]) == 2


def _forget(*names: str) -> Any:
    async def work(connection: AsyncConnection) -> None:
        for name in names:
            await connection.execute(metadata.tables[name].delete())

    return work


# ---- commits that wait for company -----------------------------------------------------------


async def test_what_comes_in_numbers_shares_a_commit(
    store: Parts, mails: Mails, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.gather(*(store.intake.keep(mails(), []) for _ in range(3)))
    monkeypatch.setattr("mailfilter.record.database.engine.PACE", 0.5)
    commits: list[object] = []
    event.listen(store.database.sync_engine, "commit", commits.append)
    later = []
    for _ in range(5):
        later.append(asyncio.create_task(store.intake.keep(mails(), [])))
        await asyncio.sleep(0.01)
    await asyncio.gather(*later)
    assert len(commits) == 1


async def test_who_comes_alone_waits_for_nobody(
    store: Parts, mails: Mails, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailfilter.record.database.engine.PACE", 3600)
    async with asyncio.timeout(30):
        for _ in range(3):
            await store.intake.keep(mails(), [])


async def test_pages_wait_for_no_mail(
    embedded: Parts, mails: Mails, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other work ends the waiting of the mail before it, whenever it comes."""
    async with asyncio.timeout(30):
        for pause in (0, 0.01):
            monkeypatch.setattr("mailfilter.record.database.engine.PACE", 0)
            await asyncio.gather(*(embedded.intake.keep(mails(), []) for _ in range(3)))
            monkeypatch.setattr("mailfilter.record.database.engine.PACE", 3600)
            waiting = asyncio.create_task(embedded.intake.keep(mails(), []))
            await asyncio.sleep(pause)
            await embedded.archive.items(Filter())
            await waiting


# ---- one engine ------------------------------------------------------------------------------


@pytest.fixture
async def embedded(tmp_path: Path, keys: PrivateKeys):  # type: ignore[no-untyped-def]
    url = f"sqlite:///{tmp_path}/mailfilter.db"
    made = await open_store(settings(url, tmp_path), keys, CHEAP)
    yield Parts(made.intake, made.archive, made.database, url)
    await made.close()


async def test_mails_share_their_statements(embedded: Parts, mails: Mails) -> None:
    """Fifty cost as many statements as one, if they come together."""
    seen: list[str] = []
    event.listen(
        embedded.database.sync_engine, "before_cursor_execute", lambda *given: seen.append(given[2])
    )
    await embedded.intake.keep(mails(), [count()])
    alone = len(seen)
    await asyncio.gather(*(embedded.intake.keep(mails(), [count()]) for _ in range(50)))
    assert len(seen) <= 3 * alone  # the first of them may have gone alone


async def test_a_commit_is_bounded_in_bytes(
    embedded: Parts, mails: Mails, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailfilter.record.database.engine.BATCH_BYTES", 2000)
    commits: list[object] = []
    event.listen(embedded.database.sync_engine, "commit", commits.append)
    every = [mails(body=b"x" * 1000) for _ in range(10)]
    await asyncio.gather(*(embedded.intake.keep(one, []) for one in every))
    assert len(commits) >= 5
    assert len(await embedded.archive.items(Filter())) == 10


async def test_all_who_waited_for_a_lock_are_told_at_once(embedded: Parts, mails: Mails) -> None:
    other = sqlite3.connect(embedded.url.removeprefix("sqlite:///"))
    await embedded.database.run(lambda c: c.exec_driver_sql("PRAGMA busy_timeout=50"))
    begun: list[object] = []
    event.listen(embedded.database.sync_engine, "begin", begun.append)
    other.execute("BEGIN EXCLUSIVE")
    waiting = (embedded.intake.keep(mails(), []) for _ in range(20))
    results = await asyncio.gather(*waiting, return_exceptions=True)
    other.close()
    assert all("locked" in str(result) for result in results)
    assert len(begun) <= 2, "not each for itself"
    assert await embedded.intake.keep(mails(), [])


@pytest.mark.system
async def test_processes_that_hold_the_same_mails_do_not_wait_in_a_circle(
    postgresql: Server, keys: PrivateKeys, mails: Mails, tmp_path: Path
) -> None:
    made = settings(await postgresql.database(keys), tmp_path)
    desk = await open_store(made, keys, CHEAP)
    smtp = [await open_intake(made, keys.public) for _ in range(2)]
    for turn in range(5):
        names = [b"%d-%d" % (turn, n) for n in range(20)]
        both = [
            smtp[0].keep(mails(join_key=name, incident_key=name), [count()]) for name in names
        ] + [
            smtp[1].keep(mails(join_key=name, incident_key=name), [count()])
            for name in reversed(names)
        ]
        joined = await asyncio.gather(*both)
        assert len({one.id for one in joined}) == len(names)
    assert await desk.archive.count_items(Filter()) == 100
    assert await desk.archive.counts(NOW.date(), NOW.date()) == [count(n=100)]
    assert len(await desk.archive.due(NOW, 1000)) == 100
    for part in (*smtp, desk):
        await part.close()
