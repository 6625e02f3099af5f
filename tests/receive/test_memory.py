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


@given(st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=20))
def test_all_of_it_comes_back(wishes):
    async def run():
        budget = Budget(10)

        async def use(amount, hurried):
            if await budget.wait(amount, 0 if hurried else 0.005):
                await asyncio.sleep(0)
                budget.give(amount)

        await asyncio.gather(*(use(*wish) for wish in wishes))
        assert budget.free == 10

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
