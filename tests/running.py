"""Running the real program: gateway, next hop and Postfix on loopback, each in a folder of its own.

`Sink` is a next hop that keeps every byte; `Gateway` is ``mailfilter serve`` as a process;
`Postfix` is a private instance, in front of the gateway or behind it. All are context managers
and end what they started by process id.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import smtplib
import socket
import socketserver
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
PATIENCE = 60.0


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def wait_until(true, what: str, seconds: float = PATIENCE):
    """The first true value of `true()`; an AssertionError after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := true():
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen in {seconds:g} s")


def greets(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as sock:
        sock.settimeout(5)
        return sock.recv(3) == b"220"
    return False


@dataclass
class Arrived:
    """A message as it came: raw MAIL and RCPT arguments, and the bytes with dots unstuffed."""

    mail: bytes
    rcpts: list[bytes]
    data: bytes


class Sink:
    """A next hop that accepts and keeps everything; `answer` may be set to refuse the dot."""

    EXTENSIONS = (b"PIPELINING", b"SIZE 104857600", b"8BITMIME", b"DSN", b"SMTPUTF8", b"XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE", b"ENHANCEDSTATUSCODES")

    def __init__(self) -> None:
        self.mails: list[Arrived] = []
        self.answer = b"250 2.0.0 Ok: kept"
        self.rcpt_answers: dict[bytes, bytes] = {}
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(ConnectionError):
                    sink._talk(self.rfile, self.wfile)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 200

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _talk(self, lines, out) -> None:
        mail, rcpts = b"", []
        out.write(b"220 sink ESMTP\r\n")
        while line := lines.readline():
            verb, _, rest = line.strip().partition(b" ")
            match verb.upper():
                case b"EHLO":
                    out.write(b"250-sink\r\n" + b"".join(b"250-%b\r\n" % e for e in self.EXTENSIONS) + b"250 HELP\r\n")
                case b"MAIL":
                    mail, rcpts = rest[5:], []
                    out.write(b"250 2.1.0 Ok\r\n")
                case b"RCPT":
                    answer = self.rcpt_answers.get(rest[3:], b"250 2.1.5 Ok")
                    if answer.startswith(b"2"):
                        rcpts.append(rest[3:])
                    out.write(answer + b"\r\n")
                case b"DATA" if rcpts:
                    out.write(b"354 go\r\n")
                    data = self._data(lines)
                    if self.answer.startswith(b"2"):
                        self.mails.append(Arrived(mail, rcpts, data))
                    out.write(self.answer + b"\r\n")
                case b"DATA":
                    out.write(b"554 5.5.1 no valid recipients\r\n")
                case b"QUIT":
                    out.write(b"221 bye\r\n")
                    return
                case _:
                    out.write(b"250 2.0.0 Ok\r\n")

    @staticmethod
    def _data(lines) -> bytes:
        kept = []
        while (line := lines.readline()) != b".\r\n":
            if not line:
                raise ConnectionError
            kept.append(line[1:] if line.startswith(b".") else line)
        return b"".join(kept)

    def __enter__(self) -> "Sink":
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()

    def to(self, address: str) -> list[Arrived]:
        return [m for m in self.mails if any(address.encode() in rcpt for rcpt in m.rcpts)]


class Process:
    """A child in a group of its own, its output in a file."""

    def __init__(self, command: list[str], log: Path, **more) -> None:
        self.log = log
        with log.open("ab") as out:
            self.popen = subprocess.Popen(
                command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True, **more
            )

    def end(self, number: int = signal.SIGTERM) -> int:
        if self.popen.poll() is None:
            os.kill(self.popen.pid, number)
            try:
                self.popen.wait(90)
            except subprocess.TimeoutExpired:
                os.killpg(self.popen.pid, signal.SIGKILL)
                self.popen.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        return self.popen.returncode


CONFIG = """
[listen]
port = {port}
processes = {processes}
[next_hop]
port = {next_hop}
[store]
url = "{url}"
keys = "{folder}/keys"
run = "{folder}/run"
[web]
port = {web}
[organisation]
name = "Exempelkommun"
domains = ["exempelkommun.example"]
contact = "0000-000 00"
staff_informed = 2026-01-01
"""


@dataclass
class Gateway:
    """``mailfilter serve`` in `folder`; `extra` is appended to its configuration."""

    folder: Path
    next_hop: int
    extra: str = ""
    url: str = ""
    processes: int = 1
    port: int = field(default_factory=free_port)
    web: int = field(default_factory=free_port)
    process: Process | None = None

    def start(self) -> "Gateway":
        url = self.url or f"sqlite:///{self.folder}/mailfilter.db"
        text = CONFIG.format(
            port=self.port, next_hop=self.next_hop, url=url, folder=self.folder, web=self.web,
            processes=self.processes,
        )
        top, _, tables = self.extra.partition("[")
        self.config.write_text(top + text + ("[" + tables if tables else ""))
        command = [sys.executable, "-m", "mailfilter", "serve", "-c", str(self.config)]
        self.process = Process(command, self.folder / "log", cwd=self.folder)
        wait_until(self._up, f"start of the gateway: {self.log()[-2000:]}")
        return self

    def _up(self) -> bool:
        assert self.process and self.process.popen.poll() is None, self.log()[-3000:]
        return greets(self.port) and (self.folder / "run" / "control.sock").exists()

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

    def command(self, *words: str, check: bool = True) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "mailfilter", *words, "-c", str(self.config)],
            capture_output=True, text=True, cwd=self.folder, check=False, timeout=60,
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout if done.returncode == 0 else done.stderr

    def ask(self, verb: str, **request):
        """What desk answers on its control socket."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(self.folder / "run" / "control.sock"))
            sock.sendall(json.dumps({"verb": verb, "actor": "cli:test", **request}).encode() + b"\n")
            answer = json.loads(sock.makefile().readline())
        assert "ok" in answer, answer
        return answer["ok"]

    def items(self, *states: str):
        every = ["held", "releasing", "released", "release-failed", "accepted", "handing-over", "handed-over", "refused", "deleted", "expired"]
        return self.ask("list", states=list(states) or every)

    def send(self, data: bytes, sender: str, recipients, **more) -> tuple[int, str]:
        """Send exactly these bytes; the reply to the final dot, or to what was refused earlier."""
        return send(self.port, data, sender, recipients, **more)


def send(port: int, data: bytes, sender: str, recipients, mail_options=(), rcpt_options=()) -> tuple[int, str]:
    with smtplib.SMTP("127.0.0.1", port, local_hostname="client.example", timeout=90) as client:
        client.ehlo()
        code, text = client.mail(sender, list(mail_options))
        if code != 250:
            return code, text.decode()
        for recipient in recipients:
            code, text = client.rcpt(recipient, list(rcpt_options))
            if code not in (250, 251):
                return code, text.decode()
        client.putcmd("data")
        code, text = client.getreply()
        if code != 354:
            return code, text.decode()
        body = re.sub(rb"(?m)^\.", b"..", data)
        client.send(body + (b"" if body.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        code, text = client.getreply()
        return code, text.decode()


MAIN_CF = """
compatibility_level = 3.6
queue_directory = {dir}/spool
data_directory = {dir}/lib
mail_owner = postfix
myhostname = {name}.exempelkommun.example
mydestination =
relayhost = {relayhost}
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_authorized_xforward_hosts = 127.0.0.0/8
smtpd_peername_lookup = no
smtp_tls_security_level = none
smtp_dns_support_level = disabled
smtp_host_lookup = native
maillog_file = {dir}/spool/maillog
maillog_file_prefixes = {dir}
message_size_limit = 50000000
in_flow_delay = 0
minimal_backoff_time = 2s
maximal_backoff_time = 5s
queue_run_delay = 2s
"""
MASTER_CF = """
127.0.0.1:{port} inet n - n - 20 smtpd {options}
postlog   unix-dgram n - n - 1 postlogd
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
proxymap  unix - - n - - proxymap
smtp      unix - - n - - smtp
error     unix - - n - - error
retry     unix - - n - - error
scache    unix - - n - 1 scache
"""


@dataclass
class Postfix:
    """A private Postfix. With `proxy` it is a front server that asks that port before queueing."""

    folder: Path
    name: str
    relay_to: int = 0
    proxy: int = 0
    port: int = field(default_factory=free_port)
    process: Process | None = None

    def __enter__(self) -> "Postfix":
        import pwd

        base = self.folder / self.name
        etc, lib, spool = base / "etc", base / "lib", base / "spool"
        for path in (etc, lib, spool):
            path.mkdir(parents=True)
        shutil.chown(lib, pwd.getpwnam("postfix").pw_uid)
        for path in (base, self.folder):
            path.chmod(0o755)
        relayhost = f"[127.0.0.1]:{self.relay_to}" if self.relay_to else ""
        options = f"-o smtpd_proxy_filter=127.0.0.1:{self.proxy}" if self.proxy else ""
        (etc / "main.cf").write_text(MAIN_CF.format(dir=base, name=self.name, relayhost=relayhost))
        (etc / "master.cf").write_text(textwrap.dedent(MASTER_CF).format(port=self.port, options=options))
        command = ["postfix", "-c", str(etc), "start-fg"]
        self.process = Process(command, base / "log")
        wait_until(lambda: greets(self.port), f"start of Postfix {self.name}")
        return self

    def __exit__(self, *_) -> None:
        if self.process:
            self.process.end()
