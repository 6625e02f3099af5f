"""The front process: the pages that the world reaches. No key, no database, no SMTP.

What it needs of the rest it asks of desk, by the verbs of ``desk/verbs.py``. Before it takes a
connection Landlock closes all files to it but the program's own and its certificate: who takes this
process over reads neither ``desk.key`` nor the database, though it runs as the same user.
"""

import asyncio
import signal
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path

from mailfilter import config
from mailfilter.app import clock
from mailfilter.app.supervisor import keep_beating
from mailfilter.front import build
from mailfilter.front.asking import AskDesk
from mailfilter.front.certificate import context, watch
from mailfilter.log import log
from mailfilter.pages.server import serve
from mailfilter.rpc.contract import SOCKET
from mailfilter.workers.landlock import restrict_files


def run(settings: config.Settings) -> None:
    """Serve until SIGTERM."""
    asyncio.run(_serve(settings))


async def _serve(settings: config.Settings) -> None:
    keep_beating()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    front = settings.front
    tls = context(front)
    confined = restrict_files(confined_to(settings))
    log.info("front-up", confined=confined)
    app = build(settings, AskDesk(settings.store.run / SOCKET), clock.now)
    watching = asyncio.create_task(watch(front, tls))
    try:
        proxies = [ip_network(name, strict=False) for name in front.behind_proxy]
        await serve(app, front.host, front.port, stop, tls=tls, proxies=proxies)
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


def confined_to(settings: config.Settings) -> list[Path]:
    """The folders that the process may read besides the program: a renewed certificate is a new
    file, so it is its folder. Not one in which keys or store lie."""
    files = (settings.front.certificate, settings.front.key)
    return [path.parent for path in files if path is not None]
