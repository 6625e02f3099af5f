"""The transport of plain text: what is written arrives whole, and the end is told once."""

import asyncio
import socket

import pytest

from mailfilter.socket_transport import HIGH_WATER, Plain


class Told(asyncio.Protocol):
    """Notes what the transport says."""

    def __init__(self, stays: bool = True) -> None:
        self.calls: list[str] = []
        self.data = b""
        self._stays = stays

    def data_received(self, data):
        self.data += data

    def eof_received(self):
        self.calls.append("eof")
        return self._stays

    def connection_lost(self, error):
        self.calls.append(f"lost {type(error).__name__}")

    def pause_writing(self):
        self.calls.append("pause")

    def resume_writing(self):
        self.calls.append("resume")


def connected(told: Told) -> tuple[Plain, socket.socket]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    return Plain(asyncio.get_running_loop(), ours, told), theirs


async def until(what) -> None:
    async with asyncio.timeout(10):
        while not what():
            await asyncio.sleep(0)


async def read_all(sock: socket.socket) -> bytes:
    data = b""
    while piece := await asyncio.get_running_loop().sock_recv(sock, 2**20):
        data += piece
    return data


async def test_what_does_not_fit_leaves_later_and_in_order():
    told = Told()
    plain, theirs = connected(told)
    pieces = [bytes([number]) * 300_000 for number in range(10)]
    for piece in pieces:
        plain.write(piece)
    assert plain.get_write_buffer_size() > HIGH_WATER
    assert told.calls[0] == "pause"
    plain.close()
    plain.write(b"too late")
    assert await read_all(theirs) == b"".join(pieces)
    assert told.calls[-1] == "lost NoneType"
    theirs.close()


async def test_writing_goes_on_when_there_is_room():
    told = Told()
    plain, theirs = connected(told)
    plain.write(b"x" * 3_000_000)
    reading = asyncio.create_task(read_all(theirs))
    await until(lambda: "resume" in told.calls)
    plain.write(b"y")
    plain.close()
    assert (await reading).endswith(b"xy")
    assert told.calls == ["pause", "resume", "lost NoneType"]
    theirs.close()


@pytest.mark.parametrize("stays", [True, False])
async def test_a_half_closed_client_may_get_its_reply(stays):
    told = Told(stays)
    plain, theirs = connected(told)
    theirs.send(b"QUIT\r\n")
    theirs.shutdown(socket.SHUT_WR)
    await until(lambda: told.calls)
    assert told.data == b"QUIT\r\n"
    plain.write(b"221\r\n")
    plain.close()
    plain.abort()
    assert await read_all(theirs) == (b"221\r\n" if stays else b"")
    assert told.calls == ["eof", "lost NoneType"]
    theirs.close()


async def test_a_paused_line_reads_nothing():
    told = Told()
    plain, theirs = connected(told)
    plain.pause_reading()
    theirs.send(b"x")
    for _ in range(5):
        await asyncio.sleep(0)
    assert told.data == b""
    plain.resume_reading()
    await until(lambda: told.data)
    sock = plain.detach()
    theirs.send(b"y")
    assert await asyncio.get_running_loop().sock_recv(sock, 10) == b"y"
    assert told.calls == []
    sock.close()
    theirs.close()


async def test_a_reset_is_told_once():
    told = Told()
    plain, theirs = connected(told)
    theirs.close()
    plain.write(b"x")
    plain.write(b"x")
    await until(lambda: told.calls)
    for _ in range(5):
        await asyncio.sleep(0)
    assert [call for call in told.calls if call.startswith("lost")] == ["lost BrokenPipeError"]
