"""What ends by itself, when, and who is told (V10)."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from mailfilter.errors import Permanent, Temporary
from mailfilter.model import State
from mailfilter.record.contract import Filter, Joined, User
from mailfilter.record.database.tables import message, metadata, outbox, told
from tests.record.making import DAY, NOW, Mails, Parts, dossier, hold, line, swept

HOUR = timedelta(hours=1)


async def parcels(store: Parts, at: object) -> list[tuple[str, str, str]]:
    """The parcels due, which are then done."""
    due = await store.archive.due(at)  # type: ignore[arg-type]
    for parcel in due:
        await store.archive.done(parcel.id)
    return [(parcel.kind, parcel.item, parcel.note) for parcel in due]


async def test_the_life_of_a_held_mail(store: Parts, mails: Mails) -> None:
    await hold(store, mails(notice=False))
    told_on = {}
    for hours in range(0, 15 * 24, 6):
        at = NOW + hours * HOUR
        await swept(store.archive, at)
        for parcel in await parcels(store, at):
            told_on[parcel] = hours / 24
    assert told_on == {
        ("reviewers", "", "1"): 13,
        ("not-sent", "M00001.1", "3"): 3,
        ("not-sent", "M00001.1", "10"): 10,
        ("not-sent", "M00001.1", "14"): 14,
    }
    item = await store.archive.item("M00001.1")
    assert item is not None
    assert item.state is State.EXPIRED
    assert await store.archive.body("M00001"), "a day more"
    await swept(store.archive, NOW + 15 * DAY + 12 * HOUR)
    with pytest.raises(Permanent):
        await store.archive.body("M00001")
    (expiry,) = await store.archive.audit_lines()
    assert (expiry.act, expiry.object, expiry.actor) == ("expire", "M00001.1", "system")


async def test_reviewers_are_warned_a_day_before_each_mark(store: Parts, mails: Mails) -> None:
    await hold(store, mails(notice=False))
    await hold(store, mails(notice=False, protected=True))
    warned = []
    for days in range(14):
        await swept(store.archive, NOW + days * DAY)
        for kind, _, note in await parcels(store, NOW + days * DAY):
            if kind == "reviewers":
                warned.append((days, note))
    assert warned == [(2, "1"), (9, "1"), (13, "1")]


async def test_reviewers_are_not_written_to_all_day(store: Parts, mails: Mails) -> None:
    for hours in range(10):
        await swept(store.archive, NOW + hours * HOUR)
        await hold(store, mails(notice=False, at=NOW + hours * HOUR))
    written = []
    for minutes in range(0, 24 * 60, 30):
        at = NOW + 2 * DAY + timedelta(minutes=minutes)
        await swept(store.archive, at)
        written += [
            (minutes, note) for kind, _, note in await parcels(store, at) if kind == "reviewers"
        ]
    assert written == [(0, "1"), (12 * 60, "9")]


async def test_no_warning_close_on_another_mail(store: Parts, mails: Mails) -> None:
    await hold(store, mails(notice=False))
    at = NOW + 2 * DAY
    await store.archive.done(await store.archive.put("reviewers", at - timedelta(minutes=14)))
    assert (await swept(store.archive, at))["warned"] == 0
    assert (await swept(store.archive, at + timedelta(minutes=1)))["warned"] == 1


async def test_after_a_long_stop_each_is_told_once(store: Parts, mails: Mails) -> None:
    await hold(store, mails(notice=False))
    await swept(store.archive, NOW + 11 * DAY)
    await swept(store.archive, NOW + 11 * DAY)
    assert await parcels(store, NOW + 11 * DAY) == [
        ("not-sent", "M00001.1", "10"),
        ("reviewers", "", "1"),
    ]


async def test_the_sender_of_an_expired_mail_can_be_told(store: Parts, mails: Mails) -> None:
    """Also once the key is destroyed, where the next hop took no mail before."""
    await hold(store, mails(notice=False))
    for days in (14, 21, 22):
        await swept(store.archive, NOW + days * DAY)
        due = await store.archive.due(NOW + days * DAY)
        (parcel,) = [parcel for parcel in due if parcel.kind == "not-sent"]
        assert (parcel.kind, parcel.note, parcel.dossier) == ("not-sent", "14", dossier())
    with pytest.raises(Permanent):
        await store.archive.body("M00001")


async def test_held_days_are_the_settings(opening, mails: Mails) -> None:  # type: ignore[no-untyped-def]
    store = await opening(held_days=2)
    await hold(store, mails(notice=False))
    assert (await swept(store.archive, NOW + 2 * DAY - HOUR))["ending"] == 0
    assert (await swept(store.archive, NOW + 2 * DAY))["ending"] == 1
    kinds = await parcels(store, NOW + 2 * DAY)
    assert ("not-sent", "M00001.1", "2") in kinds


async def test_what_is_being_sent_does_not_expire(store: Parts, mails: Mails) -> None:
    await hold(store, mails(notice=False))
    await store.archive.act("M00001.1", [State.HELD], State.RELEASING, line(), parcel="release")
    done = await swept(store.archive, NOW + 30 * DAY)
    assert (done["ending"], done["expired"]) == (0, 0)
    assert await store.archive.body("M00001")
    assert await parcels(store, NOW + 30 * DAY) == [("release", "M00001.1", "")]


async def test_protected_expiry_is_not_audited(store: Parts, mails: Mails) -> None:
    await hold(store, mails(protected=True, notice=False))
    await swept(store.archive, NOW + 14 * DAY)
    await parcels(store, NOW + 14 * DAY)
    await swept(store.archive, NOW + 14 * DAY + HOUR)
    assert await store.archive.audit_lines() == []
    (item,) = await store.archive.items(Filter(protected=True))
    assert item.state is State.EXPIRED


async def test_a_stage_without_commit_expires_unsent(store: Parts, mails: Mails) -> None:
    await store.intake.stage(mails())
    assert (await swept(store.archive, NOW + 6 * DAY - HOUR))["stale"] == 0
    done = await swept(store.archive, NOW + 6 * DAY)
    assert (done["stale"], done["expired"]) == (1, 0)
    with pytest.raises(Temporary):
        await store.intake.commit("M00001", [])
    assert await store.archive.due(NOW + 9 * DAY) == []


async def test_keys_of_six_days_are_forgotten(store: Parts, mails: Mails) -> None:
    await hold(store, mails())
    await swept(store.archive, NOW + 6 * DAY - HOUR)
    assert await _rows(store, told) == 2  # the incident, and that reviewers were warned
    done = await swept(store.archive, NOW + 6 * DAY)
    assert (done["keys"], await _rows(store, told)) == (1, 1)
    again = mails(join_key=b"join-1", at=NOW)
    assert await store.intake.stage(again) == Joined("M00002")


async def test_ended_rows_go_in_the_end(store: Parts, mails: Mails) -> None:
    await hold(store, mails())
    await hold(store, mails())
    await store.archive.act("M00001.1", [State.HELD], State.DELETED, line())
    await store.archive.act("M00002.1", [State.HELD], State.RELEASING, line())
    done = await swept(store.archive, NOW + 1830 * DAY)
    assert done["ended"] == 1
    assert await _rows(store, message) == 1


async def test_the_outbox_and_the_sessions_are_cleared(store: Parts, mails: Mails) -> None:
    await hold(store, mails())
    (notice,) = await store.archive.due(NOW)
    await store.archive.done(notice.id)
    await store.archive.put("reviewers", NOW)
    await store.archive.add_user(User("anna", "admin", None), "x", line())
    await store.archive.new_session("anna", NOW)
    done = await swept(store.archive, NOW + 7 * DAY)
    assert (done["outbox"], done["sessions"], done["given-up"]) == (1, 1, 0)
    await swept(store.archive, NOW + 12 * DAY)
    assert (await swept(store.archive, NOW + 22 * DAY))["given-up"] >= 1


async def test_a_sweep_of_nothing(store: Parts) -> None:
    assert set((await swept(store.archive, NOW)).values()) <= {0}
    assert await _rows(store, outbox) == 0
    assert len(metadata.sorted_tables) >= 18


async def _rows(store: Parts, table: object) -> int:
    query = select(func.count()).select_from(table)  # type: ignore[arg-type]

    async def work(connection):  # type: ignore[no-untyped-def]
        return (await connection.execute(query)).scalar_one()

    return int(await store.database.run(work))
