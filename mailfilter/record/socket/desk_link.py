"""An smtp process's way to the store when desk alone opens the database (SQLite).

`DeskIntake` is an `Intake`: it seals here and sends sealed rows over desk's Unix socket, many
requests at a time on one connection, each answered by its id when it is committed. Desk down, gone
in the middle or silent is `Temporary` (451 4.3.0), at once or after `WAIT` seconds; the next
request connects anew. A commit whose answer was lost may have happened: the client's retry joins
the row (P2).
"""

import asyncio
import itertools
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from mailfilter import limits
from mailfilter.errors import Permanent, Temporary
from mailfilter.record.contract import Answered, Count, Dossier, Joined, Staged
from mailfilter.record.intake import answers
from mailfilter.record.intake.intake import seal
from mailfilter.record.ledgers import counts as counting
from mailfilter.record.sealing.seal import Sealer, parcel_owner
from mailfilter.record.socket import frames

CONNECT = 2.0  # seconds: the socket is on this machine
WAIT = limits.COMMIT_TIMEOUT


class DeskIntake:
    """See the module's docstring."""

    def __init__(self, path: Path, sealer: Sealer, wait: float = WAIT) -> None:
        self._path = path
        self._sealer = sealer
        self._wait = wait
        self._ids = itertools.count(1)
        self._link: _Link | None = None
        self._lock = asyncio.Lock()  # one connects, the others wait for it

    async def stage(self, staged: Staged) -> Joined:
        fields, blobs = frames.sealed_header(await seal(self._sealer, staged))
        return _joined(await self._ask("stage", fields, blobs))

    async def keep(self, staged: Staged, counts: Sequence[Count]) -> Joined:
        fields, blobs = frames.sealed_header(await seal(self._sealer, staged))
        answer = await self._ask("keep", fields | {"counts": counting.to_json(counts)}, blobs)
        return _joined(answer)

    async def mark_relayed(self, id: str) -> None:
        await self._ask("relayed", {"message": id})

    async def commit(self, id: str, counts: Sequence[Count]) -> None:
        await self._ask("commit", {"message": id, "counts": counting.to_json(counts)})

    async def abort(self, id: str) -> None:
        await self._ask("abort", {"message": id})

    async def heard(self, ids: Sequence[str]) -> None:
        await self._ask("heard", {"messages": list(ids)})

    async def count(self, counts: Sequence[Count]) -> None:
        await self._ask("count", {"counts": counting.to_json(counts)})

    async def answered(
        self, firsts: Sequence[bytes], join_key: bytes, at: datetime
    ) -> list[Answered]:
        fields = {
            "firsts": [first.hex() for first in firsts],
            "join_key": join_key.hex(),
            "at": at.isoformat(),
        }
        found = (await self._ask("answered", fields))["answers"]
        return [(bytes.fromhex(first), answers.split(bytes.fromhex(rest))) for first, rest in found]

    async def notify_rejected(
        self,
        join_key: bytes,
        at: datetime,
        dossier: Dossier,
        id: str,
        kind: str = "rejected-notice",
    ) -> None:
        wrapped, sealed = self._sealer.seal_dossier(parcel_owner(id), dossier)
        fields = {
            "message": id,
            "join_key": join_key.hex(),
            "at": at.isoformat(),
            "kind": kind,
            "lengths": [len(wrapped), len(sealed)],
        }
        await self._ask("rejected", fields, [wrapped, sealed])

    async def close(self) -> None:
        """Hang up; requests under way fail."""
        if self._link is not None:
            await self._link.close()

    async def _ask(
        self, verb: str, fields: dict[str, Any], blobs: Sequence[bytes] = ()
    ) -> dict[str, Any]:
        request = next(self._ids)
        try:
            async with asyncio.timeout(self._wait):
                link = await self._connected()
                header = {"id": request, "verb": verb} | fields
                answer = await link.ask(request, header, blobs)
        except TimeoutError as error:
            raise Temporary("desk: no answer in time") from error
        except (OSError, EOFError) as error:
            raise Temporary("desk: cannot be reached") from error
        return _result(answer)

    async def _connected(self) -> "_Link":
        async with self._lock:
            if self._link is None or not self._link.alive:
                async with asyncio.timeout(CONNECT):
                    reader, writer = await asyncio.open_unix_connection(self._path)
                self._link = _Link(reader, writer)
            return self._link


def _result(answer: dict[str, Any]) -> dict[str, Any]:
    if "temporary" in answer:
        raise Temporary(str(answer["temporary"]))
    if "permanent" in answer:
        raise Permanent(str(answer["permanent"]))
    result = answer.get("ok")
    if not isinstance(result, dict):
        raise Temporary("desk: an answer that is none")
    return result


def _joined(answer: dict[str, Any]) -> Joined:
    return Joined(str(answer["id"]), bool(answer["committed"]), bool(answer["relayed"]))


class _Link:
    """One connection: requests under way by id, and the task that reads the answers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._sending = asyncio.Lock()
        self._task = asyncio.create_task(self._read())

    @property
    def alive(self) -> bool:
        return not self._task.done()

    async def ask(
        self, request: int, header: dict[str, Any], blobs: Sequence[bytes]
    ) -> dict[str, Any]:
        """The answer to one request; OSError or EOFError if the connection ends before."""
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[request] = future
        try:
            if not self.alive:
                raise ConnectionResetError
            await self._send(header, blobs)
            return await future
        finally:
            self._waiting.pop(request, None)

    async def _send(self, header: dict[str, Any], blobs: Sequence[bytes]) -> None:
        async with self._sending:
            try:
                await frames.write(self._writer, header, blobs)
            except asyncio.CancelledError:
                self._writer.close()  # half a frame: nothing behind it could be read
                raise

    async def _read(self) -> None:
        try:
            while True:
                answer, length = await frames.read_header(self._reader)
                await self._reader.readexactly(length)
                future = self._waiting.get(answer["id"])
                if future is not None and not future.done():
                    future.set_result(answer)
        except (OSError, EOFError):
            return
        finally:
            self._writer.close()
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(ConnectionResetError())

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})
