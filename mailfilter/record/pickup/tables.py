"""The tables of pickup: what waits to be fetched, for whom, and who sits reading.

A deposit is a message (or an answer to one) under a key of its own; a box is its copy for one
recipient; a seat is somebody who has proved who she is. Nothing personal and nothing of the mail
stands in clear: `facts` are sealed under the data key, `notify` and `link` to desk (whom to tell
when no link is at hand; a link that is not yet mailed), `wrap` is the data key as a link opens it.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    false,
)

from mailfilter.record.database.tables import Instant, Span, metadata


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, default="", server_default="")


deposit = Table(
    "pickup_deposit",
    metadata,
    Column("id", Text, primary_key=True),
    Column("item", Text, nullable=False),  # of the held message
    _text("answers"),  # the box that this is an answer of; empty for a message
    Column("at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("committed", Boolean, nullable=False, default=False, server_default=false()),
    Column("ended", Text, nullable=False, default="", server_default=""),  # withdrawn, expired
    _text("department"),
    Column("size", BigInteger, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("facts", LargeBinary, nullable=False),  # empty once ended
    Column("notify", LargeBinary),  # sealed to desk: whom to tell; NULL when all is told
    Column("wrap", LargeBinary),  # the data key for the sender's link
    Column("link", LargeBinary),  # the sender's secret, sealed to desk, until her mail has gone
    Column("seen", Span),  # running time; NULL until a sweep has seen it
    Column("ends", Span),  # its time is over: `expires_at`, by running time
    Index("pickup_deposit_by_item", "item"),
    Index("pickup_deposit_by_end", "ended", "expires_at"),
)

box = Table(
    "pickup_box",
    metadata,
    Column("id", Text, primary_key=True),
    Column("deposit", Text, ForeignKey("pickup_deposit.id", ondelete="CASCADE"), nullable=False),
    Column("n", Integer, nullable=False),  # the recipient's index in the hand-over
    Column("returns", Text, nullable=False, unique=True),  # the token of its return address
    Column("proof", Integer, nullable=False),  # the least level
    Column("shared", Boolean, nullable=False, default=False, server_default=false()),
    Column("facts", LargeBinary, nullable=False),  # address, mobile, code; empty once ended
    Column("wrap", LargeBinary),  # the data key for the recipient's link
    Column("link", LargeBinary),  # her secret, sealed to desk, until the next hop took the mail
    Column("links", Integer, nullable=False, default=1, server_default="1"),  # made so far
    Column("tries", Integer, nullable=False, default=0, server_default="0"),  # of all visitors
    Column("texted", Integer, nullable=False, default=0, server_default="0"),  # SMS sent
    Column("code", LargeBinary),  # of an SMS, sealed under the data key
    Column("code_until", Instant),
    Column("sent_at", Instant),  # the next hop took the mail with the link
    Column("failed_at", Instant),  # refused or bounced
    Column("read_at", Instant),
    Column("answered_at", Instant),
    Column("stuck_at", Instant),  # she said that she cannot open it
    Column("watch_at", Instant),  # tell the sender if it is not opened by then
    Column("used", Integer, nullable=False, default=0, server_default="0"),  # the level she used
    _text("outcome"),  # telephone, letter, meeting
    Index("pickup_box_by_deposit", "deposit"),
    Index("pickup_box_by_watch", "watch_at"),
)

chunk = Table(
    "pickup_chunk",
    metadata,
    Column(
        "deposit",
        Text,
        ForeignKey("pickup_deposit.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("n", Integer, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

seat = Table(
    "pickup_seat",
    metadata,
    Column("token", LargeBinary, primary_key=True),  # SHA-256 of it
    Column("box", Text, ForeignKey("pickup_box.id", ondelete="CASCADE"), nullable=False),
    Column("proof", Integer, nullable=False),
    Column("until", Instant, nullable=False),
    Column("opener", LargeBinary, nullable=False),  # her name, sealed under the data key
    Index("pickup_seat_by_box", "box"),
)

visitor = Table(
    "pickup_visitor",
    metadata,
    Column("box", Text, ForeignKey("pickup_box.id", ondelete="CASCADE"), primary_key=True),
    Column("mark", LargeBinary, primary_key=True),  # hash of her address, by the data key
    Column("tries", Integer, nullable=False),  # wrong codes
    Column("until", Instant),  # she is not listened to before
    Column("texted", Integer, nullable=False),  # SMS sent
)

opening = Table(
    "pickup_opening",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("box", Text, ForeignKey("pickup_box.id", ondelete="CASCADE"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("proof", Integer, nullable=False),
    Column("opener", LargeBinary, nullable=False),  # sealed under the data key; empty once ended
    Index("pickup_opening_by_box", "box"),
    sqlite_autoincrement=True,
)

detail = Table(
    "pickup_detail",
    metadata,
    Column("item", Text, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),  # what the sender told, sealed to desk
    Column("at", Instant, nullable=False),
)
