"""What is said when a page cannot be shown: a page of our own, never the text of an exception.

The status chooses the sentence; a detail that is one of our codes chooses a closer one. Whatever
nobody foresaw is 500, and `server` logs its type and line only.
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mailfilter.errors import Permanent, Temporary
from mailfilter.web.door import language_of
from mailfilter.web.gate import protect
from mailfilter.web.site import Site, Visit

STATUSES = (400, 403, 404, 405, 410, 413, 429, 500, 503)


class Faults:
    """The handlers of one site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def refused(self, request: Request, error: Exception) -> Response:
        """A page or the door said no."""
        assert isinstance(error, HTTPException)
        response = self._page(request, error.status_code, error.detail)
        response.headers.update(error.headers or {})
        return response

    async def temporary(self, request: Request, _error: Exception) -> Response:
        """The store or a worker does not answer."""
        return self._page(request, 503, "")

    async def permanent(self, request: Request, _error: Exception) -> Response:
        """The content is no more."""
        return self._page(request, 410, "")

    async def unforeseen(self, request: Request, _error: Exception) -> Response:
        """Our own fault. This answer passes outside the gate and takes its headers along."""
        response = self._page(request, 500, "")
        protect(response.headers, self._site.secure)
        return response

    def handlers(self) -> dict[type[Exception], object]:
        """As Starlette wants them."""
        return {
            HTTPException: self.refused,
            Temporary: self.temporary,
            Permanent: self.permanent,
            Exception: self.unforeseen,
        }

    def _page(self, request: Request, status: int, code: str) -> Response:
        visit = getattr(request.state, "visit", None) or Visit(
            self._site, request, self._site.clock(), language_of(self._site, request, None)
        )
        known = visit.words.sentences
        name = f"fault.{code}" if f"fault.{code}" in known else f"fault.{status}"
        sentence = visit.words(name if name in known else "fault.500")
        return visit.render("fault.html", status, number=status, sentence=sentence)
