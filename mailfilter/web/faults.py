"""What is said when a page cannot be shown: a page of our own, never the text of an exception.

`handlers` are those of any site of ours (the reviewers' pages, and front's): a site says how its
page of a status and code is made. The status chooses the sentence; a detail that is one of our
codes chooses a closer one. Whatever nobody foresaw is 500; `server` logs its type and line only.
"""

from collections.abc import Awaitable, Callable

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from mailfilter.errors import Permanent, Temporary
from mailfilter.pages.gate import protect
from mailfilter.web.door import language_of
from mailfilter.web.site import Site, Visit

STATUSES = (400, 403, 404, 405, 410, 413, 429, 500, 503)
Handler = Callable[[Request, Exception], Awaitable[Response]]
FaultPage = Callable[[Request, int, str], Response]  # status and code -> the page
Protect = Callable[[MutableHeaders], None]


def handlers(page: FaultPage, protect: Protect) -> dict[type[Exception], Handler]:
    """As Starlette wants them; `protect` adds the headers of every answer."""

    async def refused(request: Request, error: Exception) -> Response:
        """The door or a page said no, or there is no such page."""
        assert isinstance(error, HTTPException)
        response = page(request, error.status_code, error.detail)
        response.headers.update(error.headers or {})
        return response

    async def unforeseen(request: Request, _error: Exception) -> Response:
        """Our own fault. This answer passes outside the outermost layer and takes its headers."""
        response = page(request, 500, "")
        protect(response.headers)
        return response

    return {
        HTTPException: refused,
        ClientDisconnect: always(page, 400),  # nobody hears it
        Temporary: always(page, 503),  # the store, a worker or desk does not answer
        Exception: unforeseen,
    }


def always(page: FaultPage, status: int) -> Handler:
    """A handler that says one thing."""

    async def said(request: Request, _error: Exception) -> Response:
        return page(request, status, "")

    return said


def of_site(site: Site) -> dict[type[Exception], Handler]:
    """The handlers of the reviewers' pages."""

    def page(request: Request, status: int, code: str) -> Response:
        visit = getattr(request.state, "visit", None) or Visit(
            site, request, site.clock(), language_of(site, request, None)
        )
        known = visit.words.sentences
        name = f"fault.{code}" if f"fault.{code}" in known else f"fault.{status}"
        sentence = visit.words(name if name in known else "fault.500")
        return visit.render("fault.html", status, number=status, sentence=sentence)

    made = handlers(page, lambda headers: protect(headers, site.secure))
    return made | {Permanent: always(page, 410)}  # the content is no more
