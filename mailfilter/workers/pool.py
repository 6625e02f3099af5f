"""Asking the scan workers, from an event loop.

`Pool.examine` never blocks the loop: the message goes over the socket, at once where the kernel has
room for it. The way of a message: text workers, unless its first bytes show a
document; the document workers, if text says "heavy"; the slot for pictures, if documents say that
pictures hold text. What the document worker read stays in hand, so that a slot that is busy, late
or dead costs the pictures alone ("ocr-time").

Two kinds of failure, kept apart (K1): **this content** ended its worker or outran its time →
an incomplete `Examination` that names the part, if the worker said which (`notes.py`); **the
machinery** had no worker for text or documents to give → `Temporary`, so that the client gets 451.

Who has patience (desk, the command line) gives the slot that many seconds, waiting included; its
job waits in a queue of its own, behind those whose clients wait.
"""

import asyncio
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from ahocorasick_rs import BytesAhoCorasick

from detectors import Role
from detectors.registers import Registers
from mailfilter import limits
from mailfilter.errors import Temporary
from mailfilter.examine import Job
from mailfilter.log import log
from mailfilter.model import Examination, Facts, NotExamined
from mailfilter.not_examined import not_examined
from mailfilter.pictures import Memory
from mailfilter.place import Place, describe
from mailfilter.registers import bundle
from mailfilter.workers import checked, wire
from mailfilter.workers.asking import Told, ask
from mailfilter.workers.classes import Kind, door
from mailfilter.workers.poison import KEY, Poison

_WINDOW = 256 * limits.KIB  # in which an attachment that follows a letter begins
_DOCUMENTS = BytesAhoCorasick(  # pdf, zip, OLE, rtf; by vectors: ten times a regular expression
    [b"\r\n\r\n" + start for start in (b"JVBERi0", b"UEsDB", b"0M8R4KGx", b"e1xydGY")]
)
_LEAST = limits.EXAMINE_TOTAL - limits.WORKER_WAIT  # seconds that a worker has in any case


@dataclass(frozen=True, slots=True)
class _Question:
    """A job for any class, and its times (monotonic)."""

    data: bytes
    job: dict[str, Any]
    registers: Registers
    begin_by: float
    end_by: float


class Pool:
    """A client of the workers whose text socket is `path`."""

    def __init__(
        self,
        path: Path,
        wait: float = limits.WORKER_WAIT,
        seconds: float = limits.EXAMINE_TIMEOUT,
        poison: Poison | None = None,
        least: float = _LEAST,
        pictures: Memory | None = None,
    ) -> None:
        self._path, self._wait, self._seconds = path, wait, seconds
        self._poison, self._least = poison, least
        self.pictures = pictures  # those that are known
        self._lists: dict[str, tuple[object, int]] = {}  # poison, registers: their memory files

    def __del__(self) -> None:
        for _, descriptor in self._lists.values():
            os.close(descriptor)

    def hurried(self, wait: float, least: float) -> "Pool":
        """Another client of these workers: so long to begin, and then so long in all."""
        return Pool(
            self._path, wait, min(self._seconds, wait + least), self._poison, least, self.pictures
        )

    async def examine(self, data: bytes, job: Job, *, patience: float | None = None) -> Examination:
        """The examination; incomplete if the content ended its worker."""
        asked = {"op": "examine"}
        told, lost = await self._read(self._question(asked, job, data), patience)
        if told.answer is None:
            return Examination(Facts(), not_examined=lost, size=len(data))
        try:
            found = checked.examination(
                told.answer.get("examination"), len(data), job.registers.KINDS
            )
        except ValueError:
            return Examination(Facts(), not_examined=(_body("crashed"), *lost), size=len(data))
        if self.pictures and job.pictures:
            for digest in checked.pictures(told.answer.get("clean")):
                self.pictures.add(digest)
        unread = tuple(dict.fromkeys((*found.not_examined, *lost)))
        return replace(found, not_examined=unread)

    async def view(
        self,
        data: bytes,
        job: Job,
        language: str,
        *,
        patience: float | None = None,
        whole: bool = False,
    ) -> checked.View:
        """The text of a message by place, and (place, reason, class) of what was not read.

        Not more text than a reviewer can use, unless it shall be the `whole`.
        """
        asked = {"op": "read" if whole else "view", "language": language}
        told, lost = await self._read(self._question(asked, job, data), patience)
        try:
            view = checked.view(told.answer and told.answer.get("view"))
        except ValueError:
            view, lost = ([], []), lost or (_body("crashed"),)
        more = [(describe(part.place, language), part.reason, part.cls.value) for part in lost]
        return view[0], [*view[1], *more]

    async def explain(
        self, data: bytes, job: Job, language: str, *, patience: float | None = None
    ) -> list[checked.Explained]:
        """Why what was found was found, and what else was seen; nothing if no worker could say."""
        asked = {"op": wire.EXPLAIN, "language": language}
        told, _lost = await self._read(self._question(asked, job, data), patience)
        try:
            return checked.explained(told.answer and told.answer.get("explained"))
        except ValueError:
            return []

    async def reachable(self) -> bool:
        """Whether a master listens; a worker that is met this way goes on to the next job."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.setblocking(False)
            try:
                await asyncio.get_running_loop().sock_connect(sock, str(self._path))
            except OSError:
                return False
        return True

    def _question(self, asked: dict[str, Any], job: Job, data: bytes) -> _Question:
        begin_by = monotonic() + self._wait
        told = asked | job.to_json()
        return _Question(data, told, job.registers, begin_by, begin_by + self._least)

    async def _read(
        self, question: _Question, patience: float | None
    ) -> tuple[Told, tuple[NotExamined, ...]]:
        """The best answer, and what no answer says: parts that ended their workers.

        Text that ended its worker goes to the documents, where the part is found that did it.
        """
        text: Told | None = None
        if not _DOCUMENTS.find_matches_as_indexes(memoryview(question.data)[:_WINDOW]):
            text = await self._ask(Kind.TEXT, question)
            if not text.guilty and not text.says("heavy"):
                return text, await self._lost(text)
        try:
            told = await self._ask(Kind.DOCUMENT, question)
        except Temporary:
            if text is None or not text.guilty:
                raise
            told = text
        lost = await self._lost(told)
        if not told.says("pictures"):
            return told, lost
        whole = await self._recognise(question, patience)
        if whole is None:
            return told, lost
        if whole.answer is None:
            return told, await self._lost(whole)
        return whole, ()

    async def _recognise(self, question: _Question, patience: float | None) -> Told | None:
        """What the slot for pictures says; None if it had no time."""
        now = monotonic()
        end = min(now + limits.OCR_SECONDS + limits.OCR_MARGIN, question.end_by)
        kind = Kind.OCR
        if patience is not None:
            kind, end = Kind.PATIENT, now + patience
        begin_by = end - limits.OCR_MARGIN
        if begin_by <= now:
            return None
        try:
            told = await self._ask(kind, replace(question, begin_by=begin_by, end_by=end))
        except Temporary:
            return None
        return None if told.outran else told

    async def _ask(self, kind: Kind, question: _Question) -> Told:
        """One worker's answer; Temporary if none began in time."""
        recognising = kind in (Kind.OCR, Kind.PATIENT)
        seconds = question.end_by - monotonic() if recognising else self._seconds
        job = question.job | {
            "seconds": seconds,
            "until": question.end_by,
            "cpu": max(limits.OCR_CPU, int(seconds)) if recognising else limits.WORKER_CPU,
            "size": len(question.data),
            "poison": (self._poison.key if self._poison else bytes(KEY)).hex(),
        }
        path, files = door(self._path, kind), partial(self._files, question.registers, kind)
        return await ask(path, job, files, question.data, question.begin_by)

    def _files(self, registers: Registers, kind: Kind) -> wire.Files:
        return self._poison_file(kind), self._registers_file(registers)

    def _poison_file(self, kind: Kind) -> int:
        if kind is Kind.TEXT and "poison" in self._lists:
            return self._lists["poison"][1]  # no matter how old: text opens nothing
        listed = self._poison.listed() if self._poison else b""
        return self._list_file("poison", listed, lambda: listed)

    def _registers_file(self, registers: Registers) -> int:
        return self._list_file("registers", registers, lambda: bundle(registers))

    def _list_file(self, name: str, content: object, made: Callable[[], bytes]) -> int:
        """A list as a memory file that workers read, made anew when the list is another."""
        known = self._lists.get(name)
        if known is None or (known[0] is not content and known[0] != content):
            if known is not None:
                os.close(known[1])
            known = self._lists[name] = content, wire.memory_file(made())
        return known[1]

    async def _lost(self, told: Told) -> tuple[NotExamined, ...]:
        """What must be said of a message whose worker ended without an answer."""
        if told.answer is not None:
            return ()
        code = "too-long" if told.outran else told.code
        if told.culprit is None:
            return (_body(code),)
        if self._poison and told.guilty:
            try:
                await asyncio.to_thread(self._poison.strike, told.culprit.digest)
            except OSError as error:
                log.error("poison-list", cause=error.strerror or "")
        return (not_examined(told.culprit.place, code),)


def _body(code: str) -> NotExamined:
    return not_examined(Place(Role.BODY), code)
