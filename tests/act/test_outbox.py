"""The outbox: back-off, giving up, bad rows, crashes; on a store in memory and on the real one."""

import asyncio
from datetime import timedelta

import pytest

from mailfilter import limits
from mailfilter.errors import Permanent, Temporary
from mailfilter.outbox.contract import Later
from mailfilter.outbox.outbox import AT_ONCE, FLOOD, Flood, Outbox, backoff
from tests.act.office import NOW, Clock, FakeArchive


class Handler:
    """Does what it is told, and remembers."""

    def __init__(self, *what) -> None:
        self.what, self.sent, self.given_up = list(what), [], []

    async def send(self, parcel):
        self.sent.append(parcel.id)
        what = self.what.pop(0) if self.what else None
        if what is not None:
            raise what

    async def give_up(self, parcel, why):
        self.given_up.append((parcel.id, why))


def office(handler, kind="notice"):
    archive, clock = FakeArchive(), Clock()
    return archive, clock, Outbox(archive, {kind: handler}, clock, tick=0.01)


async def test_what_is_sent_is_done():
    handler = Handler()
    archive, _, outbox = office(handler)
    await archive.put("notice", NOW)
    assert await outbox.step() == 1
    assert await outbox.step() == 0
    assert handler.sent == [1]


def test_back_off_doubles_up_to_an_hour():
    minutes = [backoff(n) // timedelta(minutes=1) for n in (0, 1, 2, 5, 6, 7, 40, 10_000)]
    assert minutes == [1, 2, 4, 32, 60, 60, 60, 60]
    whole = sum((backoff(n) for n in range(limits.OUTBOX_ATTEMPTS)), timedelta())
    assert whole > timedelta(days=1)


async def test_a_failure_puts_off_and_a_crash_of_the_handler_too():
    handler = Handler(Temporary("451 4.3.0"), KeyError("kanarie"))
    archive, clock, outbox = office(handler)
    await archive.put("notice", NOW)
    await outbox.step()
    assert (archive.rows[1]["at"], archive.rows[1]["why"]) == (NOW + backoff(0), "451 4.3.0")
    assert await outbox.step() == 0
    clock.after(minutes=1)
    await outbox.step()
    assert archive.rows[1]["why"] == "KeyError"  # never its text
    clock.after(minutes=2)
    await outbox.step()
    assert archive.rows[1]["done"]


async def test_later_is_when_the_handler_says():
    at = NOW + timedelta(minutes=7)
    archive, _, outbox = office(Handler(Later(at, "rate")))
    await archive.put("notice", NOW)
    await outbox.step()
    assert archive.rows[1]["at"] == at


async def test_after_more_than_a_day_it_is_given_up_and_audited():
    handler = Handler(*[Temporary("451 4.4.1")] * 100)
    archive, clock, outbox = office(handler)
    await archive.put("notice", NOW, item="M1.1")
    while not archive.rows[1]["done"]:
        clock.after(hours=1)
        await outbox.step()
    assert len(handler.sent) == limits.OUTBOX_ATTEMPTS
    assert handler.given_up == [(1, "451 4.4.1")]
    line = archive.lines[-1]
    assert (line.act, line.object) == ("give-up", "M1.1")
    assert line.detail == {"kind": "notice", "why": "451 4.4.1"}


async def test_that_a_mail_ends_is_told_for_a_week_and_a_refusal_is_kept():
    handler = Handler(*[Temporary("451 4.4.1")] * 200)
    archive, clock, outbox = office(handler, "not-sent")
    await archive.put("not-sent", NOW, item="M1.1", note="14")
    while not archive.rows[1]["done"]:
        clock.after(hours=1)
        await outbox.step()
    assert clock() - NOW > timedelta(days=7)
    assert archive.rows[1]["why"] == "451 4.4.1"
    await archive.put("not-sent", clock(), item="M1.1", note="14")
    handler.what.clear()
    await outbox.step()
    assert (archive.rows[2]["done"], archive.rows[2]["why"]) == (True, "")


@pytest.mark.parametrize("kind", ["notice", "letter-of-tomorrow"])
async def test_what_cannot_help_is_given_up_at_once(kind):
    handler = Handler(Permanent("550 5.1.1"))
    archive, _, outbox = office(handler)
    await archive.put(kind, NOW)
    await outbox.step()
    assert archive.rows[1]["done"]
    assert archive.lines[-1].act == "give-up"


def test_a_flood_is_more_in_a_second_than_can_leave():
    made, clock = [0], [100.0]

    async def rows() -> int:
        return made[0]

    flood = Flood(rows, lambda: clock[0])

    def after(seconds: float, more: int) -> bool:
        made[0], clock[0] = made[0] + more, clock[0] + seconds
        return asyncio.run(flood.rises())

    assert not after(0, 10_000)  # what was there before says nothing
    assert not after(0.1, FLOOD - 1)
    assert after(0.1, 1)  # together
    assert not after(0.9, FLOOD - 1)
    assert not after(10, 0)
    assert not after(10, 10 * FLOOD - 1)
    assert after(10, 10 * FLOOD)


async def test_in_a_flood_a_batch_goes_each_tick_and_a_wake_is_obeyed():
    archive, clock, made = FakeArchive(), Clock(), 0

    async def rows() -> int:
        nonlocal made
        made += 10 * FLOOD
        return made

    handler = Handler()
    outbox = Outbox(archive, {"notice": handler}, clock, 3600, Flood(rows, lambda: 1.0))
    for _ in range(60):
        await archive.put("notice", NOW)
    running = asyncio.create_task(outbox.run())
    for batch in (40, 60):  # the first look only learns how many there were
        while len(handler.sent) < batch:
            await asyncio.sleep(0)
        for _ in range(100):
            await asyncio.sleep(0)
        assert len(handler.sent) == batch
        outbox.wake()
    outbox.finish()
    await running


async def test_one_bad_row_stops_no_other():
    handler = Handler(ZeroDivisionError())
    archive, _, outbox = office(handler)
    for _ in range(30):
        await archive.put("notice", NOW)
    assert await outbox.step() == 20
    assert await outbox.step() == 10
    assert sum(row["done"] for row in archive.rows.values()) == 29


async def test_a_crash_before_done_sends_again():
    handler = Handler()
    archive, _, outbox = office(handler)
    await archive.put("notice", NOW)
    archive.fail_done = 1  # as if we had died there
    await outbox.step()
    assert not archive.rows[1]["done"]
    archive.rows[1]["at"] = NOW
    await outbox.step()
    assert handler.sent == [1, 1]
    assert archive.rows[1]["done"]


async def test_it_runs_until_it_is_ended_and_a_wake_is_enough():
    handler = Handler()
    archive, clock = FakeArchive(), Clock()
    outbox = Outbox(archive, {"notice": handler}, clock, tick=60)
    task = asyncio.create_task(outbox.run())
    await asyncio.sleep(0.01)
    await archive.put("notice", NOW)
    outbox.wake()
    await asyncio.sleep(0.02)
    assert handler.sent == [1]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_orderly_end_finishes_what_is_being_sent_and_begins_nothing():
    begun, go = asyncio.Event(), asyncio.Event()

    class Slow(Handler):
        async def send(self, parcel):
            begun.set()
            await go.wait()
            await super().send(parcel)

    handler = Slow()
    archive, _, outbox = office(handler)
    for _ in range(AT_ONCE + 3):
        await archive.put("notice", NOW)
    task = asyncio.create_task(outbox.run())
    await begun.wait()
    outbox.finish()
    await asyncio.sleep(0.01)
    assert not task.done(), "it waits for those"
    go.set()
    await task
    assert len(handler.sent) == AT_ONCE
    assert sum(row["done"] for row in archive.rows.values()) == AT_ONCE


async def test_a_store_that_is_down_is_waited_for():
    archive, clock = FakeArchive(), Clock()
    handler, broken = Handler(), iter([Temporary("down"), ValueError("odd")])
    good = archive.due

    async def due(now, limit=20):
        for error in broken:
            raise error
        return await good(now, limit)

    archive.due = due
    await archive.put("notice", NOW)
    task = asyncio.create_task(Outbox(archive, {"notice": handler}, clock, tick=0.001).run())
    await asyncio.sleep(0.05)
    assert handler.sent == [1]
    task.cancel()
