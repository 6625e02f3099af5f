"""The front process: the pages that the world reaches. No key, no database, no SMTP.

What it needs of the rest it asks of desk, by the verbs of ``front/verbs.py``.
"""

import asyncio
import signal
from contextlib import suppress

from mailfilter import config
from mailfilter.app import clock
from mailfilter.front import build
from mailfilter.front.asking import AskDesk
from mailfilter.front.certificate import context, watch
from mailfilter.front.desk_side import SOCKET
from mailfilter.web.server import serve


def run(settings: config.Settings) -> None:
    """Serve until SIGTERM."""
    asyncio.run(_serve(settings))


async def _serve(settings: config.Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    front = settings.front
    tls = context(front)
    app = build(settings, AskDesk(settings.store.run / SOCKET), clock.now)
    watching = asyncio.create_task(watch(front, tls))
    try:
        await serve(app, front.host, front.port, stop, tls=tls)
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
