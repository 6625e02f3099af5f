"""Whose 250 was heard: the same bytes are a new mail afterwards (P2); else a retry joins."""

import asyncio

import pytest

from mailfilter.act.heard import Heard
from mailfilter.errors import Permanent, Temporary
from mailfilter.model import Reply
from mailfilter.receive.conversation import Conversation
from tests.scripted_hop import ScriptedHop
from tests.smtp_client import gateway

CONTENT = b"Subject: x\r\n\r\nhello\r\n"
LONG = b"x" * 2_000_000 + b"\r\n"  # more than a session keeps unread


async def kept(received, session) -> Reply:
    await session.abort()
    return Reply(250, "2.0.0 Kept", kept="M00001")


async def passed(received, session) -> Reply:
    return await session.send(received.wire)


async def said(rows: list[str]) -> list[str]:
    """What was heard by now, after a few turns of the loop."""
    for _ in range(20):
        await asyncio.sleep(0)
    return list(rows)


@pytest.fixture
async def door():
    rows: list[str] = []
    async with ScriptedHop() as hop, gateway(hop, kept) as gate:
        gate.listener.heard = rows.append
        async with gate.client() as client:
            await client.hello()
            yield client, rows


async def over(gate) -> None:
    """The gateway has done with every session."""
    async with asyncio.timeout(20):
        while gate.listener._sessions:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("next_command", ["QUIT", "NOOP", "RSET", "NONSENSE"])
async def test_a_command_after_the_reply_says_that_it_was_heard(door, next_command):
    client, rows = door
    assert (await client.message(CONTENT)).startswith("250 ")
    assert await said(rows) == []
    await client.ask(next_command)
    await client.reply() if next_command == "QUIT" else None
    assert await said(rows) == ["M00001"]


async def test_each_row_is_heard_once(door):
    client, rows = door
    for _ in range(3):
        assert (await client.message(CONTENT)).startswith("250 ")
    await client.ask("NOOP")
    await client.ask("NOOP")
    assert await said(rows) == ["M00001"] * 3


async def test_what_came_with_the_dot_proves_nothing(door):
    client, rows = door
    await client.envelope()
    await client.ask("DATA")
    await client.send(CONTENT + b".\r\nQUIT\r\n")
    assert (await client.reply()).startswith("250 ")
    assert (await client.reply()).startswith("221 ")
    assert await said(rows) == []


@pytest.mark.parametrize("cut", ["reset", "eof"])
async def test_a_line_that_is_cut_proves_nothing(cut):
    rows: list[str] = []
    async with ScriptedHop() as hop, gateway(hop, kept) as gate:
        gate.listener.heard = rows.append
        async with gate.client() as client:
            await client.hello()
            assert (await client.message(CONTENT)).startswith("250 ")
            client.reset() if cut == "reset" else client.writer.write_eof()
            await over(gate)
        assert gate.received
    assert rows == []


async def test_what_waited_in_the_kernel_behind_the_dot_proves_nothing():
    """So much came with the dot that the socket was paused: the rest is read after the reply, but
    was sent before it."""
    rows: list[str] = []
    go = asyncio.Event()

    async def slow(received, session) -> Reply:
        await go.wait()
        return await kept(received, session)

    async with ScriptedHop() as hop, gateway(hop, slow) as gate:
        gate.listener.heard = rows.append
        async with gate.client() as client:
            await client.hello()
            await client.envelope()
            await client.ask("DATA")
            sending = asyncio.create_task(client.send(CONTENT + b".\r\n" + LONG))
            while not any(session._paused for session in gate.listener._sessions):
                await asyncio.sleep(0.01)
            go.set()
            assert (await client.reply()).startswith("250 ")
            assert (await client.reply()).startswith("5")
            client.reset()
            sending.cancel()
            await over(gate)
    assert rows == []


async def test_a_reply_that_has_not_left_was_not_heard(door, monkeypatch):
    client, rows = door
    assert (await client.message(CONTENT)).startswith("250 ")
    with monkeypatch.context() as patch:
        patch.setattr(Conversation, "_all_written", lambda _: False)
        await client.ask("NOOP")
    assert await said(rows) == []
    await client.ask("NOOP")
    assert await said(rows) == ["M00001"]


async def test_what_is_not_kept_is_not_asked_about():
    rows: list[str] = []
    async with ScriptedHop() as hop, gateway(hop, passed) as gate, gate.client() as client:
        gate.listener.heard = rows.append
        await client.hello()
        assert (await client.message(CONTENT)).startswith("250 ")
        await client.ask("NOOP")
        assert await said(rows) == []


class Store:
    """Takes rows once it is let; may be down."""

    def __init__(self) -> None:
        self.told: list[list[str]] = []
        self.open = asyncio.Event()
        self.fault: type[Exception] | None = None

    async def heard(self, ids) -> None:
        self.told.append(list(ids))
        await self.open.wait()
        if self.fault:
            raise self.fault("store: away")


async def test_rows_that_come_meanwhile_go_together():
    store = Store()
    heard = Heard(store)
    heard("A")
    await asyncio.sleep(0)
    heard("B")
    heard("C")
    store.open.set()
    await heard.close()
    assert store.told == [["A"], ["B", "C"]]


@pytest.mark.parametrize("fault", [Temporary, Permanent])
async def test_a_store_that_refuses_costs_nothing_but_the_saying(fault):
    store = Store()
    store.fault = fault
    store.open.set()
    heard = Heard(store)
    heard("A")
    await heard.close()
    store.fault = None
    heard("B")
    await heard.close()
    assert store.told == [["A"], ["B"]]
