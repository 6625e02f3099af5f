"""Fail-open is allowed for a time only, and that stands in the audit log (P4)."""

from datetime import date, timedelta

from mailfilter.app import clock
from mailfilter.app.desk import _say_fail_open
from mailfilter.config import Settings


class Log:
    def __init__(self):
        self.lines = []

    async def audit(self, line):
        self.lines.append((line.actor, line.act, line.detail))


async def said(until: date | None):
    log = Log()
    await _say_fail_open(log, Settings(fail_open_until=until))
    return log.lines


async def test_it_is_audited_while_it_is_allowed():
    today = clock.today()
    assert await said(today) == [("system", "fail-open", {"until": today.isoformat()})]


async def test_it_is_not_when_it_is_over_or_was_never_allowed():
    assert await said(clock.today() - timedelta(days=1)) == []
    assert await said(None) == []
