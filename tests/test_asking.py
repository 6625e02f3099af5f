"""One question to one worker, whatever the worker does: nothing hangs, nothing is believed."""

import asyncio
import json
import random
import socket
import threading
from contextlib import contextmanager, suppress
from time import monotonic

import pytest

from mailfilter import limits
from mailfilter.errors import Temporary
from mailfilter.workers import wire
from mailfilter.workers.asking import ask
from mailfilter.workers.line import Line

SMALL, LARGE = b"x" * 5000, random.Random(1).randbytes(limits.MESSAGE_AHEAD + 9 * limits.MIB)
AHEAD = LARGE[: limits.MESSAGE_AHEAD]


def says(value) -> bytes:
    content = json.dumps(value).encode()
    return wire.ANSWER + len(content).to_bytes(wire.LENGTH, "big") + content


@contextmanager
def worker(path, do, queue: int = 5):
    """A socket whose first job is given to `do`, with the connection, in a thread."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(queue)

        def run() -> None:
            connection, _ = listener.accept()
            with connection:
                do(connection)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield
        thread.join(10)


def begun(connection) -> int:
    """Take a job and say so; the size of its message."""
    job, files = wire.receive_job(connection)
    for file in files:
        socket.close(file)
    connection.sendall(wire.STARTED)
    return job["size"]


async def asked(path, message, seconds: float = 5.0, wait: float = 5.0):
    lists = wire.memory_file(b"poison"), wire.memory_file(b"registers")
    job = {"op": "examine", "size": len(message), "seconds": seconds, "until": monotonic() + 20}
    try:
        return await ask(path, job, lambda: lists, message, monotonic() + wait)
    finally:
        for file in lists:
            socket.close(file)


@pytest.mark.parametrize("message", [b"", SMALL, AHEAD, LARGE], ids=len)
async def test_a_message_arrives_whole_and_the_job_is_not_part_of_it(tmp_path, message):
    came = []

    def reads(connection):
        size = begun(connection)
        came.append(wire.receive_message(connection, size))
        connection.sendall(says({"examination": 1}))

    with worker(tmp_path / "w", reads):
        told = await asked(tmp_path / "w", message)
    assert (told.answer, came) == ({"examination": 1}, [message])


@pytest.mark.parametrize("message", [SMALL, LARGE], ids=len)
async def test_it_arrives_whole_where_the_kernel_gives_little_room(tmp_path, message, monkeypatch):
    monkeypatch.setattr(limits, "MESSAGE_AT_ONCE", 4096)
    await test_a_message_arrives_whole_and_the_job_is_not_part_of_it(tmp_path, message)


@pytest.mark.parametrize("message", [SMALL, LARGE], ids=len)
async def test_a_worker_that_ends_before_it_began_is_temporary(tmp_path, message):
    with (
        worker(tmp_path / "w", lambda connection: None),
        pytest.raises(Temporary, match=r"ended before|cannot be reached"),
    ):
        await asked(tmp_path / "w", message)


@pytest.mark.parametrize("message", [SMALL, AHEAD, LARGE], ids=len)
async def test_a_worker_that_ends_before_it_has_read_is_guilty(tmp_path, message):
    with worker(tmp_path / "w", begun):
        told = await asked(tmp_path / "w", message)
    assert told.guilty


@pytest.mark.parametrize("message", [SMALL, AHEAD, LARGE], ids=len)
async def test_a_worker_that_ends_amid_the_message_is_guilty(tmp_path, message):
    def reads(connection):
        begun(connection)
        connection.recv(1000)

    with worker(tmp_path / "w", reads):
        assert (await asked(tmp_path / "w", message)).guilty


@pytest.mark.parametrize("message", [SMALL, AHEAD, LARGE], ids=len)
async def test_an_answer_without_reading_is_heard_and_nothing_waits(tmp_path, message):
    def answers(connection):
        begun(connection)
        connection.sendall(says({"too_much": True}))

    began = monotonic()
    with worker(tmp_path / "w", answers):
        told = await asked(tmp_path / "w", message, seconds=30)
    assert (told.answer, told.code) == (None, "too-much-found")
    assert monotonic() - began < 20


@pytest.mark.parametrize("message", [SMALL, LARGE], ids=len)
async def test_a_worker_that_reads_nothing_and_says_nothing_outran_its_time(tmp_path, message):
    done = threading.Event()

    def sleeps(connection):
        begun(connection)
        done.wait(20)

    with worker(tmp_path / "w", sleeps):
        told = await asked(tmp_path / "w", message, seconds=0.3)
        done.set()
    assert told.outran
    assert not told.guilty


async def test_no_worker_in_time_and_a_full_queue_are_temporary(tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "w"))
        listener.listen(1)
        waiting = [asyncio.create_task(asked(tmp_path / "w", AHEAD, wait=1.0)) for _ in range(2)]
        await asyncio.sleep(0.2)
        with pytest.raises(Temporary, match="cannot be reached"):
            await asked(tmp_path / "w", SMALL)
        for each in waiting:
            with pytest.raises(Temporary, match="free in time"):
                await each


async def test_who_says_something_else_than_begun_has_not_begun(tmp_path):
    def babbles(connection):
        connection.recv(1 << 16)
        connection.sendall(b"A" * 100)
        connection.recv(1 << 16)

    with worker(tmp_path / "w", babbles), pytest.raises(Temporary, match="before it began"):
        await asked(tmp_path / "w", SMALL)


async def test_what_nobody_takes_is_not_kept_without_bound():
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    with ours, theirs:
        line = Line(asyncio.get_running_loop(), ours)
        sent = 0
        for _ in range(100):
            with suppress(BlockingIOError):
                sent += theirs.send(b"x" * 100_000)
            await asyncio.sleep(0)
            assert len(line._came) <= 64 * limits.KIB
        assert await line.take(sent - 1) == b"x" * (sent - 1)
        theirs.close()
        assert await line.take(1) == b"x"
        with pytest.raises(ValueError, match="ended"):
            await line.take(1)
        line.close()
