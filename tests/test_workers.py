"""Scan workers: real processes on a real socket; hostile content ends them and nothing else."""

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import textwrap
import time
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from mailfilter import limits
from mailfilter.errors import Temporary
from mailfilter.examine import Job, Reading
from mailfilter.model import Class, Coverage, Facts
from mailfilter.workers import master, wire
from mailfilter.workers.classes import Kind, door
from mailfilter.workers.line import Line
from mailfilter.workers.pool import Pool
from mailfilter.workers.rehearsal import rehearse
from tests.containment.bomb import attached
from tests.extract.making_archives import zip_aes

MAIL = b"From: a@exempelkommun.example\r\nSubject: x\r\n\r\npersonnummer 191212121212\r\n"
JOB = Job(b"k" * 32, date(2026, 11, 24))


@contextmanager
def running(path: Path, workers: int = 1, do=None):
    """A master with its workers; `do` replaces the reading of a message."""
    doors = master.listen(path)
    rehearse()  # here, so that it is done once for all tests
    pid = os.fork()
    if not pid:
        try:
            if do is not None:
                from mailfilter.workers import worker

                worker.read = do
            master.run(doors, workers)
        finally:
            os._exit(0)
    doors.close()
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)


async def test_a_locked_archive_of_thousands_is_locked_and_ends_no_worker(tmp_path):
    """Its answer names no more parts than an answer may; each reason stands in it."""
    data = zip_aes({f"{n}.txt": b"x" for n in range(limits.UNREAD + 50)}, "obekant")
    with running(tmp_path / "scan.sock"):
        found = await Pool(tmp_path / "scan.sock").examine(attached(data, "a.zip"), JOB)
    assert {part.cls for part in found.not_examined} >= {Class.ENCRYPTED}
    assert Class.CRASHED not in {part.cls for part in found.not_examined}
    assert len(found.not_examined) <= limits.UNREAD


async def test_a_message_is_examined(tmp_path):
    with running(tmp_path / "scan.sock"):
        found = await Pool(tmp_path / "scan.sock").examine(MAIL, JOB)
    assert found.coverage is Coverage.HIT
    assert [f.kind for f in found.findings] == ["se.personnummer"]
    assert found.size == len(MAIL)


async def test_a_reviewer_sees_the_text(tmp_path):
    with running(tmp_path / "scan.sock"):
        texts, unread = await Pool(tmp_path / "scan.sock").view(MAIL, JOB, "sv")
    assert unread == []
    assert ("mejltexten", "personnummer 191212121212\r\n") in [
        (place, text.replace("\r\n", "\n").replace("\n", "\r\n")) for place, text in texts
    ]


def sign(*_):
    time.sleep(0.3)
    return Reading(Facts(message_id=str(os.getpid())), (), ())


def is_idle(pid: str) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"


async def test_of_idle_workers_the_same_one_takes_the_job(tmp_path):
    """Its caches are warm; the kernel's own way is to take turns. While it works others do."""
    with running(tmp_path / "scan.sock", 3, do=sign):
        pool = Pool(tmp_path / "scan.sock", wait=60)
        signed: set[str] = set()
        while len(signed) < 3:  # until all have begun
            found = await asyncio.gather(*(pool.examine(MAIL, JOB) for _ in range(3)))
            signed = {each.facts.message_id for each in found}
        alone = set()
        for _ in range(5):
            while not all(map(is_idle, signed)):
                await asyncio.sleep(0.001)
            alone.add((await pool.examine(MAIL, JOB)).facts.message_id)
    assert len(alone) == 1


def die(*_):
    os.abort()


def hang(*_):
    while True:
        pass


def eat(*_):
    return bytearray(1 << 33)


def unforeseen(*_):
    raise RuntimeError("191212121212")


@pytest.mark.parametrize("fault", [die, hang, eat, unforeseen], ids=lambda f: f.__name__)
async def test_content_that_ends_its_worker_is_crashed(tmp_path, fault):
    with running(tmp_path / "scan.sock", do=fault):
        pool = Pool(tmp_path / "scan.sock", seconds=1)
        for _ in range(2):  # the second job finds a fresh worker
            found = await pool.examine(MAIL, JOB)
            assert [n.cls for n in found.not_examined] == [Class.CRASHED]
            assert found.coverage is Coverage.INCOMPLETE


async def test_no_worker_is_temporary(tmp_path):
    with pytest.raises(Temporary, match="cannot be reached"):
        await Pool(tmp_path / "nobody.sock").examine(MAIL, JOB)


async def test_a_busy_worker_is_temporary(tmp_path):
    with running(tmp_path / "scan.sock", do=hang):
        slow = asyncio.create_task(Pool(tmp_path / "scan.sock", seconds=3).examine(MAIL, JOB))
        await asyncio.sleep(0.3)
        with pytest.raises(Temporary, match="free"):
            await Pool(tmp_path / "scan.sock", wait=0.5).examine(MAIL, JOB)
        assert (await slow).not_examined


async def test_many_at_once_are_all_answered(tmp_path):
    with running(tmp_path / "scan.sock", workers=2):
        pool = Pool(tmp_path / "scan.sock")
        found = await asyncio.gather(*(pool.examine(MAIL, JOB) for _ in range(100)))
    assert {f.persons for f in found} == {1}


async def test_a_message_larger_than_a_socket_holds_goes_over_whole():
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    data = random.Random(1).randbytes(9 * limits.MIB)
    with ours, theirs:
        reading = asyncio.create_task(asyncio.to_thread(wire.receive_message, theirs, len(data)))
        line = Line(asyncio.get_running_loop(), ours)
        line.send(data)
        assert await reading == data
        line.close()


async def test_half_a_message_is_none():
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with theirs:
        with ours:
            ours.send(b"half")
        with pytest.raises(ConnectionResetError):
            wire.receive_message(theirs, 5)


async def test_who_hangs_up_before_the_message_costs_its_worker_nothing(tmp_path):
    with running(tmp_path / "scan.sock"):
        pool = Pool(tmp_path / "scan.sock")
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(door(tmp_path / "scan.sock", Kind.TEXT)))
            ends = time.monotonic() + 20
            job = {"op": "examine", "seconds": 20, "until": ends, "cpu": 9, "size": 1, "poison": ""}
            wire.send_job(sock, job, pool._files(JOB.registers, Kind.TEXT))
            assert sock.recv(1) == wire.STARTED
        assert (await pool.examine(MAIL, JOB)).persons == 1


def test_memory_file_cannot_change():
    descriptor = wire.memory_file(b"x" * 100_000)
    with pytest.raises(PermissionError):
        os.pwrite(descriptor, b"y", 0)
    assert wire.read_memory_file(descriptor) == b"x" * 100_000
    os.close(descriptor)


ESCAPES = {
    "start a program": "os.execv('/bin/true', ['true'])",
    "fork": "os.fork()",
    "run a command": "__import__('subprocess').run(['/bin/true'])",
    "open a socket": "__import__('socket').socket()",
    "make a socket pair": "__import__('socket').socketpair()",
    "write a file": "open('/tmp/planted', 'w').write('x')",
    "append to a file": "open('/etc/hostname', 'a')",
    "remove a file": "os.unlink('/etc/hostname')",
    "rename": "os.rename('/etc/hostname', '/etc/hostname2')",
    "make a folder": "os.mkdir('/tmp/planted')",
    "make a link": "os.symlink('/etc/passwd', '/tmp/planted')",
    "change a mode": "os.chmod('/etc/hostname', 0o777)",
    "kill its parent": "os.kill(os.getppid(), 9)",
    "change its user": "os.setuid(1)",
    "change its root": "os.chroot('/tmp')",
    "trace another": "assert __import__('ctypes').CDLL(None).ptrace(16, os.getppid(), 0, 0) == 0",
    "start a thread": "__import__('threading').Thread(target=print).start()",
    "read a file": "open('/etc/passwd').read()",
    "read a folder": "os.listdir('/root')",
    "read its own environment": "open('/proc/self/environ').read()",
    "read its parent's memory": "open(f'/proc/{os.getppid()}/mem', 'rb').read(1)",
    "map much memory": "bytearray(1 << 33)",
}


HARMLESS = {
    *("start a program", "fork", "run a command", "open a socket", "make a socket pair"),
    *("start a thread",),
}


def attempt(what: str, confine: str) -> int:
    """Exit code of a process that tries: 7 if it was stopped, 0 if not."""
    code = f"""
        import os
        from mailfilter.workers.confine import confine
        {confine}
        try:
            {ESCAPES[what]}
        except (OSError, MemoryError, AssertionError, RuntimeError):
            os._exit(7)
        os._exit(0)
    """
    return subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False).returncode


@pytest.mark.parametrize("what", ESCAPES)
def test_a_confined_process_cannot(what):
    assert attempt(what, "confine()") == 7


@pytest.mark.parametrize("what", sorted(HARMLESS))
def test_without_confinement_it_could(what):
    assert attempt(what, "pass") == 0


def test_a_confined_process_still_reads_and_answers():
    code = """
        import os, socket
        a, b = socket.socketpair()
        from mailfilter.workers.confine import confine
        assert confine() == "full"
        a.sendall(b"x")
        assert b.recv(1) == b"x"
        import encodings.cp1026, json.tool  # modules still load
        bytearray(1 << 28)
    """
    assert (
        subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False).returncode == 0
    )


@pytest.mark.parametrize(
    "module", ["mailfilter.workers.confine", "mailfilter.app.supervisor"], ids=["worker", "process"]
)
def test_a_process_whose_parent_went_while_it_was_made_ends(module):
    # the kernel's signal comes at a parent's end only if it was asked for before
    code = f"from {module} import die_with; import os; die_with(os.getppid() + 1); os._exit(7)"
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode in (-signal.SIGKILL, -signal.SIGTERM)


def test_a_process_that_is_forked_takes_over_what_its_parent_has_read():
    # a master that read it all anew had a copy of its own: 97 MB of an idle gateway
    code = """
        import os, sys
        from mailfilter.workers import memory, rehearsal
        rehearsal.get_ready()
        rehearsal.rehearse = memory.settle = lambda: os._exit(7)
        if not (pid := os.fork()):
            rehearsal.get_ready()
            os._exit(0)
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    assert done.returncode == 0


def test_the_socket_is_ours_alone(tmp_path):
    doors = master.listen(tmp_path / "scan.sock")
    doors.close()
    paths = [door(tmp_path / "scan.sock", kind) for kind in Kind]
    assert len(set(paths)) == len(Kind)
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}


def test_a_master_alone_has_its_doors_open_and_nothing_else(tmp_path):
    doors = master.listen(tmp_path / "scan.sock")
    with (tmp_path / "lock").open("w"):
        if not (pid := os.fork()):
            doors.stay_alone()
            kept = {0, 1, 2, *(listener.fileno() for listener in doors.listeners.values())}
            listed = list(Path("/proc/self/fd").iterdir())
            left = {int(each.name) for each in listed if each.is_symlink()}
            os._exit(left != kept)
        assert os.waitpid(pid, 0)[1] == 0
    doors.close()


async def test_a_pool_that_is_let_go_leaves_no_descriptor_open(tmp_path):
    open_before = set(Path("/proc/self/fd").iterdir())
    with running(tmp_path / "scan.sock"):
        pool = Pool(tmp_path / "scan.sock")
        await pool.examine(MAIL, JOB)
    del pool
    assert set(Path("/proc/self/fd").iterdir()) == open_before
