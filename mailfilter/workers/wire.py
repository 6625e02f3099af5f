"""What goes over the workers' sockets.

Job: one datagram-sized write of JSON with two file descriptors beside it: the poison list, and the
organisation's registers, both sealed memory files that are kept for many jobs. Back comes one byte
`STARTED` when a worker has taken the job. The message goes over as it is, as many bytes as the job
says: behind the job at once if it is small enough for the kernel to keep meanwhile, else when a
worker has begun. (Descriptors are a barrier in a stream: who receives them gets no byte of what was
sent later.) Then frames come back: a byte for the kind, `LENGTH` bytes (big endian), JSON. Notes
(`NOTE`) say which part is being opened; the `ANSWER` is the last frame.

The message is no memory file: pages that are made and taken down for one message cost 0.35 ms of
CPU a MiB, and are copied out of as well; one that is kept costs what the socket costs.

Invariants: what comes from a worker may come from somebody who has taken it over. Lengths are
bounded before anything is read, JSON is never anything but JSON, and the shapes are checked by
`notes.py` and `checked.py`.
"""

import fcntl
import json
import os
import socket
from typing import Any

from mailfilter import limits

Files = tuple[int, int]  # descriptors: poison list, registers
EXPLAIN = "explain"  # the kind of job whose answer says why, with the text that it speaks of
STARTED = b"S"
NOTE, ANSWER = b"N", b"A"
# Jobs that show text, and how many characters: to a reviewer, and all of it at the command line
SHOWN = {"view": limits.VIEW_SIZE, "read": limits.TEXT_SIZE}
LENGTH = 4
HEAD = 1 + LENGTH
JOB_SIZE = 64 * limits.KIB

_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL


def memory_file(data: bytes) -> int:
    """A descriptor of an anonymous file that holds `data` and can no longer change."""
    descriptor = os.memfd_create("list", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
    return descriptor


def read_memory_file(descriptor: int) -> bytes:
    """The content of a memory file."""
    size = os.fstat(descriptor).st_size
    data = os.pread(descriptor, size, 0)
    return data if len(data) == size else _in_pieces(descriptor, size)


def _in_pieces(descriptor: int, size: int) -> bytes:
    """What one call does not give: over 2 GiB, or interrupted by a signal."""
    pieces, at = [], 0
    while at < size and (piece := os.pread(descriptor, size - at, at)):
        pieces.append(piece)
        at += len(piece)
    return b"".join(pieces)


def send_job(sock: socket.socket, job: dict[str, Any], files: Files) -> None:
    """Send a job in one write; it is small enough never to block a fresh socket."""
    socket.send_fds(sock, [json.dumps(job).encode()], list(files))


def receive_job(sock: socket.socket) -> tuple[dict[str, Any], Files] | None:
    """A job and its descriptors; None if the asker has gone."""
    data, descriptors, _flags, _address = socket.recv_fds(sock, JOB_SIZE, 2)
    if not data or len(descriptors) != 2:
        return None
    job = json.loads(data)
    assert isinstance(job, dict)
    poison, registers = descriptors
    return job, (poison, registers)


def receive_message(sock: socket.socket, size: int) -> bytes:
    """The message of a job; OSError if the asker went away before its end."""
    data = sock.recv(size, socket.MSG_WAITALL) if size else b""
    return data if len(data) == size else _rest(sock, data, size)


def _rest(sock: socket.socket, data: bytes, size: int) -> bytes:
    """What one call does not give: over 2 GiB, or interrupted by a signal."""
    pieces, left = [data], size - len(data)
    while left:
        piece = sock.recv(left, socket.MSG_WAITALL)
        if not piece:
            raise ConnectionResetError
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def note(sock: socket.socket, value: Any) -> None:
    """Tell the asker something on the way; what is too long to tell is left out."""
    data = json.dumps(value).encode()
    if len(data) <= limits.NOTE_SIZE:
        sock.sendall(NOTE + len(data).to_bytes(LENGTH, "big") + data)


def answer(sock: socket.socket, value: dict[str, Any], limit: int) -> None:
    """Send the answer; one over the limit is replaced by one that says so."""
    data = json.dumps(value).encode()
    if len(data) > limit:
        data = json.dumps({"too_much": True}).encode()
    sock.sendall(ANSWER + len(data).to_bytes(LENGTH, "big") + data)


def answer_limit(op: str) -> int:
    """The longest answer to a kind of job: a character of text may take six bytes, or twelve."""
    if op == EXPLAIN:
        return limits.VIEW_SIZE * 8
    return SHOWN[op] * 8 if op in SHOWN else limits.RESULT_SIZE


def head(data: bytes) -> tuple[bytes, int]:
    """Kind and length of the frame that begins so."""
    return data[:1], int.from_bytes(data[1:HEAD], "big")
