"""What ``/metrics`` says: the state of the store, as desk sees it, refreshed by the schedule.

No label holds an address, a name, an id or a department (P10). Counts of mail are those of the
statistics, today in Sweden, so they are late by the seconds of the counters' batch.

Known gap: times and replies of the smtp processes are in the log lines, not here yet.
"""

from datetime import date, datetime

from prometheus_client import CollectorRegistry, Gauge

from mailfilter import __version__
from mailfilter.model import Mode, State
from mailfilter.record.contract import Archive, Filter

_WAITING = (State.HELD, State.RELEASE_FAILED, State.ACCEPTED, State.HANDING_OVER, State.RELEASING)


class Metrics:
    """Gauges and the registry that they stand in."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._items = self._gauge("quarantine_items", "stored items by state", "state")
        self._outbox = self._gauge(
            "outbox_due", "parcels that are due and not yet sent, 100 at most"
        )
        self._mails = self._gauge("messages_today", "messages counted today by action", "action")
        self._unread = self._gauge(
            "not_examined_today", "messages with a part not examined, today by class", "class"
        )
        self._gauge("build_info", "always 1", "version").labels(__version__).set(1)

    def _gauge(self, name: str, help_: str, *labels: str) -> Gauge:
        return Gauge(f"mailfilter_{name}", help_, labels, registry=self.registry)

    async def refresh(self, archive: Archive, now: datetime, today: date) -> None:
        """Read the store once."""
        for state in _WAITING:
            count = await archive.count_items(Filter(states=(state,), protected=True))
            self._items.labels(state.value).set(count)
        self._outbox.set(len(await archive.due(now, limit=100)))
        await self._count(archive, today)

    async def _count(self, archive: Archive, today: date) -> None:
        self._mails.clear()
        self._unread.clear()
        for count in await archive.counts(today, today):
            if count.mode != Mode.ENFORCE:
                continue
            if not count.kind:
                self._mails.labels(count.action).inc(count.n)
            elif count.kind.startswith("not-examined:"):
                self._unread.labels(count.kind.removeprefix("not-examined:")).inc(count.n)
