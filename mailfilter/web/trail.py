"""Reading the audit log from its end, and the part of it that is about one object.

The store gives lines forward from a number. The first line of a given time is found by halving:
some twenty look-ups by primary key, none of them over content.

Known gap: the history of an object reads at most `MOST` lines; older ones stand in the log itself.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from mailfilter.record.contract import Archive, AuditLine

PAGE = 500
MOST = 10_000


async def page(archive: Archive, before: int, size: int) -> list[AuditLine]:
    """Up to `size` lines with numbers under `before`, the newest first."""
    start = max(0, before - 1 - size)
    lines = await archive.audit_lines(start, size)
    return sorted((line for line in lines if line.seq < before), key=lambda line: -line.seq)


async def history(archive: Archive, objects: Sequence[str], since: datetime) -> list[AuditLine]:
    """The lines about any of `objects` written at `since` or later, the oldest first."""
    last, _ = await archive.audit_head()

    async def reached(after: int) -> bool:
        lines = await archive.audit_lines(after, 1)
        return not lines or lines[0].at >= since

    at = max(await _first(0, last, reached), last - MOST)
    found: list[AuditLine] = []
    while lines := await archive.audit_lines(at, PAGE):
        found += (line for line in lines if line.object in objects)
        at = lines[-1].seq
    return found


async def _first(low: int, high: int, holds: Callable[[int], Awaitable[bool]]) -> int:
    """The least number from `low` to `high` for which `holds`; it holds for `high`."""
    while low < high:
        middle = (low + high) // 2
        if await holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
