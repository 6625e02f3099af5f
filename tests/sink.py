"""A next hop on loopback that keeps every byte."""

import contextlib
import re
import socket
import socketserver
import threading
from dataclasses import dataclass, field


@dataclass
class Arrived:
    """A message as it came: raw arguments, the bytes with dots unstuffed."""

    mail: bytes
    rcpts: list[bytes]
    data: bytes
    xforward: list[bytes] = field(default_factory=list)


class Sink:
    """A next hop that accepts and keeps everything.

    `answer` is what it says to the final dot (empty: it hangs up without a word), `rcpt_answers`
    what it says to some recipients (``b"<a@b>"`` → reply). While `go` is cleared it keeps silent
    after the final dot.
    """

    EXTENSIONS = (
        b"PIPELINING",
        b"SIZE 104857600",
        b"8BITMIME",
        b"DSN",
        b"SMTPUTF8",
        b"XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE",
        b"ENHANCEDSTATUSCODES",
    )

    def __init__(self, port: int = 0) -> None:
        self.mails: list[Arrived] = []
        self.answer = b"250 2.0.0 Ok: kept"
        self.rcpt_answers: dict[bytes, bytes] = {}
        self.go = threading.Event()
        self.go.set()
        self.dots = 0  # messages that came whole, whatever the answer
        self._open: set[socket.socket] = set()
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            disable_nagle_algorithm = True

            def handle(self) -> None:
                sink._open.add(self.connection)
                with contextlib.suppress(OSError):
                    _Talk(sink, self.rfile, self.wfile).hold()
                sink._open.discard(self.connection)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 200

        self._server = Server(("127.0.0.1", port), Handler)
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> "Sink":
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def stop(self) -> None:
        """Refuse connections from now on and drop those that are open."""
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def to(self, address: str) -> list[Arrived]:
        return [m for m in self.mails if any(address.encode() in rcpt for rcpt in m.rcpts)]

    def notices(self) -> list[Arrived]:
        """What the gateway itself wrote: from ``<>`` and its own address."""
        ours = re.compile(rb"(?im)^From:.*mailfilter@exempelkommun\.example")
        return [m for m in self.mails if m.mail.startswith(b"<>") and ours.search(m.data)]


class _Talk:
    """One session of a `Sink`."""

    def __init__(self, sink: Sink, lines, out) -> None:
        self.sink, self.lines, self.out = sink, lines, out
        self.mail, self.rcpts, self.xforward = b"", [], []

    def hold(self) -> None:
        self.out.write(b"220 sink ESMTP\r\n")
        while line := self.lines.readline():
            verb, _, rest = line.strip().partition(b" ")
            reply = self.answer(verb.upper(), rest)
            if reply:
                self.out.write(reply + b"\r\n")
            if not reply or reply.startswith(b"221"):
                return

    def answer(self, verb: bytes, rest: bytes) -> bytes:
        match verb:
            case b"EHLO":
                return b"\r\n".join(
                    [b"250-sink", *(b"250-" + e for e in Sink.EXTENSIONS), b"250 HELP"]
                )
            case b"XFORWARD":
                self.xforward.append(rest)
            case b"RSET":
                self.mail, self.rcpts, self.xforward = b"", [], []
            case b"MAIL":
                self.mail, self.rcpts = rest[5:], []
            case b"RCPT":
                reply = self.sink.rcpt_answers.get(rest[3:].split(b" ")[0], b"250 2.1.5 Ok")
                if reply.startswith(b"2"):
                    self.rcpts.append(rest[3:])
                return reply
            case b"DATA" if self.rcpts:
                return self.message()
            case b"DATA":
                return b"554 5.5.1 no valid recipients"
            case b"QUIT":
                return b"221 bye"
        return b"250 2.0.0 Ok"

    def message(self) -> bytes:
        self.out.write(b"354 go\r\n")
        kept = []
        while (line := self.lines.readline()) != b".\r\n":
            if not line:
                raise ConnectionError
            kept.append(line[1:] if line.startswith(b".") else line)
        self.sink.dots += 1
        self.sink.go.wait(60)
        if self.sink.answer.startswith(b"2"):
            self.sink.mails.append(Arrived(self.mail, self.rcpts, b"".join(kept), self.xforward))
        self.mail, self.rcpts, self.xforward = b"", [], []
        return self.sink.answer
