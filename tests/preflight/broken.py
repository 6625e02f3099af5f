"""500 broken configurations, under load: whatever `check-config` accepts, `serve` and mail live by.

    python -m tests.preflight.broken [--count 500] [--seed 0]       # make broken-configs

Each mutation of the reference (``mutations.py``) is checked beside a running gateway that takes
mail all the time, and is sometimes given to it to reload. What is refused must name the key. What
is accepted is started by itself and gets two mails, one that passes and one that is stopped: no
process may fail, no mail may get 4xx. Counted: accepted and failing, refused without the key,
sessions of the load that were dropped.
"""

import argparse
import contextlib
import os
import signal
import smtplib
import socket
import sys
import tempfile
import threading
import time
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mailfilter.app import preflight
from mailfilter.app.preflight.beside import NOBODY
from tests.preflight.mutations import Files, Mutation, dumped, mutated, reference
from tests.preflight.starting import Starter, end, is_alive
from tests.running import ask_socket, client_of, send, wait_until
from tests.sink import Sink

WHO = ("anna@exempelkommun.example", ["bo@annat.example"])
CLEAN = b"From: anna@exempelkommun.example\r\nSubject: Hej\r\n\r\nLunchen klockan tolv.\r\n"
STOPPED = CLEAN.replace(b"Lunchen", b"Elevens personnummer: 191212121212. Lunchen")
FAILED = (
    *("process-failed", "process-ended", "session-fault", "worker-failed", "deferred"),
    *("outbox-gave-up", "outbox-later", "outbox", "schedule", "rules-kept"),
)
RELOADED = 10  # each so many-th mutation is given to the running gateway


@dataclass
class Result:
    """What came of a mutation; `wrong` is "" where all is as promised."""

    seed: int
    what: str
    status: int
    wrong: str = ""


def refusal(file: Path, *, checks: tuple[Any, ...] | None = None) -> tuple[int, list[str]]:
    """Exit status of `check-config` where nobody runs, and what is said of faults."""
    report = preflight.read(file, checks or (*preflight.HERE, *preflight.AFAR), NOBODY)
    grave = [fault for fault in report.faults if fault.kind is not preflight.Kind.WARNING]
    return preflight.status(report.faults), list(preflight.sentences(grave, file))


def unnamed(mutation: Mutation, said: list[str], folder: Path) -> str:
    """What is wrong with the words of a refusal; "" if they name key and cure."""
    bare = [sentence.replace(str(folder), "") for sentence in said]
    if not any(name in sentence for name in mutation.names for sentence in bare):
        return f"names none of {mutation.names}: {bare}"
    return "" if all(": " in sentence for sentence in bare) else f"has no cure: {bare}"


class Serve:
    """A `serve` on a file, with the ports that stand in it."""

    def __init__(self, starter: Starter, file: Path, log: Path) -> None:
        self.table = tomllib.loads(file.read_text("utf-8"))
        self.log = log
        listen = self.table.get("listen", {})
        self.host, self.port = listen.get("host", "127.0.0.1"), listen.get("port", 10025)
        self.run = Path(self.table.get("store", {}).get("run", "var/run"))
        self.pid = starter.start(file, log)

    def up(self) -> bool:
        """It greets, and desk answers."""
        assert is_alive(self.pid), self.said()
        if not answers(self.port):
            return False
        with contextlib.suppress(OSError, ValueError):
            return bool(ask_socket(self.run / "control.sock", "audit-verify"))
        return False

    def said(self) -> str:
        """The end of its log."""
        return self.log.read_text("utf-8", "replace")[-1500:]

    def events(self) -> list[str]:
        """The failures in its log."""
        text = self.log.read_text("utf-8", "replace")
        return [event for event in FAILED if f'"event": "{event}"' in text]

    def end(self) -> None:
        """Stop it."""
        end(self.pid)


def answers(port: int) -> bool:
    """A greeting, or a refusal of us: a network that leaves us out is no fault."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as sock:
        sock.settimeout(5)
        return sock.recv(3) in (b"220", b"554")
    return False


def failure(starter: Starter, file: Path, log: Path) -> str:
    """How `serve` or mail fails on an accepted file; "" if neither does."""
    log.unlink(missing_ok=True)
    serve = Serve(starter, file, log)
    try:
        wait_until(serve.up, "the start")
        for mail in (CLEAN, STOPPED):
            code, text = send(serve.port, mail, *WHO)
            if 400 <= code < 500:
                return f"{code} {text}"
        time.sleep(1.5)  # two looks of the outbox
        events = serve.events()
        return f"{events}: {serve.said()[-600:]}" if events else ""
    except (AssertionError, OSError, smtplib.SMTPException) as error:
        return f"{type(error).__name__}: {error}: {serve.said()[-900:]}"
    finally:
        serve.end()


@dataclass
class Load:
    """Sessions that never end for long, on one port."""

    port: int
    mails: int = 0
    dropped: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Until it is over: sessions of some mails each."""
        while not self.over.is_set():
            try:
                with client_of(self.port) as client:
                    for _ in range(5):
                        self._mail(client)
            except (OSError, smtplib.SMTPException) as error:
                self.dropped.append(f"{type(error).__name__}: {error}")

    def _mail(self, client: smtplib.SMTP) -> None:
        for words in ("MAIL FROM:<anna@exempelkommun.example>", "RCPT TO:<bo@annat.example>"):
            code, text = client.docmd(words)
            if code != 250:
                raise smtplib.SMTPException(f"{words.split(':')[0]}: {code} {text!r}")
        client.docmd("DATA")
        client.send(CLEAN + b".\r\n")
        code, text = client.getreply()
        if code == 421 or 400 <= code < 500:
            raise smtplib.SMTPException(f"dot: {code} {text!r}")
        self.mails += 1
        time.sleep(0.05)


class Trial:
    """Two copies of the reference: one that runs and is checked beside, one to start anew."""

    def __init__(self, starter: Starter, folder: Path, sink: int) -> None:
        self.starter = starter
        self.running, self.other = folder / "running", folder / "other"
        self.running.mkdir()
        self.other.mkdir()
        self.here, self.anew = Files(self.running, sink), Files(self.other, sink)

    def one(self, seed: int) -> Result:
        """A mutation, beside the running one and by itself."""
        beside = self.running / "mutated.toml"
        beside.write_text(mutated(seed, reference(self.here)).text, "utf-8")
        preflight.read(beside, preflight.HERE)  # beside the running one, whatever it says
        self.anew.empty_store()
        mutation = mutated(seed, reference(self.anew))
        file = self.other / "c.toml"
        file.write_text(mutation.text, "utf-8")
        status, said = refusal(file)
        if status in (2, 3):
            return Result(seed, mutation.what, status, unnamed(mutation, said, self.other))
        return Result(seed, mutation.what, status, failure(self.starter, file, self.other / "log"))


def run(count: int, seed: int) -> int:
    """All of it; the exit status."""
    results: list[Result] = []
    starter = Starter()  # before any thread
    with tempfile.TemporaryDirectory() as folder, Sink() as sink:
        trial = Trial(starter, Path(folder), sink.port)
        file = trial.running / "c.toml"
        good = dumped(reference(trial.here))
        file.write_text(good, "utf-8")
        gateway = Serve(starter, file, trial.running / "log")
        wait_until(gateway.up, "the start of the gateway under load")
        load = Load(trial.here.listen)
        thread = threading.Thread(target=load.run)
        thread.start()
        try:
            for number in range(seed, seed + count):
                if number % RELOADED == 0:
                    file.write_text(mutated(number, reference(trial.here)).text, "utf-8")
                    os.kill(gateway.pid, signal.SIGHUP)
                results.append(trial.one(number))
                if number % RELOADED == 0:
                    file.write_text(good, "utf-8")
                    os.kill(gateway.pid, signal.SIGHUP)
                if results[-1].wrong:
                    print(results[-1], flush=True)
        finally:
            load.over.set()
            thread.join()
            gateway.end()
            starter.close()
    return _told(results, load)


def _told(results: list[Result], load: Load) -> int:
    statuses = Counter(result.status for result in results)
    failing = [result for result in results if result.wrong and result.status < 2]
    silent = [result for result in results if result.wrong and result.status >= 2]
    print(
        f"{len(results)} mutations: {statuses[2]} refused, {statuses[3]} not to be told,"
        f" {statuses[0]} accepted\naccepted and failing: {len(failing)}; refused without key or"
        f" cure: {len(silent)}; of {load.mails} mails meanwhile dropped: {len(load.dropped)}"
    )
    print(*load.dropped[:5], sep="\n")
    return 1 if failing or silent or load.dropped else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    sys.exit(run(given.count, given.seed))
