"""The audit log: a chain in which each line's hash covers the line and the hash before it.

``hash = HMAC-SHA256(audit.key, JSON of [seq, at, actor, act, object, detail, state, before])``, the
first line's predecessor being the name of the log. The head row says which line is the last and
from which line the key holds, and is sealed too. Who can write to the database but has not the key
can neither change a line nor make one, nor cut the end off and move the head. He can put back what
was once true (an older copy of the rows): that is found by comparing the log with the rows that it
speaks of (``audit_check.py``), and for certain by a checkpoint that lies elsewhere.

Lines of before the key (``audit_head.keyed``) are chained by SHA-256 alone; the first line under
the key closes them (``audit_begin.py``).

`append` locks the head row, so that the chain stays one line with many writers on PostgreSQL. It
runs in the transaction of the act that it records (P12). Triggers refuse UPDATE, DELETE and what is
not inserted at the end. A head that carries no seal of ours, or is not that of the last line, is
not gone on from in silence: the log says so in a line of its own (`BROKEN`) and goes on from its
last line, for mail must not wait for an operator.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter import failpoint
from mailfilter.record.contract import AuditLine
from mailfilter.record.database.sql import clean
from mailfilter.record.database.tables import audit, audit_head
from mailfilter.record.ledgers.audit_key import AuditKey

Anchor = tuple[int, str]  # (seq, hash)
KEY = "audit_key"  # the option of a connection that `append` finds its key by
CLOSED = "audit-keyed"  # the act of the first line under the key, where there were others before
BROKEN = "audit-broken"  # the act of a line before which the head had been changed


@dataclass(frozen=True, slots=True)
class Head:
    """The head row: the last line, the first under the key (0: none yet), the name of the log."""

    seq: int
    hash: str
    keyed: int
    log: str
    seal: str = ""

    @property
    def before(self) -> str:
        """What the next line follows."""
        return self.hash if self.seq else self.log

    def sealed(self, key: AuditKey) -> "Head":
        """The same with our seal."""
        return replace(self, seal=key.seal("head", self.seq, self.hash, self.keyed, self.log))

    def is_ours(self, key: AuditKey) -> bool:
        """Whether it carries our seal."""
        return self == self.sealed(key)


def digest(line: AuditLine, before: str) -> str:
    """The hash of a line of before the key, that follows the hash `before`."""
    value = [*_fields(line), before]
    return hashlib.sha256(json.dumps(value, separators=(",", ":")).encode("ascii")).hexdigest()


def keyed_digest(key: AuditKey, line: AuditLine, before: str) -> str:
    """The hash of a line under the key, that follows the hash `before`."""
    return key.seal("line", *_fields(line), line.state, before)


def _fields(line: AuditLine) -> list[str | int]:
    at, detail = line.at.isoformat(), canonical(line.detail)
    return [line.seq, at, line.actor, line.act, line.object, detail]


def canonical(detail: dict[str, Any]) -> str:
    """The one way in which a table of codes is written."""
    return json.dumps(detail, sort_keys=True, separators=(",", ":"))


def key_of(connection: AsyncConnection) -> AuditKey:
    """The key of this process's store; only desk's has one."""
    assert connection.sync_connection is not None
    key = connection.sync_connection.get_execution_options()[KEY]
    assert isinstance(key, AuditKey)
    return key


async def append(connection: AsyncConnection, line: AuditLine) -> Anchor:
    """Add a line at the end, in the caller's transaction; its number and hash."""
    added = await add(connection, await sound_head(connection, line.at), line)
    failpoint.reach("audit_append")
    return added.seq, added.hash


async def sound_head(connection: AsyncConnection, at: datetime) -> Head:
    """The head, locked; one that is not ours or not that of the last line is mended, and a line
    says so."""
    key, found, last = key_of(connection), await locked_head(connection), await last_of(connection)
    if found.is_ours(key) and (found.seq, found.hash) == last:
        return found
    seq, hash_ = last
    keyed = found.keyed if 1 <= found.keyed <= seq + 1 else await first_keyed(connection)
    said = AuditLine(0, at, "system", BROKEN, "", {"head": found.seq, "last": seq})
    return await add(connection, Head(seq, hash_, keyed, found.log), said)


async def add(connection: AsyncConnection, head: Head, line: AuditLine) -> Head:
    """Put a line behind `head`; the head from now on."""
    key = key_of(connection)
    values: dict[str, Any] = {
        "seq": head.seq + 1,
        "at": line.at,
        "actor": clean(line.actor),
        "act": clean(line.act),
        "object": clean(line.object),
        "detail": canonical(line.detail),
        "state": line.state,
    }
    hash_ = keyed_digest(key, line_of(values, ""), head.before)
    await connection.execute(insert(audit).values(values | {"hash": hash_}))
    return await put_head(connection, Head(head.seq + 1, hash_, head.keyed, head.log).sealed(key))


async def put_head(connection: AsyncConnection, head: Head) -> Head:
    """Store the head."""
    names = ("seq", "hash", "keyed", "log", "seal")
    values = {name: getattr(head, name) for name in names}
    if not (await connection.execute(_ours(update(audit_head)).values(values))).rowcount:
        await connection.execute(insert(audit_head).values(id=1, **values))
    return head


async def locked_head(connection: AsyncConnection) -> Head:
    """The head row as it is, until the end of the transaction nobody else's to change."""
    row = (await connection.execute(_ours(select(audit_head)).with_for_update())).one_or_none()
    return _head(row)


async def head_row(connection: AsyncConnection) -> Head:
    """The head row as it is."""
    return _head((await connection.execute(_ours(select(audit_head)))).one_or_none())


def _ours(statement: Any) -> Any:
    return statement.where(audit_head.c.id == 1)


def _head(row: Any) -> Head:
    if row is None:  # removed by hand
        return Head(0, "", 0, "")
    return Head(int(row.seq), str(row.hash), int(row.keyed), str(row.log), str(row.seal))


async def first_keyed(connection: AsyncConnection) -> int:
    """From which line the key holds by the lines themselves, where the head does not say it."""
    query = select(audit.c.seq).where(audit.c.act == CLOSED).order_by(audit.c.seq).limit(1)
    return (await connection.execute(query)).scalar_one_or_none() or 1


async def last_of(connection: AsyncConnection) -> Anchor:
    """Number and hash of the last line that is there; (0, "") of an empty log."""
    query = select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
    row = (await connection.execute(query)).one_or_none()
    return (0, "") if row is None else (int(row.seq), str(row.hash))


async def read(connection: AsyncConnection, after: int, limit: int | None) -> list[AuditLine]:
    """Lines behind number `after`, in order."""
    query = select(audit).where(audit.c.seq > after).order_by(audit.c.seq).limit(limit)
    rows = (await connection.execute(query)).mappings()
    return [line_of(dict(row), row["hash"]) for row in rows]


async def head(connection: AsyncConnection) -> Anchor:
    """Number and hash of the last line, to be written down elsewhere."""
    found = await head_row(connection)
    return found.seq, found.hash


def line_of(values: dict[str, Any], hash_: str) -> AuditLine:
    """A line as it is stored. A detail that is no table (only a hand at the database writes one) is
    kept as text, which fits no hash."""
    return AuditLine(
        seq=int(values["seq"]),
        at=values["at"].astimezone(UTC),
        actor=str(values["actor"]),
        act=str(values["act"]),
        object=str(values["object"]),
        detail=_detail(str(values["detail"])),
        hash=hash_,
        state=str(values["state"]),
    )


def _detail(text: str) -> dict[str, str | int]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    return value if isinstance(value, dict) and canonical(value) == text else {"changed": text}
