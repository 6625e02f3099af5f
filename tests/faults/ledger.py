"""The ledger: what clients were told, what arrived, what is stored, and what must never be.

`check` takes the three sides of a run and names every violation; an empty list is a good run.

==========================  =====================================================================
LOST                        acknowledged, and some recipient neither has it nor a row
LATE                        went out when no client waited for an answer and nobody released it
NO VERDICT                  reached a recipient for whom it must be held
DOUBLED                     a recipient has more copies than the windows below allow
TWO ROWS                    one mail, sent again and again, is held twice
WRONG 5xx                   a client that did nothing wrong was told never to come back
PLAINTEXT                   text of a mail lies on the disk
REPAIR                      the program did not start, its database or its audit chain is damaged
STUCK                       a retry, hours later, is still refused; or an act never ends
==========================  =====================================================================

Windows, as documented: a next hop has taken the message and its 250 was lost on the way to us, or
ours on the way to the client, or we died in between (P2). The harness marks such attempts as
`excused`; each may add one copy. A row that says ``relayed`` closes the window, so there nothing
is excused.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CANARY = b"kanariefagel"  # in the body of every mail
SLACK = 0.25  # seconds between two threads that look at one clock
RUNS_ON = 100.0  # what is past the dot is finished though the client has gone (P1)
RELEASED = frozenset({"releasing", "released", "release-failed"})
HANDED = frozenset({"accepted", "handing-over", "handed-over"})


@dataclass(slots=True)
class Attempt:
    """A transaction of a client. No code: the connection was lost before an answer."""

    start: float
    end: float
    code: int | None = None
    text: str = ""
    excused: bool = False

    @property
    def taken(self) -> bool:
        return self.code is not None and 200 <= self.code < 300

    def covers(self, at: float) -> bool:
        """Whether a delivery at that time is this attempt's doing."""
        end = self.end + SLACK if self.code is not None else self.end + RUNS_ON
        return self.start - SLACK <= at <= end


@dataclass(slots=True)
class Mail:
    """A mail that a client tries to send: `held` are those who may get it by release only."""

    token: str
    kind: str
    rcpts: tuple[str, ...]
    held: frozenset[str]
    data: bytes
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def taken(self) -> bool:
        return any(attempt.taken for attempt in self.attempts)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that the next hop, or a transfer service, has answered with 2xx."""

    token: str
    at: float
    rcpts: tuple[str, ...]
    service: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """An item of the store."""

    message: str
    token: str
    state: str
    rcpts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Violation:
    what: str
    token: str = ""
    words: str = ""

    def __str__(self) -> str:
        return f"{self.what}: {self.token} {self.words}".strip()


@dataclass(slots=True)
class Ledger:
    """All sides of a run. `released` counts acts by recipient that a crash may have repeated."""

    mails: dict[str, Mail] = field(default_factory=dict)
    deliveries: list[Delivery] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    excused_acts: int = 0
    found: list[Violation] = field(default_factory=list)  # by others: REPAIR, PLAINTEXT, STUCK

    def check(self) -> list[Violation]:
        """Every violation, those that were found on the way first."""
        rows: dict[str, list[Row]] = {}
        for row in self.rows:
            rows.setdefault(row.token, []).append(row)
        arrived: dict[str, list[Delivery]] = {}
        for delivery in self.deliveries:
            arrived.setdefault(delivery.token, []).append(delivery)
        found = list(self.found)
        for token, mail in self.mails.items():
            found += _of_mail(mail, arrived.get(token, ()), rows.get(token, ()), self.excused_acts)
        return found


def _of_mail(
    mail: Mail, arrived: Sequence[Delivery], rows: Sequence[Row], acts: int
) -> Iterable[Violation]:
    kept = {rcpt for row in rows for rcpt in row.rcpts}
    let_out = {
        service: {rcpt for row in rows if row.state in states for rcpt in row.rcpts}
        for service, states in ((False, RELEASED), (True, HANDED))
    }
    has = Counter(rcpt for delivery in arrived for rcpt in delivery.rcpts)
    history = " ".join(str(a.code) for a in mail.attempts)
    if mail.taken and (missing := set(mail.rcpts) - kept - set(has)):
        yield Violation("LOST", mail.token, f"{mail.kind} {history}: nothing for {sorted(missing)}")
    if len({row.message for row in rows}) > 1:
        yield Violation("TWO ROWS", mail.token, f"{mail.kind} {history}")
    for attempt in mail.attempts:
        if attempt.code is not None and attempt.code >= 500:
            yield Violation("WRONG 5xx", mail.token, f"{attempt.code} {attempt.text}")
    for delivery in arrived:
        may = let_out[delivery.service]
        if wrong := (set(delivery.rcpts) & mail.held) - may:
            yield Violation("NO VERDICT", mail.token, f"{mail.kind}: {sorted(wrong)} got it")
        waited = any(attempt.covers(delivery.at) for attempt in mail.attempts)
        if not waited and not set(delivery.rcpts) <= may:
            yield Violation("LATE", mail.token, f"{mail.kind} {history}")
    excused = sum(attempt.excused and not attempt.taken for attempt in mail.attempts)
    for rcpt, copies in has.items():
        room = 1 + excused + (acts if rcpt in let_out[False] | let_out[True] else 0)
        if copies > room:
            yield Violation("DOUBLED", mail.token, f"{mail.kind} {history}: {copies} of {room}")


def plaintext(folders: Iterable[Path], but: frozenset[str] = frozenset()) -> list[Violation]:
    """Files under these folders in which a canary sings, in clear or in base 64's three ways."""
    paths = [path for folder in folders for path in folder.rglob("*")]
    return [
        Violation("PLAINTEXT", words=path.name)
        for path in paths
        if path.is_file() and path.name not in but and _sings(path.read_bytes())
    ]


def _sings(data: bytes) -> bool:
    return any(song in data for song in _SONGS)


def _songs() -> tuple[bytes, ...]:
    from base64 import b64encode

    ways = [b64encode(bytes(n) + CANARY)[4 * (n > 0) :].rstrip(b"=")[:-1] for n in range(3)]
    return (CANARY, CANARY.hex().encode(), *ways)


_SONGS = _songs()
