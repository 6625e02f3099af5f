"""front's end of the socket: asks desk by a verb.

Desk that does not answer is `Temporary`, and the visitor is told to come again; what desk refuses
is `Refused`, with desk's code.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mailfilter import limits
from mailfilter.errors import Temporary
from mailfilter.rpc import wire
from mailfilter.rpc.contract import ANSWER, Answer, Refused

PATIENCE = 60.0  # seconds for an answer
MOST = limits.MESSAGE_SIZE + limits.MIB  # bytes of an answer: the largest mail that we take


class AskDesk:
    """Asks over the Unix socket at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def __call__(self, verb: str, fields: Mapping[str, Any], body: bytes = b"") -> Answer:
        """The answer of a verb."""
        try:
            async with asyncio.timeout(PATIENCE):
                told, content = await self._exchange({"verb": verb, "fields": dict(fields)}, body)
        except (OSError, EOFError, TimeoutError) as error:
            raise Temporary("desk does not answer") from error
        if "ok" in told:
            return Answer(told["ok"], content)
        if "refused" in told:
            raise Refused(str(told["refused"]), int(told["status"]))
        raise Temporary("desk could not do it")

    async def _exchange(self, request: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        reader, writer = await asyncio.open_unix_connection(self._path)
        try:
            await wire.write(writer, request, body)
            told = await wire.read(reader, ANSWER)
            return told, await wire.read_body(reader, MOST)
        finally:
            writer.close()
