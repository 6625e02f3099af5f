"""The statistics of a week: numbers by department, kind and action; no personal data.

`report` gives an HTML fragment of its own making: headings from h2 on, tables, and charts as SVG.
Tables are shown as they are. Our content policy lets no inline style act, and charts carry theirs
inside, so each chart is taken out of the fragment and asked for again as a picture.
"""

import re

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import Response

from mailfilter.pages.dates import is_week, week_of, weeks_back
from mailfilter.web.site import Visit

WEEKS = 27  # half a year to choose from
CHART = re.compile(r"<svg\b.*?</svg>", re.DOTALL)


async def show(visit: Visit) -> Response:
    """The page of one week, by default the present one."""
    week = _week(visit)
    weeks = weeks_back(visit.now, WEEKS)
    html = await visit.site.report(week, visit.language)
    return visit.render(
        "statistics.html",
        week=week,
        weeks=weeks if week in weeks else [week, *weeks],
        report=Markup(CHART.sub("", html)),  # noqa: S704 - made by our own report room of numbers
        charts=len(CHART.findall(html)),
    )


async def chart(visit: Visit) -> Response:
    """One chart of a week as a picture; `n` counts from 0."""
    charts = CHART.findall(await visit.site.report(_week(visit), visit.language))
    n = visit.ask("n")
    if n not in {str(known) for known in range(len(charts))}:
        raise HTTPException(404, "page")
    return Response(charts[int(n)], media_type="image/svg+xml")


def _week(visit: Visit) -> str:
    asked = visit.ask("week")
    return asked if is_week(asked) else week_of(visit.now)
