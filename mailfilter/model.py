"""The nouns that pass from stage to stage: frozen, and free of behaviour.

`Envelope` and wire bytes come in; `Message`, `Part` and `Text` are made of them in a worker;
`Examination` (findings and what was not examined) comes back; `Decision` holds one `Verdict` for
each recipient; `Outcome` says what became of it and which `Reply` the client gets.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from detectors.levels import LEVELS, Level
from mailfilter.place import Place

# ---- receive ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Path:
    """A MAIL or RCPT command as it came: `raw` is all behind the colon, untouched (P6).

    `address` is what stands between the angle brackets, without source route; empty for ``<>``.
    `parameters` are the ESMTP parameters behind it, case kept.
    """

    raw: bytes
    address: bytes
    parameters: bytes = b""

    @property
    def text(self) -> str:
        """The address as text; bytes that are not UTF-8 become escapes, never an exception."""
        return self.address.decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who sends what to whom, by which client. `xforward` holds the lines behind XFORWARD."""

    mail: Path
    rcpts: tuple[Path, ...]
    peer: str = ""  # IP address of the client
    helo: bytes = b""
    xforward: tuple[bytes, ...] = ()
    certificate: str = ""  # fingerprint of a verified client certificate
    eight_bit: bool = False


_PRINTABLE = bytes(byte if 0x20 <= byte < 0x7F else 0x3F for byte in range(256))


@dataclass(frozen=True, slots=True)
class Reply:
    """An SMTP reply from the closed list in ``replies.py``, or the next hop's.

    Lines of a multi-line reply are separated by newline. What is not printable ASCII is sent as
    ``?``, so that no text can end the line or upset a client without SMTPUTF8.
    """

    code: int
    text: str  # with enhanced code: "5.7.1 ..."
    close: bool = False
    kept: str = field(default="", compare=False)  # the row that a retry joins, if this is lost (P2)

    def line(self) -> bytes:
        """The bytes to send."""
        return _line(self.code, self.text)


@lru_cache(maxsize=256)
def _line(code: int, text: str) -> bytes:
    """Of the few replies that are said again and again."""
    if text.isascii() and text.isprintable():
        return b"%d %b\r\n" % (code, text.encode("ascii"))
    *before, last = text.split("\n")
    lines = [f"{code}-{one}" for one in before] + [f"{code} {last}"]
    safe = [line.encode("ascii", "replace").translate(_PRINTABLE) for line in lines]
    return b"\r\n".join([*safe, b""])


# ---- parse, extract ------------------------------------------------------------------------


class Class(StrEnum):
    """Classes of what was not examined (V2)."""

    ENCRYPTED = "encrypted"
    BROKEN = "broken"
    AMBIGUOUS = "ambiguous"
    OVER_LIMIT = "over-limit"
    CRASHED = "crashed"
    UNREAD = "unread"
    UNSUPPORTED = "unsupported"
    PROTECTED = "protected-for-recipient"
    CLOUD = "cloud-attachment"


@dataclass(frozen=True, slots=True)
class NotExamined:
    """Something that was not read. `reason`: a code of ``not_examined.py``, never text of mail."""

    place: Place
    reason: str
    cls: Class


@dataclass(frozen=True, slots=True)
class Part:
    """A leaf of the message: `data` is decoded content, `type` lower case, `name` as it was given.

    `inline` parts may be decoration; `charset` is what the header claims.
    """

    place: Place
    type: str
    data: bytes
    name: str = ""
    charset: str = ""
    inline: bool = False
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """Content for the detectors: cells separated by tab, rows by newline.

    `places` are (offset, Place), sorted, the first at 0; each holds until the next.
    """

    content: str
    places: tuple[tuple[int, Place], ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What rules, notices and records must know of the header, read in the worker.

    None of it is ever logged. `senders` are the addresses of From, `visible` those of To and Cc.
    """

    message_id: str = ""
    senders: tuple[str, ...] = ()
    visible: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()  # Bcc fields that are still in the message
    subject: str = ""
    automatic: bool = False  # Auto-Submitted other than no, or Precedence bulk/junk
    mailing_list: bool = False
    report: bool = False  # multipart/report: a bounce
    labels: tuple[str, ...] = ()  # information-class labels (MSIP), lower case
    made_by: tuple[str, ...] = ()  # programs that made the mail and its documents, lower case
    marks: tuple[tuple[str, str], ...] = ()  # the configured headers: (lower-case name, value)
    language: str = "sv"
    files: tuple[str, ...] = ()  # names of what is attached, for the reviewers' search


@dataclass(frozen=True, slots=True)
class Message:
    """A parsed message: facts, leaves, and what the reader could not make sense of.

    `texts` are decoded headers, file names and what stood between the parts.
    """

    facts: Facts
    parts: tuple[Part, ...]
    defects: tuple[NotExamined, ...] = ()
    texts: tuple[Text, ...] = ()


# ---- detect --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Finding:
    """A match and its place. `person` is a keyed hash: equal for the same person in one week."""

    kind: str
    confidence: int
    place: Place
    masked: str
    person: str = ""
    evidence: tuple[str, ...] = ()
    said: Level | None = field(default=None, compare=False)  # by the thresholds then in force

    @property
    def level(self) -> Level:
        return self.said or LEVELS.of(self.kind, self.confidence)


class Coverage(StrEnum):
    CLEAN = "clean"
    HIT = "hit"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class Said:
    """What a mail says of health, known again without its text (``repeat.py``).

    `prints` are keyed hashes over its sentences, one for each key that lives, the newest first.
    `attached` are hashes of what is attached; they stay in the process that has the mail itself.
    """

    prints: tuple[bytes, ...]
    attached: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Examination:
    """All that reading a message gave.

    `opened` are places that a password told in the same message opened: read, but badly sent.
    `said` knows again what health data it holds; None where something else was found as well.
    """

    facts: Facts
    findings: tuple[Finding, ...] = ()
    not_examined: tuple[NotExamined, ...] = ()
    persons: int = 0  # distinct persons among the identity numbers of medium and higher
    size: int = 0
    opened: tuple[Place, ...] = ()
    said: Said | None = None

    @property
    def coverage(self) -> Coverage:
        if self.not_examined:
            return Coverage.INCOMPLETE
        hit = any(finding.level is not Level.LOW for finding in self.findings)
        return Coverage.HIT if hit else Coverage.CLEAN


# ---- decide --------------------------------------------------------------------------------


class Action(StrEnum):
    RELAY = "relay"
    REJECT = "reject"
    QUARANTINE = "quarantine"
    REDIRECT = "redirect"
    ASK = "ask"  # held; its sender decides on her page, and nobody else need


class Mode(StrEnum):
    OBSERVE = "observe"
    ENFORCE = "enforce"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What happens to one recipient, and why.

    `rule` is the rule's name; `reasons` are codes of ``decide/reasons.py``; `observed` names the
    rules in observe mode that would have decided otherwise, with their action.
    """

    recipient: str  # address as text, as Path.text gives it
    action: Action
    rule: str
    reasons: tuple[str, ...]
    connector: str = ""
    recipient_class: str = "citizen"
    observed: tuple[tuple[str, Action], ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """One verdict for each recipient, in the envelope's order, by one set of rules."""

    verdicts: tuple[Verdict, ...]
    rules_hash: str
    department: str = "övriga"
    controller: str = ""
    protected: bool = False  # a recipient of the protected class is among them (V5)
    mass: bool = False  # more visible external recipients than the mass-mail limit

    def having(self, action: Action) -> tuple[Verdict, ...]:
        """The verdicts with this action."""
        return tuple(verdict for verdict in self.verdicts if verdict.action is action)


# ---- act -----------------------------------------------------------------------------------


class State(StrEnum):
    """States of a stored item (one item for each action group of a message)."""

    STAGED = "staged"  # durable, not yet acknowledged: never acted on
    READING = "reading"  # ours, read on in the background, then decided on again
    HELD = "held"
    RELEASING = "releasing"
    RELEASED = "released"
    RELEASE_FAILED = "release-failed"
    ACCEPTED = "accepted"  # for redirect: ours, waiting for the hand-off
    HANDING_OVER = "handing-over"
    HANDED_OVER = "handed-over"
    REFUSED = "refused"
    DELETED = "deleted"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message. `stored` is the incident id if something was kept."""

    reply: Reply
    decision: Decision | None = None
    stored: str = ""
    relayed: tuple[str, ...] = ()
    joined: bool = False  # a retry that met its own row (P2)
    notes: tuple[str, ...] = field(default=())
