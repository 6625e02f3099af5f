"""The composition root: settings → processes → orderly stop. Nobody else makes a collaborator.

``mailfilter serve`` is a supervisor with three kinds of process (design 3):

``smtp``  one a core, sharing the port: receive, decide, relay (`smtp.py`)
``scan``  the master of the confined workers that read mail (`workers/master.py`)
``desk``  the private key: store, outbox, release, web pages, schedule (`desk.py`)

Stopping goes the way of the mail: first smtp drains, then the workers, last desk, which must
still store what smtp has past the dot.
"""

import os
import socket
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from mailfilter import config, limits
from mailfilter.app import desk, smtp
from mailfilter.control import Desk
from mailfilter.decide import compile_rules
from mailfilter.errors import ConfigError
from mailfilter.log import log, quiet
from mailfilter.record.keys import ensure_keys
from mailfilter.supervisor import Role, Supervisor
from mailfilter.workers import master


def run(file: Path) -> None:
    """Run the installation that `file` describes until SIGTERM."""
    settings = config.load(file)
    compile_rules(settings, str(file))
    Supervisor(roles(settings, file)).run()


def roles(settings: config.Settings, file: Path | None) -> list[Role]:
    """The processes of an installation; makes its folders, keys and sockets."""
    quiet()
    prepare(settings)
    listener = master.listen(settings.store.run / "scan.sock")
    return [
        Role("desk", lambda: desk.run(settings), order=2, patience=30),
        Role("scan", lambda: _scan(settings, listener), order=1, patience=5),
        Role(
            "smtp",
            lambda: smtp.run(settings, file),
            count=settings.listen.processes or os.cpu_count() or 1,
            patience=limits.DRAIN_TIMEOUT + 5,
        ),
    ]


def prepare(settings: config.Settings) -> None:
    """Folders and keys; a sentence for each thing that was made."""
    for folder in (settings.store.run, settings.store.keys):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"store: {folder} cannot be made: {error.strerror}") from error
    for sentence in ensure_keys(settings.store.keys):
        log.warning("keys", note=sentence)


def opened_desk(settings: config.Settings) -> AbstractAsyncContextManager[Desk]:
    """A desk for one command, where none is running."""
    prepare(settings)
    return desk.opened(settings)


def _scan(settings: config.Settings, listener: socket.socket) -> None:
    master.run(listener, settings.workers or os.cpu_count() or 1)
