"""Short memories of this process: tries to log in, what was noted a moment ago, what is searched.

All hold at most `most` keys and forget the oldest first, so that nobody can fill the memory of
desk by inventing keys. All are lost at a restart, which is harmless: a guesser gains a few tries,
a view is written to the audit log once more, a search is typed again.
"""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Generic, TypeVar

MOST = 10_000
T = TypeVar("T")


class Throttle:
    """At most `tries` attempts for one key within `window`.

    An attempt is counted before it is made, so that parallel guesses count as well.
    """

    def __init__(self, tries: int, window: timedelta, most: int = MOST) -> None:
        self._tries, self._window, self._most = tries, window, most
        self._attempts: OrderedDict[str, list[datetime]] = OrderedDict()

    def take(self, key: str, now: datetime) -> timedelta:
        """Zero: the attempt may be made and is counted. Else: how long to wait."""
        kept = [at for at in self._attempts.pop(key, []) if timedelta() <= now - at < self._window]
        wait = kept[0] + self._window - now if len(kept) >= self._tries else timedelta()
        self._attempts[key] = kept if wait else [*kept, now]
        while len(self._attempts) > self._most:
            self._attempts.popitem(last=False)
        return wait

    def full(self, key: str, now: datetime) -> bool:
        """Whether an attempt would have to wait; counts nothing."""
        kept = [at for at in self._attempts.get(key, ()) if timedelta() <= now - at < self._window]
        return len(kept) >= self._tries


class Recent:
    """Whether a key was noted within `span`."""

    def __init__(self, span: timedelta, most: int = MOST) -> None:
        self._span, self._most = span, most
        self._noted: OrderedDict[str, datetime] = OrderedDict()

    def has(self, key: str, now: datetime) -> bool:
        """True if `key` was noted less than `span` ago."""
        at = self._noted.get(key)
        return at is not None and timedelta() <= now - at < self._span

    def note(self, key: str, now: datetime) -> None:
        """Remember `key` from now on."""
        self._noted.pop(key, None)
        self._noted[key] = now
        while len(self._noted) > self._most:
            self._noted.popitem(last=False)

    def forget(self, key: str) -> None:
        """As if it had never been noted."""
        self._noted.pop(key, None)


class Kept(Generic[T]):
    """Values for a while, each for its owner alone, under names that nobody can guess."""

    def __init__(self, span: timedelta, each: int = 20, most: int = 1000) -> None:
        self.span = span
        self._each, self._most = each, most
        self._kept: OrderedDict[str, tuple[str, datetime, T]] = OrderedDict()

    def keep(self, name: str, owner: str, value: T, now: datetime) -> None:
        """Keep `value` for `owner` from now on; she keeps `each` at most, all of them `most`."""
        self._end(now)
        hers = [key for key, (whose, _, _) in self._kept.items() if whose == owner]
        for key in hers[: len(hers) - self._each + 1]:
            del self._kept[key]
        self._kept[name] = (owner, now, value)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def get(self, name: str, owner: str, now: datetime) -> T | None:
        """What is kept for her under this name; None for anybody else, and when it has ended."""
        self._end(now)
        whose, _, value = self._kept.get(name, ("", now, None))
        return value if whose == owner else None

    def drop(self, name: str) -> None:
        """Keep it no longer."""
        self._kept.pop(name, None)

    def forget(self, owner: str) -> None:
        """Keep nothing of hers."""
        for name in [name for name, (whose, _, _) in self._kept.items() if whose == owner]:
            del self._kept[name]

    def _end(self, now: datetime) -> None:
        while self._kept and now - next(iter(self._kept.values()))[1] >= self.span:
            self._kept.popitem(last=False)
