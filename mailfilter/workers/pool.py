"""Asking the scan workers, from an event loop.

`Pool.examine` never blocks the loop: the message goes into a memory file, whose descriptor is
sent in one small write. Two kinds of failure, kept apart (design 3): **this content** ended its
worker or outran its time → an incomplete `Examination`; **the machinery** had no worker to give →
`Temporary`, so that the client gets 451.
"""

import asyncio
import json
import os
import socket
from pathlib import Path
from typing import Any

from mailfilter import limits
from mailfilter.errors import Temporary
from mailfilter.examine import Job, from_json
from mailfilter.model import Class, Examination
from mailfilter.workers import wire
from mailfilter.workers.worker import crashed


class Pool:
    """A client of the workers that listen on `path`."""

    def __init__(
        self, path: Path, wait: float = 20.0, seconds: float = limits.EXAMINE_TIMEOUT
    ) -> None:
        self._path, self._wait, self._seconds = str(path), wait, seconds

    async def examine(self, data: bytes, job: Job) -> Examination:
        """The examination; incomplete if the content ended its worker."""
        answer = await self._ask({"op": "examine", **job.to_json()}, data)
        if answer is None or "crashed" in answer:
            return crashed(len(data))
        if "too_long" in answer:
            return crashed(len(data), "too-long")
        try:
            return from_json(answer["examination"])
        except (KeyError, TypeError, ValueError):
            return crashed(len(data))

    async def view(
        self, data: bytes, job: Job, language: str
    ) -> tuple[list[tuple[str, str]], list[tuple[str, str, str]]]:
        """The text of a message by place, and (place, reason, class) of what was not read."""
        answer = await self._ask({"op": "view", "language": language, **job.to_json()}, data)
        if answer is None or "texts" not in answer:
            return [], [("", "crashed", Class.CRASHED.value)]
        texts = [(str(place), str(text)) for place, text in answer["texts"]]
        return texts, [(str(p), str(r), str(c)) for p, r, c in answer["unread"]]

    async def reachable(self) -> bool:
        """Whether a master listens; a worker that is met this way goes on to the next job."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.setblocking(False)
            try:
                await asyncio.get_running_loop().sock_connect(sock, self._path)
            except OSError:
                return False
        return True

    async def _ask(self, job: dict[str, Any], data: bytes) -> dict[str, Any] | None:
        """The answer; None if the worker ended without one."""
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.setblocking(False)
            await self._start(loop, sock, job, data)
            try:
                async with asyncio.timeout(self._seconds + 2):
                    return await _result(loop, sock)
            except (TimeoutError, OSError, ValueError):
                return None

    async def _start(
        self, loop: asyncio.AbstractEventLoop, sock: socket.socket, job: dict[str, Any], data: bytes
    ) -> None:
        """Returns when a worker has begun; raises Temporary when none did in time."""
        try:
            async with asyncio.timeout(self._wait):
                await loop.sock_connect(sock, self._path)
                descriptor = wire.memory_file(data)
                try:
                    wire.send_job(sock, {"seconds": self._seconds, **job}, descriptor)
                finally:
                    os.close(descriptor)
                if await loop.sock_recv(sock, 1) != wire.STARTED:
                    raise Temporary("the scan worker ended before it began")
        except TimeoutError as error:
            raise Temporary("no scan worker was free in time") from error
        except OSError as error:
            raise Temporary(f"the scan workers cannot be reached: {error.strerror}") from error


async def _result(loop: asyncio.AbstractEventLoop, sock: socket.socket) -> dict[str, Any] | None:
    head = await _exactly(loop, sock, wire.LENGTH)
    size = int.from_bytes(head, "big")
    if not head or size > limits.VIEW_SIZE * 8:
        return None
    value = json.loads(await _exactly(loop, sock, size))
    return value if isinstance(value, dict) else None


async def _exactly(loop: asyncio.AbstractEventLoop, sock: socket.socket, size: int) -> bytes:
    """`size` bytes; fewer only if the worker ended, and then none at all."""
    data = bytearray()
    while len(data) < size:
        piece = await loop.sock_recv(sock, min(size - len(data), 1 << 18))
        if not piece:
            return b""
        data += piece
    return bytes(data)
