"""The clocks and the ids of a running installation: the one place that asks the world for them."""

import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from time import monotonic, time
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: readable over a telephone
LAP = timedelta(minutes=10)  # desk looks each minute; more than this, it did not run
IDS = 64  # drawn at once: asking the kernel costs more than the rest
_drawn: list[int] = []  # random bits of ids that are not yet given
os.register_at_fork(after_in_child=_drawn.clear)  # two processes must not give the same
_PAIRS = [one + two for one in _LETTERS for two in _LETTERS]


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


class Stopwatch:
    """How long this process has run, by a clock that nobody sets and that stands while the machine
    sleeps. A lap is `most` at most: a process that was stopped, or on a machine that was, did not
    run, whatever that clock did meanwhile."""

    def __init__(self, seconds: Callable[[], float] = monotonic, most: timedelta = LAP) -> None:
        self._seconds, self._most = seconds, most
        self._last = seconds()

    def lap(self) -> timedelta:
        """Since the last lap."""
        before, self._last = self._last, self._seconds()
        return min(timedelta(seconds=max(self._last - before, 0.0)), self._most)


def today() -> date:
    """Today in Sweden: the day that statistics count on."""
    return _day(int(time()) // 900)


@lru_cache(maxsize=1)
def _day(quarter: int) -> date:
    """The day in Sweden of a quarter of an hour: a day begins with one."""
    return datetime.fromtimestamp(quarter * 900, STOCKHOLM).date()


def new_id() -> str:
    """An incident id such as ``K7Q2A-91ABC``: 50 random bits."""
    if not _drawn:
        bits = os.urandom(8 * IDS)
        _drawn.extend([int.from_bytes(bits[at : at + 8], "big") for at in range(0, 8 * IDS, 8)])
    one = _drawn.pop()
    pair = _PAIRS
    middle = pair[one >> 20 & 1023]
    return (
        f"{pair[one & 1023]}{pair[one >> 10 & 1023]}{middle[0]}"
        f"-{middle[1]}{pair[one >> 30 & 1023]}{pair[one >> 40 & 1023]}"
    )
