"""One question to one worker: connect, send the job, hear its notes, take its answer.

From → to: a socket's path and a job → `Told`. `Temporary` is raised if no worker began in time;
from then on whatever happens is the content's doing, and stands in `Told`.

A worker that died before its time was up is guilty, and so is one that its CPU limit ended: that
measures the content. One that outran the clock on the wall may have had a busy machine, so its
content is not examined, but not accused.
"""

import asyncio
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from mailfilter import failpoint, limits
from mailfilter.errors import Temporary
from mailfilter.workers import wire
from mailfilter.workers.line import Line
from mailfilter.workers.notes import Culprit, Trail

GRACE = 2.0  # seconds beyond a worker's time, for its answer
_NEAR = 0.5  # seconds before the end of its time that count as the end


@dataclass(slots=True)
class Told:
    """`answer` is None if the worker ended without one that can be used."""

    answer: dict[str, Any] | None = None
    trail: Trail = field(default_factory=Trail)
    outran: bool = False
    code: str = "crashed"

    def says(self, word: str) -> bool:
        """Whether the answer holds this word and means it."""
        return self.answer is not None and self.answer.get(word) is True

    @property
    def culprit(self) -> Culprit | None:
        """The part that was open at the end."""
        return self.trail.culprit

    @property
    def guilty(self) -> bool:
        """Whether the death is the content's fault beyond doubt."""
        return self.answer is None and not self.outran and self.code == "crashed"


async def ask(
    path: Path,
    job: dict[str, Any],
    files: Callable[[], wire.Files],
    message: bytes,
    begin_by: float,
) -> Told:
    """What a worker of this socket says of a message.

    `files` gives its lists, by descriptor, in the moment in which they are sent: while we wait for
    a worker they may be replaced and closed.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        failpoint.reach("worker_sent")
        line = _reach(sock, path, job, files)
        try:
            ahead = len(message) <= limits.MESSAGE_AHEAD
            if ahead:
                line.send(message)
            await _start(line, begin_by)
            end = min(monotonic() + float(job["seconds"]), float(job["until"]))
            told = Told()
            try:
                async with asyncio.timeout(end + GRACE - monotonic()):
                    if not ahead:
                        line.send(message)
                    await _hear(line, told, wire.answer_limit(job["op"]))
            except (TimeoutError, OSError, ValueError, RecursionError):
                told.answer = None
        finally:
            line.close()
        failpoint.reach("worker_result")
        told.outran = told.answer is None and told.code == "crashed" and monotonic() > end - _NEAR
        return told


def _reach(
    sock: socket.socket, path: Path, job: dict[str, Any], files: Callable[[], wire.Files]
) -> Line:
    """Put the job where the next free worker takes it; raises Temporary if it cannot be."""
    try:
        sock.connect(str(path))  # at once, or not at all if the queue is full
        wire.send_job(sock, job, files())
    except OSError as error:
        raise _unreachable(error) from error
    return Line(asyncio.get_running_loop(), sock)


async def _start(line: Line, begin_by: float) -> None:
    """Returns when a worker has begun; raises Temporary when none did in time."""
    try:
        async with asyncio.timeout(begin_by - monotonic()):
            begun = await line.take(1) == wire.STARTED
    except TimeoutError as error:
        raise Temporary("no scan worker was free in time") from error
    except ValueError:
        begun = False
    except OSError as error:
        raise _unreachable(error) from error
    if not begun:
        raise Temporary("the scan worker ended before it began")


def _unreachable(error: OSError) -> Temporary:
    return Temporary(f"the scan workers cannot be reached: {error.strerror}")


async def _hear(line: Line, told: Told, limit: int) -> None:
    """Notes, then the answer. ValueError for whatever no honest worker sends."""
    while True:
        kind, size = wire.head(await line.take(wire.HEAD))
        if kind == wire.NOTE and size <= limits.NOTE_SIZE:
            told.trail.take(json.loads(await line.take(size)))
        elif kind == wire.ANSWER and size <= limit:
            _take(json.loads(await line.take(size)), told)
            return
        else:
            raise ValueError("no frame")


def _take(answer: Any, told: Told) -> None:
    """An answer that says what was read, or why nothing was."""
    if not isinstance(answer, dict):
        raise ValueError("no answer")
    if "too_much" in answer:
        told.code = "too-much-found"
    elif "crashed" not in answer:
        told.answer = answer
