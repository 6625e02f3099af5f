"""The `serve` that runs on the same folder, if one does: what it holds is no fault.

Its desk is asked over the control socket, so the database is not opened a second time.
"""

import asyncio
import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from mailfilter import config
from mailfilter.rpc import control_line
from mailfilter.web import health

_PATIENCE = 5.0  # seconds for desk's answer


@dataclass(frozen=True, slots=True)
class Beside:
    """Who runs there. `doors`: what it listens on; `store`: the mark of its database."""

    runs: bool = False
    answers: bool = False
    doors: frozenset[str] = frozenset()
    store: str = ""
    stored: bool = False  # its database answers


NOBODY = Beside()


def doors_of(settings: config.Settings) -> dict[str, tuple[str, int]]:
    """Table (or key) → host and port, of all that these settings listen on."""
    listen, web, front = settings.listen, settings.web, settings.front
    found = {"listen": (listen.host, listen.port), "web": (web.host, web.port)}
    if web.health_port:
        found["web.health_port"] = (health.HOST, web.health_port)
    return found | ({"front": (front.host, front.port)} if front.on else {})


def port_key(name: str) -> str:
    """The key of the port of such a door."""
    return name if "." in name else f"{name}.port"


def door(host: str, port: int) -> str:
    """A door in words."""
    return f"{host}:{port}"


def mark(url: str) -> str:
    """Whether two databases are the same, without their passwords."""
    return sha256(url.encode()).hexdigest()


def look(run: Path) -> Beside:
    """Who runs on this folder."""
    try:
        told = asyncio.run(_asked(run))
    except TimeoutError:
        told = None
    if told and "ok" in told:
        says = told["ok"]
        return Beside(True, True, frozenset(says["doors"]), says["store"], says["stored"])
    return Beside(runs=is_locked(run / "lock"))


async def _asked(run: Path) -> dict[str, Any] | None:
    async with asyncio.timeout(_PATIENCE):
        request = {"verb": "standing", "actor": "cli:check"}
        return await control_line.ask(run / "control.sock", request)


def is_locked(lock: Path) -> bool:
    """Whether the process that wrote itself into this file still holds it; a try would take it."""
    try:
        open_files = Path(f"/proc/{int(lock.read_text('ascii'))}/fd").iterdir()
        held = lock.stat()
        return any(_same(path, held) for path in open_files)
    except (OSError, ValueError):
        return False


def _same(path: Path, held: os.stat_result) -> bool:
    try:
        about = path.stat()
    except OSError:
        return False
    return (about.st_dev, about.st_ino) == (held.st_dev, held.st_ino)
