"""The pages over a real socket: no access log, no server header, faults without their text."""

import asyncio
import logging
import urllib.request
from contextlib import asynccontextmanager
from urllib.error import HTTPError

import pytest

from mailfilter.pages.server import serve
from tests.web.office import Office


@asynccontextmanager
async def running(app, tls=None):
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(app, "127.0.0.1", 0, stop, ready=ready, tls=tls))
    try:
        yield await ready
    finally:
        stop.set()
        await asyncio.wait_for(task, 10)


def fetch(port, path, **headers):
    try:
        asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except HTTPError as error:
        return error.code, dict(error.headers), error.read().decode()


async def test_serves_and_stops_without_a_log(caplog, capfd):
    caplog.set_level(logging.DEBUG)
    async with running(Office().app()) as port:
        status, headers, text = await asyncio.to_thread(fetch, port, "/login/very-secret-words")
    assert status == 200
    assert "very-secret-words" in text
    assert "server" not in {name.lower() for name in headers}
    assert "very-secret-words" not in caplog.text + "".join(capfd.readouterr())


async def test_fault_of_ours_is_logged_by_type_and_place(caplog, capfd):
    office = Office()

    async def broken(*_):
        raise RuntimeError("words of a mail")

    office.archive.session = broken
    cookie = {"cookie": "mailfilter-session=x"}
    async with running(office.app()) as port:
        status, headers, text = await asyncio.to_thread(fetch, port, "/account", **cookie)
    assert status == 500
    assert "default-src 'none'" in headers["content-security-policy"]
    said = caplog.text + text + "".join(capfd.readouterr())
    assert "RuntimeError at test_server.py:" in said
    assert "words of a mail" not in said


async def test_fault_behind_a_probe_says_nothing_either(caplog, capfd):
    office = Office()

    async def broken():
        raise RuntimeError("words of a mail")

    office.health = broken
    async with running(office.machines()) as port:
        status, _, text = await asyncio.to_thread(fetch, port, "/readyz")
    assert status == 500
    said = caplog.text + text + "".join(capfd.readouterr())
    assert "RuntimeError at test_server.py:" in said
    assert "words of a mail" not in said


async def test_port_that_is_taken_is_an_error_of_the_caller():
    async with running(Office().app()) as port:
        with pytest.raises(OSError, match="in use"):
            await serve(Office().app(), "127.0.0.1", port, asyncio.Event())


async def test_a_slash_behind_a_link_is_answered_at_once_and_sends_the_secret_nowhere():
    async with running(Office().app()) as port:
        for slashes in ("/", "//"):
            request = f"GET /login/very-secret-words{slashes} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request.encode() + b"Connection: close\r\n\r\n")
            answer = await reader.read()
            writer.close()
            assert answer.startswith(b"HTTP/1.1 200 ")
            assert b"\r\nlocation:" not in answer.lower()
