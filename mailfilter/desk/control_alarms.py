"""The verb that exports false alarms: labelled cases for the quality corpus.

Without content, unless the person at the terminal asks for it; then the message itself goes along
while it still exists, and the audit log says so for each before it is read.
"""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from mailfilter.desk import alarms
from mailfilter.errors import Permanent
from mailfilter.record.contract import Archive, AuditLine


async def export(
    archive: Archive, now: Callable[[], datetime], request: dict[str, Any]
) -> list[str]:
    """A line of JSON for each case, the oldest first."""
    lines = []
    for case in await archive.sender.alarms():
        row = alarms.line(case)
        if request.get("content"):
            row |= await _content(archive, now, str(request["actor"]), case.message)
        lines.append(json.dumps(row, ensure_ascii=False))
    return lines


async def _content(
    archive: Archive, now: Callable[[], datetime], actor: str, message: str
) -> dict[str, str]:
    line = AuditLine(0, now(), actor, "export-content", message)
    await archive.audit(line)
    try:
        body = await archive.body(message)
    except Permanent:
        return {"content": ""}  # it has ended
    return {"content": body.decode("utf-8", "surrogateescape").encode("utf-8", "replace").decode()}
