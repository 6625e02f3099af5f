"""The supervisor: no room for another process, processes that hang, rules of the last reload."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.extract.making import word
from tests.running import Gateway, free_port, greets_http, listens, wait_until
from tests.sink import Sink
from tests.test_trouble import with_attachment

ROOT = Path(__file__).parents[2]
PROGRAM = """
import errno, os, signal, time
from mailfilter import failpoint
from mailfilter.app import supervisor

forks = []

def full(point):
    if point == "fork":
        forks.append(point)
        if len(forks) in (2, 3):
            raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

def work():
    print("up", len(forks), flush=True)
    if len(forks) == 4:
        os.kill(os.getppid(), signal.SIGTERM)
        signal.pause()

failpoint.arm(full)
supervisor._REST = supervisor._QUICK = 0.05
supervisor.Supervisor([supervisor.Role("work", work)]).run()
"""


def test_a_process_that_cannot_be_forked_is_tried_again():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [row for row in done.stdout.splitlines() if row[:2] == "up"] == ["up 1", "up 4"]
    assert done.stdout.count("process-not-started") == 2 or "process-not-started" in done.stderr


HANG = """
import asyncio, os, signal, sys, time
from mailfilter import limits
from mailfilter.app import supervisor

limits.HEARTBEAT, limits.HANG_TIMEOUT = 0.01, 1.0
supervisor._REST = supervisor._QUICK = 0.01
supervisor._LOOK = 0.1
begun = [0, 0]

def hangs():
    print("hangs begins", flush=True)
    async def work():
        supervisor.keep_beating()
        await asyncio.sleep(0.1)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        time.sleep(600)
    asyncio.run(work())

def lives():
    print("lives begins", flush=True)
    async def work():
        supervisor.keep_beating()
        await asyncio.sleep(600)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    asyncio.run(work())

def silent():
    print("silent begins", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.pause()

roles = [supervisor.Role(work.__name__, work, patience=1) for work in (hangs, lives)]
roles.append(supervisor.Role("silent", silent, patience=1, watched=False))
supervisor.Supervisor(roles).run()
"""


def test_a_process_that_hangs_is_killed_and_begun_anew_and_no_other():
    popen = subprocess.Popen(
        [sys.executable, "-c", HANG], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    lines = []
    try:
        while sum(b"hangs begins" in line for line in lines) < 3:
            lines.append(popen.stdout.readline())
            assert lines[-1], lines
    finally:
        popen.terminate()
        lines += popen.stdout.readlines()
        popen.wait(60)
    told = b"".join(lines).decode()
    assert told.count("process-hung") >= 2
    assert '"role": "lives"' not in told, "it beats"
    assert '"role": "silent"' not in told, "it is not watched"
    assert told.count("lives begins") == told.count("silent begins") == 1
    assert popen.returncode == 0


STUCK = """
import asyncio, os, signal, time
from mailfilter import failpoint, limits
from mailfilter.app import supervisor

limits.HANG_TIMEOUT = 1.0
supervisor._REST = supervisor._QUICK = 0.01
supervisor._LOOK = 0.1
forks = []

def act(point):
    if point == "fork":
        forks.append(point)
    if point == "child_began" and len(forks) < 3:
        time.sleep(600)

def work():
    print("up", len(forks), flush=True)
    os.kill(os.getppid(), signal.SIGTERM)
    signal.pause()

failpoint.arm(act)
supervisor.Supervisor([supervisor.Role("work", work)]).run()
"""


def test_a_process_that_hangs_at_its_start_is_killed_and_begun_anew():
    done = subprocess.run(
        [sys.executable, "-c", STUCK],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "up 3" in done.stdout.splitlines(), "the third was let go on"
    assert done.stdout.count("process-hung") == 2


REJECT = """
[[rule]]
name = "nummer-stoppas"
action = "reject"
kinds = ["se.*"]
level = "high"
"""
NUMBER = (
    b"Message-ID: <%d@exempelkommun.example>\r\nSubject: x\r\n\r\nPersonnummer: 191212121212\r\n"
)
WHO = ("maj@exempelkommun.example", ["anna@medborgare.example"])


@pytest.mark.system
def test_a_desk_that_hangs_is_a_451_until_it_is_replaced(tmp_path: Path):
    with Sink() as sink, Gateway(tmp_path, sink.port, limits={"HANG_TIMEOUT": 2.0}) as gateway:
        (desk,) = gateway.of_desk()
        os.kill(desk, signal.SIGSTOP)
        assert gateway.send(NUMBER % 1, *WHO)[0] == 451
        wait_until(lambda: gateway.pids("desk") not in ([], [desk]), "another desk")
        wait_until(gateway.desk_is_up, "its verbs")
        assert gateway.send(NUMBER % 1, *WHO)[0] == 250
        assert len(gateway.items("held")) == 1
        assert "process-hung" in gateway.log()


@pytest.mark.system
def test_a_process_that_begins_later_has_the_rules_of_the_last_reload(tmp_path: Path):
    with Sink() as sink, Gateway(tmp_path, sink.port) as gateway:
        assert gateway.send(NUMBER % 1, *WHO)[0] == 250, "held"
        gateway.write_config(REJECT)
        os.kill(gateway.process.popen.pid, signal.SIGHUP)
        wait_until(lambda: gateway.send(NUMBER % 2, *WHO)[0] == 550, "the new rule")
        gateway.config.write_text("this is [no configuration")
        for reload in (False, True):
            if reload:
                os.kill(gateway.process.popen.pid, signal.SIGHUP)
                wait_until(lambda: "rules-kept" in gateway.log(), "refusal of the file")
            (smtp,) = gateway.pids("smtp")
            os.kill(smtp, signal.SIGKILL)
            wait_until(lambda old=smtp: gateway.pids("smtp") not in ([], [old]), "another process")
            assert gateway.send(NUMBER % 3, *WHO)[0] == 550, "not the rules of the start"


def is_read(gateway: Gateway, text: str) -> bool:
    """Whether a number in a document is found: by a scan worker, for nobody else reads these."""
    letter = with_attachment(word(f"{text} brevet. Personnummer: 191212121212"), "brev.docx")
    if gateway.send(letter, *WHO)[0] != 250:
        return False
    item = gateway.items("held")[0]
    assert item["kinds"] == ["se.personnummer"]
    return True


FRONT = """
[front]
port = {port}
"""


@pytest.mark.system
def test_a_master_and_a_front_that_hang_are_replaced(tmp_path: Path):
    """SIGSTOP is what a hang looks like from outside. Mail with a document is read again, and the
    pages are there again, without anybody's help."""
    port = free_port()
    with (
        Sink() as sink,
        Gateway(
            tmp_path, sink.port, extra=FRONT.format(port=port), limits={"HANG_TIMEOUT": 6.0}
        ) as gateway,
    ):
        wait_until(lambda: greets_http(port), "the pages")
        (front,) = [pid for pid in gateway.pids("scan") if listens(pid, port)]
        (master,) = [pid for pid in gateway.pids("scan") if pid != front]
        # a worker has read: then its master has been heard
        wait_until(lambda: is_read(gateway, "Första"), "scan workers")
        for pid in (master, front):
            os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: not {master, front} & set(gateway.pids("scan")), "their end")
        wait_until(lambda: len(gateway.pids("scan")) == 2, "others in their place")
        wait_until(lambda: greets_http(port), "the pages again")
        wait_until(lambda: is_read(gateway, "Andra"), "workers again")
        told = [line for line in gateway.log().splitlines() if "process-hung" in line]
        assert sum('"scan"' in line for line in told) >= 1
        assert sum('"front"' in line for line in told) >= 1
