"""An operator acknowledges what does not hold: a restored backup, a damaged row, a lost key.

From → to: the faults of a verification and a reason → lines of the log (`ACCEPT`), one a fault. The
log never forgets what was wrong; it says from then on who has seen it, when, and why it was.

=============  ============================================================================
of lines       a line with their numbers and a hash of what stands there: it must stay so
of a row       a line with what the row says now; what comes after is compared with it
of checkpoints  a line with the numbers they name and the time of the youngest: those, and only
               those, are of a part that is lost
=============  ============================================================================
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.record.contract import AuditLine
from mailfilter.record.ledgers import audit, audit_states
from mailfilter.record.ledgers.audit_check import Fault, Kind
from mailfilter.record.ledgers.audit_states import GONE, PROTECTED


async def mend(connection: AsyncConnection, line: AuditLine) -> None:
    """Let the log go on from its last line, if its head does not fit: then it can be written to."""
    await audit.sound_head(connection, line.at)


async def accept(connection: AsyncConnection, faults: Sequence[Fault], line: AuditLine) -> int:
    """Write a line for each fault; how many."""
    lines = [await _line(connection, fault, line) for fault in faults]
    for one in filter(None, lines):
        await audit.append(connection, one)
    return sum(one is not None for one in lines)


async def _line(connection: AsyncConnection, fault: Fault, line: AuditLine) -> AuditLine | None:
    of: dict[str, str | int] = {"of": fault.kind.value}
    match fault.kind:
        case Kind.LINES | Kind.CHECKPOINT if fault.last:
            of |= {"first": fault.first, "last": fault.last, "pin": fault.pin}
            return replace(line, detail=line.detail | of)
        case Kind.ITEM:
            state = await _state(connection, fault.object)
        case Kind.ACCOUNT:
            state = await audit_states.account(connection, audit.key_of(connection), fault.object)
        case Kind.HIDDEN:
            state = PROTECTED
        case _:
            return None
    return replace(line, object=fault.object, detail=line.detail | of, state=state)


async def _state(connection: AsyncConnection, id: str) -> str:
    rows = await audit_states.items(connection, "", 1, [id])
    return rows[0].state if rows else GONE
