"""The sender's page: what was stopped, and what she can do about it.

GET shows masks and places only; every act is a POST.
"""

from starlette.responses import Response

from mailfilter.front.door import Page
from mailfilter.front.site import Visit

ADDRESS = "/m/{id}/{secret}"


async def show(visit: Visit) -> Response:
    """The page."""
    told = (await visit.ask("sender-show")).fields
    return visit.render("sender.html", told=told)


async def act(visit: Visit) -> Response:
    """What she chose."""
    await visit.ask(f"sender-{visit.part('act')}")
    return visit.go(visit.path.rpartition("/")[0])


PAGES = (
    Page("GET", ADDRESS, show),
    Page("POST", ADDRESS + "/{act}", act),
)
