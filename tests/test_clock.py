"""Ids and days: no two alike, no process with another's, and a day begins at midnight in Sweden."""

import os
import re
from datetime import UTC, date, datetime

import pytest

from mailfilter.app import clock


def test_ids_are_well_formed_and_no_two_alike():
    ids = [clock.new_id() for _ in range(5000)]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}", id) for id in ids)
    for place in (0, 1, 2, 3, 4, 6, 7, 8, 9, 10):
        assert len({id[place] for id in ids}) == 32


def test_two_processes_do_not_give_the_same_ids():
    clock.new_id()  # some are drawn and not given
    end, start = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(start, " ".join(clock.new_id() for _ in range(clock.IDS)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = set(os.read(end, 65536).decode().split())
    os.close(end)
    os.close(start)
    assert len(theirs) == clock.IDS
    assert not theirs & {clock.new_id() for _ in range(clock.IDS)}


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 28, 22, 59, 59, tzinfo=UTC), date(2026, 11, 28)),
        (datetime(2026, 11, 28, 23, 0, 0, tzinfo=UTC), date(2026, 11, 29)),
        (datetime(2026, 7, 1, 21, 59, 59, tzinfo=UTC), date(2026, 7, 1)),
        (datetime(2026, 7, 1, 22, 0, 0, tzinfo=UTC), date(2026, 7, 2)),
        (datetime(2026, 3, 29, 22, 0, 0, tzinfo=UTC), date(2026, 3, 30)),  # summer time begins
        (datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC), date(2026, 10, 25)),  # and ends
    ],
)
def test_the_day_in_sweden(monkeypatch, moment, day):
    monkeypatch.setattr(clock, "time", moment.timestamp)
    assert clock.today() == day
