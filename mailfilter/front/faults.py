"""What is said when a page of front cannot be shown; the handlers are those of ``web/faults.py``.

A code of ``Refused`` or of the door chooses the sentence; without one the status does.
"""

from starlette.requests import Request
from starlette.responses import Response

from mailfilter.front.door import greet
from mailfilter.front.guard import protect
from mailfilter.front.site import Site
from mailfilter.rpc.contract import Refused
from mailfilter.web.faults import Handler, handlers


def of_site(site: Site) -> dict[type[Exception], Handler]:
    """The handlers of one site."""

    def page(request: Request, status: int, code: str) -> Response:
        visit = getattr(request.state, "visit", None) or greet(site, request)
        known = visit.words.sentences
        names = (f"refused.{code}", f"refused.{status}", "refused.500")
        name = next(name for name in names if name in known)
        return visit.render(
            "fault.html",
            status,
            sentence=visit.words(name),
            outside=visit.path.startswith(("/h/", "/eid")),  # she knows no one inside
            front_desk=site.settings.pickup.switchboard,
        )

    async def refused(request: Request, error: Exception) -> Response:
        """Desk said no, or a page did."""
        assert isinstance(error, Refused)
        return page(request, error.status, error.code)

    made = handlers(page, lambda headers: protect(headers, site.settings.front.secure))
    return made | {Refused: refused}
