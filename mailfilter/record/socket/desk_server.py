"""desk's end of the socket: it takes sealed rows from smtp processes into the database.

A closed list of verbs; what comes is sealed already and is never opened here. Requests of one
connection run side by side (that is what fills a group commit); answers carry the request's id.
Bytes in flight are limited by a budget: when it is spent, reading pauses. When a connection ends,
the leases of what it had staged and not committed end with it, so that a retry need not wait.

The socket is in a folder of mode 0700 and has mode 0600: whoever can open it may add rows, not
read any. Of answers it gives hashes to who has their first one already.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from mailfilter import limits
from mailfilter.errors import ConfigError, Permanent, Temporary
from mailfilter.record.contract import Joined
from mailfilter.record.intake.intake import SealedIntake
from mailfilter.record.ledgers import counts as counting
from mailfilter.record.socket import frames

BUDGET = limits.MEMORY_BUDGET
PATIENCE = limits.COMMIT_TIMEOUT  # of an smtp process
AT_ONCE = 500  # requests of one connection
Answer = dict[str, Any]


class DeskServer:
    """Serves a `SealedIntake` on a Unix socket."""

    def __init__(self, path: Path, intake: SealedIntake, budget: int = BUDGET) -> None:
        self._path = path
        self._intake = intake
        self._budget = _Budget(budget)
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen; a socket that a dead desk left behind is replaced, a live one is respected."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if await _answers(self._path):
                raise ConfigError(f"store.run: another desk is listening on {self._path}")
            self._path.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._accept, self._path)
            self._path.chmod(0o600)
        except OSError as error:
            reason = error.strerror or str(error)
            raise ConfigError(f"store.run: {self._path} cannot be made: {reason}") from error

    async def close(self) -> None:
        """Stop listening, let requests under way finish, hang up."""
        if self._server is None:
            return
        self._server.close()
        for session in self._sessions:
            session.cancel()
        if self._sessions:
            await asyncio.wait(self._sessions)
        self._path.unlink(missing_ok=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._sessions.add(task)
        try:
            await _Session(self._intake, self._budget, reader, writer).serve()
        except asyncio.CancelledError:
            return  # ours, from `close`; asyncio would print it
        finally:
            self._sessions.discard(task)


async def _answers(path: Path) -> bool:
    try:
        async with asyncio.timeout(1):
            _, writer = await asyncio.open_unix_connection(path)
    except OSError:
        return False
    writer.close()
    return True


class _Budget:
    """Bytes that may be in flight; one request is let in however big it is."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._used = 0
        self._changed = asyncio.Condition()

    async def take(self, n: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: not self._used or self._used + n <= self._size)
            self._used += n

    async def give(self, n: int) -> None:
        async with self._changed:
            self._used -= n
            self._changed.notify_all()


class _Session:
    """One connection of one smtp process."""

    def __init__(
        self,
        intake: SealedIntake,
        budget: _Budget,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._intake = intake
        self._budget = budget
        self._reader = reader
        self._writer = writer
        self._answers: list[bytes] = []
        self._running: set[asyncio.Task[None]] = set()
        self._staged: set[str] = set()

    async def serve(self) -> None:
        """Read requests until the connection ends; then finish and tidy up."""
        try:
            await self._read()
        except (OSError, EOFError):
            pass
        finally:
            if self._running:
                await asyncio.wait(self._running)
            self._tell()
            self._writer.close()
            if self._staged:
                with suppress(Temporary):
                    await self._intake.orphan(sorted(self._staged))

    async def _read(self) -> None:
        while True:
            header, length = await frames.read_header(self._reader)
            while len(self._running) >= AT_ONCE:
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            await self._writer.drain()  # who reads no answers is asked for nothing more
            await self._budget.take(length)
            try:
                blob = await self._reader.readexactly(length)
            except BaseException:
                await self._budget.give(length)
                raise
            task = asyncio.create_task(self._answer(header, blob))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _answer(self, header: dict[str, Any], blob: bytes) -> None:
        try:
            answer = await self._answer_to(header, blob)
        finally:
            await self._budget.give(len(blob))
        if not self._answers:
            asyncio.get_running_loop().call_soon(self._tell)
        self._answers.append(frames.head({"id": header["id"]} | answer))

    def _tell(self) -> None:
        """All answers of one commit leave together: whoever waits for them wakes once."""
        answers, self._answers = self._answers, []
        if answers and not self._writer.is_closing():
            self._writer.write(b"".join(answers))

    async def _answer_to(self, header: dict[str, Any], blob: bytes) -> Answer:
        verb = _VERBS.get(str(header.get("verb")))
        if verb is None:
            return {"permanent": "desk: no such verb"}
        try:
            return {"ok": await verb(self, header, blob)}
        except Temporary as error:
            return {"temporary": str(error)}
        except TimeoutError:
            return {"temporary": "desk: the store did not answer in time"}
        except Permanent as error:
            return {"permanent": str(error)}
        except (KeyError, TypeError, ValueError, frames.FrameError):
            return {"permanent": "desk: the request is malformed"}

    async def stage(self, header: dict[str, Any], blob: bytes) -> Answer:
        joined = await self._intake.stage_sealed(frames.read_sealed(header, blob))
        if not joined.committed:
            self._staged.add(joined.id)
        return _joined(joined)

    async def keep(self, header: dict[str, Any], blob: bytes) -> Answer:
        sealed, counts = frames.read_sealed(header, blob), counting.from_json(header["counts"])
        async with asyncio.timeout(PATIENCE):  # nobody waits longer: then it is not begun any more
            return _joined(await self._intake.keep_sealed(sealed, counts))

    async def relayed(self, header: dict[str, Any], _blob: bytes) -> Answer:
        await self._intake.mark_relayed(str(header["message"]))
        return {}

    async def commit(self, header: dict[str, Any], _blob: bytes) -> Answer:
        message = str(header["message"])
        await self._intake.commit(message, counting.from_json(header["counts"]))
        self._staged.discard(message)
        return {}

    async def abort(self, header: dict[str, Any], _blob: bytes) -> Answer:
        message = str(header["message"])
        await self._intake.abort(message)
        self._staged.discard(message)
        return {}

    async def heard(self, header: dict[str, Any], _blob: bytes) -> Answer:
        await self._intake.heard([str(each) for each in header["messages"]])
        return {}

    async def count(self, header: dict[str, Any], _blob: bytes) -> Answer:
        await self._intake.count(counting.from_json(header["counts"]))
        return {}

    async def answered(self, header: dict[str, Any], _blob: bytes) -> Answer:
        firsts = [bytes.fromhex(first) for first in header["firsts"]]
        at = datetime.fromisoformat(header["at"])
        found = await self._intake.answered(firsts, bytes.fromhex(header["join_key"]), at)
        return {"answers": [[first.hex(), b"".join(others).hex()] for first, others in found]}

    async def rejected(self, header: dict[str, Any], blob: bytes) -> Answer:
        wrapped, dossier = frames.split(blob, header["lengths"])
        await self._intake.notify_sealed(
            bytes.fromhex(header["join_key"]),
            datetime.fromisoformat(header["at"]),
            str(header["message"]),
            wrapped,
            dossier,
            str(header["kind"]),
        )
        return {}


def _joined(joined: Joined) -> Answer:
    return {"id": joined.id, "committed": joined.committed, "relayed": joined.relayed}


_VERBS: dict[str, Callable[[_Session, dict[str, Any], bytes], Awaitable[Answer]]] = {
    "stage": _Session.stage,
    "keep": _Session.keep,
    "relayed": _Session.relayed,
    "commit": _Session.commit,
    "abort": _Session.abort,
    "heard": _Session.heard,
    "count": _Session.count,
    "answered": _Session.answered,
    "rejected": _Session.rejected,
}
