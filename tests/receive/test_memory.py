"""The memory budget (P9): what is taken is given back, in order, and nobody waits for ever."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from mailfilter import replies
from mailfilter.receive.contract import Bounds
from mailfilter.receive.memory import Budget
from tests.scripted_hop import ScriptedHop
from tests.smtp_client import gateway


async def test_who_came_first_is_served_first():
    budget = Budget(10)
    assert budget.take(8)
    large = asyncio.create_task(budget.wait(5, 10))
    await asyncio.sleep(0)
    small = asyncio.create_task(budget.wait(1, 10))
    await asyncio.sleep(0)
    assert not budget.take(1)
    budget.give(8)
    assert await large
    assert await small
    assert budget.free == 4


async def test_where_all_hold_a_part_and_wait_the_youngest_make_way():
    """Else all would be refused in the end, and nobody taken."""
    budget, told = Budget(10), []

    async def message(name, first, more):
        age, held = budget.age(), first
        assert budget.take(first)
        await asyncio.sleep(0)
        for amount in more:
            if not await budget.wait(amount, 60, held, age):
                budget.give(held)
                told.append(f"{name} refused")
                return
            held += amount
            await asyncio.sleep(0)
        budget.give(held)
        told.append(f"{name} taken")

    crowd = [message("oldest", 2, [1, 3]), message("second", 4, [2]), message("third", 2, [1])]
    await asyncio.gather(*crowd, message("youngest", 2, [1]))
    assert told == ["youngest refused", "third refused", "oldest taken", "second taken"]
    assert budget.free == 10


async def test_nobody_makes_way_while_somebody_is_at_work():
    budget = Budget(10)
    assert budget.take(1)  # somebody who does not wait
    assert budget.take(4)
    assert budget.take(5)
    old, young = budget.age(), budget.age()
    waiting = [
        asyncio.create_task(budget.wait(1, 60, 5, young)),
        asyncio.create_task(budget.wait(1, 60, 4, old)),
    ]
    for _ in range(5):
        await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    budget.give(1)
    assert await waiting[1], "the older message, though it asked later"
    assert not await waiting[0], "now all that is taken is held by who waits"
    budget.give(5)
    budget.give(5)
    assert budget.free == 10


async def test_a_crowd_without_size_is_taken_one_after_the_other():
    """Each holds a part of the budget and wants more: some get 452, and some get through."""
    replies_seen = []
    async with (
        ScriptedHop() as hop,
        gateway(hop, memory_budget=8 << 20, bounds=Bounds(memory_timeout=60)) as gate,
    ):

        async def one():
            async with gate.client() as client:
                await client.hello()
                await client.envelope()
                await client.ask("DATA")
                await client.send(b"x" * (3 << 20) + b"\r\n.\r\n")
                replies_seen.append((await client.reply())[:4])

        await asyncio.wait_for(asyncio.gather(*(one() for _ in range(8))), 50)
        assert set(replies_seen) <= {"250 ", "452 "}
        assert replies_seen.count("250 ") >= 2
        assert gate.listener.budget.free == 8 << 20


async def test_nobody_waits_for_ever():
    budget = Budget(10)
    assert not await budget.wait(11, 10)
    assert budget.take(10)
    assert not await budget.wait(1, 0.01)
    waiting = asyncio.create_task(budget.wait(3, 10))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    budget.give(10)
    assert budget.free == 10


WISHES = st.lists(st.tuples(st.integers(0, 4), st.integers(1, 12), st.booleans()), max_size=20)


@given(WISHES)
def test_all_of_it_comes_back(wishes):
    async def run():
        budget = Budget(10)

        async def use(first, amount, hurried):
            held, age = first if budget.take(first) else 0, budget.age()
            await asyncio.sleep(0)
            if await budget.wait(amount, 0 if hurried else 0.005, held, age):
                await asyncio.sleep(0)
                budget.give(amount)
            budget.give(held)

        await asyncio.gather(*(use(*wish) for wish in wishes))
        assert budget.free == 10
        assert budget._refused == 0

    asyncio.run(run())


async def test_reading_pauses_until_there_is_room():
    held = asyncio.Event()

    async def hold(received, hop):
        await held.wait()
        return replies.OK

    async with (
        ScriptedHop() as hop,
        gateway(hop, hold, memory_budget=4_000_000, bounds=Bounds(memory_timeout=20)) as gate,
        gate.client() as first,
        gate.client() as second,
    ):
        for client in (first, second):
            await client.hello()
            await client.envelope()
            await client.ask("DATA")
        await first.send(b"x" * 2_500_000 + b"\r\n.\r\n")
        while not gate.received:
            await asyncio.sleep(0.01)
        writing = asyncio.create_task(second.send(b"y" * 2_500_000 + b"\r\n.\r\n"))
        await asyncio.sleep(0.05)
        assert len(gate.received) == 1
        held.set()
        assert (await first.reply()).startswith("250 ")
        assert (await second.reply()).startswith("250 ")
        await writing
        await asyncio.sleep(0.02)
        assert gate.listener.budget.free == 4_000_000


async def test_a_declared_size_waits_at_data():
    async with (
        ScriptedHop() as hop,
        gateway(hop, memory_budget=1000, bounds=Bounds(memory_timeout=0.05)) as gate,
        gate.client() as first,
        gate.client() as second,
    ):
        for client in (first, second):
            await client.hello()
            await client.envelope("<a@example.se> SIZE=800")
        assert (await second.ask("DATA")).startswith("452 4.3.1")
        assert (await first.ask("RSET")).startswith("250 ")
        await second.envelope("<a@example.se> SIZE=800")
        assert (await second.ask("DATA")).startswith("354 ")
