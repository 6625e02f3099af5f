"""The statistics of a week: numbers by department, kind and action; no personal data.

`report` gives an HTML fragment of its own making (headings from h2 on, tables, SVG), which is shown
as it is; our content policy lets no script or inline style of it act.
"""

from markupsafe import Markup
from starlette.responses import Response

from mailfilter.web.dates import is_week, week_of, weeks_back
from mailfilter.web.site import Visit

WEEKS = 27  # half a year to choose from


async def show(visit: Visit) -> Response:
    """The page of one week, by default the present one."""
    asked = visit.ask("week")
    week = asked if is_week(asked) else week_of(visit.now)
    weeks = weeks_back(visit.now, WEEKS)
    html = await visit.site.report(week, visit.language)
    return visit.render(
        "statistics.html",
        week=week,
        weeks=weeks if week in weeks else [week, *weeks],
        report=Markup(html),  # noqa: S704 - made by our own report room from numbers
    )
