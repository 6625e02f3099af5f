"""The rig: the real program, a next hop, a transfer service and clients that keep a log.

`Rig` starts ``tests.faults.program`` in a folder, sends mails of five kinds from several threads,
each until it is taken or has had its tries, and at the end puts all sides into a `Ledger`.
"""

import asyncio
import contextlib
import os
import random
import re
import smtplib
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from mailfilter import config
from mailfilter.record import open_archive
from mailfilter.record.contract import Filter
from mailfilter.record.sealing.keys import load_private
from tests.extract.making import word
from tests.faults.control import Page
from tests.faults.ledger import Attempt, Delivery, Ledger, Mail, Row, Violation, plaintext
from tests.faults.power import Disk
from tests.faults.power_postgres import Powered
from tests.running import Gateway, Process, send, wait_until
from tests.sink import Sink
from tests.test_trouble import CITIZEN, COLLEAGUE, SENDER, with_attachment

OTHER = "eva@medborgare.example"
SERVICE = """
[connectors.saker]
title = "Säker post"
port = {port}
tls = "none"
[[rule]]
name = "till-saker-post"
action = "redirect"
connector = "saker"
kinds = ["se.samordningsnummer"]
recipient_classes = ["external"]
"""
TAKEN = re.compile(r"taken care of as (\S+)")
TOKEN = re.compile(rb"Message-ID: <(m[0-9a-f]+-\d+)@exempelkommun\.example>")
ADDRESS = re.compile(rb"<([^>]*)>")
OF_THE_STORE = frozenset(  # points of desk: when it dies, whoever waits for it does not know
    {
        *("db_begin", "chunk_rows", "notice_enqueued", "db_pre_commit", "db_post_commit"),
        *("audit_append", "purge_key", "purge_chunks", "key_rewrap_row", "handover"),
        *("handover_done", "rel_claim", "rel_ds_250", "rel_commit", "reload_swap"),
    }
)
AFTER_THE_DOT = OF_THE_STORE | {"ds_dot", "ds_250"}
# where all recipients are relayed no row remembers it, up to the reply
ACTS = AFTER_THE_DOT | {"any"}
UP_TO_THE_REPLY = AFTER_THE_DOT | {"reply_said"}


class Hop(Sink):
    """A next hop that knows when it took what."""

    def __init__(self, service: bool = False) -> None:
        super().__init__()
        self.service = service
        self.mails = _Stamped()

    def deliveries(self) -> list[Delivery]:
        found = []
        for at, mail in zip(self.mails.times, self.mails, strict=False):
            token = TOKEN.search(mail.data)
            if token:  # else it is a notice
                rcpts = tuple(ADDRESS.search(rcpt)[1].decode() for rcpt in mail.rcpts)
                found.append(Delivery(token[1].decode(), at, rcpts, self.service))
        return found


class _Stamped(list):
    """A list that notes when each was appended."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def append(self, value) -> None:
        self.times.append(time.monotonic())
        super().append(value)

    def clear(self) -> None:
        super().clear()
        self.times.clear()


@dataclass
class FaultyGateway(Gateway):
    """The gateway with its fail points armed."""

    def start(self) -> "FaultyGateway":
        self.write_config()
        (self.folder / "tmp").mkdir(exist_ok=True)
        page = str(self.folder / "page")
        words = ["-m", "tests.faults.program", page, "serve", "-c", str(self.config)]
        more = {"TMPDIR": str(self.folder / "tmp"), "FAULTS_DATABASE": self.url.partition(":")[0]}
        self.process = Process(
            [sys.executable, *words], self.folder / "log", cwd=_ROOT, env=os.environ | more
        )
        wait_until(self._up, lambda: f"start of the gateway: {self.log()[-2000:]}")
        return self

    def desk_is_up(self) -> bool:
        """By the cheapest question: this is asked often."""
        with contextlib.suppress(OSError, ValueError, AssertionError):
            return self.ask("user-list") == []
        return False

    def some(self, *states: str, limit: int = 5) -> list[dict]:
        """The newest rows in these states: each costs desk an opening of its seal."""
        return self.ask("list", states=list(states), limit=limit)


_ROOT = Path(__file__).parents[2]


@dataclass
class Rig:
    """See the module. `excuse` says since when which windows are open."""

    folder: Path
    seed: int
    url: str = ""
    disk: Disk | Powered | None = (
        None  # under the database of `url`: then a power off is a power cut
    )
    tries: int = 3
    pause: float = 0.3  # seconds between two tries of a client
    ledger: Ledger = field(default_factory=Ledger)
    excuses: list[tuple[float, float, str]] = field(default_factory=list)  # from, to, point
    sent: int = 0
    _loads: "list[Load]" = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.chance = random.Random(self.seed)
        self.page = Page.of(self.folder / "page")
        self.hop, self.service = Hop(), Hop(service=True)
        self.letter = word("Vi ses klockan tio.")
        self.gateway = FaultyGateway(
            self.folder,
            self.hop.port,
            extra=SERVICE.format(port=self.service.port),
            url=self.url,
            processes=3,
        )

    def __enter__(self) -> "Rig":
        self.gateway.start()
        return self

    def __exit__(self, *_) -> None:
        self.page.disarm()
        if self.gateway.process:
            self.gateway.process.end()
        self.hop.stop()
        self.service.stop()

    # ---- mails ---------------------------------------------------------------------------

    def mail(self, kind: str) -> Mail:
        """A mail of this kind, no two alike."""
        self.sent += 1
        token = f"m{self.seed:x}-{self.sent}"
        text, rcpts, held = _KINDS[kind]
        body = f"kanariefagel {token}\r\n{text}"
        head = f"Message-ID: <{token}@exempelkommun.example>\r\n".encode()
        if kind == "letter":
            data = head + with_attachment(self.letter, "brev.docx").replace(
                b"Se bilagan.", body.encode()
            )
        else:
            data = head + f"From: {SENDER}\r\nSubject: hej\r\n\r\n{body}".encode()
        if kind == "big":
            data += b"En rad utan mening, som fyller.\r\n" * 40_000
        mail = Mail(token, kind, rcpts, held, data)
        self.ledger.mails[token] = mail
        return mail

    def attempt(self, mail: Mail) -> Attempt:
        """Send it once; what the client knows afterwards."""
        attempt = Attempt(time.monotonic(), 0.0)
        try:
            code, text = send(self.gateway.port, mail.data, SENDER, mail.rcpts)
            attempt.code, attempt.text = code, text
        except (OSError, smtplib.SMTPException) as error:
            attempt.text = type(error).__name__
        attempt.end = time.monotonic()
        mail.attempts.append(attempt)
        return attempt

    def deliver(self, mail: Mail) -> None:
        """Send it until it is taken, or `tries` times."""
        for _ in range(self.tries):
            if self.attempt(mail).taken:
                return
            time.sleep(self.pause)

    def load(self, kinds: list[str], threads: int = 4) -> "Load":
        """Clients that send these, beside us; join them by `Load.join`."""
        made = Load(self, [self.mail(kind) for kind in kinds], threads)
        self._loads.append(made)
        return made

    # ---- trouble -------------------------------------------------------------------------

    def excuse(self, since: float, point: str) -> None:
        """At `point` something failed: what attempts since then left behind is allowed."""
        self.excuses.append((since, time.monotonic(), point))
        if point in ACTS:
            self.ledger.excused_acts += 1

    def alive(self) -> bool:
        return self.gateway.process is not None and self.gateway.process.popen.poll() is None

    def power_off(self) -> None:
        """The whole program at once, and what its disk had not synced."""
        if self.disk is not None:
            self.disk.cut(self.chance.randrange(1 << 30))
        self.gateway.process.kill()
        if self.disk is not None:
            self.disk.up()

    def restart(self) -> bool:
        """Start it again after whatever was done to it; False, and a violation, if it does not."""
        self.page.disarm()
        try:
            self.gateway.start()
        except AssertionError as error:
            self.ledger.found.append(Violation("REPAIR", words=str(error)[-600:]))
            return False
        return True

    # ---- the end -------------------------------------------------------------------------

    def settle(self) -> None:
        """All faults are over and hours pass: each mail is taken, each act ends."""
        self.page.disarm()
        for load in self._loads:
            load.join()
        if not self.alive() and not self.restart():
            return
        with contextlib.suppress(AssertionError):
            wait_until(self.gateway.desk_is_up, "return of desk", 30)
        for _ in range(3):
            self.page.step_clock(self.page.clock + 4000)  # past leases and back-off
            for mail in self.ledger.mails.values():
                if not mail.taken:
                    self.attempt(mail)
        for mail in self.ledger.mails.values():
            if not mail.taken:
                last = mail.attempts[-1]
                self.found("STUCK", mail.token, f"{mail.kind}: {last.code} {last.text}")
        busy = ("releasing", "accepted", "handing-over")
        with contextlib.suppress(AssertionError):
            wait_until(lambda: self._at_rest(busy), "end", 120)
        for item in self.gateway.some(*busy):
            self.found("STUCK", item["id"], f"{item['state']} {item['receipt']}")
        if fault := self.gateway.ask("audit-verify")["fault"]:
            self.found("REPAIR", words=f"audit chain: {fault}")

    def _at_rest(self, busy: tuple[str, ...]) -> bool:
        """Whether no act is under way; else some time goes by."""
        if not self.gateway.some(*busy):
            return True
        self.page.step_clock(self.page.clock + 600)
        time.sleep(1)
        return False

    def found(self, what: str, token: str = "", words: str = "") -> None:
        self.ledger.found.append(Violation(what, token, words))

    def story(self, token: str) -> str:
        """What happened to a mail, by the clock."""
        mail = self.ledger.mails[token]
        start = mail.attempts[0].start
        lines = [
            (
                a.start,
                f"attempt until {a.end - start:.2f}: {a.code} {a.text}" + " excused" * a.excused,
            )
            for a in mail.attempts
        ]
        lines += [
            (d.at, f"arrived for {', '.join(d.rcpts)}" + " at the service" * d.service)
            for d in self.ledger.deliveries
            if d.token == token
        ]
        end = mail.attempts[-1].end
        lines += [
            (since, f"trouble until {until - start:.2f}: {point}")
            for since, until, point in self.excuses
            if since < end and until > start
        ]
        lines += [(end, f"row {row.state}") for row in self.ledger.rows if row.token == token]
        return "\n".join(f"  {at - start:7.2f} {words}" for at, words in sorted(lines))

    def balance(self) -> list[Violation]:
        """Stop the program, open the store, compare all sides, and begin a new page."""
        self.settle()
        if self.alive() and self.gateway.process.end() != 0:
            self.found("REPAIR", words="the program did not end in order")
        self.ledger.rows = asyncio.run(self._rows())
        self.ledger.deliveries = self.hop.deliveries() + self.service.deliveries()
        for mail in self.ledger.mails.values():
            for attempt in mail.attempts:
                attempt.excused = self._excused(mail, attempt)
        but = frozenset({"page"})
        self.ledger.found += plaintext([self.folder], but)
        return self.ledger.check()

    def _excused(self, mail: Mail, attempt: Attempt) -> bool:
        points = AFTER_THE_DOT if mail.held else UP_TO_THE_REPLY
        return any(
            (point == "any" or point in points)
            and attempt.start <= until
            and since <= attempt.end + 1
            for since, until, point in self.excuses
        )

    async def _rows(self) -> list[Row]:
        """Of ended items the text is destroyed: they are known by the id in the reply."""
        known = {
            taken[1]: mail.token
            for mail in self.ledger.mails.values()
            for attempt in mail.attempts
            if (taken := TAKEN.search(attempt.text))
        }
        settings = config.load(self.gateway.config)
        archive = await open_archive(settings, load_private(settings.store.keys))
        try:
            rows = []
            for item in await archive.items(Filter(limit=100_000)):
                token = known.get(item.message, "")
                if item.dossier is not None:  # without a Message-ID if nobody could read it
                    token = item.dossier.message_id.strip("<>").partition("@")[0] or token
                    await self._body_is_whole(archive, item.message, token)
                if mail := self.ledger.mails.get(token):
                    rcpts = tuple(mail.rcpts[n] for n in item.recipients)
                    rows.append(Row(item.message, token, item.state.value, rcpts))
            return rows
        finally:
            await archive.close()

    async def _body_is_whole(self, archive, message: str, token: str) -> None:
        mail = self.ledger.mails.get(token)
        try:
            body = await archive.body(message)
        except Exception as error:
            self.found("LOST", token, f"the body cannot be opened: {error}")
            return
        if mail is not None and body != mail.data:
            self.found("LOST", token, "the body is another")


_HELD = frozenset({CITIZEN, OTHER})
_KINDS = {  # text, recipients, who may get it by release only
    "clean": ("Vi ses klockan tio.\r\n", (CITIZEN,), frozenset()),
    "held": ("Personnummer: 191212121212\r\n", (CITIZEN, OTHER), _HELD),
    "mixed": ("Personnummer: 191212121212\r\n", (CITIZEN, COLLEAGUE), _HELD),
    "big": ("Personnummer: 191212121212\r\n", (CITIZEN, COLLEAGUE), _HELD),
    "service": ("Samordningsnummer: 191404722397\r\n", (CITIZEN,), _HELD),
    "letter": ("Vi ses klockan tio.\r\n", (CITIZEN, COLLEAGUE), frozenset()),
}


class Load:
    """Threads that send some mails."""

    def __init__(self, rig: Rig, mails: list[Mail], threads: int) -> None:
        self.mails = mails
        self._rig, self._left = rig, list(mails)
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._left:
                    return
                mail = self._left.pop(0)
            self._rig.deliver(mail)

    def join(self) -> None:
        for thread in self._threads:
            thread.join(120)
