"""What is remembered in memory, for a while and by how many, also where the clock is put back."""

from datetime import UTC, datetime, timedelta

import pytest

from mailfilter.pages.recent import Recent, Throttle
from mailfilter.record.pickup.visitors import LONGEST, Visitor

NOW = datetime(2026, 12, 3, 9, 0, tzinfo=UTC)
QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)


@pytest.mark.parametrize(
    ("later", "has"), [(timedelta(), True), (QUARTER, False), (-timedelta(seconds=1), False)]
)
def test_what_was_noted_at_a_time_to_come_is_not_recent(later, has):
    """Else a look at a mail would not be written down for as long as the clock was ahead."""
    recent = Recent(QUARTER)
    recent.note("a", NOW)
    assert recent.has("a", NOW + later) is has


def test_tries_at_a_time_to_come_shut_nobody_out():
    throttle = Throttle(3, QUARTER)
    for _ in range(4):
        throttle.take("a", NOW + DAY)
    assert throttle.full("a", NOW + DAY)
    assert not throttle.full("a", NOW)
    assert throttle.take("a", NOW) == timedelta()


@pytest.mark.parametrize(
    ("until", "wait"),
    [
        (NOW + LONGEST, LONGEST),
        (NOW, timedelta()),
        (NOW - QUARTER, timedelta()),
        (NOW + DAY, timedelta()),
        (None, timedelta()),
    ],
)
def test_a_wait_is_never_longer_than_one_was_given(until, wait):
    one = Visitor("box", b"mark", 6, until)
    assert one.wait(NOW) == wait
    assert one.heard(NOW) is (not wait)
