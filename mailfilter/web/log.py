"""The audit log, for auditors: the lines, the newest first, and the proof of the chain.

The log holds codes, counts and user names, never content or addresses of mail.
"""

from typing import Any

from starlette.responses import Response

from mailfilter.web.show import past
from mailfilter.web.site import Visit
from mailfilter.web.trail import page

SIZE = 100


async def show(visit: Visit) -> Response:
    """A page of lines."""
    return await _page(visit)


async def verify(visit: Visit) -> Response:
    """Read the whole chain again and say whether it holds; that too is a line of the log."""
    lines, wrong = await visit.site.archive.verify_audit()
    await visit.site.archive.audit(
        visit.line("audit-verify", "", lines=lines, how="broken" if wrong else "whole")
    )
    return await _page(visit, verified=True, lines=lines, wrong=wrong)


async def _page(visit: Visit, **more: object) -> Response:
    last, head = await visit.site.archive.audit_head()
    asked = visit.ask("before")
    known = asked.isascii() and asked.isdigit() and len(asked) < 16
    before = min(int(asked), last + 1) if known else last + 1
    found = await page(visit.site.archive, before, SIZE)
    given: dict[str, Any] = {"verified": False, "lines": 0, "wrong": ""} | more
    return visit.render(
        "audit.html",
        rows=[past(line, visit.words) for line in found],
        head=head,
        last=last,
        older=found[-1].seq if found and found[-1].seq > 1 else 0,
        newer=before + SIZE if before <= last else 0,
        **given,
    )
