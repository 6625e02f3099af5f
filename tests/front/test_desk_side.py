"""The socket between front and desk: a closed list, limits, and what is told of a fault."""

import asyncio
import json
import struct
from datetime import UTC, datetime, timedelta

import pytest

from mailfilter.desk.front_side import BIG_AT_ONCE, TRIES, FrontServer
from mailfilter.desk.parts import DeskParts, Verb
from mailfilter.desk.verbs import GROUPS, table
from mailfilter.errors import Permanent, Temporary
from mailfilter.front.asking import AskDesk
from mailfilter.rpc import wire
from mailfilter.rpc.contract import CHUNK, FIELDS, Answer, Refused

NOW = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
CANARY = "kanariefagel7319"


def fails(error):
    async def run(_parts, _ask):
        raise error

    return Verb(run)


async def echo(_parts, ask):
    return Answer({"told": dict(ask.fields)}, ask.body[::-1])


class Clock:
    now = NOW


@pytest.fixture
async def desk(tmp_path):
    verbs = {
        "echo": Verb(echo, most=3 * CHUNK),
        "small": Verb(echo),
        "refused": fails(Refused("ended", 409)),
        "link": fails(Refused("link", 404)),
        "gone": fails(Permanent(CANARY)),
        "busy": fails(Temporary(CANARY)),
        "value": fails(ValueError(CANARY)),
        "odd": fails(RuntimeError(CANARY)),
    }
    parts = DeskParts(None, None, lambda: Clock.now)
    server = FrontServer(tmp_path / "front.sock", parts, verbs)
    await server.start()
    yield AskDesk(tmp_path / "front.sock")
    await server.close()


async def test_fields_and_bytes_go_both_ways(desk):
    body = bytes(range(256)) * (CHUNK // 100)
    answer = await desk("echo", {"id": "å", "n": 3}, body)
    assert answer.fields == {"told": {"id": "å", "n": 3}}
    assert answer.body == body[::-1]


@pytest.mark.parametrize(
    ("verb", "code", "status"),
    [
        ("refused", "ended", 409),
        ("gone", "gone", 410),
        ("value", "malformed", 400),
        ("no-such-verb", "malformed", 400),
    ],
)
async def test_what_desk_refuses_is_a_code(desk, verb, code, status, capfd):
    with pytest.raises(Refused) as caught:
        await desk(verb, {})
    assert (caught.value.code, caught.value.status) == (code, status)
    assert CANARY not in "".join(capfd.readouterr())


@pytest.mark.parametrize("verb", ["busy", "odd"])
async def test_a_fault_of_ours_is_for_later_and_says_nothing(desk, verb, capfd):
    with pytest.raises(Temporary):
        await desk(verb, {})
    assert CANARY not in "".join(capfd.readouterr())
    assert (await desk("echo", {})).fields == {"told": {}}  # it goes on


async def test_so_many_wrong_secrets_of_one_message(desk):
    async def status(id):
        with pytest.raises(Refused) as caught:
            await desk("link", {"id": id})
        return caught.value.status

    assert [await status("A") for _ in range(TRIES)] == [404] * TRIES
    assert await status("A") == 429
    assert await status("B") == 404
    Clock.now = NOW + timedelta(minutes=16)
    assert await status("A") == 404
    Clock.now = NOW


async def test_no_desk_is_for_later(tmp_path):
    with pytest.raises(Temporary):
        await AskDesk(tmp_path / "nobody.sock")("echo", {})


@pytest.mark.parametrize(
    "sent",
    [
        struct.pack("!I", FIELDS + 1),
        struct.pack("!I", 4) + b"null" + struct.pack("!I", 0),
        struct.pack("!I", 3) + b"{{{" + struct.pack("!I", 0),
        b"\0\0",
    ],
)
async def test_what_is_no_frame_ends_the_connection(desk, sent):
    reader, writer = await asyncio.open_unix_connection(desk._path)
    writer.write(sent)
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
    assert (await desk("echo", {})).fields == {"told": {}}


async def test_bytes_where_none_may_come(desk):
    with pytest.raises(Temporary):
        await desk("small", {}, b"x")
    with pytest.raises(Temporary):
        await desk("echo", {}, bytes(3 * CHUNK + 1))


async def test_pieces_are_limited():
    reader = asyncio.StreamReader()
    data = json.dumps({"a": 1}).encode()
    reader.feed_data(struct.pack("!I", len(data)) + data + struct.pack("!I", CHUNK + 1))
    assert await wire.read(reader, FIELDS) == {"a": 1}
    with pytest.raises(wire.FrameError):
        await wire.read_body(reader, 10 * CHUNK)


def test_every_verb_has_one_meaning():
    assert len(table()) == sum(len(group) for group in GROUPS)


async def test_memory_is_bounded_where_many_bring_much(tmp_path):
    """Only so many big requests are taken in at once; small ones go on beside them."""
    inside, most, go = 0, 0, asyncio.Event()

    async def slow(_parts, _ask):
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await go.wait()
        inside -= 1
        return Answer()

    verbs = {"big": Verb(slow, most=10 * CHUNK), "small": Verb(echo)}
    server = FrontServer(tmp_path / "front.sock", DeskParts(None, None, lambda: NOW), verbs)
    await server.start()
    desk = AskDesk(tmp_path / "front.sock")
    asked = [asyncio.create_task(desk("big", {}, b"x" * CHUNK)) for _ in range(6)]
    while inside < BIG_AT_ONCE:
        await asyncio.sleep(0)
    assert (await desk("small", {})).fields == {"told": {}}
    go.set()
    await asyncio.gather(*asked)
    assert most == BIG_AT_ONCE
    await server.close()
