"""Running time: a clock that jumps ends nothing, and what ends was told before."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from mailfilter.app.clock import Stopwatch
from mailfilter.app.metrics import Metrics
from mailfilter.app.schedule import Schedule
from mailfilter.errors import Permanent
from mailfilter.model import Action, State
from mailfilter.record.archive.links import Mailed
from mailfilter.record.archive.running import RunningTime
from mailfilter.record.contract import StagedItem
from mailfilter.record.database.tables import wrapped_key
from mailfilter.workers.poison import Poison
from tests.record.clocks import play
from tests.record.making import DAY, NOW, Mails, Open, Parts, hold, line, settings, swept

HOUR, MINUTE, NONE = timedelta(hours=1), timedelta(minutes=1), timedelta()
ID = "M00001.1"


async def look(store: Parts, at: datetime, ran: timedelta = MINUTE) -> dict[str, int]:
    """desk looks at both clocks, and sweeps."""
    await store.archive.running.on(at, ran)
    return await store.archive.sweep(at)


async def state(store: Parts) -> State:
    item = await store.archive.item(ID)
    assert item is not None
    return item.state


async def held(store: Parts, mails: Mails, **changes: object) -> None:
    """One held mail that desk has seen."""
    await hold(store, mails(**({"notice": False} | changes)))
    await look(store, NOW, NONE)


async def ending(store: Parts) -> int:
    """The row of the notice that the mail ends."""
    await swept(store.archive, NOW + 14 * DAY)
    due = await store.archive.due(NOW + 14 * DAY)
    (row,) = [one.id for one in due if (one.kind, one.note) == ("not-sent", "14")]
    return row


@pytest.mark.parametrize("days", [20, 30, 400, -30])
async def test_a_jump_ends_nothing_and_pages_say_when_it_ends(
    store: Parts, mails: Mails, days: int
) -> None:
    await held(store, mails)
    await store.intake.stage(mails(items=(StagedItem(Action.QUARANTINE, "", (0,)),)))
    at = NOW + days * DAY
    for minutes in range(3):
        done = await look(store, at + minutes * MINUTE)
        assert not any(done[what] for what in ("ending", "expired", "destroyed", "stale", "told"))
    assert await store.archive.body("M00001")
    assert await store.archive.body("M00002")
    item = await store.archive.item(ID)
    assert item is not None
    assert item.expires_at == at + 14 * DAY - MINUTE
    assert await store.archive.due(at) == []


async def test_what_a_wrong_clock_has_dated_lives_as_long(store: Parts, mails: Mails) -> None:
    await look(store, NOW, NONE)
    await hold(store, mails(notice=False, at=NOW - 30 * DAY))
    await hold(store, mails(notice=False, at=NOW + 30 * DAY))
    await swept(store.archive, NOW + 14 * DAY - HOUR)
    assert (await store.archive.sweep(NOW + 14 * DAY - HOUR))["ending"] == 0
    assert (await swept(store.archive, NOW + 14 * DAY))["ending"] == 2


async def test_steps_are_counted_and_survive(opening, mails: Mails) -> None:  # type: ignore[no-untyped-def]
    store = await opening()
    time = store.archive.running
    seen = [
        await time.on(NOW, NONE),
        await time.on(NOW + 59 * MINUTE, NONE),
        await time.on(NOW + 60 * MINUTE, MINUTE),
        await time.on(NOW + 121 * MINUTE, NONE),
        await time.on(NOW, MINUTE),
    ]
    assert [one.steps for one in seen] == [0, 0, 0, 1, 2]
    assert [one.jumped for one in seen] == [False, False, False, True, True]
    assert seen[-1].step == -122 * MINUTE
    again = (await opening()).archive.running
    after = await again.on(NOW + 14 * DAY, MINUTE)
    assert (after.total, after.steps) == (3 * MINUTE, 3)
    assert after.step == 14 * DAY - MINUTE


async def test_two_that_count_do_not_count_double(store: Parts) -> None:
    one, other = RunningTime(store.database), RunningTime(store.database)
    for minute in range(10):
        for time in (one, other):
            last = await time.on(NOW + minute * MINUTE, MINUTE)
    assert last.total <= 11 * MINUTE


async def test_two_weeks_switched_off_end_nothing_at_once(opening, mails: Mails) -> None:  # type: ignore[no-untyped-def]
    store = await opening()
    await held(store, mails)
    await swept(store.archive, NOW + 13 * DAY)
    store = await opening()
    assert (await look(store, NOW + 28 * DAY))["ending"] == 0
    assert (await swept(store.archive, NOW + 29 * DAY))["ending"] == 1
    assert await state(store) is State.HELD


async def test_it_ends_when_the_notice_was_accepted_and_is_destroyed_a_day_later(
    store: Parts, mails: Mails
) -> None:
    await held(store, mails)
    row = await ending(store)
    await store.archive.retry(row, NOW + 15 * DAY, "451 4.4.1")
    assert (await swept(store.archive, NOW + 15 * DAY))["expired"] == 0
    await store.archive.done(row)
    assert (await look(store, NOW + 15 * DAY))["expired"] == 1
    assert await state(store) is State.EXPIRED
    assert (await look(store, NOW + 45 * DAY, DAY - MINUTE))["destroyed"] == 0
    assert await store.archive.body("M00001")
    assert (await look(store, NOW + 45 * DAY, MINUTE))["destroyed"] == 1
    with pytest.raises(Permanent):
        await store.archive.body("M00001")


@pytest.mark.parametrize("refused", [True, False])
async def test_where_no_notice_is_accepted_it_waits_a_week(
    store: Parts, mails: Mails, refused: bool
) -> None:
    await held(store, mails)
    row = await ending(store)
    if refused:
        await store.archive.done(row, "550 5.1.1 <anna@kommun.example>")
    assert (await look(store, NOW + 400 * DAY, 7 * DAY - MINUTE))["expired"] == 0
    assert await state(store) is State.HELD
    assert (await look(store, NOW + 400 * DAY, MINUTE))["expired"] == 1


async def test_an_older_notice_of_as_many_days_is_not_that_of_the_end(opening, mails) -> None:  # type: ignore[no-untyped-def]
    store = await opening(held_days=3)
    await hold(store, mails(notice=False))
    await look(store, NOW, NONE)
    earlier = await store.archive.put("not-sent", NOW, item=ID, note="3")
    await store.archive.done(earlier)
    await look(store, NOW + HOUR, HOUR)
    assert (await swept(store.archive, NOW + 3 * DAY))["ending"] == 1
    assert (await look(store, NOW + 3 * DAY + HOUR, HOUR))["expired"] == 0


async def test_who_decides_meanwhile_is_quicker(store: Parts, mails: Mails) -> None:
    await held(store, mails)
    row = await ending(store)
    assert await store.archive.act(ID, [State.HELD], State.DELETED, line("delete"))
    await store.archive.done(row)
    done = await swept(store.archive, NOW + 30 * DAY)
    assert (done["expired"], done["destroyed"]) == (0, 0)
    assert await state(store) is State.DELETED
    with pytest.raises(Permanent):
        await store.archive.body("M00001")


async def test_a_part_that_expired_is_kept_its_day_whatever_ends_the_other(
    store: Parts, mails: Mails
) -> None:
    one = StagedItem(Action.QUARANTINE, "", (0,))
    await held(store, mails, items=(one, replace(one, recipients=(1,))))
    await store.archive.act("M00001.2", [State.HELD], State.RELEASING, line())
    await store.archive.done(await ending(store))
    await look(store, NOW + 14 * DAY)
    await store.archive.act("M00001.2", [State.RELEASING], State.RELEASED, line("released"))
    assert await store.archive.body("M00001")
    assert (await look(store, NOW + 15 * DAY, DAY))["destroyed"] == 1
    assert await _keys(store) == {"parcel:M00001"} or not await _keys(store)


async def test_the_outbox_follows_a_clock_that_is_put_back(store: Parts) -> None:
    await look(store, NOW, NONE)
    row = await store.archive.put("reviewers", NOW)
    await store.archive.retry(row, NOW + HOUR, "451")
    assert await store.archive.due(NOW) == []
    await look(store, NOW - 30 * DAY)
    assert [one.id for one in await store.archive.due(NOW - 30 * DAY)] == [row]
    for _ in range(3):
        done = await look(store, NOW + 400 * DAY)
        assert (done["given-up"], done["outbox"]) == (0, 0)


async def test_links_open_until_their_time_is_over(store: Parts, mails: Mails) -> None:
    await held(store, mails)
    mailed = Mailed("m", "M00001", "notice", "a@kommun.example")
    secret = await store.archive.links.ensure(mailed, NOW, NOW + 30 * DAY)
    assert secret
    for days in (60, -60):
        at = NOW + days * DAY
        assert (await look(store, at))["links"] == 0
        assert await store.archive.links.good("m", "M00001", secret, at)
        assert await store.archive.links.key("m", "M00001", secret, at)
    assert (await look(store, NOW - 30 * DAY, 30 * DAY))["links"] == 1
    assert not await store.archive.links.good("m", "M00001", secret, NOW)


async def test_the_schedule_says_a_step(store: Parts, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    clock, seconds = [NOW], [100.0]
    own = settings(store.url, tmp_path)
    metrics = Metrics(tmp_path / "scan.sock", Poison(tmp_path / "poison"), own)
    (tmp_path / "keys").mkdir(exist_ok=True)
    schedule = Schedule(
        store.archive, own, lambda: clock[0], lambda: None, metrics, Stopwatch(lambda: seconds[0])
    )
    await schedule.tick()
    for wall, ran in ((MINUTE, 60), (20 * DAY + MINUTE, 60), (MINUTE, 60), (DAY, 86_400)):
        clock[0], seconds[0] = clock[0] + wall, seconds[0] + ran
        await schedule.tick()
    said = [json.loads(one) for one in capsys.readouterr().err.splitlines() if "clock-step" in one]
    assert [(one["hours"], one["stopped"]) for one in said] == [(480.0, False), (23.8, False)]
    value = metrics.registry.get_sample_value
    assert value("mailfilter_clock_steps") == 2
    assert value("mailfilter_running_seconds") == 180 + 600, "a day without a look is no day"


async def test_any_jumps_end_nothing_early(opening: Open, tmp_path: Path) -> None:
    """A part of ``make clocks``, on both engines."""
    ledger = await play(await opening(), tmp_path, seed=7, look=DAY, days=12)
    assert len(ledger.expired) > 3
    assert not +ledger.wrong


async def _keys(store: Parts) -> set[str]:
    async def work(connection):  # type: ignore[no-untyped-def]
        return set((await connection.execute(select(wrapped_key.c.owner))).scalars())

    return await store.database.run(work)
