"""What reading ordinary mail costs, counted without a clock: a doubling is seen on any machine.

The ceilings are a third above what was counted on 2026-11-28 (Python 3.13; older ones count a few
more calls). Who raises one says why; ``make bench-reading`` tells the milliseconds.
"""

from datetime import date

import pytest

from mailfilter import examine, extract, parse
from tests.bench.load import make_mail
from tests.effort import Effort, effort

JOB = examine.Job(b"k" * 32, date(2026, 11, 24))


def read(data: bytes) -> None:
    message = parse.parse(data)
    examine.read(message, JOB, extract.typed(message.parts))


def spent(name: str) -> tuple[Effort, int]:
    data = make_mail(name).lf.replace(b"\n", b"\r\n")
    read(data)  # what is imported and remembered at the first mail
    return effort(lambda: read(data)), len(data)


@pytest.mark.parametrize(("name", "calls", "expressions"), [("4k", 1000, 36), ("50k", 1930, 80)])
def test_reading_a_mail_is_so_many_calls(name, calls, expressions):
    found, _ = spent(name)
    assert found.calls <= calls
    assert len(found.expressions) <= expressions


@pytest.mark.parametrize(
    ("name", "passes"), [("4k", 15), ("50k", 6), ("1m", 0.43), ("10m", 0.07), ("1m-text", 7.5)]
)
def test_no_byte_is_gone_through_too_often(name, passes):
    """An opaque attachment is decoded, and not looked at again."""
    found, size = spent(name)
    assert found.characters / size <= passes
