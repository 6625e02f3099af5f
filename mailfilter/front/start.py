"""``/``: what this site is, for who comes without a link; where one of our own goes from there."""

from starlette.responses import Response

from mailfilter.front.door import Page
from mailfilter.front.site import Visit


async def show(visit: Visit) -> Response:
    """The page; nothing is asked of desk."""
    return visit.render("start.html", switchboard=visit.site.settings.pickup.switchboard)


PAGES = (Page("GET", "/", show),)
