"""Running the real program: gateway and next hop on loopback, each in a folder of its own.

`Gateway` is ``mailfilter serve`` as a process; `send` is a client that sends exactly what it is
given. Context managers end what they started, by process id. The next hop that keeps every byte is
in ``sink.py``, Postfix in ``postfix.py``.
"""

import contextlib
import json
import os
import random
import re
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
PATIENCE = 60.0
STATES = (
    "reading",
    "held",
    "releasing",
    "released",
    "release-failed",
    "accepted",
    "handing-over",
    "handed-over",
    "refused",
    "deleted",
    "expired",
)


def _ports() -> Iterator[int]:
    """Those of this test process, from a chance start on, each once in a long while. They lie below
    the ports that the system gives to clients: a port that somebody else has by then starts no
    program."""
    own = 11_000 + 10_000 * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 2)
    start = random.randrange(9_000)
    while True:
        yield from (own + (start + n) % 9_000 for n in range(9_000))


_candidates = _ports()


def free_port() -> int:
    """A port of this machine on which nothing listens; never the same one twice."""
    for port in _candidates:
        with contextlib.suppress(OSError), socket.socket() as sock:
            sock.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def wait_until(true: Callable, what: str | Callable[[], str], seconds: float = PATIENCE):
    """The first true value of `true()`; an AssertionError after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := true():
            return value
        time.sleep(0.02)
    said = what() if callable(what) else what
    raise AssertionError(f"{said} did not happen in {seconds:g} s")


def greets(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as sock:
        sock.settimeout(5)
        return sock.recv(3) == b"220"
    return False


class Process:
    """A child in a group of its own, its output in a file."""

    def __init__(self, command: list[str], log: Path, **more) -> None:
        self.log = log
        with log.open("ab") as out:
            self.popen = subprocess.Popen(
                command,
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                **more,
            )

    def end(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end and wait; whatever is left of its group is killed."""
        if self.popen.poll() is None:
            os.kill(self.popen.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.popen.wait(90)
        self.kill()
        return self.popen.returncode

    def kill(self) -> None:
        """As if the power went: the whole group at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait(10)


CONFIG = """
[listen]
port = {port}
processes = {processes}
{listen}
[next_hop]
port = {next_hop}
[store]
url = "{url}"
keys = "{folder}/keys"
run = "{folder}/run"
[web]
port = {web}
health_port = {health}
[organisation]
name = "Exempelkommun"
domains = ["exempelkommun.example"]
cloud_hosts = ["exempelkommun.sharepoint.com"]
contact = "0000-000 00"
staff_informed = 2026-01-01
"""


@dataclass
class Gateway:
    """``mailfilter serve`` in `folder`. `extra` is added to its configuration: keys before its
    first table stand at the top of the file, and its tables at the end. `limits` are changed in
    the program before it starts: no operator can set them."""

    folder: Path
    next_hop: int
    extra: str = ""
    url: str = ""
    processes: int = 1
    port: int = field(default_factory=free_port)
    web: int = field(default_factory=free_port)
    health: int = field(default_factory=free_port)
    process: Process | None = None
    limits: dict[str, float] = field(default_factory=dict)
    listen: str = ""  # more settings of the table

    def write_config(self, extra: str | None = None) -> Path:
        self.extra = self.extra if extra is None else extra
        text = CONFIG.format(
            port=self.port,
            next_hop=self.next_hop,
            url=self.url or f"sqlite:///{self.folder}/mailfilter.db",
            folder=self.folder,
            web=self.web,
            health=self.health,
            processes=self.processes,
            listen=self.listen,
        )
        top, _, tables = self.extra.partition("[")
        self.config.write_text(top + text + ("[" + tables if tables else ""))
        return self.config

    def start(self) -> "Gateway":
        assert self.process is None or self.process.popen.poll() is not None, "it runs already"
        self.write_config()
        command = [sys.executable, *_program(self.limits), "serve", "-c", str(self.config)]
        self.process = Process(command, self.folder / "log", cwd=ROOT)
        wait_until(self._up, lambda: f"start of the gateway: {self.log()[-2000:]}")
        return self

    def _up(self) -> bool:
        assert self.process, "not started"
        assert self.process.popen.poll() is None, self.log()[-3000:]
        return greets(self.port) and self.desk_is_up() and greets_http(self.web)

    def desk_is_up(self) -> bool:
        with contextlib.suppress(OSError, ValueError):
            return bool(self.ask("audit-verify"))
        return False

    @property
    def config(self) -> Path:
        return self.folder / "mailfilter.toml"

    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def __enter__(self) -> "Gateway":
        return self.start()

    def __exit__(self, *_) -> None:
        if self.process:
            self.process.end()

    def pids(self, role: str) -> list[int]:
        """The processes of one role: ``smtp``, ``desk``, ``scan`` or ``worker``.

        They are known by the port that they listen on; the scan master is the third kind.
        """
        assert self.process
        port = {"smtp": self.port, "desk": self.web}.get(role)
        found = children(self.process.popen.pid)
        if port:
            return [pid for pid in found if listens(pid, port)]
        known = {pid for other in ("smtp", "desk") for pid in self.pids(other)}
        masters = [pid for pid in found if pid not in known]
        return masters if role == "scan" else [w for pid in masters for w in children(pid)]

    def of_desk(self) -> list[int]:
        """The process of desk, as soon as its pages listen."""
        wait_until(lambda: self.pids("desk"), "the pages of desk")
        return self.pids("desk")

    def command(self, *words: str, check: bool = True) -> str:
        """What a command prints; its errors, if it fails and may."""
        done = run(*words, "-c", str(self.config))
        assert not check or done.returncode == 0, done.stderr
        return done.stdout if done.returncode == 0 else done.stderr

    def ask(self, verb: str, **request):
        """What desk answers on its control socket."""
        return ask_socket(self.folder / "run" / "control.sock", verb, **request)

    def items(self, *states: str) -> list[dict]:
        """The rows in these states, of all without any; newest first."""
        return self.ask("list", states=list(states or STATES), limit=10_000)

    def send(self, data: bytes, sender: str, recipients: Sequence[str], **more) -> tuple[int, str]:
        """See `send`."""
        return send(self.port, data, sender, recipients, **more)


def ask_socket(path: Path, verb: str, **request):
    """What desk answers on its control socket."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(PATIENCE)
        sock.connect(str(path))
        sock.sendall(json.dumps({"verb": verb, "actor": "cli:test", **request}).encode() + b"\n")
        with sock.makefile() as lines:
            answer = json.loads(lines.readline())
    assert "ok" in answer, answer
    return answer["ok"]


def _program(limits: dict[str, float]) -> list[str]:
    """What Python is to run: the program, or the program with other values in its limits.py."""
    if not limits:
        return ["-m", "mailfilter"]
    changes = "".join(f"limits.{name} = {value!r}; " for name, value in limits.items())
    start = "from mailfilter.__main__ import main; main()"
    return ["-c", f"from mailfilter import limits; {changes}{start}"]


def run(*words: str, **more) -> subprocess.CompletedProcess:
    """``mailfilter`` with these words."""
    more = {"cwd": ROOT, "text": True} | more
    command = [sys.executable, "-m", "mailfilter", *words]
    return subprocess.run(command, capture_output=True, check=False, timeout=120, **more)


def greets_http(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def listens(pid: int, port: int) -> bool:
    """Whether the process listens on this TCP port."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inodes = {row[9] for row in rows if row[3] == "0A" and row[1].endswith(f":{port:04X}")}
    with contextlib.suppress(OSError):
        links = [str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()]
        return any(link.removeprefix("socket:[").removesuffix("]") in inodes for link in links)
    return False


def stuffed(data: bytes) -> bytes:
    """The message as a client sends it behind DATA, with its end."""
    body = re.sub(rb"(^|\r\n)\.", rb"\1..", data)
    return body + (b"" if body.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def send(
    port: int,
    data: bytes,
    sender: str,
    recipients: Sequence[str],
    mail_options: Sequence[str] = (),
    rcpt_options: Sequence[str] = (),
    *,
    tolerant: bool = False,
    heard: bool = True,
) -> tuple[int, str]:
    """Send exactly these bytes; the reply to the final dot, or to what was refused before it.

    A `tolerant` client goes on with the recipients that were accepted. One that has not `heard`
    says QUIT with the dot, which proves nothing of its having read the reply.
    """
    with client_of(port) as client:
        if client.greeted[0] >= 400:
            return client.greeted[0], client.greeted[1].decode()
        reply = client.docmd("MAIL", " ".join([f"FROM:<{sender}>", *mail_options]))
        for recipient in recipients:
            if reply[0] >= 400 and not tolerant:
                break
            reply = client.docmd("RCPT", " ".join([f"TO:<{recipient}>", *rcpt_options]))
        if reply[0] < 400 or tolerant:
            reply = client.docmd("DATA")
        if reply[0] == 354:
            client.send(stuffed(data) + (b"" if heard else b"QUIT\r\n"))
            reply = client.getreply()
    return reply[0], reply[1].decode()


@contextlib.contextmanager
def client_of(port: int):
    """A session that has said EHLO (`greeted`: the reply); its leaving is never a fault."""
    client = smtplib.SMTP("127.0.0.1", port, local_hostname="client.example", timeout=90)
    client.command_encoding = "utf-8"
    try:
        client.greeted = client.ehlo()
        yield client
        with contextlib.suppress(OSError, smtplib.SMTPException):
            client.quit()
    finally:
        client.close()
