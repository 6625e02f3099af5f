"""Whether the program lives and is ready, and its counters, for machines on this host.

Only the status code of /livez ("restart me" when it fails) and /readyz ("send no mail here") is to
be used; the lines are for people. /metrics is Prometheus text without any address or user name.

Invariant: answered only to a client on loopback that asked for a loopback name, so that a reverse
proxy on the same host does not publish them.
"""

from prometheus_client import generate_latest
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response

from mailfilter.web.gate import LOOPBACK, host_of
from mailfilter.web.site import Visit


async def live(visit: Visit) -> Response:
    """The loop turns."""
    _near(visit)
    return PlainTextResponse("ok\n")


async def ready(visit: Visit) -> Response:
    """All checks hold: 200, else 503."""
    _near(visit)
    checks = await visit.site.health()
    lines = [f"{name} {'ok' if holds else 'failed'}\n" for name, holds in checks.items()]
    return PlainTextResponse("".join(lines), 200 if all(checks.values()) else 503)


async def metrics(visit: Visit) -> Response:
    """The counters."""
    _near(visit)
    if visit.site.registry is None:
        raise HTTPException(404, "page")
    return Response(
        generate_latest(visit.site.registry), media_type="text/plain; version=0.0.4; charset=utf-8"
    )


def _near(visit: Visit) -> None:
    if visit.peer not in LOOPBACK or host_of(visit.request) not in LOOPBACK:
        raise HTTPException(404, "page")
