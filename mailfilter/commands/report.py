"""``mailfilter report``: a week's statistics without personal data."""

from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from mailfilter.commands.asking import ConfigFile, ask, fail, settings_of
from mailfilter.report import parse


def report(
    week: Annotated[str, typer.Option(help="an ISO week such as 2026-W47; default last week")] = "",
    form: Annotated[str, typer.Option("--format", help="text, json or csv")] = "text",
    language: Annotated[str, typer.Option(help="sv or en; default the organisation's")] = "",
    file: ConfigFile = None,
) -> None:
    """Print a week's statistics: counts by department, kind, rule and action. Under 5 is "<5"."""
    if form not in ("text", "json", "csv"):
        raise fail(f"--format {form}: must be text, json or csv")
    week = week or _last_week()
    try:
        parse(week)
    except ValueError as error:
        raise fail(f"--week {week}: {error}") from error
    language = language or settings_of(file).organisation.language
    typer.echo(ask(file, "report", week=week, format=form, language=language))


def _last_week() -> str:
    year, week, _ = (datetime.now(ZoneInfo("Europe/Stockholm")) - timedelta(days=7)).isocalendar()
    return f"{year}-W{week:02d}"
