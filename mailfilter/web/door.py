"""The door of every page: who comes, may she, and did the form come from our own page.

From → to: a request and its `Page` → `Visit` → the page's answer. A page names the method, the
path, and the roles that may open it; `ANYONE` needs no login, `EVERY_ROLE` any login.

Invariants: GET and HEAD change nothing (mail scanners follow links). Every POST carries the form
token of its session, and comes from our own site as far as the browser says where it comes from.
The session's secret is in a cookie that no script can read and no other site can send.
"""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qs, quote, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailfilter.record.contract import User
from mailfilter.web.site import Site, Visit, form_token, go

ANYONE: Final = frozenset({""})
REVIEWER: Final = frozenset({"reviewer"})
AUDITOR: Final = frozenset({"auditor"})
ADMIN: Final = frozenset({"admin"})
EVERY_ROLE: Final = REVIEWER | AUDITOR | ADMIN
HOMES: Final = {"reviewer": "/", "auditor": "/audit", "admin": "/users"}

FORM_SIZE = 16 * 1024  # our largest form is under 1 KiB
FORM_FIELDS = 20


@dataclass(frozen=True, slots=True)
class Page:
    """One row of the table of pages."""

    method: str
    path: str
    show: Callable[[Visit], Awaitable[Response]]
    roles: frozenset[str]

    def route(self, site: Site) -> Route:
        """The page as a route of the site."""

        async def answer(request: Request) -> Response:
            return await _enter(self, site, request)

        return Route(self.path, answer, methods=[self.method])


async def _enter(page: Page, site: Site, request: Request) -> Response:
    visit = await greet(site, request)
    request.state.visit = visit
    if page.roles != ANYONE and visit.user is None:
        return _to_login(visit)
    if visit.user is not None:
        vouch(request)
    if page.method == "POST":
        visit = await _with_form(visit)
        request.state.visit = visit
    if page.roles != ANYONE and visit.who.role not in page.roles:
        if page.path == "/" and visit.who.role in HOMES:
            return go(HOMES[visit.who.role])
        raise HTTPException(403, "role")
    response = await page.show(visit)
    fresh = request.cookies.get(site.cookie("form")) != visit.key
    if visit.user is None and fresh and response.media_type == "text/html":
        keep(site, response, "form", visit.key)
    return response


async def greet(site: Site, request: Request) -> Visit:
    """Who comes: the user of a live session, or nobody."""
    now = site.clock()
    token = request.cookies.get(site.cookie("session"), "")
    user = await site.archive.session(token, now) if token else None
    if user is not None and user.disabled:
        user = None
    key = token if user else request.cookies.get(site.cookie("form"), "") or site.random()
    return Visit(
        site, request, now, language_of(site, request, user), user, token if user else "", key
    )


def vouch(request: Request) -> None:
    """The visitor is known: she has a seat that strangers do not get (``hall.py``)."""
    seat = getattr(request.state, "seat", None)
    if seat is not None:
        seat.vouch()


def keep(site: Site, response: Response, name: str, value: str, seconds: int | None = None) -> None:
    """Set a cookie of ours; without `seconds` it ends with the browser."""
    response.set_cookie(
        site.cookie(name),
        value,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="strict",
        secure=site.secure,
    )


def drop(site: Site, response: Response, name: str) -> None:
    """Remove a cookie of ours."""
    keep(site, response, name, "", 0)


def local(path: str, otherwise: str = "/") -> str:
    """`path` if it leads to a page of ours, else `otherwise`: nobody is sent elsewhere."""
    sane = path.startswith("/") and not path.startswith("//") and path.isprintable()
    return path if sane and "\\" not in path and not urlsplit(path).netloc else otherwise


def language_of(site: Site, request: Request, user: User | None) -> str:
    """The language chosen in this browser, else the user's, else the organisation's."""
    asked = request.cookies.get(site.cookie("language"), "")
    wishes = (asked, user.language if user else "", site.settings.organisation.language)
    return next((wish for wish in wishes if wish in site.words), next(iter(site.words)))


def _to_login(visit: Visit) -> Response:
    request = visit.request
    if request.method == "POST":
        return go("/login?said=session-ended")
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.headers.get("sec-fetch-site") == "cross-site":
        # A link from web mail: the browser kept the strict cookie back. One step of our own
        # makes it a visit from our own site, and the cookie comes along.
        return visit.render("again.html", wanted=local(wanted))
    return go("/login" if wanted == "/" else f"/login?next={quote(wanted, safe='')}")


async def _with_form(visit: Visit) -> Visit:
    if not from_here(visit.request):
        raise HTTPException(403, "form")
    form = _parse(await _body(visit.request))
    if not hmac.compare_digest(form.get("form_token", "").encode(), form_token(visit.key).encode()):
        raise HTTPException(403, "form")
    return replace(visit, form=form)


def from_here(request: Request) -> bool:
    """What the browser says about where the form stands; the form token decides if it is silent.

    With `Referrer-Policy: no-referrer` browsers send `Origin: null` even from our own pages, so
    `null` says nothing and `Sec-Fetch-Site` (sent to https and loopback) is asked first.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin", "null")
    return origin == "null" or urlsplit(origin).netloc == request.headers.get("host")


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_SIZE:
            raise HTTPException(413, "size")
    return body


def _parse(body: bytes) -> Mapping[str, str]:
    try:
        fields = parse_qs(
            body.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            max_num_fields=FORM_FIELDS,
            errors="strict",
        )
    except ValueError as error:
        raise HTTPException(400, "form") from error
    form = {
        name: values[0] if "password" in name else values[0].strip()
        for name, values in fields.items()
    }
    if not all(value.isprintable() for value in form.values()):
        raise HTTPException(400, "form")
    return form
