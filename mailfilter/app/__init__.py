"""The composition root: settings → processes → orderly stop. Nobody else makes a collaborator.

``mailfilter serve`` is a supervisor with four kinds of process (K1):

``smtp``  one a core, sharing the port: receive, decide, relay (`smtp.py`)
``scan``  the master of the confined workers that read mail (`workers/master.py`)
``front`` the pages that the world reaches, without keys (`front.py`); only if it has a port
``desk``  the private key: store, outbox, release, reading on, web pages, schedule (`desk.py`)

Stopping: first smtp drains, with desk behind it, which must still store what is past the dot; then
desk, last the workers: a worker that ended while desk reads on would look like the content's fault.
"""

import fcntl
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from mailfilter import config, limits
from mailfilter.app import desk, front, memory, preflight, rules, scanning, smtp
from mailfilter.app.preflight.beside import doors_of, port_key
from mailfilter.app.preflight.sockets import refusal
from mailfilter.app.supervisor import Role, Supervisor, beat, leave
from mailfilter.desk.control import Desk
from mailfilter.errors import ConfigError
from mailfilter.log import log, quiet
from mailfilter.meters import Page
from mailfilter.pictures import Memory
from mailfilter.receive import share
from mailfilter.receive.server import bound
from mailfilter.record.sealing.keys import ensure_keys
from mailfilter.workers import master
from mailfilter.workers.rehearsal import get_ready


def run(file: Path) -> None:
    """Run the installation that `file` describes until SIGTERM."""
    settings = preflight.before(file)
    prepare(settings)
    with alone(settings.store.run):
        start(settings, file).run()
    log.info("stopped")


def start(settings: config.Settings, file: Path | None, beside: Sequence[Role] = ()) -> Supervisor:
    """The supervisor of an installation, and of roles `beside` it; makes its sockets.

    The listening socket is the smtp processes' alone: whoever else kept it open would keep clients
    waiting at a door behind which nobody is.
    """
    quiet()
    if settings.fail_open_until:
        log.error("fail-open-allowed", until=settings.fail_open_until.isoformat())
    rules.keep(settings, file)
    doors = master.listen(scanning.scan_socket(settings))
    sock = _listening(settings)
    memory.settle()
    get_ready()
    known = scanning.remember_pictures()
    count = settings.listen.processes or os.cpu_count() or 1
    patience = limits.DRAIN_TIMEOUT + 5
    shares, counted = share.table(count), Page(count)
    others = (
        Role("desk", lambda: desk.run(settings, file, counted), order=1, patience=30),
        Role("scan", lambda: _scan(settings, doors, known), order=2, patience=5),
        *([Role("front", lambda: _front(settings, known), order=0)] if settings.front.on else []),
        *beside,
    )
    takers = [
        Role("smtp", partial(smtp.run, settings, file, sock, shares, counted, n), patience=patience)
        for n in range(count)
    ]
    return Supervisor(
        [*(_without(sock, role) for role in others), *takers],
        sock.close,
        lambda: _reload(file, known),
    )


def _without(sock: socket.socket, role: Role) -> Role:
    """The role in a process that has closed `sock`."""

    def run() -> None:
        sock.close()
        role.run()

    return replace(role, run=run)


def _listening(settings: config.Settings) -> socket.socket:
    try:
        return bound(settings.listen)
    except OSError as error:
        where = f"{settings.listen.host}:{settings.listen.port}"
        raise ConfigError(f"listen.port: {where} cannot be had: {error.strerror}") from error


def prepare(settings: config.Settings) -> None:
    """Folders and keys; a sentence for each thing that was made."""
    for folder in (settings.store.run, settings.store.keys):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"store: {folder} cannot be made: {error.strerror}") from error
    for sentence in ensure_keys(settings.store.keys, settings.store.desk_key):
        log.warning("keys", note=sentence)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the installation's lock: two programs on one store would take each other's sockets."""
    with (folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(
                f"store.run: another mailfilter is running with {folder}; end it first"
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))  # for `check-config` beside us
        lock.flush()
        yield


def check_ports(settings: config.Settings) -> None:
    """A port that is taken is said now, and not by processes that start again and again."""
    for name, (host, port) in doors_of(settings).items():
        if port and (error := refusal(host, port)):
            where = f"{host}:{port}"
            raise ConfigError(f"{port_key(name)}: {where} cannot be had: {error.strerror or error}")


def opened_desk(settings: config.Settings) -> AbstractAsyncContextManager[Desk]:
    """A desk for one command, where none is running."""
    prepare(settings)
    return desk.opened(settings)


def _reload(file: Path | None, known: Memory) -> None:
    known.forget()
    rules.keep_anew(file)


def _front(settings: config.Settings, known: Memory) -> None:
    known.leave()
    front.run(settings)


def _scan(settings: config.Settings, doors: master.Doors, known: Memory) -> None:
    known.look_only()
    doors.stay_alone()
    pulse = master.Pulse(beat, leave, known)
    master.run(doors, settings.workers or master.cores(), pulse=pulse)
