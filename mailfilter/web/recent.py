"""Short memories of this process: tries to log in, and what was noted a moment ago.

Both hold at most `most` keys and forget the oldest first, so that nobody can fill the memory of
desk by inventing keys. Both are lost at a restart, which is harmless: a guesser gains a few tries,
a view is written to the audit log once more.
"""

from collections import OrderedDict
from datetime import datetime, timedelta

MOST = 10_000


class Throttle:
    """At most `tries` attempts for one key within `window`.

    An attempt is counted before it is made, so that parallel guesses count as well.
    """

    def __init__(self, tries: int, window: timedelta, most: int = MOST) -> None:
        self._tries, self._window, self._most = tries, window, most
        self._attempts: OrderedDict[str, list[datetime]] = OrderedDict()

    def take(self, key: str, now: datetime) -> timedelta:
        """Zero: the attempt may be made and is counted. Else: how long to wait."""
        kept = [at for at in self._attempts.pop(key, []) if now - at < self._window]
        wait = kept[0] + self._window - now if len(kept) >= self._tries else timedelta()
        self._attempts[key] = kept if wait else [*kept, now]
        while len(self._attempts) > self._most:
            self._attempts.popitem(last=False)
        return wait

    def full(self, key: str, now: datetime) -> bool:
        """Whether an attempt would have to wait; counts nothing."""
        kept = [at for at in self._attempts.get(key, ()) if now - at < self._window]
        return len(kept) >= self._tries


class Recent:
    """Whether a key was noted within `span`."""

    def __init__(self, span: timedelta, most: int = MOST) -> None:
        self._span, self._most = span, most
        self._noted: OrderedDict[str, datetime] = OrderedDict()

    def has(self, key: str, now: datetime) -> bool:
        """True if `key` was noted less than `span` ago."""
        at = self._noted.get(key)
        return at is not None and now - at < self._span

    def note(self, key: str, now: datetime) -> None:
        """Remember `key` from now on."""
        self._noted.pop(key, None)
        self._noted[key] = now
        while len(self._noted) > self._most:
            self._noted.popitem(last=False)

    def forget(self, key: str) -> None:
        """As if it had never been noted."""
        self._noted.pop(key, None)
