"""The verbs of the audit log: its lines, whether it holds, and that an operator accepts a break."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from mailfilter.errors import Permanent
from mailfilter.record.contract import Archive, AuditLine
from mailfilter.record.ledgers.audit_check import ACCEPT

SHOWN = 20  # faults that are named; the first ones say where to look
_REASON = 200


async def lines(archive: Archive, request: dict[str, Any]) -> list[dict[str, Any]]:
    """Lines behind the given number."""
    found = await archive.audit_lines(int(request["after"]), int(request["limit"]))
    return [asdict(line) | {"at": line.at.isoformat()} for line in found]


async def verify(
    archive: Archive, now: Callable[[], datetime], request: dict[str, Any]
) -> dict[str, Any]:
    """What a verification found, with the checkpoints of a file kept elsewhere."""
    report = await archive.proof.verify(lines=_anchors(request))
    made = await archive.proof.made_at()
    newest = max(filter(None, (made, report.newest)), default=None)
    return {
        "lines": report.lines,
        "keyed": report.keyed,
        "fault": report.faults[0].sentence if report.faults else "",
        "faults": [fault.sentence for fault in report.faults[:SHOWN]],
        "more": max(0, len(report.faults) - SHOWN),
        "checkpoints": report.checkpoints,
        "age": None if newest is None else max(0, int((now() - newest).total_seconds())),
    }


async def accept(
    archive: Archive, now: Callable[[], datetime], request: dict[str, Any]
) -> dict[str, Any]:
    """A line of the log for each fault, with actor and reason."""
    reason = str(request["reason"]).strip()
    if not reason or len(reason) > _REASON:
        raise Permanent(f"give a reason of 1 to {_REASON} characters")
    line = AuditLine(0, now(), request["actor"], ACCEPT, "", {"reason": reason})
    return {"lines": await archive.proof.accept(line, _anchors(request))}


def _anchors(request: dict[str, Any]) -> list[str]:
    return [str(line) for line in request.get("anchors", ())]
