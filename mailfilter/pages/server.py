"""Running the pages inside a loop that is already there.

uvicorn without its own signal handlers (the supervisor has them) and without its own door (seats
and time-outs are ``hall.py``), without access log (addresses
and query strings are nobody's business), without believing proxy headers. What a page raised is
logged as its type and place only: the text of an exception may hold content of a mail (P10).
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from mailfilter.pages.hall import Hall, Networks, Visitor

GRACE = 5  # seconds for answers that are under way at the end
BACKLOG = 1024  # connections that wait to be accepted


class Contentless(logging.Filter):
    """Keeps of an exception its type and where it was raised."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            record.msg, record.args = (
                "web page failed: %s at %s",
                (
                    type(error).__name__,
                    where(error),
                ),
            )
            record.exc_info, record.exc_text = None, None
        return True


class _Server(uvicorn.Server):
    """A server whose signals belong to somebody else, and whose connections to a `Hall`."""

    def __init__(self, config: uvicorn.Config, proxies: Networks) -> None:
        super().__init__(config)
        self._proxies = proxies

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await self.lifespan.startup()
        self.servers = []
        self._hall = Hall(self._visitor, self.config.ssl, self._proxies)
        self._hall.open(sockets or [])
        self.started = True

    def _visitor(self, hall: Hall, home: tuple[str, str | None]) -> Visitor:
        return Visitor(hall, self.config, self.server_state, self.lifespan.state, home)

    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0:  # a tick is a tenth of a second
            self._hall.look()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._hall.close()
        await super().shutdown(sockets)


async def serve(
    app: ASGIApp,
    host: str,
    port: int,
    stop: asyncio.Event,
    *,
    ready: asyncio.Future[int] | None = None,
    tls: ssl.SSLContext | None = None,
    proxies: Networks = (),
) -> None:
    """Serve until `stop` is set, by https if `tls` is given; OSError if the port cannot be had.
    `proxies` may speak for others.

    `ready` gets the port (the system chooses one for port 0) as soon as connections are taken.
    """
    listener = _listen(host, port)
    _quiet()
    server = _Server(_config(app, tls), proxies)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    stopping = asyncio.create_task(stop.wait())
    if ready is not None:
        ready.set_result(listener.getsockname()[1])
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        server.should_exit = True
        stopping.cancel()
        await running


def _listen(host: str, port: int) -> socket.socket:
    """Our own bind: uvicorn's ends the whole process where the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    listener.setblocking(False)
    return listener


def _config(app: ASGIApp, tls: ssl.SSLContext | None) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        ssl_context_factory=(lambda _config, _default: tls) if tls else None,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        lifespan="off",
        ws="none",
        http=Visitor,  # made by the hall
        timeout_graceful_shutdown=GRACE,
    )


def _quiet() -> None:
    logger = logging.getLogger("uvicorn.error")
    logger.setLevel(logging.ERROR)  # what strangers send is no news
    if not any(isinstance(kept, Contentless) for kept in logger.filters):
        logger.addFilter(Contentless())


def where(error: BaseException) -> str:
    """File and line where it was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "?"
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
