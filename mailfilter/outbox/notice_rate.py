"""How many notices one sender gets in an hour, and when each of the others may go.

From → to: whom to tell, a parcel, the time → the time of its turn: now, or later. A turn is kept
for its parcel, an hour behind the one that so many places before it has; so a thousand notices to
one sender are each opened twice, when they come and at their turn, and not every hour anew.

Kept in memory. After a restart the outbox still has the times that were told; what is due then may
go, so that in the worst case one hour has twice as many.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailfilter import limits

HOUR = timedelta(seconds=limits.NOTICE_WINDOW)


@dataclass(slots=True)
class _Turns:
    """Of one address: when mails went, and the turns of those that wait, by parcel."""

    sent: deque[datetime] = field(default_factory=deque)
    waiting: dict[int, datetime] = field(default_factory=dict)

    def forget(self, now: datetime) -> bool:
        """Drop what is over, and all that a clock said which has been put back since; True where
        nothing is left."""
        if self.sent and self.sent[-1] > now:
            self.sent.clear()
            self.waiting.clear()
        while self.sent and self.sent[0] <= now - HOUR:
            self.sent.popleft()
        for parcel in [one for one, at in self.waiting.items() if at <= now - HOUR]:
            del self.waiting[parcel]  # it never came: somebody else ended it
        return not self.sent and not self.waiting


class Rate:
    """At most `per_hour` mails to one address in any hour."""

    def __init__(self, per_hour: int) -> None:
        self._per_hour = per_hour
        self._of: dict[str, _Turns] = {}

    def free(self, address: str, now: datetime) -> bool:
        """Whether one more may go at once, before nobody who waits."""
        turns = self._turns(address, now)
        return len(turns.sent) + len(turns.waiting) < self._per_hour

    def turn(self, address: str, parcel: int, now: datetime) -> datetime:
        """When the parcel may go; not after `now`: it may go."""
        turns = self._turns(address, now)
        mine = turns.waiting.pop(parcel, None)
        if mine is not None and mine > now:  # it was looked at too early
            turns.waiting[parcel] = mine
            return mine
        before = sorted([*turns.sent, *turns.waiting.values()])
        free = len(turns.sent if mine is not None else before) < self._per_hour
        if free:
            return now
        turns.waiting[parcel] = max(now, before[-self._per_hour] + HOUR)
        return turns.waiting[parcel]

    def went(self, address: str, now: datetime) -> None:
        """A mail goes now; an attempt counts."""
        self._turns(address, now).sent.append(now)

    def _turns(self, address: str, now: datetime) -> _Turns:
        for other in [name for name, turns in self._of.items() if turns.forget(now)]:
            del self._of[other]
        return self._of.setdefault(address.lower(), _Turns())
