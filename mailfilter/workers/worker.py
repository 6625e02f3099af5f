"""One scan worker: takes a job from its class's socket, answers, and is warm still or ends.

A worker for text stays: plain text leaves no traces. It answers "heavy" to mail that holds a
document, an archive or a picture that is not known, before it opens any of it. All other workers
are forked for one message, and nothing that one file did can meet the next one.

The worker for documents looks at pictures without recognising them, but for small ones. If a page
holds lines of text, that page and all later pictures are "ocr-time" in its answer, and who asked
may ask again at the slot for pictures, where the message is read whole: two cheap readings of a
document cost less than a state that would have to pass from one process to the other.

The fence here is one of the three that catch everything: what a reader did not foresee becomes
"crashed" for this content, never silence.
"""

import os
import select
import socket
import time
from dataclasses import dataclass
from functools import partial
from typing import Any

from detectors.registers import Registers
from mailfilter import extract, failpoint, limits, parse
from mailfilter.examine import (
    Job,
    Reading,
    explained,
    joined,
    pieces_of,
    read,
    remembered,
    search,
    to_json,
)
from mailfilter.extract.kit.budget import Budget
from mailfilter.extract.weight import Heavy, light
from mailfilter.place import describe
from mailfilter.registers import unbundle
from mailfilter.workers import wire
from mailfilter.workers.board import Board
from mailfilter.workers.classes import Kind
from mailfilter.workers.confine import start_clock, stop_clock
from mailfilter.workers.notes import Teller
from mailfilter.workers.poison import digests
from mailfilter.workers.slot import Slot

JOBS_PER_WORKER = 500  # then a fresh fork, so that a slow leak cannot grow
GRACE = 5.0  # seconds that the master waits for one to end by itself: nice 19 may be starved


@dataclass(frozen=True, slots=True)
class Post:
    """Where one worker works. `seat` is its place on the board."""

    kind: Kind
    listener: socket.socket
    slot: Slot
    board: Board
    seat: int = 0
    bell: select.epoll | None = None  # of those who take one job after the other
    pictures: extract.Has = extract.NOTHING  # which are known


@dataclass(frozen=True, slots=True)
class Task:
    """A job as it arrived, and by when it must be done (monotonic)."""

    connection: socket.socket
    job: dict[str, Any]
    data: bytes
    poisoned: frozenset[bytes]
    registers: Registers
    ends: float


def work(post: Post) -> None:
    """Serve jobs: one, or while they are light."""
    if post.kind is Kind.OCR:
        select.select([post.listener], [], [])
        post.slot.take()
    for _ in range(JOBS_PER_WORKER):
        connection = _next(post)
        if post.kind is not Kind.TEXT:
            post.listener.close()  # whoever takes this process over gets one message
        with connection:
            if not _serve(post, connection) or post.kind is not Kind.TEXT:
                return


def bell(listener: socket.socket) -> select.epoll:
    """What wakes one idle worker for a job, and of those idle the one that was there first.

    The kernel's queue of `accept` wakes them in turn, and then none finds its caches warm: a mail
    of 1 MiB costs the machine 7 % more.
    """
    listener.setblocking(False)  # who is late finds nothing
    waiting = select.epoll()
    waiting.register(listener, select.EPOLLIN | select.EPOLLEXCLUSIVE)
    return waiting


def _next(post: Post) -> socket.socket:
    """The next job's connection; blocks until there is one."""
    while True:
        if post.bell is not None:
            post.bell.poll()
        try:
            return post.listener.accept()[0]
        except BlockingIOError:
            continue


def _serve(post: Post, connection: socket.socket) -> bool:
    """One job; True if this process may take another."""
    try:
        task = _begin(post, connection)
        if task is None:
            return True
        failpoint.reach("worker_began")
        answer, fresh = _answer(post, task)
        failpoint.reach("worker_read")
        wire.answer(connection, answer, wire.answer_limit(task.job["op"]))
    except OSError:
        return False  # the asker went away, or descriptors ran out: start afresh
    finally:
        stop_clock()
    return fresh


def _begin(post: Post, connection: socket.socket) -> Task | None:
    """Start all clocks, say so, only then look at the message; None if nobody waits any more."""
    received = wire.receive_job(connection)
    if received is None:
        return None
    job, files = received
    try:
        now = time.monotonic()
        seconds = min(float(job["seconds"]), float(job["until"]) - now)
        if seconds <= 0:
            return None
        if post.kind is not Kind.TEXT:
            post.board.ends(post.seat, now + seconds + GRACE)
        connection.sendall(wire.STARTED)
        start_clock(seconds, int(job["cpu"]), final=post.kind is not Kind.TEXT)
        data = wire.receive_message(connection, int(job["size"]))
        poison, registers = files
        poisoned = frozenset() if post.kind is Kind.TEXT else digests(wire.read_memory_file(poison))
        lists = unbundle(wire.read_memory_file(registers))
        return Task(connection, job, data, poisoned, lists, now + seconds)
    finally:
        for file in files:
            os.close(file)


def _answer(post: Post, task: Task) -> tuple[dict[str, Any], bool]:
    """The answer, and whether this process is as fresh as before."""
    try:
        job = Job.from_json(task.job, task.registers)
        message = parse.parse(task.data, job.marks)
        formats = extract.typed(message.parts)
        pictures = extract.Pictures(job.pictures, post.pictures)
        if post.kind is Kind.TEXT:
            if not light(message.parts, formats, pictures):
                return {"heavy": True}, True
            reading = read(message, job, formats, Budget(light=True, pictures=pictures))
            return _told(task, job, reading), True
        teller = Teller(task.connection, bytes.fromhex(task.job["poison"]), task.poisoned)
        reading = read(message, job, formats, _budget(post, task, teller, pictures))
        teller.all_read()
        return _told(task, job, reading), False
    except Heavy:  # a file inside a text
        return {"heavy": True}, True
    except Exception as error:
        return {"crashed": type(error).__name__}, False


def _budget(post: Post, task: Task, teller: Teller, pictures: extract.Pictures) -> Budget:
    """Documents: a look at pictures. The slot: what time is left, page by page if patient."""
    left = max(task.ends - limits.OCR_MARGIN - time.monotonic(), 0)
    if post.kind is Kind.DOCUMENT:
        look = min(limits.OCR_LOOK, left)
        return Budget(ocr=look, recognise=False, watch=teller, pictures=pictures)
    if post.kind is Kind.PATIENT:
        turn = partial(post.slot.turn, task.ends - limits.OCR_MARGIN)
        return Budget(ocr=left, turn=turn, patient=True, watch=teller, pictures=pictures)
    return Budget(ocr=left, watch=teller, pictures=pictures)


def _told(task: Task, job: Job, reading: Reading) -> dict[str, Any]:
    """What is asked of a reading, and whether pictures were left to be read."""
    left = any(part.reason == "ocr-time" for part in reading.not_examined)
    if task.job["op"] in wire.SHOWN:
        view = _view(task.job["language"], reading, wire.SHOWN[task.job["op"]])
        return {"view": view, "pictures": left}
    if task.job["op"] == wire.EXPLAIN:
        return {"explained": _explained(task.job["language"], reading, job), "pictures": left}
    examination = search(reading, job, len(task.data))
    told = {"examination": to_json(examination), "pictures": left}
    if job.pictures and reading.pictures.heard:
        told["clean"] = [each.hex() for each in remembered(reading, job)]
    return told


def _explained(language: str, reading: Reading, job: Job) -> list[list[Any]]:
    """Place, text, kind, confidence and reasons of what was found, and of what was dropped."""
    room, told = limits.VIEW_SIZE, []
    for place, text, why in explained(reading, job):
        where = describe(place, language)
        room -= len(where) + len(text) + sum(map(len, why.reasons)) + 40
        if room <= 0:
            break
        told.append([where, text, why.kind, why.confidence, list(why.reasons)])
    return told


def _view(language: str, reading: Reading, room: int) -> dict[str, Any]:
    texts = []
    for place, text in joined(pieces_of(reading), language):
        texts.append([place, text[:room]])
        room -= len(text)
        if room <= 0:
            break
    unread = [[describe(part.place, language), part.reason] for part in reading.not_examined]
    return {"texts": texts, "unread": unread}
