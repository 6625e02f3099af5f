"""One scan worker: takes a job from the shared socket, answers, takes the next.

A worker that has opened a document, archive or image ends after the answer, and the master forks
a fresh one: nothing that one file did can meet the next file. Text mail leaves no such traces, so
its worker stays warm.

The fence here is one of the three that catch everything: what a reader did not foresee becomes
"crashed" for this content, never silence.
"""

import os
import socket
from typing import Any

from detectors import Role
from mailfilter import limits
from mailfilter.examine import Job, examine, joined, to_json, view
from mailfilter.model import Class, Examination, Facts, NotExamined
from mailfilter.place import Place, describe
from mailfilter.workers import wire
from mailfilter.workers.confine import start_clock, stop_clock

JOBS_PER_WORKER = 500  # then a fresh fork, so that a slow leak cannot grow


def work(listener: socket.socket) -> None:
    """Serve jobs until one was heavy or enough were light."""
    for _ in range(JOBS_PER_WORKER):
        connection, _address = listener.accept()
        with connection:
            if not _serve(connection):
                return


def _serve(connection: socket.socket) -> bool:
    """One job; True if this process may take another."""
    try:
        received = wire.receive_job(connection)
        if received is None:
            return True
        job, descriptor = received
        connection.sendall(wire.STARTED)
        start_clock(float(job["seconds"]), limits.WORKER_CPU)
        data = wire.read_memory_file(descriptor)
        os.close(descriptor)
        answer, fresh = _answer(job, data)
        wire.answer(connection, answer)
    except OSError:
        return False  # the asker went away, or descriptors ran out: start afresh
    finally:
        stop_clock()
    return fresh


def _answer(job: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bool]:
    """The answer, and whether this process is as fresh as before."""
    try:
        if job["op"] == "view":
            return _view(job, data), False
        examination, light = examine(data, Job.from_json(job))
        return {"examination": to_json(examination)}, light
    except Exception as error:
        return {"crashed": type(error).__name__}, False


def _view(job: dict[str, Any], data: bytes) -> dict[str, Any]:
    language, room = job["language"], limits.VIEW_SIZE
    pieces, unread = view(data, Job.from_json(job))
    texts = []
    for place, text in joined(pieces, language):
        texts.append([place, text[:room]])
        room -= len(text)
        if room <= 0:
            break
    missing = [[describe(part.place, language), part.reason, part.cls] for part in unread]
    return {"texts": texts, "unread": missing, "long": True}


def crashed(size: int, reason: str = "crashed") -> Examination:
    """What is known of a message whose content ended its worker."""
    where = Place(Role.BODY)
    cls = Class.OVER_LIMIT if reason == "too-long" else Class.CRASHED
    return Examination(Facts(), not_examined=(NotExamined(where, reason, cls),), size=size)
