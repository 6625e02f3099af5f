"""What can be known before the processes start is said before they start.

A fault of the configuration that only desk would meet (a store that cannot be opened, a key file
that is no key) must end ``serve`` with its sentence, and not make desk start again and again. The
tries run in a child, so that the supervisor stays without threads, connections and keys. A store
that is merely down is no such fault: desk waits for it.
"""

import asyncio
import os
from collections.abc import Callable

from mailfilter import config
from mailfilter.app.posting import outbox
from mailfilter.app.scanning import registers_of
from mailfilter.errors import ConfigError, Temporary
from mailfilter.front.certificate import context
from mailfilter.log import log
from mailfilter.receive.server import server_context
from mailfilter.record import open_archive
from mailfilter.record.keys import load_private

_FAULT = 2


def check(settings: config.Settings) -> None:
    """Raises ConfigError with the sentence of what cannot be used."""
    _in_child(lambda: _try(settings))


def _try(settings: config.Settings) -> None:
    server_context(settings.listen)
    context(settings.front)
    registers_of(settings)
    asyncio.run(_open(settings))


async def _open(settings: config.Settings) -> None:
    try:
        archive = await open_archive(
            settings, load_private(settings.store.keys, settings.store.desk_key)
        )
    except Temporary as error:
        log.warning("store-down", cause=str(error))
        return
    try:
        outbox(archive, settings)
    finally:
        await archive.close()


def _in_child(work: Callable[[], None]) -> None:
    read, write = os.pipe()
    if not (pid := os.fork()):
        status = 1
        try:
            work()
            status = 0
        except ConfigError as error:
            os.write(write, str(error).encode()[:4000])
            status = _FAULT
        finally:
            os._exit(status)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        sentence = pipe.read().decode("utf-8", "replace")
    _, ended = os.waitpid(pid, 0)
    if os.waitstatus_to_exitcode(ended) == _FAULT:
        raise ConfigError(sentence)
