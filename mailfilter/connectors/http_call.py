"""One HTTP request to a service that the operator has named: SMS gateway, identification broker.

From → to: address, header, body → status and the answer's bytes. Never raises for the service's
sake but `Temporary`; follows no redirect (an answer must not choose whom we speak to), verifies
TLS, reads at most `MOST` bytes, waits at most `PATIENCE` seconds for each step. In a thread: the
standard library's client is enough for a few requests a minute, and one dependency less.
"""

import asyncio
import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from mailfilter import tls
from mailfilter.errors import Temporary

MOST = 1024 * 1024
PATIENCE = 15.0


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    body: bytes

    @property
    def fine(self) -> bool:
        return 200 <= self.status < 300


async def call(
    method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
) -> Answered:
    """The answer; Temporary where there is none."""
    return await asyncio.to_thread(_call, method, url, dict(headers or {}), body)


def _call(method: str, url: str, headers: dict[str, str], body: bytes | None) -> Answered:
    parts = urlsplit(url)
    host = parts.hostname or ""
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(
            host, parts.port, timeout=PATIENCE, context=tls.client()
        )
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=PATIENCE)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, target, body, headers)
        response = connection.getresponse()
        data = response.read(MOST + 1)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Temporary(f"no answer by HTTP: {type(error).__name__}") from None
    finally:
        connection.close()
    if len(data) > MOST:
        raise Temporary("no answer by HTTP: too long")
    return Answered(response.status, data)
