"""ISO weeks, as Sweden counts them: from Monday 00:00 to Sunday 24:00 in Europe/Stockholm."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Stockholm")


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """A week by its ISO year and number."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year}-W{self.number:02d}"

    @property
    def first(self) -> date:
        """Its Monday."""
        return date.fromisocalendar(self.year, self.number, 1)

    @property
    def last(self) -> date:
        """Its Sunday."""
        return date.fromisocalendar(self.year, self.number, 7)

    @property
    def before(self) -> "Week":
        """The week before it."""
        return week_of(self.first - timedelta(days=1))


def week_of(day: date) -> Week:
    """The week in which a day lies; a datetime must be aware and is taken to Stockholm."""
    if isinstance(day, datetime):
        day = day.astimezone(ZONE).date()
    year, number, _ = day.isocalendar()
    return Week(year, number)


def parse(text: str) -> Week:
    """``2026-W47``; ValueError with a sentence on anything else."""
    found = re.fullmatch(r"(\d{4})-W(\d{2})", text)
    if found is None:
        raise ValueError(f"{text}: is no ISO week; write it like 2026-W47")
    week = Week(int(found[1]), int(found[2]))
    try:
        date.fromisocalendar(week.year, week.number, 1)
    except ValueError as error:
        raise ValueError(f"{text}: the year {week.year} has no such week") from error
    return week
