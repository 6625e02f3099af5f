"""The outermost layer: which host was asked for, and the headers of every answer.

A browser that was tricked into calling us by another name (DNS rebinding) is turned away before
any page is looked up. A slash behind an address means the same page, answered at once: a redirect
would say the address again, secret and all. The headers forbid everything that our pages do not
need: no inline script or style, no frames, no outside resource, no referrer, nothing kept in a
cache.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mailfilter.config import Web

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - as a name it says nothing


def protect(headers: MutableHeaders, secure: bool) -> None:
    """Add the headers of every answer."""
    for name, value in HEADERS.items():
        headers[name] = value
    headers.setdefault("cache-control", "no-store")
    if secure:
        headers["strict-transport-security"] = "max-age=31536000"


def hosts(web: Web) -> frozenset[str]:
    """The names that we answer to, without port."""
    named = {urlsplit(web.url).hostname or "", web.host} - EVERYWHERE - {""}
    return LOOPBACK | {name.lower() for name in named}


def host_of(connection: HTTPConnection) -> str:
    """The host that was asked for, without port; empty if the field makes no sense."""
    try:
        return urlsplit("//" + connection.headers.get("host", "")).hostname or ""
    except ValueError:
        return ""


def plain_path(scope: Scope) -> None:
    """Take slashes behind the path away, before a page is looked up."""
    scope["path"] = scope["path"].rstrip("/") or "/"


class Gate:
    """Wraps the site; HTTP only."""

    def __init__(self, app: ASGIApp, names: Iterable[str], secure: bool) -> None:
        self._app, self._names, self._secure = app, frozenset(names), secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                protect(MutableHeaders(scope=message), self._secure)
            await send(message)

        plain_path(scope)
        if host_of(HTTPConnection(scope)) in self._names:
            await self._app(scope, receive, send_protected)
        else:
            refusal = PlainTextResponse("This server is not known by that name.\n", 421)
            await refusal(scope, receive, send_protected)
