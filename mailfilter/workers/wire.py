"""What goes over the workers' socket. The message itself travels as a sealed memory file.

Job: one datagram-sized write of JSON with the file descriptor beside it. Answer: one byte
`STARTED` when a worker has taken the job, then `LENGTH` (4 bytes, big endian) and JSON.
"""

import fcntl
import json
import os
import socket
from typing import Any

from mailfilter import limits

STARTED = b"S"
LENGTH = 4
JOB_SIZE = 64 * limits.KIB

_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL


def memory_file(data: bytes) -> int:
    """A descriptor of an anonymous file that holds `data` and can no longer change."""
    descriptor = os.memfd_create("message", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
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


def send_job(sock: socket.socket, job: dict[str, Any], descriptor: int) -> None:
    """Send a job in one write; it is small enough never to block a fresh socket."""
    socket.send_fds(sock, [json.dumps(job).encode()], [descriptor])


def receive_job(sock: socket.socket) -> tuple[dict[str, Any], int] | None:
    """A job and its descriptor; None if the asker has gone."""
    data, descriptors, _flags, _address = socket.recv_fds(sock, JOB_SIZE, 1)
    if not data or not descriptors:
        return None
    job = json.loads(data)
    assert isinstance(job, dict)
    return job, descriptors[0]


def answer(sock: socket.socket, value: Any) -> None:
    """Send an answer; one over the limit is replaced by one that says so."""
    data = json.dumps(value).encode()
    if len(data) > limits.RESULT_SIZE and not value.get("long"):
        data = json.dumps({"too_long": True}).encode()
    sock.sendall(len(data).to_bytes(LENGTH, "big") + data)
