"""Whether the program lives and is ready, and its counters, for machines on this host.

From → to: what desk says of itself → an application for a port of its own, which `serve` opens on
loopback alone (``web.health_port``).

Only the status code of /livez ("restart me" when it fails) and /readyz ("send no mail here") is to
be used; the lines are for people. /metrics is Prometheus text without any address or user name.

Invariant: nothing of it is at the port of the pages. A reverse proxy before those connects from
this host too, and may name any host: only a port that it does not lead to is not published by it. A
browser on this host that was tricked into calling us by another name is turned away (``gate.py``).
"""

from collections.abc import Awaitable, Callable, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from mailfilter.pages.gate import LOOPBACK, Gate

HOST = "127.0.0.1"
AskHealth = Callable[[], Awaitable[Mapping[str, bool]]]


def build(health: AskHealth, registry: CollectorRegistry) -> Starlette:
    """The application. `health` gives the state of each check by name."""

    async def live(_request: Request) -> Response:
        """The loop turns."""
        return PlainTextResponse("ok\n")

    async def ready(_request: Request) -> Response:
        """All checks hold: 200, else 503."""
        checks = await health()
        lines = [f"{name} {'ok' if holds else 'failed'}\n" for name, holds in checks.items()]
        return PlainTextResponse("".join(lines), 200 if all(checks.values()) else 503)

    async def metrics(_request: Request) -> Response:
        """The counters."""
        kind = "text/plain; version=0.0.4; charset=utf-8"
        return Response(generate_latest(registry), media_type=kind)

    pages = {"/livez": live, "/readyz": ready, "/metrics": metrics}
    return Starlette(
        routes=[Route(path, page, methods=["GET"]) for path, page in pages.items()],
        middleware=[Middleware(Gate, names=LOOPBACK, secure=False)],
    )
