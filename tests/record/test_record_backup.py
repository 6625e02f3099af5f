"""Backup and restore: nothing held is lost, nothing erased comes back, nothing is sent twice."""

import asyncio
import json
import sqlite3
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import LargeBinary, event, select, text

from mailfilter.config import Settings
from mailfilter.errors import ConfigError, Permanent
from mailfilter.model import Action, State
from mailfilter.record.archive.links import Mailed
from mailfilter.record.backup import backup, restore, rows
from mailfilter.record.backup import files as backup_files
from mailfilter.record.backup.backup import Told
from mailfilter.record.backup.files import Later, Place
from mailfilter.record.backup.since import MARK
from mailfilter.record.contract import Filter, StagedItem, User
from mailfilter.record.database.tables import metadata
from mailfilter.record.sealing.keys import PrivateKeys
from tests.record.making import (
    CANARY,
    DAY,
    NOW,
    Mails,
    Open,
    Parts,
    dossier,
    hold,
    line,
    settings,
    swept,
)

BODY = b"Subject: x\r\n\r\n" + b"Hej hej. " * 300_000 + b"\r\n"  # three chunks
RELEASE = ([State.HELD], State.RELEASING)


@dataclass
class Copies:
    """Where backups of a test lie."""

    folder: Path
    keys: Path
    private: PrivateKeys

    async def make(self, store: Parts, days: int = 0) -> Place:
        for one in (self.folder, self.keys):
            backup_files.target(one, {})
        at = NOW + timedelta(days=days)
        with backup_files.being_made(self.folder, self.keys, at) as place:
            if store.database.embedded:
                path = await store.archive.copies.snapshot()
                made = await backup.from_snapshot(path, place, self.private.audit, Told())
                assert not path.exists()
            else:
                made = await backup.from_server(store.database, place, self.private.audit, Told())
        assert made.fault == ""
        return backup_files.places(self.folder, self.keys)[-1]

    async def note_later(self, store: Parts, place: Place) -> Later:
        seq, _ = backup_files.read_manifest(place, self.private.audit).head
        marks, _ = await store.archive.copies.alive("")
        lines = [
            json.loads(json.dumps(vars_of(one), default=str))
            for one in await store.archive.audit_lines(seq, 1000)
        ]
        backup_files.write_later(place, Later(NOW, lines, frozenset(marks)), self.private.audit)
        return backup_files.read_later(place, self.private.audit)


def vars_of(one: Any) -> dict[str, Any]:
    names = ("seq", "actor", "act", "object", "detail", "hash", "state")
    return {name: getattr(one, name) for name in names} | {"at": one.at.isoformat()}


@pytest.fixture
def copies(tmp_path: Path, keys: PrivateKeys) -> Copies:
    return Copies(tmp_path / "backups", tmp_path / "backups-keys", keys)


@pytest.fixture
async def elsewhere(url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """An empty store of the same engine, on another machine."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    if url.startswith("sqlite"):
        return settings(f"sqlite:///{folder}/mailfilter.db", folder)
    server = request.getfixturevalue("postgresql")
    name = f"empty_{next(server.numbers)}"
    await server.sql(f"CREATE DATABASE {name}")
    return settings(server.named(name), folder)


async def restored(
    copies: Copies, place: Place, where: Settings, later: Later | None = None, **more: Any
) -> restore.Restored:
    wanted = restore.Wanted(place, later or Later(), "cli:op", NOW + DAY, **more)
    return await restore.restore(where, copies.private, wanted, Told())


@pytest.fixture
def reopened(opening: Open, elsewhere: Settings) -> Any:
    """Opens what was restored."""
    from mailfilter.record.open import open_store
    from tests.record.making import CHEAP

    made = []

    async def open_it(copies: Copies) -> Parts:
        store = await open_store(elsewhere, copies.private, CHEAP)
        made.append(store)
        return Parts(store.intake, store.archive, store.database, elsewhere.store.url)

    return open_it


async def go(store: Parts) -> None:
    assert await store.archive.copies.go(line("restore-go"))


async def test_all_that_is_held_is_there_again(
    store: Parts, mails: Mails, copies: Copies, elsewhere: Settings, reopened: Any
) -> None:
    await store.archive.add_user(User("siv", "reviewer", None), "lösenord lösenord", line("add"))
    await hold(store, mails(body=BODY, dossier=dossier(CANARY)))
    await hold(store, mails(protected=True))
    await store.intake.stage(mails())  # its client has no answer yet
    before = await all_rows(store)
    place = await copies.make(store)
    written = (place.folder / "mail.db").read_bytes() + place.keys.read_bytes()
    assert CANARY.encode() not in written
    done = await restored(copies, place, elsewhere)
    assert (done.open, done.shut, done.accepted) == (3, 0, 0)
    there = await reopened(copies)
    changed = ("audit", "audit_head", "outbox", "item", "meta", "session")
    after = await all_rows(there)
    assert {k: v for k, v in after.items() if k not in changed} == {
        k: v for k, v in before.items() if k not in changed
    }
    assert await there.archive.body("M00001") == BODY
    assert await there.archive.check_password("siv", "lösenord lösenord", NOW + DAY)
    assert (await there.archive.proof.verify()).faults == ()
    (last,) = (await there.archive.audit_lines())[-1:]
    assert (last.act, last.actor, last.detail["backup"]) == ("restore", "cli:op", place.name)


async def all_rows(store: Parts) -> dict[str, list[Any]]:
    async def work(c: Any) -> dict[str, list[Any]]:
        return {
            table.name: [tuple(row) for row in await c.execute(select(table).order_by(*table.c))]
            for table in metadata.sorted_tables
        }

    found: dict[str, list[Any]] = await store.database.run(work)
    return found


async def test_nothing_leaves_and_nothing_ends_before_the_word(
    store: Parts, mails: Mails, copies: Copies, elsewhere: Settings, reopened: Any
) -> None:
    await hold(store, mails())
    await swept(store.archive, NOW)
    assert await store.archive.due(NOW)
    await restored(copies, await copies.make(store), elsewhere)
    there = await reopened(copies)
    later = NOW + 30 * DAY
    await hold(there, mails(at=later))
    await there.archive.running.on(later, later - NOW)
    assert await there.archive.sweep(later) == {}
    assert await there.archive.due(later) == []
    await go(there)
    await there.archive.sweep(later)
    due = [(one.kind, one.message) for one in await there.archive.due(later)]
    assert due == [("notice", "M00002")]
    found = await there.archive.items(Filter(states=(State.HELD,)))
    assert len(found) == 2, "the days in which it stood still are nobody's"
    assert not await there.archive.copies.go(line("restore-go"))


async def test_what_ended_since_ends_again(
    store: Parts, mails: Mails, copies: Copies, elsewhere: Settings, reopened: Any
) -> None:
    for protected in (False, False, True):
        await hold(store, mails(protected=protected))
    place = await copies.make(store)
    for name in ("M00001.1", "M00003.1"):
        deleted = line("delete", name)
        assert await store.archive.act(name, [State.HELD], State.DELETED, deleted)
    later = await copies.note_later(store, place)
    done = await restored(copies, place, elsewhere, later)
    assert (done.since.counts["erased"], done.since.complete) == (2, True)
    assert done.accepted == 0, "the log goes on as if nothing had been"
    there = await reopened(copies)
    for gone in ("M00001", "M00003"):
        with pytest.raises(Permanent):
            await there.archive.body(gone)
        assert await there.database.run(lambda c, gone=gone: chunks(c, gone)) == 0
    kept = await there.archive.item("M00002.1")
    assert kept is not None
    assert (kept.state, kept.receipt) == (State.HELD, "")
    assert (await there.archive.proof.verify()).faults == ()


async def chunks(c: Any, id: str) -> int:
    found = text("SELECT count(*) FROM chunk WHERE message = :id")
    return int((await c.execute(found, {"id": id})).scalar_one())


@pytest.mark.parametrize("known", ["lines", "nothing", "checkpoint"])
async def test_what_may_have_left_is_marked_and_not_sent(
    known: str, store: Parts, mails: Mails, copies: Copies, elsewhere: Settings, reopened: Any
) -> None:
    redirect = (StagedItem(Action.REDIRECT, "sdk", (0, 1)),)
    reading = (StagedItem(Action.QUARANTINE, recipients=(0, 1), reading=True),)
    for items in (None, None, redirect, reading):
        await hold(store, mails(**({"items": items} if items else {})))
    released = line("release", "M00001.1")
    assert await store.archive.act("M00001.1", *RELEASE, released, parcel="release")
    place = await copies.make(store)
    later, texts = Later(), []
    if known == "lines":
        gone = line("released", "M00001.1")
        assert await store.archive.act("M00001.1", [State.RELEASING], State.RELEASED, gone)
        later = await copies.note_later(store, place)
    if known == "checkpoint":
        later = await copies.note_later(store, place)
        await store.archive.audit(line("view-list"))
        texts = [(await store.archive.proof.checkpoint(NOW))[1]]
    done = await restored(copies, place, elsewhere, later, texts=texts)
    there = await reopened(copies)
    assert (await there.archive.proof.verify(lines=texts)).faults == ()
    assert done.accepted == (1 if known == "checkpoint" else 0)
    await go(there)
    assert await there.archive.due(NOW + DAY) == []
    marks = {}
    for n in (1, 2, 3, 4):
        item = await there.archive.item(f"M0000{n}.1")
        assert item is not None
        marks[n] = (item.state, item.receipt)
    assert marks[3] == marks[4] == (State.HELD, MARK)
    assert marks[2] == (State.HELD, "" if known == "lines" else MARK)
    if known == "lines":
        assert marks[1][0] is State.RELEASED
    else:
        assert marks[1] == (State.RELEASE_FAILED, MARK)


async def test_without_its_keys_a_backup_stays_shut(
    store: Parts, mails: Mails, copies: Copies, elsewhere: Settings, reopened: Any
) -> None:
    await hold(store, mails())
    place = await copies.make(store)
    with sqlite3.connect(place.folder / "mail.db") as mail:
        assert mail.execute("SELECT owner, wrapped FROM wrapped_key").fetchall() == [
            ("M00001", b"")
        ]
    place.keys.unlink()
    with pytest.raises(ConfigError, match=r"--without-keys"):
        await restored(copies, place, elsewhere)
    done = await restored(copies, place, elsewhere, with_keys=False)
    assert (done.open, done.shut) == (0, 1)


async def test_a_link_works_again_and_opens_no_backup(
    store: Parts, mails: Mails, copies: Copies, elsewhere: Settings, reopened: Any
) -> None:
    await hold(store, mails(body=BODY))
    secret = await store.archive.links.ensure(Mailed("m", "M00001", "n"), NOW, NOW + DAY)
    assert secret
    place = await copies.make(store)
    with sqlite3.connect(place.folder / "mail.db") as mail:
        assert mail.execute("SELECT wrapped, sealed FROM link").fetchall() == [(b"", None)]
    await restored(copies, place, elsewhere)
    there = await reopened(copies)
    assert await there.archive.links.body("m", "M00001", secret, NOW) == BODY


SHUT = {
    *("wrapped_key.wrapped", "request.sealed", "pickup_detail.sealed"),
    *("link.wrapped", "link.sealed", "pickup_deposit.notify", "pickup_deposit.wrap"),
    *("pickup_deposit.link", "pickup_box.wrap", "pickup_box.link"),
}
# sealed under the key of a message or deposit, hashed, or what a search is made with
STAYS = {
    *("message.join_key", "message.incident_key", "message.dossier", "chunk.sealed"),
    *("outbox.sealed", "told.key", "session.token", "login_link.secret", "login_failure.name"),
    *("link.mark", "link.holder", "answer.first", "answer.others", "override_use.holder"),
    *("spent_ticket.nonce", "term.hash", "pickup_deposit.facts", "pickup_box.facts"),
    *("pickup_box.code", "pickup_chunk.sealed", "pickup_seat.token", "pickup_seat.opener"),
    *("pickup_visitor.mark", "pickup_opening.opener"),
}


def test_of_every_column_of_bytes_it_is_known_where_it_goes() -> None:
    """A new one is one more decision: does it open what is stored?"""
    apart = {f"{table}.{name}" for table, names in rows.APART.items() for name in names}
    found = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.c
        if isinstance(column.type, LargeBinary)
    }
    assert apart == SHUT
    assert found == SHUT | STAYS


async def test_accounts_are_as_the_log_says(
    store: Parts, copies: Copies, elsewhere: Settings, reopened: Any
) -> None:
    archive = store.archive
    for name in ("siv", "olle"):
        await archive.add_user(User(name, "admin", None), "lösenord lösenord", line("add"))
    place = await copies.make(store)
    await archive.set_disabled("siv", True, line("user-disable", "siv"))
    await archive.set_password("olle", "annat lösenord", line("user-password", "olle"))
    later = await copies.note_later(store, place)
    await restored(copies, place, elsewhere, later)
    there = await reopened(copies)
    users = {user.name: user.disabled for user in await there.archive.users()}
    assert users == {"olle": False, "siv": True}
    assert await there.archive.check_password("olle", "lösenord lösenord", NOW + DAY) is None
    assert (await there.archive.proof.verify()).faults == ()


async def test_an_older_schema_is_brought_up_to_date(
    store: Parts, mails: Mails, copies: Copies, elsewhere: Settings, reopened: Any
) -> None:
    await hold(store, mails())
    place = await copies.make(store)
    head = backup_files.read_manifest(place, copies.private.audit)
    with sqlite3.connect(place.folder / "mail.db") as mail:
        mail.execute("DROP INDEX message_by_seen")
        mail.execute("DROP TABLE running")
        for table, names in {
            "message": ["seen"], "item": ["seen", "ends", "ending"], "outbox": ["seen"],
            "link": ["ends"], "pickup_deposit": ["seen", "ends"],
        }.items():  # fmt: skip
            for name in names:
                mail.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
        mail.execute("UPDATE alembic_version SET version_num = '0010'")
    counts = {name: n for name, n in head.rows.items() if name != "running"}
    files = head.files | {"mail.db": backup_files.checksum(place.folder / "mail.db")}
    older = replace(head, schema="0010", rows=counts, files=files)
    backup_files.write_manifest(place, older, copies.private.audit)
    await restored(copies, place, elsewhere)
    there = await reopened(copies)
    assert len(await there.archive.items(Filter())) == 1


async def test_what_is_refused(
    store: Parts, mails: Mails, copies: Copies, elsewhere: Settings
) -> None:
    await hold(store, mails())
    place = await copies.make(store)
    key = copies.private.audit
    manifest = backup_files.read_manifest(place, key)
    for wrong, sentence in (
        (replace(manifest, schema="9999"), "newer mailfilter"),
        (replace(manifest, desk="age1other"), "sealed to another"),
        (replace(manifest, files=manifest.files | {"mail.db": "0"}), "not what was written"),
    ):
        backup_files.write_manifest(place, wrong, key)
        with pytest.raises(ConfigError, match=sentence):
            await restored(copies, place, elsewhere)
    backup_files.write_manifest(place, manifest, key)
    text_ = (place.folder / "manifest.json").read_text()
    (place.folder / "manifest.json").write_text(text_.replace('"program":"', '"program":"9'))
    with pytest.raises(ConfigError, match="no signature"):
        await restored(copies, place, elsewhere)
    backup_files.write_manifest(place, manifest, key)
    await restored(copies, place, elsewhere)
    with pytest.raises(ConfigError, match=r"store.url: .*(there already|has tables already)"):
        await restored(copies, place, elsewhere)


async def test_lines_that_do_not_follow_are_refused(
    store: Parts, mails: Mails, copies: Copies, elsewhere: Settings
) -> None:
    await hold(store, mails())
    place = await copies.make(store)
    for _ in range(2):
        await store.archive.audit(line("view-list"))
    later = await copies.note_later(store, place)
    later.lines[1]["actor"] = "bo"
    with pytest.raises(Permanent, match=r"line 2 .* does not follow"):
        await restored(copies, place, elsewhere, later)


def test_places_that_are_refused(tmp_path: Path) -> None:
    store = tmp_path / "var"
    with pytest.raises(ConfigError, match=r"folder of store.url"):
        backup_files.target(store / "backups", {"store.url": store})
    (tmp_path / "open").mkdir(mode=0o755)
    with pytest.raises(ConfigError, match="chmod 700"):
        backup_files.target(tmp_path / "open", {"store.url": store})
    made = backup_files.target(tmp_path / "new", {"store.url": store})
    assert made.stat().st_mode & 0o777 == 0o700
    with pytest.raises(ConfigError, match="make room"):
        backup_files.room(tmp_path, 1 << 60)


async def test_keys_of_a_backup_end_before_the_backup(store: Parts, copies: Copies) -> None:
    for days in (0, 20, 28, 35):
        await copies.make(store, days)
    ended = backup_files.prune(copies.folder, copies.keys, NOW + 35 * DAY, 30, 7)
    assert ended == (2, 1)
    left = backup_files.places(copies.folder, copies.keys)
    assert [one.keys.exists() for one in left] == [False, True, True]
    modes = {path.stat().st_mode & 0o777 for one in left for path in one.folder.iterdir()}
    assert modes == {0o600}


async def test_a_failed_backup_leaves_nothing(store: Parts, mails: Mails, copies: Copies) -> None:
    await hold(store, mails(body=BODY))
    with pytest.raises(ConfigError, match="could not be written: the disk is full; make room"):
        await on_a_full_disk(store, copies)
    assert list(copies.folder.iterdir()) == []
    assert list(copies.keys.iterdir()) == []


async def on_a_full_disk(store: Parts, copies: Copies) -> None:
    whole = rows.write

    def write(source: Any, mail: Path, keys: Path, progress: Any) -> Any:
        def small(path: Path, **given: Any) -> Any:
            engine = engines(path, **given)
            event.listen(engine, "connect", lambda c, _: c.execute("PRAGMA max_page_count=200"))
            return engine

        engines, rows.file_engine = rows.file_engine, small  # type: ignore[assignment]
        try:
            return whole(source, mail, keys, progress)
        finally:
            rows.file_engine = engines

    rows.write = write  # type: ignore[assignment]
    try:
        await copies.make(store)
    finally:
        rows.write = whole


async def test_mail_is_stored_while_sqlite_is_copied(opening: Open, mails: Mails) -> None:
    """One that is stored meanwhile is in the copy whole, or not at all."""
    parts = await opening()
    if not parts.database.embedded:
        with pytest.raises(Permanent):  # its tables are read in a snapshot of its own
            await parts.archive.copies.snapshot()
        return
    for _ in range(20):
        await hold(parts, mails(body=BODY))
    copying = asyncio.create_task(parts.archive.copies.snapshot())
    stored = 0
    while not copying.done():
        await hold(parts, mails())
        stored += 1
    with sqlite3.connect(await copying) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (messages,) = copy.execute("SELECT count(*) FROM message").fetchone()
        (keyed,) = copy.execute("SELECT count(*) FROM wrapped_key").fetchone()
    assert 20 <= messages == keyed <= 20 + stored
    assert stored
