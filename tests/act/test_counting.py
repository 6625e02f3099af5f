"""The buffer of counts: equal increments become one row, and what cannot be written stays."""

from datetime import date

from mailfilter.act.counting import CountBuffer
from mailfilter.errors import Temporary
from mailfilter.model import Action, Mode
from mailfilter.record.contract import Count

DAY = date(2026, 11, 28)


def count(kind: str = "", persons: int = 0) -> Count:
    return Count(
        DAY, "Skolan", "external", kind, "rule", Action.RELAY, Mode.ENFORCE, persons=persons
    )


class Intake:
    def __init__(self) -> None:
        self.rows, self.down = [], False

    async def count(self, rows) -> None:
        if self.down:
            raise Temporary("down")
        self.rows += rows


async def test_the_same_and_equal_ones_are_one_row():
    intake = Intake()
    buffer = CountBuffer(intake, 5)
    one = (count(),)
    for _ in range(3):
        buffer.add(one)
    buffer.add((count(),))
    buffer.add((count(), count("health", 2)))
    buffer.add(())
    await buffer.flush()
    assert {(row.kind, row.n, row.persons) for row in intake.rows} == {("", 5, 0), ("health", 1, 2)}
    await buffer.flush()
    assert len(intake.rows) == 2


async def test_what_cannot_be_written_stays():
    intake = Intake()
    buffer = CountBuffer(intake, 5)
    one = (count(),)
    intake.down = True
    buffer.add(one)
    await buffer.flush()
    buffer.add(one)
    intake.down = False
    await buffer.flush()
    assert [row.n for row in intake.rows] == [2]


async def test_many_that_come_and_go_are_all_counted():
    intake = Intake()
    buffer = CountBuffer(intake, 5)
    for n in range(1000):
        buffer.add((count(str(n % 7)),))
    await buffer.flush()
    assert sum(row.n for row in intake.rows) == 1000
