"""Processes die, on the real program: what was acknowledged is there afterwards (P8).

Nobody is asked to repair anything by hand, and no test waits for a time to pass: a process is
stopped or made to wait where something must happen before it goes on.
"""

import contextlib
import os
import re
import signal
import smtplib
import threading
import time
from pathlib import Path

import pytest

from tests.extract.making import word
from tests.running import Gateway, greets, send, wait_until
from tests.sink import Sink
from tests.test_trouble import CITIZEN, CLEAN, COLLEAGUE, HELD, SENDER, with_attachment

pytestmark = pytest.mark.system  # it needs no programs, but many processes and their time
TAKEN = re.compile(r"taken care of as (\S+)")


@pytest.fixture
def sink():
    with Sink() as sink:
        yield sink


@pytest.fixture
def gateway(sink, tmp_path):
    with Gateway(tmp_path, sink.port) as gateway:
        yield gateway


def kill(pids: list[int]) -> None:
    """kill -9, and wait until they are gone."""
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not any(_runs(pid) for pid in pids), f"end of {pids}")


def _runs(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def in_a_thread(act) -> tuple[threading.Thread, list]:
    """Run `act` beside us; what it returned or raised lies in the list afterwards."""
    results = []

    def work():
        try:
            results.append(act())
        except (OSError, smtplib.SMTPException) as error:
            results.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread, results


def test_clean_mail_flows_while_desk_is_dead_and_held_mail_waits(gateway, sink):
    supervisor = gateway.process.popen.pid
    os.kill(supervisor, signal.SIGSTOP)  # nobody starts desk again meanwhile
    try:
        kill(gateway.of_desk())
        assert gateway.send(CLEAN, SENDER, [CITIZEN]) == (250, "2.0.0 Ok: kept")
        refusal = (451, "4.3.0 Cannot store the message now, try again later")
        assert gateway.send(HELD, SENDER, [CITIZEN]) == refusal
        assert gateway.send(HELD, SENDER, [CITIZEN, COLLEAGUE]) == refusal
        assert [mail.data for mail in sink.mails] == [CLEAN], "its colleague has not got it either"
    finally:
        os.kill(supervisor, signal.SIGCONT)
    wait_until(gateway.desk_is_up, "return of desk")
    assert gateway.send(HELD, SENDER, [CITIZEN], heard=False)[0] == 250
    assert gateway.send(HELD, SENDER, [CITIZEN])[0] == 250
    assert [item["state"] for item in gateway.items()] == ["held"]


def test_a_desk_that_hangs_defers_held_mail_and_a_retry_is_held_once(gateway, sink):
    desk = gateway.of_desk()
    os.kill(desk[0], signal.SIGSTOP)
    thread, results = in_a_thread(lambda: gateway.send(HELD, SENDER, [CITIZEN]))
    assert gateway.send(CLEAN, SENDER, [CITIZEN]) == (250, "2.0.0 Ok: kept")
    kill(desk)
    thread.join(60)
    assert results[0][0] == 451
    wait_until(gateway.desk_is_up, "return of desk")
    assert gateway.send(HELD, SENDER, [CITIZEN])[0] == 250
    assert len(gateway.items("held")) == 1


def stop_workers(gateway: Gateway) -> list[int]:
    """Stop all of them, and the successors of those that have just ended."""
    stopped: set[int] = set()
    while new := set(gateway.pids("worker")) - stopped:
        for pid in new:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        stopped |= new
    return [pid for pid in stopped if _runs(pid)]


@pytest.mark.parametrize("role", ["worker", "scan"])
def test_killed_scan_workers_are_replaced(gateway, sink, role):
    letter = with_attachment(word("Vi ses klockan tio."), "brev.docx")
    assert gateway.send(letter, SENDER, [CITIZEN]) == (250, "2.0.0 Ok: kept")
    stopped = stop_workers(gateway)  # so that the letter is in their hands when they die
    thread, results = in_a_thread(lambda: gateway.send(letter, SENDER, [CITIZEN]))
    assert gateway.send(CLEAN, SENDER, [CITIZEN]) == (250, "2.0.0 Ok: kept")
    kill(gateway.pids(role))
    if role == "scan":  # nothing of its family may live on without it
        for pid in stopped:  # one may have been stopped before it could ask for that
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        wait_until(lambda: not any(_runs(pid) for pid in stopped), "end of the workers")
    thread.join(60)
    code, text = results[0]
    assert code in (250, 451), text
    if "taken care of" in text:
        assert gateway.items("held")[0]["unread"], "held because it was not examined"
    wait_until(
        lambda: gateway.send(letter, SENDER, [CITIZEN]) == (250, "2.0.0 Ok: kept"),
        "examination by new workers",
    )


def test_what_cannot_be_examined_now_is_451_and_not_relayed(gateway, sink):
    letter = with_attachment(word("Vi ses klockan tio."), "brev.docx")
    doors = list((gateway.folder / "run").glob("scan*.sock"))
    for door in doors:
        door.rename(door.with_suffix(".away"))  # the workers cannot be reached
    refusal = (451, "4.7.1 Cannot inspect the message now, try again later")
    assert gateway.send(letter, SENDER, [CITIZEN]) == refusal
    assert gateway.send(CLEAN, SENDER, [CITIZEN]) == (250, "2.0.0 Ok: kept"), "no worker needed"
    assert [mail.data for mail in sink.mails] == [CLEAN]
    assert gateway.items() == []
    for door in doors:
        door.with_suffix(".away").rename(door)
    assert gateway.send(letter, SENDER, [CITIZEN]) == (250, "2.0.0 Ok: kept")


def test_what_is_past_the_final_dot_is_answered_before_the_end(gateway, sink):
    sink.go.clear()
    clean, replies = in_a_thread(lambda: gateway.send(CLEAN, SENDER, [CITIZEN]))
    held, more = in_a_thread(lambda: gateway.send(HELD, SENDER, [CITIZEN, COLLEAGUE]))
    wait_until(lambda: sink.dots == 2, "arrival of both")
    os.kill(gateway.process.popen.pid, signal.SIGTERM)
    wait_until(lambda: not greets(gateway.port), "end of taking mail")
    sink.go.set()
    clean.join(60)
    held.join(60)
    assert replies == [(250, "2.0.0 Ok: kept")]
    assert TAKEN.search(more[0][1]), more
    assert gateway.process.popen.wait(60) == 0
    with gateway:
        assert len(gateway.items("held")) == 1


def test_an_smtp_process_killed_in_the_middle_loses_nothing(gateway, sink):
    sink.go.clear()
    thread, results = in_a_thread(lambda: gateway.send(CLEAN, SENDER, [CITIZEN]))
    wait_until(lambda: sink.dots, "arrival of the message")
    kill(gateway.pids("smtp"))
    thread.join(60)
    assert isinstance(results[0], Exception), "the client knows that it has no answer"
    sink.go.set()
    wait_until(lambda: gateway.pids("smtp"), "a new smtp process")
    assert gateway.send(CLEAN, SENDER, [CITIZEN]) == (250, "2.0.0 Ok: kept")
    assert gateway.send(HELD, SENDER, [CITIZEN])[0] == 250
    assert len(gateway.items()) == 1


def test_an_smtp_process_killed_after_the_relay_and_before_the_commit(gateway, sink):
    """Some pass, some are held: the retry ends with one row, and the others may have two copies
    (the window that SMTP leaves), but never none."""
    sink.go.clear()
    thread, results = in_a_thread(lambda: gateway.send(HELD, SENDER, [CITIZEN, COLLEAGUE]))
    wait_until(lambda: sink.dots, "arrival of the message")
    kill(gateway.pids("smtp"))
    sink.go.set()
    thread.join(60)
    assert isinstance(results[0], Exception)
    assert gateway.items() == [], "what was not committed does not count as accepted"
    wait_until(lambda: gateway.pids("smtp"), "a new smtp process")
    assert gateway.send(HELD, SENDER, [CITIZEN, COLLEAGUE])[0] == 250
    assert len(gateway.items("held")) == 1
    assert 1 <= len([mail for mail in sink.to(COLLEAGUE) if mail.data == HELD]) <= 2


# ---- under load ------------------------------------------------------------------------------


class Load:
    """Clients that send clean and held mails until told to stop, and keep what was acknowledged."""

    def __init__(self, port: int) -> None:
        self.clean: set[bytes] = set()
        self.held: set[str] = set()
        self._port = port
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(n,), daemon=True) for n in range(4)
        ]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(100)
            assert not thread.is_alive()

    def _run(self, n: int) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            name = b"Message-ID: <%d.%d@exempelkommun.example>\r\n" % (n, number)
            data = name + (CLEAN if number % 2 else HELD)
            try:
                code, text = send(self._port, data, SENDER, [CITIZEN])
            except (OSError, smtplib.SMTPException):
                time.sleep(0.02)
                continue
            if code == 250 and number % 2:
                self.clean.add(data)
            elif code == 250:
                self.held.add(TAKEN.search(text)[1])
            else:
                assert 400 <= code < 500, text


@pytest.mark.parametrize("how", ["SIGTERM", "power cut"])
def test_nothing_acknowledged_is_lost(sink, tmp_path, how):
    gateway = Gateway(tmp_path, sink.port, processes=2)
    with gateway, Load(gateway.port) as load:
        wait_until(lambda: len(load.clean) > 50 and len(load.held) > 50, "load")
        if how == "SIGTERM":
            assert gateway.process.end() == 0
        else:
            gateway.process.kill()
    assert load.clean <= {mail.data for mail in sink.mails}
    with gateway:
        kept = {item["id"].rpartition(".")[0] for item in gateway.items("held")}
        assert load.held <= kept
        assert gateway.ask("audit-verify")["fault"] == ""
        assert gateway.send(HELD, SENDER, [CITIZEN])[0] == 250
    assert not [m for m in sink.mails if b"191212121212" in m.data], "nothing held went out"
