"""Reading on, on both engines: kept without a word, counted once, ended in one transaction."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from mailfilter.errors import Permanent
from mailfilter.model import Action, State
from mailfilter.record.contract import Filter, Joined, Reading, ReadOn, StagedItem
from mailfilter.record.database.tables import message
from tests.record.making import DAY, NOW, Mails, Parts, count, dossier, hold, line, swept

ID = "M00001.1"
LATE = StagedItem(Action.QUARANTINE, recipients=(0, 1), reading=True)
RELEASED, HELD = StagedItem(Action.RELAY, recipients=(0, 1)), StagedItem(Action.QUARANTINE)
AFTER = NOW + timedelta(minutes=2)
FOUND = dossier(persons=7, subject="Läst")


def done(*groups: StagedItem, **changes: object) -> ReadOn:
    values: dict[str, object] = {"item": ID, "at": AFTER, "how": "read-on", "groups": groups}
    return ReadOn(**(values | changes))  # type: ignore[arg-type]


async def read(store: Parts, mails: Mails, **changes: object) -> None:
    await hold(store, mails(items=(LATE,), **changes))


async def states(store: Parts) -> dict[str, State]:
    everything = await store.archive.items(Filter(protected=True))
    return {item.id: item.state for item in everything}


async def waiting(store: Parts) -> list[tuple[str, str]]:
    return [(parcel.kind, parcel.item) for parcel in await store.archive.due(AFTER)]


async def counted(store: Parts) -> list[tuple[str, str, int]]:
    found = await store.archive.counts(NOW.date(), NOW.date())
    return [(one.kind, one.action, one.n) for one in found]


async def acts(store: Parts) -> list[tuple[str, str, str]]:
    return [(one.actor, one.act, one.object) for one in await store.archive.audit_lines()]


async def test_it_is_kept_without_a_word_and_not_whatyet(store: Parts, mails: Mails) -> None:
    await read(store, mails)
    assert await states(store) == {ID: State.READING}
    assert (await waiting(store), await counted(store), await acts(store)) == ([], [], [])
    assert await store.archive.reading() == [Reading(ID, "M00001", NOW, False, (0, 1))]
    assert await store.archive.dossier("M00001") == dossier()


async def test_a_retry_joins_it_while_it_is_read_and_after(store: Parts, mails: Mails) -> None:
    await read(store, mails)
    for _ in range(2):
        again = mails(join_key=b"join-1", items=(LATE,))
        assert await store.intake.stage(again) == Joined("M00001", committed=True)
        await store.archive.settle(done(RELEASED))
    assert await states(store) == {ID: State.RELEASING}


async def test_a_retry_takes_over_what_was_staged(store: Parts, mails: Mails) -> None:
    await store.intake.stage(mails(items=(LATE,)))
    assert await store.archive.reading() == [], "not ours before the commit"
    await store.intake.mark_relayed("M00001")
    late = mails(join_key=b"join-1", at=NOW + timedelta(minutes=5))
    joined = await store.intake.stage(late)
    assert joined == Joined("M00001", relayed=True)
    await store.intake.commit(joined.id, [count()])
    assert await states(store) == {ID: State.READING}


async def test_clean_is_released_by_itself(store: Parts, mails: Mails) -> None:
    await read(store, mails)
    passed = count(kind="", rule="relay", action="relay")
    assert await store.archive.settle(done(RELEASED, dossier=FOUND, counts=(passed,)))
    assert await states(store) == {ID: State.RELEASING}
    assert await waiting(store) == [("release", ID)], "and no notice"
    (parcel,) = await store.archive.due(AFTER)
    assert parcel.dossier == FOUND
    assert await counted(store) == [("", "relay", 1)]
    assert await acts(store) == [("system", "release", ID)]
    assert await store.archive.reading() == []


async def test_a_hit_is_held_and_told(store: Parts, mails: Mails) -> None:
    await read(store, mails)
    held = replace(HELD, recipients=(0, 1))
    assert await store.archive.settle(done(held, dossier=FOUND, rules_hash="beef"))
    item = await store.archive.item(ID)
    assert item is not None
    assert (item.state, item.rules_hash, item.dossier) == (State.HELD, "beef", FOUND)
    assert item.expires_at == NOW + 14 * DAY
    assert await waiting(store) == [("notice", "")]
    assert await counted(store) == [("se.personnummer", "quarantine", 1)], "what was pending"
    assert await acts(store) == [("system", "hold", ID)]
    refused = line("refuse", ID)
    assert await store.archive.act(ID, [State.READING, State.HELD], State.REFUSED, refused)
    assert await counted(store) == [("se.personnummer", "quarantine", 1)], "once"


async def test_recipients_may_part(store: Parts, mails: Mails) -> None:
    await read(store, mails)
    safe = StagedItem(Action.REDIRECT, "sefos", (1,))
    assert await store.archive.settle(done(replace(RELEASED, recipients=(0,)), safe))
    assert await states(store) == {ID: State.RELEASING, "M00001.2": State.ACCEPTED}
    item = await store.archive.item("M00001.2")
    assert item is not None
    assert (item.recipients, item.connector, item.action) == ((1,), "sefos", Action.REDIRECT)
    assert (item.at, item.expires_at) == (NOW, NOW + 14 * DAY)
    expected = [("handoff", "M00001.2"), ("notice", ""), ("release", ID)]
    assert sorted(await waiting(store)) == expected
    expected_acts = [("system", "release", ID), ("system", "redirect", "M00001.2")]
    assert await acts(store) == expected_acts


async def test_an_end_is_one_end(store: Parts, mails: Mails) -> None:
    await read(store, mails)
    assert await store.archive.settle(done(RELEASED))
    assert not await store.archive.settle(done(HELD))
    assert not await store.archive.settle(done(RELEASED, item="M99999.1"))
    assert await states(store) == {ID: State.RELEASING}
    assert await counted(store) == [("se.personnummer", "quarantine", 1)]
    assert len(await acts(store)) == 1


async def test_what_was_stopped_at_once_is_told_at_once_and_the_rest_after(
    store: Parts, mails: Mails
) -> None:
    both = (replace(HELD, recipients=(0,)), replace(LATE, recipients=(1,)))
    await hold(store, mails(items=both))
    assert await states(store) == {ID: State.HELD, "M00001.2": State.READING}
    assert await waiting(store) == [("notice", "")]
    assert await counted(store) == [], "one message, one count"
    await store.archive.act(ID, [State.HELD, State.READING], State.REFUSED, line("refuse", ID))
    assert await counted(store) == [], "the other one is still read"
    held = replace(HELD, recipients=(1,))
    assert await store.archive.settle(done(held, item="M00001.2"))
    assert [kind for kind, _ in await waiting(store)] == ["notice", "notice"]
    assert await counted(store) == [("se.personnummer", "quarantine", 1)]


async def test_copies_of_one_mail_are_told_once(store: Parts, mails: Mails) -> None:
    held = replace(HELD, recipients=(0, 1))
    for n in (1, 2):
        await read(store, mails, incident_key=b"same")
        assert await store.archive.settle(done(held, item=f"M0000{n}.1"))
    assert await waiting(store) == [("notice", "")]


async def test_without_notices_nobody_is_told(store: Parts, mails: Mails) -> None:
    await read(store, mails, notice=False)
    assert await store.archive.settle(done(replace(HELD, recipients=(0, 1))))
    assert await waiting(store) == []


async def test_a_reviewer_need_not_wait(store: Parts, mails: Mails) -> None:
    await read(store, mails)
    before = [State.HELD, State.READING]
    acted = line("release", ID, reason="brådskande")
    assert await store.archive.act(ID, before, State.RELEASING, acted, parcel="release")
    assert await counted(store) == [("se.personnummer", "quarantine", 1)], "held, then released"
    assert not await store.archive.settle(done(HELD)), "the result comes too late"
    assert await states(store) == {ID: State.RELEASING}


async def test_it_does_not_expire(store: Parts, mails: Mails) -> None:
    await read(store, mails)
    what = await swept(store.archive, NOW + 40 * DAY)
    assert (what["ending"], what["told"], what["warned"]) == (0, 0, 0)
    assert await states(store) == {ID: State.READING}
    assert await store.archive.settle(done(RELEASED, at=NOW + 40 * DAY))


async def test_a_protected_one_stands_in_no_line_and_one_count(store: Parts, mails: Mails) -> None:
    await read(store, mails, protected=True)
    assert [one.protected for one in await store.archive.reading()] == [True]
    assert await store.archive.dossier("M00001") == dossier()

    async def pending(connection):  # type: ignore[no-untyped-def]
        return (await connection.execute(select(message.c.pending))).scalar_one()

    assert "Socialförvaltningen" not in await store.database.run(pending)
    assert await store.archive.settle(done(replace(HELD, recipients=(0, 1)), counts=(count(),)))
    assert await acts(store) == []
    assert await counted(store) == [("protected", "quarantine", 1)]


async def test_one_that_new_rules_protect_is_protected(store: Parts, mails: Mails) -> None:
    await read(store, mails)
    held = replace(HELD, recipients=(0, 1))
    assert await store.archive.settle(done(held, protected=True, counts=(count(),)))
    item = await store.archive.item(ID)
    assert item is not None
    assert (item.protected, item.dossier, item.department) == (True, None, "")
    assert await acts(store) == []
    assert await counted(store) == [("protected", "quarantine", 1)]


async def test_a_new_dossier_is_sealed_under_another_nonce(store: Parts, mails: Mails) -> None:
    await read(store, mails)

    async def sealed(connection):  # type: ignore[no-untyped-def]
        return (await connection.execute(select(message.c.dossier))).scalar_one()

    first = await store.database.run(sealed)
    await store.archive.settle(done(replace(HELD, recipients=(0, 1)), dossier=dossier()))
    second = await store.database.run(sealed)
    mark, tag = 14 + 12, 16  # the mark and its nonce before, the tag behind
    assert second[mark:-tag] != first[:-tag], "the same text under the same nonce is the same"
    assert await store.archive.dossier("M00001") == dossier()


async def test_oldest_first(store: Parts, mails: Mails) -> None:
    for minutes in (3, 1, 2):
        await read(store, mails, at=NOW + timedelta(minutes=minutes))
    assert [one.message for one in await store.archive.reading()] == ["M00002", "M00003", "M00001"]
    assert len(await store.archive.reading(limit=2)) == 2


async def test_a_destroyed_key_is_said(store: Parts, mails: Mails) -> None:
    await read(store, mails, notice=False)
    await store.archive.act(ID, [State.READING], State.DELETED, line("delete", ID))
    with pytest.raises(Permanent, match="destroyed"):
        await store.archive.dossier("M00001")
