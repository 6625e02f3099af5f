"""Counters, times and states of the processes that take mail, in memory that all of them share.

From → to: what happens in a session or in the pipeline → numbers in a page that was mapped before
the fork → ``/metrics``, which desk serves (``app/metrics.py``). Each process writes a row of its
own; a counter is the sum of the rows, and goes on where a process that died has left it, because
its successor gets the same row. Nobody sends anything: counting costs mail an addition.

Invariants: every label value is one of a closed list that stands here, so no address, name or id
can become one (P10), and the page has a fixed size. A torn read of a number costs one scrape.

Not `prometheus_client`'s own mode for several processes: that is chosen for a whole program by its
environment, and leaves a file for each process that ever ran, which somebody must clear away.

Names and units follow the naming rules of Prometheus: seconds, bytes, ``_total`` for counters.
"""

import mmap
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from mailfilter.model import Action

Family = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily

_OTHER = "other"
_CODES = (
    *("220", "221", "250", "252", "354", "421", "450", "451", "452", "454", "455", "500", "501"),
    *("502", "503", "504", "530", "535", "550", "551", "552", "553", "554", "555", _OTHER),
)


@dataclass(frozen=True, slots=True)
class Counter:
    """What only grows. With a `label` each of `values` is counted apart, others as "other"."""

    name: str
    help: str
    label: str = ""
    values: tuple[str, ...] = ("",)

    @property
    def width(self) -> int:
        """Numbers that it takes in a row."""
        return len(self.values)


@dataclass(frozen=True, slots=True)
class State:
    """What goes up and down; of all processes together."""

    name: str
    help: str
    width: int = 1


@dataclass(frozen=True, slots=True)
class Times:
    """A histogram in seconds: how many took at most each of `bounds`, more, and the sum."""

    name: str
    help: str
    bounds: tuple[float, ...]

    @property
    def width(self) -> int:
        """A number for each bound, one beyond the last, and the sum."""
        return len(self.bounds) + 2


_MAIL = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)

REPLIES = Counter("smtp_replies_total", "SMTP replies by code", "code", _CODES)
FINAL = Counter(
    "final_dot_replies_total", "replies to the final dot of a message by code", "code", _CODES
)
VERDICTS = Counter(
    "verdicts_total",
    "messages by what was done, one with several in each; not those of protected addresses",
    "action",
    tuple(Action),
)
DEFERRED = Counter(
    "deferred_total", "messages that got 451, by what failed", "step", ("read", "decide", "store")
)
FAIL_OPEN = Counter("fail_open_total", "messages relayed unread, because the operator allowed it")
NOT_JUDGED = Counter(
    "not_judged_total", "expressions of health on which the rules decided without the judge"
)
JOINED = Counter("joined_total", "messages answered 250 as the retry of one that is kept already")
FINAL_SECONDS = Times("final_dot_seconds", "from the final dot to its reply", _MAIL)
READ_SECONDS = Times("inspection_seconds", "reading and detecting a message", _MAIL)
ACT_SECONDS = Times("delivery_seconds", "from the verdict to the outcome: relayed or kept", _MAIL)
SESSIONS = State("smtp_sessions", "open SMTP sessions")
MEMORY = State("smtp_memory_bytes", "memory taken from the budget for messages on their way in")
BUDGET = State("smtp_memory_limit_bytes", "the budget for messages on their way in")

Meter = Counter | State | Times
ALL: tuple[Meter, ...] = (
    *(REPLIES, FINAL, VERDICTS, DEFERRED, FAIL_OPEN, NOT_JUDGED, JOINED),
    *(FINAL_SECONDS, READ_SECONDS, ACT_SECONDS, SESSIONS, MEMORY, BUDGET),
)


def _placed() -> Iterator[tuple[str, int]]:
    """Where the numbers of each meter begin in a row."""
    start = 0
    for meter in ALL:
        yield meter.name, start
        start += meter.width


_START = dict(_placed())
_WIDTH = sum(meter.width for meter in ALL)
_INDEX = {
    (meter.name, value): _START[meter.name] + n
    for meter in ALL
    if isinstance(meter, Counter)
    for n, value in enumerate(meter.values)
}
_REPLY_AT = {int(code): _INDEX[REPLIES.name, code] for code in _CODES if code != _OTHER}
_REPLY_ELSE = _INDEX[REPLIES.name, _OTHER]


class Meters:
    """The row of one process."""

    __slots__ = ("_row",)

    def __init__(self, row: "memoryview[float]") -> None:
        self._row = row

    def reply(self, code: int) -> None:
        """One more reply; beside every command, so it costs one addition."""
        self._row[_REPLY_AT.get(code, _REPLY_ELSE)] += 1

    def count(self, counter: Counter, value: str = "", by: int = 1) -> None:
        """`by` more of `value`, which is "other" if the counter does not list it."""
        at = _INDEX.get((counter.name, value))
        self._row[_INDEX[counter.name, _OTHER] if at is None else at] += by

    def took(self, times: Times, seconds: float) -> None:
        """Something took so long."""
        start = _START[times.name]
        self._row[start + bisect_left(times.bounds, seconds)] += 1
        self._row[start + len(times.bounds) + 1] += seconds

    def set(self, state: State, value: float) -> None:
        """What the state is now, in this process."""
        self._row[_START[state.name]] = value


class Page(Collector):
    """The rows of all processes of one kind; made before they are forked."""

    def __init__(self, processes: int) -> None:
        size = _WIDTH * processes
        self._numbers = memoryview(mmap.mmap(-1, size * 8)).cast("d")[:size]

    def row(self, place: int) -> Meters:
        """That of the process with this number. Its states begin at 0, its counters go on."""
        meters = Meters(self._numbers[place * _WIDTH : (place + 1) * _WIDTH])
        for meter in ALL:
            if isinstance(meter, State):
                meters.set(meter, 0)
        return meters

    def _sum(self, meter: Meter) -> list[float]:
        """The numbers of a meter, added over the processes."""
        start = _START[meter.name]
        return [sum(self._numbers[start + n :: _WIDTH]) for n in range(meter.width)]

    def collect(self) -> Iterator[Family]:
        """What ``/metrics`` shows of them."""
        for meter in ALL:
            yield _family(meter, self._sum(meter))


def alone() -> Meters:
    """A row that nobody else sees: for a program without ``/metrics``, and for tests."""
    return Page(1).row(0)


def _family(meter: Meter, numbers: list[float]) -> Family:
    name = f"mailfilter_{meter.name}"
    if isinstance(meter, State):
        return GaugeMetricFamily(name, meter.help, value=numbers[0])
    if isinstance(meter, Counter):
        labels = [meter.label] if meter.label else []
        family = CounterMetricFamily(name, meter.help, labels=labels)
        for value, number in zip(meter.values, numbers, strict=True):
            family.add_metric([value] if labels else [], number)
        return family
    return HistogramMetricFamily(
        name, meter.help, buckets=_buckets(meter.bounds, numbers), sum_value=numbers[-1]
    )


def _buckets(bounds: tuple[float, ...], numbers: list[float]) -> list[tuple[str, float]]:
    """Cumulated, as Prometheus has them."""
    ends = [f"{bound:g}" for bound in bounds] + ["+Inf"]
    return [(end, sum(numbers[: n + 1])) for n, end in enumerate(ends)]
