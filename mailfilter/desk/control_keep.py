"""The verbs of backup and restore: what only whoever has the database open can do."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from mailfilter.errors import Permanent
from mailfilter.log import log
from mailfilter.record.contract import Archive, AuditLine

Work = Callable[[Archive, Callable[[], datetime], dict[str, Any]], Awaitable[Any]]


async def snapshot(
    archive: Archive, _now: Callable[[], datetime], _request: dict[str, Any]
) -> dict[str, str]:
    """Where a copy of SQLite's file lies, as of now; whoever asked removes it."""
    return {"path": str(await archive.copies.snapshot())}


async def alive(
    archive: Archive, now: Callable[[], datetime], request: dict[str, Any]
) -> dict[str, Any]:
    """Marks of what has not ended, a page of them."""
    at = now().isoformat()
    marks, after = await archive.copies.alive(str(request["after"]))
    return {"at": at, "marks": marks, "after": after}


async def done(
    archive: Archive, now: Callable[[], datetime], request: dict[str, Any]
) -> dict[str, Any]:
    """A backup was made and verified: in the audit log, the log and the metric."""
    name, held, megabytes = str(request["name"]), int(request["held"]), int(request["megabytes"])
    detail: dict[str, str | int] = {"backup": name, "held": held}
    await archive.copies.noted(AuditLine(0, now(), request["actor"], "backup", "", detail))
    log.info("backup", name=name, held=held, megabytes=megabytes)
    return {}


async def go(
    archive: Archive, now: Callable[[], datetime], request: dict[str, Any]
) -> dict[str, Any]:
    """The operator's word after a restore."""
    if not await archive.copies.go(AuditLine(0, now(), request["actor"], "restore-go", "")):
        raise Permanent("nothing stands still: there was no restore, or it was let go already")
    log.warning("restore-go")
    return {}
