"""What is said when a page cannot be shown: a page of our own, never the text of an exception.

A code of ``Refused`` or of the door chooses the sentence; without one the status does.
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mailfilter.errors import Temporary
from mailfilter.front.contract import Refused
from mailfilter.front.door import greet
from mailfilter.front.guard import protect
from mailfilter.front.site import Site


class Faults:
    """The handlers of one site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def refused(self, request: Request, error: Exception) -> Response:
        """Desk said no, or a page did."""
        assert isinstance(error, Refused)
        return self._page(request, error.status, error.code)

    async def http(self, request: Request, error: Exception) -> Response:
        """The door said no, or there is no such page."""
        assert isinstance(error, HTTPException)
        response = self._page(request, error.status_code, error.detail)
        response.headers.update(error.headers or {})
        return response

    async def temporary(self, request: Request, _error: Exception) -> Response:
        """Desk does not answer."""
        return self._page(request, 503, "")

    async def unforeseen(self, request: Request, _error: Exception) -> Response:
        """Our own fault. This answer passes outside the guard and takes its headers along."""
        response = self._page(request, 500, "")
        protect(response.headers, self._site.settings.front.secure)
        return response

    def handlers(self) -> dict[type[Exception], object]:
        """As Starlette wants them."""
        return {
            HTTPException: self.http,
            Refused: self.refused,
            Temporary: self.temporary,
            Exception: self.unforeseen,
        }

    def _page(self, request: Request, status: int, code: str) -> Response:
        visit = getattr(request.state, "visit", None) or greet(self._site, request)
        known = visit.words.sentences
        names = (f"refused.{code}", f"refused.{status}", "refused.500")
        name = next(name for name in names if name in known)
        return visit.render("fault.html", status, sentence=visit.words(name))
