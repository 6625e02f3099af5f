"""desk's end of the socket: runs the verb that front asked for.

The list is closed (``verbs.py``). Whoever can open the socket can do no more than the verbs allow,
and each of them asks for a secret first. So many failed secrets for one message in a quarter of an
hour (`TRIES`) are answered; after that even a failed one costs only a lookup and says 429.

What went wrong inside is logged by its type alone: a text may hold content of a mail (P10).
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from mailfilter.desk.parts import DeskParts, Verb
from mailfilter.errors import ConfigError, Permanent
from mailfilter.log import log
from mailfilter.pages.recent import Throttle
from mailfilter.pages.server import where
from mailfilter.rpc import wire
from mailfilter.rpc.contract import CHUNK, FIELDS, Answer, Ask, Refused

AT_ONCE = 32  # requests; the others wait
BIG_AT_ONCE = 2  # of those that bring many bytes, so that memory stays bounded (P9)
TRIES = 30
_PATIENCE = 60.0  # seconds for a request to come in


class FrontServer:
    """Serves `verbs` on a Unix socket."""

    def __init__(self, path: Path, parts: DeskParts, verbs: Mapping[str, Verb]) -> None:
        self._path, self._parts, self._verbs = path, parts, verbs
        self._failed = Throttle(TRIES, timedelta(minutes=15))
        self._room = asyncio.Semaphore(AT_ONCE)
        self._big = asyncio.Semaphore(BIG_AT_ONCE)
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; the installation's lock says that nobody else does."""
        try:
            self._path.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._accept, self._path)
            self._path.chmod(0o600)
        except OSError as error:
            reason = error.strerror or str(error)
            raise ConfigError(f"store.run: {self._path} cannot be made: {reason}") from error

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError, TimeoutError, asyncio.CancelledError):
            async with self._room:
                told, body = await self._told(reader)
            async with asyncio.timeout(_PATIENCE):
                await wire.write(writer, told, body)
        writer.close()

    async def _told(self, reader: asyncio.StreamReader) -> tuple[dict[str, Any], bytes]:
        async with asyncio.timeout(_PATIENCE):
            request = await wire.read(reader, FIELDS)
        verb = self._verbs.get(str(request.get("verb")))
        fields = request.get("fields")
        if verb is None or not isinstance(fields, dict):
            return _refused(Refused("malformed", 400)), b""
        if verb.most <= CHUNK:
            return await self._run(verb, fields, reader)
        async with self._big:
            return await self._run(verb, fields, reader)

    async def _run(
        self, verb: Verb, fields: dict[str, Any], reader: asyncio.StreamReader
    ) -> tuple[dict[str, Any], bytes]:
        async with asyncio.timeout(_PATIENCE):
            body = await wire.read_body(reader, verb.most)
        answer = await self._answer(verb, Ask(fields, body))
        return (answer, b"") if isinstance(answer, dict) else ({"ok": answer.fields}, answer.body)

    async def _answer(self, verb: Verb, ask: Ask) -> Answer | dict[str, Any]:
        """What the verb says; whatever goes wrong in it becomes a value."""
        task = asyncio.ensure_future(verb.run(self._parts, ask))
        await asyncio.wait({task})
        match task.exception():
            case None:
                return task.result()
            case Refused() as refusal:
                return _refused(self._counted(refusal, ask))
            case Permanent():
                return _refused(Refused("gone", 410))
            case KeyError() | TypeError() | ValueError() as error:
                log.error("front-verb", kind=type(error).__name__, at=where(error))
                return _refused(Refused("malformed", 400))
            case error:
                log.error("front-verb", kind=type(error).__name__, at=where(error))
                return {"temporary": True}

    def _counted(self, refusal: Refused, ask: Ask) -> Refused:
        """A wrong secret counts; too many of one message, and nobody is told any more."""
        if refusal.code != "link":
            return refusal
        about = str(ask.fields.get("id", ""))[:80]
        wait = self._failed.take(about, self._parts.now())
        return Refused("slow", 429) if wait else refusal


def _refused(refusal: Refused) -> dict[str, Any]:
    return {"refused": refusal.code, "status": refusal.status}
