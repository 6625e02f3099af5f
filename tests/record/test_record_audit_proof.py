"""The log comes under its key, checkpoints are kept elsewhere, an operator accepts a break."""

import asyncio
from base64 import urlsafe_b64decode
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.errors import ConfigError, Permanent
from mailfilter.model import Action, State
from mailfilter.record.contract import AuditLine, ReadOn, StagedItem, User
from mailfilter.record.database.tables import audit as audit_table
from mailfilter.record.database.tables import audit_head
from mailfilter.record.ledgers import audit, checkpoint
from mailfilter.record.ledgers.audit import CLOSED
from mailfilter.record.ledgers.audit_check import ACCEPT
from mailfilter.record.ledgers.audit_key import AuditKey
from mailfilter.record.ledgers.checkpoint import Checkpoint
from mailfilter.record.open import open_store
from mailfilter.record.sealing.keys import PrivateKeys, ensure_keys, load_private
from tests.record.audit_changes import put_back
from tests.record.audit_story import Scene, Story, copied, tell
from tests.record.making import (
    CHEAP,
    DAY,
    NOW,
    Mails,
    Open,
    Parts,
    hold,
    line,
    settings,
    swept,
    without_triggers,
)

READ = StagedItem(Action.QUARANTINE, recipients=(0,), reading=True)
OTHER = StagedItem(Action.QUARANTINE, recipients=(1,))


async def sql(store: Parts, *statements: str) -> None:
    async def work(connection: AsyncConnection) -> None:
        await without_triggers(connection)
        for statement in statements:
            await connection.execute(text(statement))

    await store.database.run(work)


async def faults(store: Parts, *checkpoints: Checkpoint) -> list[str]:
    report = await store.archive.proof.verify(checkpoints)
    return [fault.sentence for fault in report.faults]


# ---- under the key -------------------------------------------------------------------------


LATER_TABLES = ("spent_ticket", "pickup_visitor", "running")  # than the schema of 0008
LATER_COLUMNS = {
    "audit": ("state",),
    "audit_head": ("keyed", "log", "seal"),
    "user": ("address", "seen"),
    "message": ("seen",),
    "item": ("seen", "ends", "ending"),
    "outbox": ("seen",),
    "link": ("ends",),
    "pickup_deposit": ("seen", "ends"),
}


async def as_before_the_key(store: Parts) -> None:
    """The schema of 0008, with the log chained as it was then."""

    async def work(connection: AsyncConnection) -> None:
        await without_triggers(connection)
        rows = (await copied(connection))["audit"]
        before = ""
        for row in rows:
            hash_ = audit.digest(audit.line_of(row, ""), before)
            where = audit_table.c.seq == row["seq"]
            await connection.execute(update(audit_table).where(where).values(hash=hash_))
            before = hash_
        await connection.execute(update(audit_head).values(hash=before))
        for what in ("INDEX message_by_seen", *(f"TABLE {name}" for name in LATER_TABLES)):
            await connection.execute(text(f"DROP {what}"))
        for table, names in LATER_COLUMNS.items():
            for name in names:
                await connection.execute(text(f'ALTER TABLE "{table}" DROP COLUMN {name}'))
        await connection.execute(text("UPDATE alembic_version SET version_num = '0008'"))

    await store.database.run(work)


async def test_an_upgrade_closes_the_old_chain(opening: Open, mails: Mails) -> None:
    story = await tell(await opening(), mails)
    lines = len(story.present["audit"])
    await as_before_the_key(story.parts)
    store = await opening()
    report = await store.archive.proof.verify()
    assert report.faults == ()
    assert report.keyed == lines + 1
    written = await store.archive.audit_lines(lines, 100)
    assert (written[0].act, written[0].detail) == (CLOSED, {"lines": lines})
    on_its_way = {"M00004.1", "M00007.1"}
    assert {one.object for one in written[1:]} == {"anna", "olle", "siv"} | on_its_way
    await store.archive.audit(line("view-list"))
    assert await faults(await opening()) == []


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE audit SET actor = 'bo' WHERE seq = 3", "line 3 was changed"),
        ("UPDATE audit_head SET keyed = keyed - 3", "no seal"),
        ("UPDATE item SET state = 'held' WHERE id = 'M00001.1'", "by the log it is released"),
        ("UPDATE item SET state = 'deleted' WHERE id = 'M00008.1'", "by the log it is held"),
        ("DELETE FROM item WHERE id = 'M00007.1'", "its row is not there"),
        ("""UPDATE "user" SET role = 'admin' WHERE name = 'anna'""", "by the log reviewer"),
    ],
)
async def test_what_was_before_the_key_is_guarded(
    opening: Open, mails: Mails, statement: str, found: str
) -> None:
    story = await tell(await opening(), mails)
    await as_before_the_key(story.parts)
    store = await opening()
    await sql(store, statement)
    assert any(found in sentence for sentence in await faults(store))


async def test_a_log_is_not_begun_anew(opening: Open) -> None:
    """Who takes the key out of the head does not get a new beginning at the next start."""
    store = await opening()
    await store.archive.audit(line())
    await sql(store, "UPDATE audit_head SET keyed = 0, log = '', seal = ''")
    store = await opening()
    await store.archive.audit(line())
    assert await faults(store) != []


def test_a_lost_key_is_not_made_anew_in_silence(tmp_path: Path) -> None:
    ensure_keys(tmp_path)
    (tmp_path / "audit.key").unlink()
    with pytest.raises(ConfigError, match=r"audit\.key is missing; restore it from backup"):
        ensure_keys(tmp_path)
    (tmp_path / "audit.pub").unlink()
    assert any("audit.key" in note for note in ensure_keys(tmp_path))


def test_an_older_installation_gets_the_key(tmp_path: Path) -> None:
    ensure_keys(tmp_path)
    for name in ("audit.key", "audit.pub"):
        (tmp_path / name).unlink()
    assert any("audit.key" in note for note in ensure_keys(tmp_path))
    assert (tmp_path / "audit.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "audit.pub").unlink()  # killed in between
    ensure_keys(tmp_path)
    key = load_private(tmp_path).audit
    assert (tmp_path / "audit.pub").read_text("ascii").startswith("-----BEGIN PUBLIC KEY-----")
    (tmp_path / "audit.key").chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        load_private(tmp_path)
    (tmp_path / "audit.key").chmod(0o600)
    (tmp_path / "audit.key").write_text("ab" * 32)
    with pytest.raises(ConfigError, match="no pair"):
        load_private(tmp_path)
    assert key.name != AuditKey(b"\xab" * 32).name


# ---- rows and lines ------------------------------------------------------------------------


async def test_an_act_that_is_half_done_is_no_fault(opening: Open, mails: Mails) -> None:
    """Verifying beside a crowd of acts, from two stores on one database."""
    store, other = await opening(), await opening()
    names = [(await hold(store, mails(notice=False))).id + ".1" for _ in range(12)]
    steps = [State.HELD, State.RELEASING, State.RELEASE_FAILED, State.RELEASING, State.RELEASED]

    async def live(name: str, parts: Parts) -> None:
        for before, after in pairwise(steps):
            assert await parts.archive.act(name, [before], after, line(after.value))

    async def look() -> list[str]:
        return [one for _ in range(6) for one in await faults(store)]

    lives = (live(name, (store, other)[n % 2]) for n, name in enumerate(names))
    looks, *_ = await asyncio.gather(look(), *lives)
    assert looks == []
    assert await faults(other) == []


async def test_what_turns_out_to_be_protected_is_no_fault(store: Parts, mails: Mails) -> None:
    """Its second item was decided on before anybody knew."""
    await hold(store, mails(items=(READ, OTHER)))
    await store.archive.act("M00001.2", [State.HELD], State.REFUSED, line("refuse"))
    ended = ReadOn("M00001.1", NOW, "read-on", (OTHER,), protected=True)
    assert await store.archive.settle(ended)
    assert await faults(store) == []


async def test_what_retention_drops_is_no_fault(opening: Open, mails: Mails) -> None:
    store = await opening(audit_days=30)
    await hold(store, mails())
    await store.archive.act("M00001.1", [State.HELD], State.REFUSED, line("refuse"))
    assert (await swept(store.archive, NOW + 31 * DAY))["ended"] == 1
    assert await faults(store) == []
    assert [one.act for one in await store.archive.audit_lines()] == ["refuse", "drop"]


async def test_a_line_is_about_its_item_whatever_a_caller_said(store: Parts, mails: Mails) -> None:
    await hold(store, mails())
    await store.archive.act("M00001.1", [State.HELD], State.RELEASING, line("release", "else"))
    (written,) = await store.archive.audit_lines()
    assert (written.object, written.state) == ("M00001.1", "releasing")


# ---- checkpoints ---------------------------------------------------------------------------


async def test_a_checkpoint_is_found_wherever_it_was_written(store: Parts) -> None:
    await store.archive.audit(line())
    seq, made = await store.archive.proof.checkpoint(NOW)
    key = await store.database.run(_key)
    head = (await store.archive.audit_head())[1]
    wrapped = [made, f"Nov 16 09:00:00 host mailfilter[12]: {made}", f"> {made}", "Subject: x", ""]
    found, bad = checkpoint.found(key, wrapped)
    assert (seq, bad, len(found)) == (1, 0, 3)
    assert {(one.seq, one.hash, one.at) for one in found} == {(1, head, NOW)}
    assert checkpoint.likely(wrapped) == [one.strip() for one in wrapped[:3]]
    assert await store.archive.proof.made_at() == NOW
    assert checkpoint.found(key, [f"1 {head}"]) == ([Checkpoint(1, head)], 0)


async def _key(connection: AsyncConnection) -> AuditKey:
    return audit.key_of(connection)


@pytest.mark.parametrize(
    ("old", "new"),
    [("line=1", "line=2"), ("at=2026", "at=2025"), ("sig=", "sig=A"), ("hash=", "hash=0")],
)
async def test_a_changed_checkpoint_is_none_of_ours(store: Parts, old: str, new: str) -> None:
    await store.archive.audit(line())
    _, made = await store.archive.proof.checkpoint(NOW)
    report = await store.archive.proof.verify(lines=[made.replace(old, new)])
    assert "not signed" in report.faults[0].sentence


async def test_anybody_can_check_the_signature(store: Parts) -> None:
    """Whoever keeps checkpoints needs nothing of ours but audit.pub."""
    _, made = await store.archive.proof.checkpoint(NOW)
    said, _, signature = made.partition(" sig=")
    key = await store.database.run(_key)
    public = load_pem_public_key(key.public.encode())
    assert isinstance(public, Ed25519PublicKey)
    public.verify(urlsafe_b64decode(signature + "=="), said.encode())


async def test_a_checkpoint_does_not_vouch_for_a_changed_end(store: Parts) -> None:
    for _ in range(3):
        await store.archive.audit(line())
    third = (await store.archive.audit_lines(1, 1))[0].hash
    await sql(store, "DELETE FROM audit WHERE seq > 2")
    await sql(store, f"UPDATE audit_head SET seq = 2, hash = '{third}'")
    seq, _ = await store.archive.proof.checkpoint(NOW)
    assert seq == 3
    assert "line 3 says that the log's end was changed" in (await faults(store))[0]


async def test_a_checkpoint_of_another_database_is_told(opening: Open, mails: Mails) -> None:
    store = await opening()
    await store.archive.audit(line())
    other = Checkpoint(1, (await store.archive.audit_head())[1], NOW, "00" * 8)
    assert await faults(store, other) == ["the checkpoint of line 1 is of another log"]


# ---- accepting -----------------------------------------------------------------------------


async def restored(store: Parts, mails: Mails) -> tuple[Story, list[str]]:
    """A backup was put back: the rows of then, and the checkpoints of now."""
    story = await tell(store, mails)
    lines = []
    for hours in range(3):
        lines.append((await store.archive.proof.checkpoint(NOW + hours * DAY / 24))[1])
        await store.archive.audit(line("view-list", at=NOW + hours * DAY / 24))

    async def work(connection: AsyncConnection) -> None:
        await without_triggers(connection)
        await put_back(Scene(connection, story.pasts, story.present, Random(0)), story.pasts[2])

    await store.database.run(work)
    return story, lines


def accepting() -> AuditLine:
    return line(ACCEPT, at=NOW + 2 * DAY, reason="säkerhetskopia återläst")


async def test_a_restored_backup_is_accepted_once(store: Parts, mails: Mails) -> None:
    _, kept = await restored(store, mails)
    report = await store.archive.proof.verify(lines=kept)
    assert [fault.kind for fault in report.faults] == ["checkpoint"]
    assert await store.archive.proof.accept(accepting(), kept) == 1
    assert (await store.archive.proof.verify(lines=kept)).faults == ()
    (said,) = [one for one in await store.archive.audit_lines() if one.act == ACCEPT]
    assert said.detail["reason"] == "säkerhetskopia återläst"
    with pytest.raises(Permanent, match="nothing to accept"):
        await store.archive.proof.accept(accepting(), kept)


async def test_what_is_accepted_hides_nothing_later(store: Parts, mails: Mails) -> None:
    """After the restore a checkpoint of a number that was accepted as lost holds again."""
    story, kept = await restored(store, mails)
    await store.archive.proof.accept(accepting(), kept)
    for _ in range(20):
        await store.archive.audit(line("view-list", at=NOW + 3 * DAY))
    seq, new = await store.archive.proof.checkpoint(NOW + 3 * DAY)
    assert seq > len(story.pasts[2]["audit"]) + 1
    back = await store.database.run(copied)
    assert (await store.archive.proof.verify(lines=[*kept, new])).faults == ()
    await sql(store, f"DELETE FROM audit WHERE seq > {seq - 2}", "DELETE FROM audit_head")
    await store.database.run(lambda c: _head_of(c, back, seq - 2))
    report = await store.archive.proof.verify(lines=[*kept, new])
    assert any(fault.kind == "checkpoint" for fault in report.faults)


async def _head_of(
    connection: AsyncConnection, rows: dict[str, list[dict[str, Any]]], seq: int
) -> None:
    """A head that holds, as one who knew the key would make it."""
    old = rows["audit_head"][0]
    last = rows["audit"][seq - 1]
    head = audit.Head(seq, last["hash"], old["keyed"], old["log"])
    sealed = head.sealed(audit.key_of(connection))
    values = old | {"seq": seq, "hash": last["hash"], "seal": sealed.seal}
    await connection.execute(insert(audit_head).values(values))


DAMAGE = {
    "a line was changed": ["UPDATE audit SET actor = 'bo' WHERE seq = 7"],
    "a line is missing": ["DELETE FROM audit WHERE seq = 7"],
    "two lines, apart": ["UPDATE audit SET actor = 'bo' WHERE seq IN (7, 12)"],
    "the end is missing": ["DELETE FROM audit WHERE seq > 12"],
    "the head is gone": ["DELETE FROM audit_head"],
    "an account was removed by hand": ["""DELETE FROM "user" WHERE name = 'anna'"""],
    "an account was changed by hand": ["""UPDATE "user" SET role = 'admin' WHERE name = 'anna'"""],
    "an item was changed by hand": ["UPDATE item SET state = 'deleted' WHERE id = 'M00008.1'"],
    "an item was removed by hand": ["DELETE FROM item WHERE id = 'M00007.1'"],
    "a message was hidden by hand": ["UPDATE message SET protected = true WHERE id = 'M00007'"],
    "all of it": [
        "UPDATE audit SET actor = 'bo' WHERE seq = 7",
        "UPDATE item SET state = 'deleted' WHERE id = 'M00008.1'",
        "DELETE FROM audit_head",
    ],
}


@pytest.mark.parametrize("what", DAMAGE)
async def test_damage_is_accepted_and_seen_if_it_goes_on(
    store: Parts, mails: Mails, what: str
) -> None:
    await tell(store, mails)
    await sql(store, *DAMAGE[what])
    assert await faults(store) != []
    await store.archive.proof.accept(accepting())
    assert await faults(store) == []
    await store.archive.audit(line("view-list"))
    assert await faults(store) == []
    await sql(
        store,
        "UPDATE audit SET actor = 'eva' WHERE seq = 7",
        "UPDATE audit SET actor = 'eva' WHERE seq = 8",
        "UPDATE item SET state = 'expired' WHERE id = 'M00008.1'",
    )
    assert len(await faults(store)) >= 2


async def test_a_lost_key_is_accepted(
    url: str, opening: Open, mails: Mails, keys: PrivateKeys, tmp_path: Path
) -> None:
    await tell(await opening(), mails)
    new = replace(keys, audit=AuditKey(b"n" * 32))
    store = await open_store(settings(url, tmp_path), new, CHEAP)
    assert (await store.archive.proof.verify()).faults[0].first == 1
    await store.archive.proof.accept(accepting())
    await store.archive.audit(line("view-list"))
    assert (await store.archive.proof.verify()).faults == ()
    await store.close()


async def test_the_age_of_the_last_checkpoint_is_known(store: Parts) -> None:
    assert await store.archive.proof.made_at() is None
    await store.archive.proof.checkpoint(NOW)
    await store.archive.proof.checkpoint(NOW + timedelta(hours=1))
    assert await store.archive.proof.made_at() == NOW + timedelta(hours=1)


async def test_a_user_with_many_departments_fits_a_line(store: Parts) -> None:
    many = tuple(f"Förvaltning {n} för vård, skola och omsorg" for n in range(60))
    await store.archive.add_user(User("anna", "reviewer", many), "x", line("user-add", "anna"))
    assert await faults(store) == []
