"""The certificate of the front's https: read at the start, and again whenever its file changes.

New connections get the new certificate, those that are open keep theirs. A file that cannot be read
(half written, or no pair) leaves the old certificate in force and is said once in the log.
"""

import asyncio
import ssl
from pathlib import Path

from mailfilter import tls
from mailfilter.config.front import Front
from mailfilter.errors import ConfigError
from mailfilter.log import log

EVERY = 5.0  # seconds between two looks


def context(front: Front) -> ssl.SSLContext | None:
    """The TLS settings, None without a certificate; ConfigError where it cannot be used."""
    if front.certificate is None or front.key is None:
        return None
    try:
        return tls.server(front.certificate, front.key)
    except OSError as error:  # an SSLError is one
        why = error.strerror or type(error).__name__
        raise ConfigError(
            f"front.certificate: {front.certificate}: {why}; a PEM file with its key is expected"
        ) from error


async def watch(front: Front, used: ssl.SSLContext | None, every: float = EVERY) -> None:
    """Take new files into use, for ever."""
    files = [path for path in (front.certificate, front.key) if path is not None]
    seen = _state(files)
    while used is not None:
        await asyncio.sleep(every)
        now = _state(files)
        if now == seen:
            continue
        seen = now
        try:
            context(front)  # a bad pair would spoil the one in use
            used.load_cert_chain(files[0], files[1])
            log.info("front-certificate", state="renewed")
        except (ConfigError, OSError) as error:
            log.error("front-certificate", state="kept the old one", kind=type(error).__name__)


def _state(files: list[Path]) -> list[tuple[int, int]]:
    found = []
    for path in files:
        try:
            about = path.stat()
            found.append((about.st_mtime_ns, about.st_ino))
        except OSError:
            found.append((0, 0))
    return found
