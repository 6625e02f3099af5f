"""Report: a week's statistics, without personal data.

``weeks.py`` ISO weeks in Europe/Stockholm; ``numbers.py`` counters → `WeekReport`; ``protect.py``
which small numbers are hidden; ``render.py`` text, JSON, CSV; ``page.py`` HTML; ``chart.py``
SVG; ``mail.py`` the weekly mail; ``words.py`` Swedish and English.

Here are the three ways in from an `Archive`.
"""

from collections.abc import Awaitable, Callable

from mailfilter.record.contract import Archive
from mailfilter.report.chart import render_chart
from mailfilter.report.numbers import WeekReport, weekly
from mailfilter.report.page import render_html
from mailfilter.report.render import render_csv, render_json, render_text
from mailfilter.report.weeks import Week, parse

__all__ = ["Week", "WeekReport", "fragment", "parse", "render", "report_of", "weekly"]


async def report_of(archive: Archive, week: Week) -> WeekReport:
    """The report of a week."""
    return weekly(await archive.counts(week.before.first, week.last), week)


async def render(archive: Archive, week: str, form: str, language: str) -> str:
    """The report of ``2026-W47`` as "text", "json" or "csv"; ValueError on anything else."""
    report = await report_of(archive, parse(week))
    match form:
        case "text":
            return render_text(report, language)
        case "json":
            return render_json(report)
        case "csv":
            return render_csv(report, language)
        case _:
            raise ValueError(f"{form}: is no form of the report; text, json and csv are")


def fragment(archive: Archive) -> Callable[[str, str], Awaitable[str]]:
    """What makes the web page's HTML of a week: (``2026-W47``, language) → fragment with chart."""

    async def make(week: str, language: str) -> str:
        report = await report_of(archive, parse(week))
        chart = render_chart(report, language).decode()
        return f"{render_html(report, language)}\n{chart}"

    return make
