"""The audit log: a chain in which each line's hash covers the line and the hash before it.

``hash = SHA-256(canonical JSON of [seq, at, actor, act, object, detail, hash before])``, the first
line's predecessor being "". `verify` finds a line that was edited, is missing or has moved; the
head row, changed with each line, and anchors that were written down elsewhere (the weekly mail
quotes one) find a chain that was cut off at its end or made anew. A log without a witness is a
promise, not a proof: who can write to the database and knows this file can forge chain and head
together, and only an anchor outside shows it.

`append` locks the head row, so that the chain stays one line with many writers on PostgreSQL. It
runs in the transaction of the act that it records (P12). Triggers refuse UPDATE and DELETE.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter import failpoint
from mailfilter.record.contract import AuditLine
from mailfilter.record.sql import clean
from mailfilter.record.tables import audit, audit_head

Anchor = tuple[int, str]  # (seq, hash)
_PAGE = 1000


def digest(line: AuditLine, before: str) -> str:
    """The hash of a line that follows the hash `before`."""
    value = [
        line.seq,
        line.at.isoformat(),
        line.actor,
        line.act,
        line.object,
        _canonical(line.detail),
        before,
    ]
    return hashlib.sha256(json.dumps(value, separators=(",", ":")).encode("ascii")).hexdigest()


def _canonical(detail: dict[str, str | int]) -> str:
    return json.dumps(detail, sort_keys=True, separators=(",", ":"))


async def append(connection: AsyncConnection, line: AuditLine) -> Anchor:
    """Add a line at the end, in the caller's transaction; its number and hash."""
    head = (await connection.execute(select(audit_head).with_for_update())).one()
    values = {
        "seq": head.seq + 1,
        "at": line.at,
        "actor": clean(line.actor),
        "act": clean(line.act),
        "object": clean(line.object),
        "detail": _canonical(line.detail),
    }
    read_back = _line(values, "")
    values["hash"] = digest(read_back, head.hash)
    await connection.execute(insert(audit).values(values))
    await connection.execute(update(audit_head).values(seq=values["seq"], hash=values["hash"]))
    failpoint.reach("audit_append")
    return read_back.seq, str(values["hash"])


async def read(connection: AsyncConnection, after: int, limit: int) -> list[AuditLine]:
    """Lines behind number `after`, in order."""
    query = select(audit).where(audit.c.seq > after).order_by(audit.c.seq).limit(limit)
    rows = (await connection.execute(query)).mappings()
    return [_line(dict(row), row["hash"]) for row in rows]


async def head(connection: AsyncConnection) -> Anchor:
    """Number and hash of the last line, to be written down elsewhere."""
    row = (await connection.execute(select(audit_head))).one()
    return int(row.seq), str(row.hash)


async def verify(connection: AsyncConnection, anchors: Sequence[Anchor] = ()) -> tuple[int, str]:
    """(lines, "" or what is wrong and where)."""
    expected, before = 1, ""
    noted = dict(anchors)
    while lines := await read(connection, expected - 1, _PAGE):
        for line in lines:
            if line.seq != expected:
                return expected - 1, f"line {expected} is missing"
            if digest(line, before) != line.hash:
                return expected - 1, f"line {expected} was changed or moved"
            if noted.pop(line.seq, line.hash) != line.hash:
                return expected - 1, f"line {expected} is not the one of the anchor"
            expected, before = expected + 1, line.hash
    return expected - 1, _end(await head(connection), expected - 1, before, noted)


def _end(noted_head: Anchor, last: int, last_hash: str, missed: dict[int, str]) -> str:
    if noted_head[0] > last or missed:
        return (
            f"the chain ends at line {last}; at least {max(noted_head[0], *missed, 0)} were there"
        )
    if noted_head != (last, last_hash):
        return f"the head row does not fit the last line, {last}"
    return ""


def _line(values: dict[str, object], hash_: str) -> AuditLine:
    at = values["at"]
    assert isinstance(at, datetime)
    return AuditLine(
        seq=int(str(values["seq"])),
        at=at.astimezone(UTC),
        actor=str(values["actor"]),
        act=str(values["act"]),
        object=str(values["object"]),
        detail=json.loads(str(values["detail"])),
        hash=hash_,
    )
