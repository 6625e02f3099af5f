"""Checkpoints of the audit log, each hour: into a file, to a syslog, by mail.

The file on this machine shows what somebody did who reaches the database alone; what goes to
another machine shows also that the whole machine was put back. A way that fails is said in the log,
and the next hour's checkpoint covers what this one would have: a late witness is still one.
"""

import asyncio
import os
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from mailfilter.config import Settings
from mailfilter.log import log
from mailfilter.record.contract import Archive
from mailfilter.record.open import checkpoint_file

EVERY = timedelta(hours=1)
_MAIL_EVERY = timedelta(days=1)  # of a log that does not grow
_PRIORITY = 13 * 8 + 5  # RFC 5424: facility "log audit", severity "notice"
_PATIENCE = 5.0  # seconds


class Anchoring:
    """Makes a checkpoint when it is time, and writes it down."""

    def __init__(self, archive: Archive, settings: Settings) -> None:
        self._archive, self._settings = archive, settings
        self._mailed: tuple[int, datetime] | None = None  # line and time of the last that went
        self.failed: dict[
            str, bool
        ] = {}  # by way: whether the last checkpoint could not be written

    async def tick(self, now: datetime) -> None:
        """A checkpoint, an hour after the last; also after a clock was put back by more."""
        last = await self._archive.proof.made_at()
        if last is not None and abs(now - last) < EVERY:
            return
        seq, line = await self._archive.proof.checkpoint(now)
        ways: dict[str, Callable[[], None]] = {
            "file": lambda: write(checkpoint_file(self._settings), line)
        }
        if where := self._settings.audit.syslog:
            ways["syslog"] = lambda: send(where, line, now, self._settings.listen.hostname)
        for way, go in ways.items():
            try:
                await asyncio.to_thread(go)
                self.failed[way] = False
            except OSError as error:
                self.failed[way] = True
                log.error("audit-checkpoint", way=way, cause=error.strerror or str(error))
        await self._mail(seq, line, now)

    async def _mail(self, seq: int, line: str, now: datetime) -> None:
        if not self._settings.audit.mail:
            return
        if self._mailed and self._mailed[0] == seq and now - self._mailed[1] < _MAIL_EVERY:
            return
        await self._archive.put("checkpoint", now, note=line)
        self._mailed = (seq, now)


def write(path: Path, line: str) -> None:
    """Append a line, durably; what is there is never changed."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    handle = os.open(path, flags, 0o640)
    try:
        os.write(handle, f"{line}\n".encode("ascii"))
        os.fsync(handle)
    finally:
        os.close(handle)


def send(where: str, line: str, now: datetime, host: str) -> None:
    """A message of RFC 5424 by UDP or TCP, of RFC 3164 to a socket of this machine."""
    if where.startswith("/"):
        text = f"<{_PRIORITY}>mailfilter[{os.getpid()}]: {line}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.settimeout(_PATIENCE)
            sock.connect(where)
            sock.send(text.encode("ascii"))
        return
    address = urlsplit(where)
    assert address.hostname is not None, "the settings say so"
    stamp = now.strftime("%Y-%m-%dT%H:%M:%S%z")
    stamp = f"{stamp[:-2]}:{stamp[-2:]}"
    text = f"<{_PRIORITY}>1 {stamp} {host} mailfilter {os.getpid()} audit - {line}"
    kind = socket.SOCK_STREAM if address.scheme == "tcp" else socket.SOCK_DGRAM
    found = socket.getaddrinfo(address.hostname, address.port, type=kind)
    family, kind, protocol, _, target = found[0]
    with socket.socket(family, kind, protocol) as sock:
        sock.settimeout(_PATIENCE)
        sock.connect(target)
        sock.sendall(text.encode("ascii") + (b"\n" if kind == socket.SOCK_STREAM else b""))
