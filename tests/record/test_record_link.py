"""smtp processes reach the store through desk's socket: the same promises, and desk may be down."""

import asyncio
import json
import struct
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.config import Settings
from mailfilter.errors import ConfigError, Permanent, Temporary
from mailfilter.model import Action, State
from mailfilter.record import Store, open_desk_server, open_intake, open_store
from mailfilter.record.contract import Filter, Intake, Joined, StagedItem
from mailfilter.record.sealing.keys import PrivateKeys
from mailfilter.record.sealing.seal import Sealer
from mailfilter.record.socket import frames
from mailfilter.record.socket.desk_link import DeskIntake, _result
from mailfilter.record.socket.desk_server import DeskServer
from tests.record.making import CHEAP, NOW, Mails, count, dossier, settings


@dataclass
class Desk:
    store: Store
    server: DeskServer
    smtp: DeskIntake
    settings: Settings
    keys: PrivateKeys


@pytest.fixture
async def desk(tmp_path: Path, keys: PrivateKeys) -> AsyncIterator[Desk]:
    made = settings(f"sqlite:///{tmp_path}/mailfilter.db", tmp_path)
    store = await open_store(made, keys, CHEAP)
    server = open_desk_server(made, store.archive)
    assert server is not None
    await server.start()
    smtp = await open_intake(made, keys.public)
    assert isinstance(smtp, DeskIntake)
    yield Desk(store, server, smtp, made, keys)
    await smtp.close()
    await server.close()
    await store.close()


async def test_all_verbs(desk: Desk, mails: Mails) -> None:
    smtp: Intake = desk.smtp
    body = bytes(range(256)) * 10_000
    assert await smtp.stage(mails(body=body)) == Joined("M00001")
    await smtp.mark_relayed("M00001")
    await smtp.commit("M00001", [count()])
    await smtp.count([count(n=4)])
    await smtp.stage(mails())
    await smtp.abort("M00002")
    await smtp.notify_rejected(b"key", NOW, dossier("r"), "R1")
    assert await smtp.stage(mails(join_key=b"join-1")) == Joined("M00001", committed=True)
    await smtp.heard(["M00001"])
    archive = desk.store.archive
    (item,) = await archive.items(Filter())
    assert (item.state, item.dossier) == (State.HELD, dossier())
    assert await archive.body("M00001") == body
    assert await archive.counts(NOW.date(), NOW.date()) == [count(n=5)]
    assert [p.kind for p in await archive.due(NOW)] == ["notice", "rejected-notice"]
    assert [p.dossier for p in await archive.due(NOW)] == [dossier(), dossier("r")]


async def test_what_is_read_on_crosses_as_such(desk: Desk, mails: Mails) -> None:
    late = StagedItem(Action.QUARANTINE, recipients=(0, 1), reading=True)
    await desk.smtp.stage(mails(items=(late,)))
    await desk.smtp.commit("M00001", [count()])
    assert [one.item for one in await desk.store.archive.reading()] == ["M00001.1"]


async def test_what_is_held_whole_crosses_in_one_request(desk: Desk, mails: Mails) -> None:
    smtp: Intake = desk.smtp
    body = bytes(range(256)) * 10_000
    assert await smtp.keep(mails(body=body), [count()]) == Joined("M00001")
    assert await smtp.keep(mails(join_key=b"join-1"), []) == Joined("M00001", committed=True)
    archive = desk.store.archive
    (item,) = await archive.items(Filter())
    assert (item.state, item.dossier) == (State.HELD, dossier())
    assert await archive.body("M00001") == body
    assert await archive.counts(NOW.date(), NOW.date()) == [count()]
    assert [p.kind for p in await archive.due(NOW)] == ["notice"]


async def test_what_desk_cannot_begin_in_time_is_not_stored_later(
    desk: Desk, mails: Mails, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client has had its 451 by then: behind its back nothing is taken."""
    monkeypatch.setattr("mailfilter.record.socket.desk_server.PATIENCE", 0.05)
    held = threading.Event()

    async def long(connection: AsyncConnection) -> None:
        held.wait(60)

    before = asyncio.create_task(desk.store.database.run(long))
    await asyncio.sleep(0)  # it is in the thread of the database, or the first in its queue
    with pytest.raises(Temporary, match="in time"):
        await desk.smtp.keep(mails(), [])
    monkeypatch.undo()
    held.set()
    await before
    assert await desk.store.archive.items(Filter()) == []
    assert await desk.smtp.keep(mails(), [])


async def test_errors_keep_their_kind(desk: Desk, mails: Mails) -> None:
    await desk.smtp.stage(mails())
    with pytest.raises(Temporary, match="another session"):
        await desk.smtp.stage(mails(join_key=b"join-1"))
    with pytest.raises(Temporary, match="gone"):
        await desk.smtp.commit("none", [])


async def test_many_at_once_over_one_connection(desk: Desk, mails: Mails) -> None:
    same = [mails(join_key=b"same") for _ in range(20)]
    others = [mails() for _ in range(20)]
    results = await asyncio.gather(*map(desk.smtp.stage, same + others), return_exceptions=True)
    assert sum(isinstance(result, Joined) for result in results[:20]) == 1
    assert all(isinstance(result, Joined) for result in results[20:])


async def test_a_lost_connection_ends_leases(desk: Desk, mails: Mails) -> None:
    await desk.smtp.stage(mails())
    await desk.smtp.close()
    other = await open_intake(desk.settings, desk.keys.public)
    async with asyncio.timeout(5):
        while True:
            try:
                joined = await other.stage(mails(join_key=b"join-1"))
                break
            except Temporary:
                await asyncio.sleep(0.01)
    assert not joined.committed
    await other.close()


async def test_desk_down_is_temporary_at_once_and_comes_back(desk: Desk, mails: Mails) -> None:
    await desk.smtp.stage(mails())
    await desk.server.close()
    with pytest.raises(Temporary, match="cannot be reached"):
        async with asyncio.timeout(1):
            await desk.smtp.commit("M00001", [])
    again = open_desk_server(desk.settings, desk.store.archive)
    assert again is not None
    await again.start()
    await desk.smtp.commit("M00001", [])
    assert len(await desk.store.archive.items(Filter())) == 1
    await again.close()


async def test_a_silent_desk_is_temporary_in_time(
    tmp_path: Path, keys: PrivateKeys, mails: Mails
) -> None:
    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_unix_server(hold, tmp_path / "s")
    smtp = DeskIntake(tmp_path / "s", Sealer((keys.public.desk,)), wait=0.1)
    with pytest.raises(Temporary, match="no answer in time"):
        await smtp.stage(mails())
    await smtp.close()
    server.close()


async def test_the_socket_is_ours_alone(desk: Desk) -> None:
    path = desk.settings.store.run / "desk.sock"
    assert path.stat().st_mode & 0o777 == 0o600
    second = open_desk_server(desk.settings, desk.store.archive)
    assert second is not None
    with pytest.raises(ConfigError, match="another desk"):
        await second.start()


async def test_a_socket_left_behind_is_replaced(tmp_path: Path) -> None:
    import socket

    path = tmp_path / "desk.sock"
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    server = DeskServer(path, None)  # type: ignore[arg-type]
    await server.start()
    await server.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.0\r\n\r\n",
        struct.pack("!IQ", 1 << 31, 0),
        struct.pack("!IQ", 2, 1 << 50) + b"{}",
        struct.pack("!IQ", 2, 0) + b"{}",
        struct.pack("!IQ", 3, 0) + b"\xff[]",
        struct.pack("!IQ", 40, 100) + b"half",
    ],
)
async def test_what_is_no_frame_ends_the_connection(desk: Desk, sent: bytes) -> None:
    reader, writer = await asyncio.open_unix_connection(desk.settings.store.run / "desk.sock")
    writer.write(sent)
    writer.write_eof()
    async with asyncio.timeout(2):
        assert await reader.read() == b""
    writer.close()
    await desk.smtp.count([count()])  # the server lives


@pytest.mark.parametrize(
    "header",
    [
        {"verb": "drop-tables"},
        {"verb": "commit"},
        {"verb": "stage", "lengths": [1, 2]},
        {"verb": "stage", "lengths": [-1, 1]},
        {"verb": "stage", "lengths": []},
        {"verb": "count", "counts": [{"day": "2026-11-16"}]},
        {"verb": "count", "counts": 7},
    ],
)
async def test_malformed_requests_are_answered(desk: Desk, header: dict[str, object]) -> None:
    reader, writer = await asyncio.open_unix_connection(desk.settings.store.run / "desk.sock")
    await frames.write(writer, {"id": 7} | header)
    answer, _ = await frames.read_header(reader)
    assert answer["id"] == 7
    assert "permanent" in answer
    writer.close()
    with pytest.raises(Permanent):
        _result(answer)


async def test_nothing_plain_crosses_the_socket(
    tmp_path: Path, keys: PrivateKeys, mails: Mails
) -> None:
    seen = bytearray()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        header, length = await frames.read_header(reader)
        seen.extend(json.dumps(header).encode() + await reader.readexactly(length))
        await frames.write(
            writer, {"id": header["id"], "ok": {"id": "x", "committed": 0, "relayed": 0}}
        )
        writer.close()

    server = await asyncio.start_unix_server(listen, tmp_path / "s")
    smtp = DeskIntake(tmp_path / "s", Sealer((keys.public.desk,)))
    await smtp.stage(mails(dossier=dossier("kanarie"), body=b"kanarie" * 50))
    assert len(seen) > 1000
    assert b"kanarie" not in seen
    await smtp.close()
    server.close()


async def test_a_spent_budget_pauses_and_goes_on(desk: Desk, mails: Mails, tmp_path: Path) -> None:
    server = DeskServer(tmp_path / "small.sock", desk.store.intake, budget=1000)
    await server.start()
    smtp = DeskIntake(tmp_path / "small.sock", Sealer((desk.keys.public.desk,)))
    await asyncio.gather(*(smtp.stage(mails(body=b"x" * 5000)) for _ in range(5)))
    await smtp.stage(mails(join_key=b"join-1", at=NOW + timedelta(hours=1)))
    await smtp.close()
    await server.close()
