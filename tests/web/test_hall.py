"""Half requests hold no door: whoever is quicker gets a seat, and each part has its time."""

import asyncio
import contextlib

import pytest

from mailfilter.pages import hall
from tests.web.office import Office
from tests.web.test_server import fetch, running

HALF = b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n"
SLOW_FORM = (
    b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\ncontent-length: 4000\r\n"
    b"content-type: application/x-www-form-urlencoded\r\n\r\nform_token="
)


@contextlib.asynccontextmanager
async def crowd(port, count, said):
    writers = []
    for n in range(count):
        with contextlib.suppress(OSError):
            source = (f"127.0.0.{2 + n % 50}", 0)
            _, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=source)
            writer.write(said)
            writers.append(writer)
    try:
        yield writers
    finally:
        for writer in writers:
            writer.transport.abort()


async def page(port, source) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    writer.write(HALF + b"Connection: close\r\n\r\n")
    async with asyncio.timeout(20):
        answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize("said", [b"", HALF, SLOW_FORM])
async def test_half_requests_hold_no_door(said):
    async with running(Office().app()) as port, crowd(port, 400, said):
        status, _, _ = await asyncio.to_thread(fetch, port, "/login")
        assert status == 200
        assert (await page(port, "127.0.0.200")).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("said", [b"", HALF, SLOW_FORM])
async def test_what_does_not_come_in_time_is_ended(said, monkeypatch):
    for name in ("HEAD", "BODY"):
        monkeypatch.setattr(hall, name, 0.2)
    async with running(Office().app()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        async with asyncio.timeout(20):
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
        writer.close()


SMUGGLED = b"0\r\n\r\nGET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@pytest.mark.parametrize(
    ("version", "fields"),
    [
        (b"1.1", b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"),
        (b"1.1", b"transfer-encoding: chunked\r\ncontent-length: 59\r\n"),
        (b"1.0", b"Transfer-Encoding: chunked\r\n"),
    ],
)
async def test_a_request_with_two_ends_is_refused_and_what_follows_is_not_read(version, fields):
    head = b"POST /login HTTP/%s\r\nHost: 127.0.0.1\r\n%s\r\n" % (version, fields)
    async with running(Office().app()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head + SMUGGLED)
        async with asyncio.timeout(20):
            answer = await reader.read()  # to its end: the connection is closed
        writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1
