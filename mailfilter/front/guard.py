"""The outermost layer of front: who may connect, by which name, how fast, and what is logged.

- With ``behind_proxy`` only the proxy may connect, and the last address of its X-Forwarded-For is
  the visitor's. Without it nobody's word is taken for another address.
- One address may be refused `TRIES` times in a quarter of an hour (wrong links, wrong forms); then
  it waits, before desk is asked.
- The log line has the pattern of the page (``/m/{id}/{secret}``), never the address itself.
- What stands behind a link in a text ("." or ">", as copied with it) is no part of it.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mailfilter.config.front import Front
from mailfilter.log import log
from mailfilter.pages.gate import EVERYWHERE, HEADERS, LOOPBACK, host_of, plain_path
from mailfilter.pages.recent import Throttle

TRIES = 60
WINDOW = timedelta(minutes=15)
# Secrets have letters, digits, "-" and "_" alone; what follows came with them out of a text.
_COPIED = re.compile(
    r"(/(?:[mhf]/[^/]+|mina/in)/[A-Za-z0-9_-]+)"
    r"(?:%[0-9A-Fa-f]{2}|&(?:gt|quot|nbsp|amp);|[^A-Za-z0-9_/%-])+"
)
_FAILED = frozenset({400, 403, 404, 429})
_FULL = PlainTextResponse(
    "Too many visitors from your address. Come back shortly.\n", 503, {"retry-after": "5"}
)


class Guard:
    """Wraps the site; HTTP only."""

    def __init__(self, app: ASGIApp, front: Front, clock: Callable[[], datetime]) -> None:
        self._app, self._front, self._clock = app, front, clock
        self._proxies = [ip_network(name, strict=False) for name in front.behind_proxy]
        self._failed = Throttle(TRIES, WINDOW)
        self._names = names(front)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["path"] = without_copied(scope["path"])
        plain_path(scope)
        connection = HTTPConnection(scope)
        peer = self._peer(connection)
        state = scope.setdefault("state", {})
        state["peer"] = peer
        seat = state.get("seat")
        seated = seat is None or not self._proxies or not peer or seat.comes_from(peer)
        refusal = self._refusal(connection, peer) if seated else _FULL
        await (refusal or self._app)(scope, receive, self._noting(scope, peer, send))

    def _noting(self, scope: Scope, peer: str, send: Send) -> Callable[[Message], Awaitable[None]]:
        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                protect(MutableHeaders(scope=message), self._front.secure)
                status = int(message["status"])
                if status in _FAILED:
                    self._failed.take(peer, self._clock())
                page = scope["state"].get("page", "-")
                log.info("front", method=scope["method"][:8], page=page, status=status)
            await send(message)

        return noting

    def _peer(self, connection: HTTPConnection) -> str:
        """The visitor's address; "" for one who may not connect at all."""
        direct = connection.client.host if connection.client else ""
        if not self._proxies:
            return direct
        if not _within(direct, self._proxies):
            return ""
        lines = connection.headers.getlist("x-forwarded-for")  # a proxy may add one of its own
        told = ",".join(lines).rpartition(",")[2].strip()
        return told if _is_address(told) else direct

    def _refusal(self, connection: HTTPConnection, peer: str) -> ASGIApp | None:
        if not peer:
            return PlainTextResponse("Only the proxy may connect here.\n", 403)
        if host_of(connection) not in self._names:
            return PlainTextResponse("This server is not known by that name.\n", 421)
        if self._failed.full(peer, self._clock()):
            retry = {"retry-after": str(int(WINDOW.total_seconds()))}
            return PlainTextResponse("Too many tries. Come back later.\n", 429, retry)
        return None


def without_copied(path: str) -> str:
    """The path of a link without the punctuation that was copied with it."""
    found = _COPIED.fullmatch(path)
    return found[1] if found else path


def protect(headers: MutableHeaders, secure: bool) -> None:
    """The headers of every answer; a page may have named a policy of its own."""
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("cache-control", "no-store")
    headers.setdefault("x-robots-tag", "noindex, nofollow")
    if secure:
        headers["strict-transport-security"] = "max-age=31536000"


def names(front: Front) -> frozenset[str]:
    """The host names that we answer to, without port."""
    own = {urlsplit(front.url).hostname or "", front.host} - EVERYWHERE - {""}
    return frozenset(name.lower() for name in own) | LOOPBACK


def _within(address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    return _is_address(address) and any(ip_address(address) in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
