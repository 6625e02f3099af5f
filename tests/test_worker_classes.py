"""Classes of workers: text never waits for documents, and no document for a scan.

Real processes on real sockets. Readers are held up by pipes, so that no test depends on speed: a
reader writes a letter when it begins and waits until it is told to go on.
"""

import asyncio
import os
import select
import signal
import time
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from pathlib import Path

import pytest

from mailfilter import limits
from mailfilter.examine import read
from mailfilter.extract.kit.budget import Budget
from mailfilter.model import Class, Coverage
from mailfilter.not_examined import not_examined
from mailfilter.workers import classes, pool, state, worker
from mailfilter.workers.classes import Kind
from mailfilter.workers.pool import Pool
from mailfilter.workers.slot import Slot
from tests.extract.making import word
from tests.test_workers import JOB, MAIL, running

NUMBER = "personnummer 191212121212"
PATIENCE = 60


def mail(text: str, data: bytes, name: str, subject: str = "x") -> bytes:
    message = EmailMessage()
    message["From"] = "a@exempelkommun.example"
    message["Subject"] = subject
    message.set_content(text)
    message.add_attachment(data, maintype="application", subtype="x-file", filename=name)
    return message.as_bytes().replace(b"\n", b"\r\n")


DOCUMENT = mail("Hej", word(NUMBER), "a.docx", "document")
SCAN = mail("Hej", word(NUMBER), "a.docx", "scan")


class Gate:
    """Readers tell that they have begun, and wait."""

    def __init__(self) -> None:
        self.told, self._tell = os.pipe()
        self._wait, self._go = os.pipe()

    def __enter__(self) -> "Gate":
        return self

    def __exit__(self, *_) -> None:
        for descriptor in (self.told, self._tell, self._wait, self._go):
            os.close(descriptor)

    def passes(self, letter: bytes) -> None:
        """In the worker: tell, and wait to be let through."""
        os.write(self._tell, letter)
        os.read(self._wait, 1)

    def tells(self, letter: bytes) -> None:
        os.write(self._tell, letter)

    def open(self, times: int = 1) -> None:
        os.write(self._go, b"g" * times)

    async def begun(self, count: int = 1) -> bytes:
        return b"".join([await asyncio.to_thread(self._next) for _ in range(count)])

    def _next(self) -> bytes:
        assert not self.silent(PATIENCE), "nobody began"
        return os.read(self.told, 1)

    def silent(self, seconds: float = 0.3) -> bool:
        """Nobody says anything meanwhile; a reader that should not begin would have."""
        return not select.select([self.told], [], [], seconds)[0]


def held_up(gate: Gate, *held: Kind):
    """A reader that waits at the gate if it is of a held class; pictures are pretended."""

    def reading(message, job, formats, budget=None):
        kind = kind_of(budget)
        if kind in held:
            gate.passes(kind[0].encode())
        found = read(message, job, formats, budget)
        if kind is Kind.DOCUMENT and message.facts.subject == "scan":
            return with_picture(found)
        return found

    return reading


def kind_of(budget: Budget | None) -> Kind:
    if budget is None or budget.light:
        return Kind.TEXT
    if not budget.recognise:
        return Kind.DOCUMENT
    return Kind.PATIENT if budget.turn is not Budget().turn else Kind.OCR


def with_picture(found):
    place = found.texts[-1].places[0][1]
    return type(found)(found.facts, found.texts, (not_examined(place, "ocr-time"),))


@contextmanager
def standing(tmp_path, gate, *held, workers=1):
    with running(tmp_path / "scan.sock", workers, do=held_up(gate, *held)) as master:
        yield Pool(tmp_path / "scan.sock", wait=PATIENCE), master


def ask(pool: Pool, data: bytes, **more) -> asyncio.Task:
    return asyncio.create_task(pool.examine(data, JOB, **more))


async def test_a_text_mail_does_not_wait_for_documents(tmp_path):
    with Gate() as gate, standing(tmp_path, gate, Kind.DOCUMENT) as (pool, _):
        waiting = [ask(pool, DOCUMENT) for _ in range(3)]
        await gate.begun()
        for _ in range(5):
            assert (await pool.examine(MAIL, JOB)).coverage is Coverage.HIT
        assert not any(task.done() for task in waiting)
        gate.open(3)
        assert {(await task).coverage for task in waiting} == {Coverage.HIT}


async def test_a_document_does_not_wait_for_a_scan(tmp_path):
    with Gate() as gate, standing(tmp_path, gate, Kind.OCR) as (pool, _):
        scans = [ask(pool, SCAN) for _ in range(3)]
        assert await gate.begun() == b"o"
        for _ in range(3):
            assert (await pool.examine(DOCUMENT, JOB)).coverage is Coverage.HIT
            assert (await pool.examine(MAIL, JOB)).coverage is Coverage.HIT
        assert not any(task.done() for task in scans)
        gate.open(3)
        assert {(await task).coverage for task in scans} == {Coverage.HIT}


async def test_no_more_documents_at_once_than_there_are_workers_for_them(tmp_path):
    with Gate() as gate, standing(tmp_path, gate, Kind.DOCUMENT) as (pool, _):
        waiting = [ask(pool, DOCUMENT) for _ in range(3)]
        for _ in waiting:
            await gate.begun()
            assert gate.silent()
            gate.open()
        assert {(await task).coverage for task in waiting} == {Coverage.HIT}


@pytest.mark.parametrize(
    ("workers", "cores", "documents"), [(1, 1, 1), (2, 2, 1), (4, 4, 3), (8, 2, 1), (1, 8, 1)]
)
def test_a_core_stays_free_of_documents(workers, cores, documents):
    wanted = {Kind.TEXT: workers, Kind.DOCUMENT: documents, Kind.OCR: 1, Kind.PATIENT: 1}
    assert classes.counts(workers, cores) == wanted


def nice_levels(master: int) -> list[int]:
    return sorted(nice for _, nice in children(master))


async def settled(master: int, workers: int) -> bool:
    """Whether all workers have stepped back, as each does after it is forked."""
    documents = classes.counts(workers, len(os.sched_getaffinity(0)))[Kind.DOCUMENT]
    wanted = [*[0] * workers, *[10] * documents, 19, 19]
    end = time.monotonic() + PATIENCE
    while (found := nice_levels(master)) != wanted and time.monotonic() < end:
        await asyncio.sleep(0.02)
    return found == wanted


def children(master: int) -> list[tuple[int, int]]:
    """(process id, nice level) of each worker."""
    found = []
    for pid in Path(f"/proc/{master}/task/{master}/children").read_text().split():
        with suppress(OSError):  # it has ended
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            found.append((int(pid), int(fields[16])))
    return found


async def test_each_class_steps_back_as_far_as_it_should(tmp_path):
    with Gate() as gate, standing(tmp_path, gate, workers=2) as (_, master):
        assert await settled(master, 2)


async def test_heavy_mail_leaves_its_text_worker_warm(tmp_path, monkeypatch):
    monkeypatch.setattr(pool, "_WINDOW", 0)  # nothing is guessed from the first bytes
    with Gate() as gate, standing(tmp_path, gate, Kind.DOCUMENT) as (asked, master):
        await settled(master, 1)
        before = {pid for pid, nice in children(master) if not nice}
        found = ask(asked, DOCUMENT)
        assert await gate.begun() == b"d", "opened where documents are"
        gate.open()
        assert (await found).coverage is Coverage.HIT
        assert {pid for pid, nice in children(master) if not nice} == before


async def test_opaque_content_stays_with_text(tmp_path):
    opaque = mail("Hej", bytes(range(1, 256)) * 4000, "data.bin")
    with Gate() as gate, standing(tmp_path, gate, *Kind) as (asked, _):
        found = ask(asked, opaque)
        assert await gate.begun() == b"t"
        gate.open()
        await found


async def test_obvious_documents_are_not_parsed_twice(tmp_path):
    with Gate() as gate, standing(tmp_path, gate) as (asked, master):
        await settled(master, 1)
        for pid, nice in children(master):
            if not nice:
                os.kill(pid, signal.SIGSTOP)
        assert (await asked.examine(DOCUMENT, JOB)).coverage is Coverage.HIT


async def test_a_busy_slot_costs_the_pictures_alone(tmp_path, monkeypatch):
    """A class list in a document is found at once, whoever reads scans meanwhile."""
    with Gate() as gate, standing(tmp_path, gate, Kind.OCR) as (pool, _):
        first = ask(pool, SCAN)
        await gate.begun()
        monkeypatch.setattr(limits, "OCR_SECONDS", 0.2)
        monkeypatch.setattr(limits, "OCR_MARGIN", 0.2)
        found = await pool.examine(SCAN, JOB)
        assert [(part.reason, part.cls) for part in found.not_examined] == [
            ("ocr-time", Class.OVER_LIMIT)
        ]
        assert [each.kind for each in found.findings] == ["se.personnummer"]
        gate.open(2)
        assert (await first).coverage is Coverage.HIT


@pytest.mark.parametrize("patience", [None, 30])
async def test_no_slot_at_all_costs_the_pictures_alone(tmp_path, patience):
    with Gate() as gate, standing(tmp_path, gate) as (pool, _):
        for kind in classes.RECOGNISING:
            classes.door(tmp_path / "scan.sock", kind).unlink()
        found = await pool.examine(SCAN, JOB, patience=patience)
        assert [part.reason for part in found.not_examined] == ["ocr-time"]
        assert found.findings


async def test_content_that_kills_the_slot_is_crashed_and_the_rest_is_read(tmp_path):
    def reading(message, job, formats, budget=None):
        if kind_of(budget) is Kind.OCR:
            budget.watch.opens(message.parts[1])
            os._exit(9)
        return held_up(gate)(message, job, formats, budget)

    with Gate() as gate, running(tmp_path / "scan.sock", do=reading):
        found = await Pool(tmp_path / "scan.sock", wait=PATIENCE).examine(SCAN, JOB)
    assert {part.reason for part in found.not_examined} == {"ocr-time", "crashed"}
    assert [each.kind for each in found.findings] == ["se.personnummer"]


async def test_patient_jobs_are_read_in_their_own_time(tmp_path):
    with Gate() as gate, standing(tmp_path, gate, Kind.PATIENT) as (pool, _):
        patient = ask(pool, SCAN, patience=PATIENCE)
        assert await gate.begun() == b"p"
        assert (await pool.examine(SCAN, JOB)).coverage is Coverage.HIT, "others do not wait"
        gate.open()
        assert (await patient).coverage is Coverage.HIT


async def test_a_waiting_client_comes_before_the_next_page_of_a_patient_job(tmp_path):
    def reading(message, job, formats, budget=None):
        kind = kind_of(budget)
        if kind is Kind.PATIENT:
            for page in (b"1", b"2"):
                with budget.turn():
                    gate.passes(page)
        elif kind is Kind.OCR:
            gate.passes(b"o")
        return held_up(gate)(message, job, formats, budget)

    with Gate() as gate, running(tmp_path / "scan.sock", do=reading) as master:
        pool = Pool(tmp_path / "scan.sock", wait=PATIENCE)
        patient = ask(pool, SCAN, patience=PATIENCE)
        assert await gate.begun() == b"1"
        client = ask(pool, SCAN)
        assert gate.silent(), "one page at a time"
        while not waits_for_slot(master):
            await asyncio.sleep(0.02)
        gate.open()
        assert await gate.begun() == b"o"
        assert gate.silent(), "the patient one waits meanwhile"
        gate.open()
        assert (await client).coverage is Coverage.HIT
        assert await gate.begun() == b"2"
        gate.open()
        assert (await patient).coverage is Coverage.HIT


def waits_for_slot(master: int) -> bool:
    """Whether one of these workers waits for a lock; ``->`` marks who waits."""
    waiting = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    pids = {str(pid) for pid, _ in children(master)}
    return any(words[1] == "->" and words[5] in pids for words in waiting)


def test_who_waits_is_not_overtaken_between_two_pages():
    slot, (told, tell) = Slot(), os.pipe()
    with slot.turn(time.monotonic()):
        if not (pid := os.fork()):
            slot.take()
            os.write(tell, b"x")
            os._exit(0)
        while not waits_for_slot(os.getpid()):
            time.sleep(0.01)
    assert not slot.grab(), "the other has said that it wants it"
    assert os.read(told, 1) == b"x"
    os.waitpid(pid, 0)
    assert slot.grab()


def test_a_turn_that_does_not_come_in_time_is_given_up():
    slot, (told, tell) = Slot(), os.pipe()
    if not (pid := os.fork()):
        slot.take()
        os.write(tell, b"x")
        signal.pause()
    os.read(told, 1)
    with slot.turn(time.monotonic() + 0.1):
        assert not slot.grab()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    with slot.turn(time.monotonic()):
        assert slot.grab(), "a lock ends with its process"


async def test_a_worker_that_stops_its_clock_is_killed_by_the_master(tmp_path, monkeypatch):
    monkeypatch.setattr(worker, "GRACE", 0.5)

    def reading(message, job, formats, budget=None):
        if message.facts.subject == "scan":
            signal.setitimer(signal.ITIMER_REAL, 0)
            gate.passes(b"x")  # for ever
        return read(message, job, formats, budget)

    with Gate() as gate, running(tmp_path / "scan.sock", do=reading):
        path = tmp_path / "scan.sock"
        found = await Pool(path, wait=PATIENCE, seconds=0.5).examine(SCAN, JOB)
        assert [part.reason for part in found.not_examined] == ["too-long"]
        assert (await Pool(path, wait=PATIENCE).examine(DOCUMENT, JOB)).coverage is Coverage.HIT
        assert state.workers(path).ended[Kind.DOCUMENT] == 1


async def test_the_master_says_how_its_workers_are_confined_and_end(tmp_path):
    def reading(*_):
        os._exit(9)

    path = tmp_path / "scan.sock"
    assert state.workers(path) is None
    with running(path, do=reading):
        await Pool(path, wait=PATIENCE).examine(DOCUMENT, JOB)
        end = time.monotonic() + PATIENCE
        while not state.workers(path).ended[Kind.DOCUMENT] and time.monotonic() < end:
            time.sleep(0.02)
        assert state.workers(path).level in ("limits", "landlock", "seccomp", "full")
        assert state.workers(path).ended[Kind.DOCUMENT] == 1
