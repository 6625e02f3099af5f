"""A next hop that does what a test tells it: answers, delays, garbage, silence, hanging up, TLS.

    async with ScriptedHop({"RCPT": ["250 ok", "550 5.1.1 no"], ".": [DROP]}) as hop:
        ... hop.port, hop.commands, hop.mails

`script` maps a verb to its answers, used in order, the last one for ever; verbs are those of SMTP,
``BANNER`` for the greeting and ``.`` for the answer to the final dot. An answer is

- text: a reply line, sent with CRLF (several lines: separated by newline),
- bytes: sent as they are, garbage included,
- a number: so many seconds of silence; an `asyncio.Event`: silence until it is set,
- a callable: is given the command line and returns an answer,
- `DROP`: the connection is reset; a tuple: these one after the other.

What is not in the script is answered like a good server answers.
"""

import asyncio
import contextlib
import ssl
from dataclasses import dataclass, field

DROP = object()
GOOD = {
    "BANNER": "220 hop ESMTP",
    "EHLO": "250-hop\n250-PIPELINING\n250-SIZE 104857600\n250-8BITMIME\n250-DSN\n250-SMTPUTF8\n"
    "250-XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE\n250 ENHANCEDSTATUSCODES",
    "HELO": "250 hop",
    "DATA": "354 go on",
    ".": "250 2.0.0 Ok: queued as SCRIPTED",
    "QUIT": "221 2.0.0 Bye",
    "STARTTLS": "220 2.0.0 Ready",
    "AUTH": "235 2.7.0 Authenticated",
}
PLAIN_EHLO = "250-hop\n250-8BITMIME\n250 SIZE 104857600"  # no pipelining


@dataclass
class Delivered:
    """A message that the hop took: raw arguments, and the wire bytes without the final dot."""

    mail: bytes
    rcpts: list[bytes]
    wire: bytes
    xforward: list[bytes] = field(default_factory=list)

    @property
    def data(self) -> bytes:
        return b"\r\n".join(
            line[1:] if line.startswith(b".") else line for line in self.wire.split(b"\r\n")
        )


@dataclass
class _Conversation:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    mail: bytes = b""
    rcpts: list[bytes] = field(default_factory=list)
    xforward: list[bytes] = field(default_factory=list)


class ScriptedHop:
    """See the module. `tls` is the server's context; STARTTLS is then taken. `limit` bounds a line
    and what is read ahead."""

    def __init__(
        self, script: dict | None = None, tls: ssl.SSLContext | None = None, limit: int = 2**26
    ) -> None:
        self.limit = limit
        self.script = {verb: list(answers) for verb, answers in (script or {}).items()}
        self.tls = tls
        self.commands: list[bytes] = []
        self.mails: list[Delivered] = []
        self.connections = 0
        self.open = 0
        self.certificates: list[dict] = []
        self.aborted: list[bytes] = []  # wire bytes of messages whose dot never came
        self._tasks: set[asyncio.Task] = set()

    async def __aenter__(self) -> "ScriptedHop":
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0, limit=self.limit)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Refuse connections from now on, and drop those that are open."""
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def drop_all(self) -> None:
        """Drop all connections, like a server that restarts."""
        for task in list(self._tasks):
            task.cancel()

    def verbs(self) -> list[str]:
        """The verbs that came, in order."""
        return [line.split(b" ")[0].decode().upper() for line in self.commands]

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._tasks.add(task)
        self.connections += 1
        self.open += 1
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                await self._serve(_Conversation(reader, writer))
        except asyncio.CancelledError:
            pass
        finally:
            self._tasks.discard(task)
            self.open -= 1
            writer.transport.abort()

    async def _serve(self, talk: _Conversation) -> None:
        await self._answer(talk, "BANNER")
        while True:
            line = (await talk.reader.readuntil(b"\r\n"))[:-2]
            self.commands.append(line)
            verb = line.split(b" ")[0].decode("ascii", "replace").upper()
            code = await self._answer(talk, verb)
            if verb == "MAIL" and code == 2:
                talk.mail, talk.rcpts = line[10:], []
            elif verb == "RCPT" and code == 2:
                talk.rcpts.append(line[8:])
            elif verb == "XFORWARD":
                talk.xforward.append(line[9:])
            elif verb in ("RSET", "EHLO", "HELO"):
                talk.mail, talk.rcpts, talk.xforward = b"", [], []
            elif verb == "DATA" and code == 3:
                await self._message(talk)
            elif verb == "STARTTLS" and code == 2 and self.tls is not None:
                await talk.writer.start_tls(self.tls)
                peer = talk.writer.get_extra_info("peercert")
                self.certificates.append(peer or {})
            elif verb == "QUIT":
                return

    async def _message(self, talk: _Conversation) -> None:
        wire = bytearray()
        try:
            while not (wire == b".\r\n" or wire.endswith(b"\r\n.\r\n")):
                wire += await talk.reader.readuntil(b"\r\n")
        except asyncio.IncompleteReadError as error:
            self.aborted.append(bytes(wire + error.partial))
            raise
        if await self._answer(talk, ".") == 2:
            self.mails.append(Delivered(talk.mail, talk.rcpts, bytes(wire[:-3]), talk.xforward))
        talk.mail, talk.rcpts, talk.xforward = b"", [], []

    async def _answer(self, talk: _Conversation, verb: str) -> int:
        """Play the next answer; the first digit of the reply that was sent."""
        answers = self.script.get(verb)
        answer = GOOD.get(verb, "250 2.0.0 Ok")
        if answers:
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if callable(answer):
            answer = answer(self.commands[-1])
        code = 0
        for step in answer if isinstance(answer, tuple) else (answer,):
            if step is DROP:
                raise ConnectionError
            if isinstance(step, asyncio.Event):
                await step.wait()
            elif isinstance(step, int | float):
                await asyncio.sleep(step)
            else:
                data = (
                    step if isinstance(step, bytes) else f"{step}\n".replace("\n", "\r\n").encode()
                )
                code = int(data[:1]) if data[:1].isdigit() else 0
                talk.writer.write(data)
                await talk.writer.drain()
        return code
