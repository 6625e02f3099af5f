"""desk's side of the checks: what was away at the start is tried again until it is there.

The store first, since desk is nothing without it: meanwhile ``/readyz`` says so, and mail that must
be held gets 451. Then the others (next hop, connectors, DNS): mail goes as far as it can, and
``/readyz`` is 503 until each was there once. Each cause is logged when it begins and once in a
while, with its cure, and when it is over.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from time import monotonic
from typing import Any

from mailfilter import config
from mailfilter.app.preflight import hops, names
from mailfilter.app.preflight.fault import Fault, Kind
from mailfilter.errors import Temporary
from mailfilter.log import log
from mailfilter.pages.server import serve
from mailfilter.record import open_archive
from mailfilter.record.archive.archive import StoreArchive
from mailfilter.record.sealing.keys import load_private
from mailfilter.web.health import HOST

_STORE = 1.0  # seconds between two tries of the store
_FIRST, _LAST = 1.0, 30.0  # between two of the others, the second after a while
_AGAIN = 300.0  # seconds after which the same cause is logged again


class _Teller:
    """Logs a cause when it is new, or old enough."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}

    def tell(self, event: str, away: dict[str, str]) -> None:
        """`away`: the keys of what is away now, each with "cause; cure"."""
        now = monotonic()
        for key, what in away.items():
            if now - self._told.get(key, -_AGAIN) >= _AGAIN:
                cause, _, cure = what.partition("; ")
                log.error(event, key=key, cause=cause, cure=cure)
                self._told[key] = now
        for key in set(self._told) - set(away):
            del self._told[key]
            log.info("back", key=key)


async def opened(settings: config.Settings, stop: asyncio.Event) -> StoreArchive | None:
    """The store, as soon as it can be opened; None if we were told to stop before."""
    teller, done = _Teller(), asyncio.Event()
    answering: asyncio.Task[None] | None = None
    try:
        while not stop.is_set():
            try:
                archive = await open_archive(
                    settings, load_private(settings.store.keys, settings.store.desk_key)
                )
            except Temporary as error:
                teller.tell("store-down", {"store.url": f"{error}; start it, or correct store.url"})
            else:
                teller.tell("store-down", {})
                return archive
            port = settings.web.health_port
            if answering is None and port:
                answering = asyncio.create_task(serve(_not_ready, HOST, port, done))
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _STORE)
        return None
    finally:
        done.set()
        if answering is not None:
            await asyncio.wait({answering})


async def _not_ready(
    scope: MutableMapping[str, Any],
    _receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """All pages while there is no store: we live, and are not ready."""
    if scope["type"] != "http":
        return
    lives = scope["path"] == "/livez"
    head = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    status = 200 if lives else 503
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": b"ok\n" if lives else b"store failed\n"})


class Others:
    """The next hop, connectors and DNS: asked until each was there."""

    def __init__(self, settings: config.Settings) -> None:
        self._settings = settings
        self.were_there = False

    async def run(self) -> None:
        """For ever, beside the rest of desk; once all were there nothing is asked any more."""
        teller, wait = _Teller(), _FIRST
        while not self.were_there:
            away = await self._away()
            teller.tell("away", {fault.key: fault.what for fault in away})
            self.were_there = not away
            await asyncio.sleep(0 if self.were_there else wait)
            wait = min(wait * 1.5, _LAST)
        await asyncio.Event().wait()

    async def _away(self) -> list[Fault]:
        found = await asyncio.gather(hops.greeted(self._settings), names.answered(self._settings))
        return [fault for faults in found for fault in faults if fault.kind is Kind.AWAY]
