"""What ``/metrics`` says: the state of the store, as desk sees it, refreshed by the schedule.

No label holds an address, a name, an id or a department (P10). Counts of mail are those of the
statistics, today in Sweden, so they are late by the seconds of the counters' batch. What the smtp
processes count stands beside it (``meters.py``).
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from math import inf, nan
from pathlib import Path
from time import monotonic

from prometheus_client import CollectorRegistry, Gauge

from detectors.health import judge
from mailfilter import __version__
from mailfilter.app.preflight import certificates
from mailfilter.config import Settings
from mailfilter.model import Mode, State
from mailfilter.record.archive.running import Look
from mailfilter.record.contract import Archive, Filter
from mailfilter.workers.notes import DIGEST
from mailfilter.workers.poison import Poison
from mailfilter.workers.state import workers

_WAITING = (
    State.READING,
    State.HELD,
    State.RELEASE_FAILED,
    State.ACCEPTED,
    State.HANDING_OVER,
    State.RELEASING,
)


_LATE = timedelta(days=1)


class Metrics:
    """Gauges and the registry that they stand in."""

    def __init__(self, scan: Path, poison: Poison, settings: Settings) -> None:
        self._scan, self._poison, self._settings = scan, poison, settings
        self.registry = CollectorRegistry()
        self._items = self._gauge("quarantine_items", "stored items by state", "state")
        self._late = self._gauge(
            "quarantine_items_late", "mail that has waited for a reviewer for more than a day"
        )
        self._outbox = self._gauge(
            "outbox_due", "parcels that are due and not yet sent, 100 at most"
        )
        self._mails = self._gauge("messages_today", "messages counted today by action", "action")
        self._unread = self._gauge(
            "not_examined_today", "messages with a part not examined, today by class", "class"
        )
        self._confinement = self._gauge(
            "confinement", "1 for what confines the scan workers", "level"
        )
        self._ended = self._gauge(
            "workers_ended", "scan workers killed or failed since their master started", "kind"
        )
        self._poisoned = self._gauge(
            "poisoned_content", "contents that are not opened because they killed their workers"
        )
        self._running = self._gauge("running_seconds", "how long desk has run, by which mail ends")
        self._steps = self._gauge(
            "clock_steps", "steps of the wall clock of more than an hour, stops of desk among them"
        )
        self._failures = self._gauge(
            "schedule_failures", "looks of desk's schedule that failed since its start"
        )
        self._made = nan  # when the last checkpoint was made, on the clock that never steps
        self._gauge(
            "audit_checkpoint_seconds", "age of the last checkpoint of the audit log"
        ).set_function(lambda: monotonic() - self._made)
        self._anchored = self._gauge(
            "audit_checkpoint_failed", "1 where the last checkpoint could not be written", "way"
        )
        self._certificates = self._gauge(
            "certificate_days", "days until a certificate of ours runs out, by table", "table"
        )
        self._copied = -inf  # when the last backup was made, on the same clock
        self._gauge(
            "backup_age_seconds", "how old the last backup is; +Inf before the first"
        ).set_function(lambda: monotonic() - self._copied)
        self._still = self._gauge(
            "standstill", "1 after a restore, until the operator lets it go: nothing leaves or ends"
        )
        told = self._gauge("judge", "1 where an encoder judges what the rules flag for health")
        told.set(not judge.missing())
        self._gauge("build_info", "always 1", "version").labels(__version__).set(1)

    def _gauge(self, name: str, help_: str, *labels: str) -> Gauge:
        return Gauge(f"mailfilter_{name}", help_, labels, registry=self.registry)

    async def refresh(self, archive: Archive, now: datetime, today: date) -> None:
        """Read the store once."""
        for state in _WAITING:
            count = await archive.count_items(Filter(states=(state,), protected=True))
            self._items.labels(state.value).set(count)
        late = Filter(states=(State.HELD,), until=now - _LATE, for_reviewers=True)
        self._late.set(await archive.count_items(late))
        self._outbox.set(len(await archive.due(now, limit=100)))
        await self._count(archive, today)
        await self._keep(archive, now)
        self._workers()
        if made := await archive.proof.made_at():
            self._made = monotonic() - (now - made).total_seconds()
        self._certificates.clear()
        for table, end in certificates.ends(self._settings).items():
            days = (end - now.astimezone(UTC)) / timedelta(days=1)
            self._certificates.labels(table).set(round(days, 1))

    def failed(self) -> None:
        """A look of the schedule has failed: what it would have done is late."""
        self._failures.inc()

    def anchored(self, failed: Mapping[str, bool]) -> None:
        """Whether the last checkpoint could not be written, by way."""
        for way, missing in failed.items():
            self._anchored.labels(way).set(missing)

    async def _keep(self, archive: Archive, now: datetime) -> None:
        self._still.set(await archive.copies.stands_still())
        if made := await archive.copies.made_at():
            self._copied = monotonic() - max(0.0, (now - made).total_seconds())

    def time(self, look: Look) -> None:
        """What the clocks said at the last look."""
        self._running.set(look.total.total_seconds())
        self._steps.set(look.steps)

    def _workers(self) -> None:
        """What the master of the workers says of itself; nothing before its first word."""
        self._poisoned.set(len(self._poison.listed()) // DIGEST)
        self._confinement.clear()
        if said := workers(self._scan):
            self._confinement.labels(said.level).set(1)
            for kind, count in said.ended.items():
                self._ended.labels(kind.value).set(count)

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
