"""Days, weeks and spans as they are shown: in Swedish time, ISO weeks, words of the language."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_timedelta
from babel.numbers import format_decimal

ZONE = ZoneInfo("Europe/Stockholm")
_UNITS = (("MB", 1024 * 1024), ("kB", 1024))  # as our limits are set: 25 MiB are told as "25 MB"


def moment(at: datetime) -> str:
    """2026-11-18 09:15, the way it is written in Sweden in either language."""
    return at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M")


def machine(at: datetime) -> str:
    """The same for the `datetime` attribute."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def distance(at: datetime, now: datetime, language: str) -> str:
    """How far away a moment is: "om 14 dagar", "30 hours ago"; never weeks, which hide a day."""
    far = abs(at - now) >= timedelta(days=2)
    return format_timedelta(
        at - now,
        granularity="day" if far else "hour",
        threshold=5 if far else 50,
        add_direction=True,
        locale=language,
    )


def size(count: int, language: str) -> str:
    """Bytes in words: "1,2 MB"."""
    for unit, worth in _UNITS:
        if count >= worth:
            return f"{format_decimal(count / worth, '#,##0.#', locale=language)} {unit}"
    return f"{count} B"


def week_of(at: datetime) -> str:
    """The ISO week of a moment: "2026-W47"."""
    return _name(at.astimezone(ZONE).date())


def weeks_back(at: datetime, count: int) -> list[str]:
    """The `count` weeks up to that of `at`, the newest first."""
    today = at.astimezone(ZONE).date()
    return [_name(today - timedelta(weeks=n)) for n in range(count)]


def is_week(text: str) -> bool:
    """Whether `text` names an ISO week."""
    try:
        return len(text) == 8 and _name(date.fromisoformat(f"{text}-1")) == text
    except ValueError:
        return False


def _name(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"
