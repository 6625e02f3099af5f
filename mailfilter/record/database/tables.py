"""The tables, for SQLite and PostgreSQL alike.

A stored message is rows of five tables: `message` (what may be read without a key), `wrapped_key`
(its key; destroying this row destroys the message, wherever copies of the other rows lie), `chunk`
(its body), `item` (one row for each action group) and `outbox` (what must still be sent).

Nothing personal stands in a column in clear: sender, recipients, subject and places are in
`message.dossier`, sealed; join and incident keys are keyed hashes. What lists are filtered by
(kinds and levels of findings, rules, who decided) are codes, in clear, and stay in the bare row;
what is searched for are keyed hashes (`term`). `counter` and `audit` hold codes and numbers. Times
are microseconds since 1970 in UTC, so that both engines compare them alike.

The schema is made by ``migrations/``; a test compares it with this file.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


def ticks(value: datetime | timedelta) -> int:
    """Microseconds, as both types below are stored."""
    return (value - _EPOCH if isinstance(value, datetime) else value) // _TICK


class Instant(TypeDecorator[datetime]):
    """An aware datetime, stored as microseconds since 1970 in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - the base class's signature
        return None if value is None else ticks(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the base class's signature
        return None if value is None else _EPOCH + int(value) * _TICK


class Span(TypeDecorator[timedelta]):
    """A length of running time (``running.py``), stored as microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - the base class's signature
        return None if value is None else ticks(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> timedelta | None:  # noqa: ARG002 - the base class's signature
        return None if value is None else int(value) * _TICK


NEVER = _EPOCH  # a lease that has run out
metadata = MetaData()


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, default="")


message = Table(
    "message",
    metadata,
    Column("id", Text, primary_key=True),
    Column("join_key", LargeBinary, unique=True),  # NULL once it is older than six days
    Column("incident_key", LargeBinary),
    Column("at", Instant, nullable=False),
    Column("lease", Instant, nullable=False),  # until then an uncommitted row is somebody's
    Column("committed", Boolean, nullable=False),
    Column("relayed", Boolean, nullable=False),
    Column("notice", Boolean, nullable=False),
    Column("protected", Boolean, nullable=False),
    _text("department"),
    _text("controller"),
    _text("rules_hash"),
    Column("size", BigInteger, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("dossier", LargeBinary, nullable=False),  # sealed; empty once the key is destroyed
    # JSON of the counts of a message that is read on: added once it is known what became of it
    Column("pending", Text, nullable=False, default="", server_default=""),
    Column("kinds", Text, nullable=False, default="", server_default=""),  # see ``facets.py``
    Column("level", Text, nullable=False, default="", server_default=""),  # the highest of them
    # whether ``search.py`` has nothing to do here: it has done it, or must not
    Column("indexed", Boolean, nullable=False, default=False, server_default=false()),
    Column("seen", Span),  # running time; NULL until a sweep has seen it
    Index("message_by_seen", "committed", "seen"),
    Index("message_by_indexed", "indexed", "at"),
)

wrapped_key = Table(
    "wrapped_key",
    metadata,
    Column("owner", Text, primary_key=True),  # a message, or a parcel that has its own seal
    Column("wrapped", LargeBinary, nullable=False),
)

chunk = Table(
    "chunk",
    metadata,
    Column("message", Text, ForeignKey("message.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

item = Table(
    "item",
    metadata,
    Column("id", Text, primary_key=True),
    Column("message", Text, ForeignKey("message.id", ondelete="CASCADE"), nullable=False),
    _text("action"),
    _text("connector"),
    _text("recipients"),  # JSON: indexes into the dossier's recipients
    _text("state"),
    Column("at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    _text("reason"),
    _text("receipt"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("told", Integer, nullable=False, default=0),  # the day the sender was last told
    Column("warned", Integer, nullable=False, default=0),  # likewise the reviewers
    Column("reading", Boolean, nullable=False, default=False, server_default=false()),
    Column("ended_at", Instant),
    Column("rules", Text, nullable=False, default="", server_default=""),  # see ``facets.py``
    Column("decided_by", Text, nullable=False, default="", server_default=""),  # the last who did
    Column("decided_at", Instant),
    Column("seen", Span),  # running time; NULL until a sweep has seen it
    Column("ends", Span),  # its time is over: `expires_at`, by running time
    Column("ending", Span),  # since when its end is told, or its content waits for the end
    Index("item_by_state", "state", "at"),
    Index("item_by_message", "message"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    _text("kind"),
    _text("message"),
    _text("item"),
    _text("note"),
    Column("created_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    _text("why"),
    Column("done", Boolean, nullable=False, default=False),
    Column("sealed", LargeBinary),  # a dossier under a key of its own: the message has none
    Column("seen", Span),  # running time; NULL until a sweep has seen it
    Index("outbox_by_due", "done", "due_at"),
    Index("outbox_by_message", "message"),
    sqlite_autoincrement=True,
)

told = Table(
    "told",
    metadata,
    Column("key", LargeBinary, primary_key=True),  # an incident key or a join key
    Column("kind", Text, primary_key=True),
    Column("at", Instant, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    _text("actor"),
    _text("act"),
    _text("object"),
    _text("detail"),  # canonical JSON
    _text("hash"),
    Column("state", Text, nullable=False, default="", server_default=""),  # ``audit_states.py``
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    _text("hash"),
    # from which line the key holds; 0 until it does
    Column("keyed", BigInteger, nullable=False, default=0, server_default="0"),
    Column("log", Text, nullable=False, default="", server_default=""),  # names this log
    Column("seal", Text, nullable=False, default="", server_default=""),
)

counter = Table(
    "counter",
    metadata,
    Column("day", Date, primary_key=True),
    Column("department", Text, primary_key=True),
    Column("direction", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("action", Text, primary_key=True),
    Column("mode", Text, primary_key=True),
    Column("n", BigInteger, nullable=False),
    Column("persons", BigInteger, nullable=False),
)

user = Table(
    "user",
    metadata,
    Column("name", Text, primary_key=True),
    _text("role"),
    Column("departments", Text),  # JSON; NULL = all
    _text("language"),
    Column("disabled", Boolean, nullable=False),
    _text("password"),  # Argon2id
    _text("address"),  # of its owner
    Column("seen", Boolean, nullable=False, default=False, server_default=false()),  # logged in
)

session = Table(
    "session",
    metadata,
    Column("token", LargeBinary, primary_key=True),  # SHA-256 of it
    Column("user", Text, ForeignKey("user.name", ondelete="CASCADE"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("touched_at", Instant, nullable=False),
)

login_link = Table(
    "login_link",
    metadata,
    Column("secret", LargeBinary, primary_key=True),  # SHA-256 of it
    Column("user", Text, ForeignKey("user.name", ondelete="CASCADE"), nullable=False),
    Column("expires_at", Instant, nullable=False),
)

login_failure = Table(
    "login_failure",
    metadata,
    Column("name", LargeBinary, primary_key=True),  # SHA-256: people type passwords there
    Column("failures", Integer, nullable=False),
    Column("until", Instant, nullable=False),
)

link = Table(
    "link",
    metadata,
    Column("mark", LargeBinary, primary_key=True),  # a keyed hash of its secret
    Column("purpose", Text, nullable=False),  # the letter in its address
    Column("owner", Text, nullable=False),  # the message that it is about
    Column("name", Text, nullable=False),  # the mail that carries it: one link each
    Column("wrapped", LargeBinary, nullable=False),  # data key, to the secret; empty once ended
    Column("sealed", LargeBinary),  # the secret, to desk, until the mail was taken
    Column("holder", LargeBinary),  # a keyed hash of the sender's address
    Column("made_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("ends", Span),  # the same by running time
    UniqueConstraint("owner", "purpose", "name", name="link_of_mail"),
    Index("link_by_holder", "holder"),
)

request = Table(
    "request",
    metadata,
    Column("item", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # the sender's reason, to desk
)

false_alarm = Table(
    "false_alarm",
    metadata,
    Column("message", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("department", Text, nullable=False),
    Column("detail", Text, nullable=False),  # JSON of codes: what was found, how surely, why
    # the sender decided alone: no reviewer has seen the mail
    Column("unconfirmed", Boolean, nullable=False, default=False, server_default=false()),
)

answer = Table(
    "answer",
    metadata,
    Column("message", Text, primary_key=True),  # for which she was asked
    Column("first", LargeBinary, nullable=False),  # keyed hash of sender and sentences
    Column("others", LargeBinary, nullable=False),  # of recipients and attachments, in a row
    Column("expires_at", Instant, nullable=False),
    Index("answer_by_first", "first"),
)

override_use = Table(
    "override_use",
    metadata,
    Column("item", Text, primary_key=True),
    Column("policy", Text, nullable=False),
    Column("holder", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
)

spent_ticket = Table(
    "spent_ticket",
    metadata,
    Column("nonce", LargeBinary, primary_key=True),  # of a word that was used or given back
    Column("until", Instant, nullable=False),  # then it would have ended by itself
    Index("spent_ticket_by_end", "until"),
)

term = Table(
    "term",
    metadata,
    Column("hash", LargeBinary, primary_key=True),  # keyed, of an address or a word: ``search.py``
    Column("message", Text, ForeignKey("message.id", ondelete="CASCADE"), primary_key=True),
    Column("content", Boolean, nullable=False),  # of subject or file names: ends with the content
    Column("ended_at", Instant),  # of the message; an address is forgotten some days later
    Index("term_by_message", "message"),
    Index("term_by_end", "ended_at"),
)

facet = Table(
    "facet",
    metadata,
    Column("name", Text, primary_key=True),  # department, rule, kind
    Column("value", Text, primary_key=True),
    Column("at", Instant, nullable=False),  # when the newest mail that has it came
)

running = Table(
    "running",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("total", Span, nullable=False),
    Column("wall", Instant, nullable=False),  # at the last look
    Column("steps", Integer, nullable=False),
)

meta = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    _text("value"),
)
