"""``/mina``: each employee sees every row about her own mail; and the check of a draft.

Login is a link in a mail. It is a page with a button: who follows it (a scanner) is not yet logged
in. The ticket behind it is in a cookie that no script can read and no other site can send.
"""

import json

from starlette.responses import Response

from mailfilter.front.check_acts import MOST
from mailfilter.front.contract import Refused
from mailfilter.front.door import FORM_SIZE, Page
from mailfilter.front.site import Visit

_SECONDS = 30 * 60


def _cookie(visit: Visit) -> str:
    return "__Host-mina" if visit.site.settings.front.secure else "mina"


def _ticket(visit: Visit) -> str:
    return visit.request.cookies.get(_cookie(visit), "")


def _keep(visit: Visit, response: Response, ticket: str, seconds: int) -> None:
    response.set_cookie(
        _cookie(visit),
        ticket,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="strict",
        secure=visit.site.settings.front.secure,
    )


async def show(visit: Visit) -> Response:
    """Her rows, or the way in."""
    if not _ticket(visit):
        return visit.render("mine_ask.html", sent=visit.request.query_params.get("sent") == "1")
    try:
        told = (await visit.ask("mine-rows", ticket=_ticket(visit), lang=visit.language)).fields
    except Refused as refusal:
        if refusal.status != 401:
            raise
        return visit.render("mine_ask.html", sent=False)
    return visit.render("mine.html", told=told)


async def ask_link(visit: Visit) -> Response:
    """Mail the link; the answer is the same whoever asks."""
    address = visit.form.get("address", "")[:254]
    await visit.ask("mine-ask", address=address, lang=visit.language)
    return visit.go("/mina?sent=1")


async def show_link(visit: Visit) -> Response:
    """The button behind the mailed link."""
    return visit.render("mine_enter.html")


async def enter(visit: Visit) -> Response:
    """Log in."""
    told = (await visit.ask("mine-enter", word=visit.part("word"))).fields
    response = visit.go("/mina")
    _keep(visit, response, told["ticket"], _SECONDS)
    return response


async def leave(visit: Visit) -> Response:
    """Log out in this browser."""
    response = visit.go("/mina")
    _keep(visit, response, "", 0)
    return response


async def check_form(visit: Visit) -> Response:
    """A text or files to check."""
    if not _ticket(visit):
        return visit.go("/mina")
    return visit.render("check.html", told=None)


async def check(visit: Visit) -> Response:
    """What would be stopped."""
    files = list(visit.files.values())
    contents = [await file.read() for file in files]
    about = [
        (file.filename, file.content_type or "application/octet-stream", len(content))
        for file, content in zip(files, contents, strict=True)
    ]
    told = await visit.ask(
        "check",
        b"".join(contents),
        ticket=_ticket(visit),
        lang=visit.language,
        text=visit.form.get("text", ""),
        files=json.dumps(about),
    )
    return visit.render("check.html", told=told.fields)


PAGES = (
    Page("GET", "/mina", show),
    Page("POST", "/mina/be-om-lank", ask_link, "mine-ask"),
    Page("GET", "/mina/in/{word}", show_link),
    Page("POST", "/mina/in/{word}", enter, "mine-enter"),
    Page("POST", "/mina/ut", leave, "mine-leave"),
    Page("GET", "/kontrollera", check_form),
    Page("POST", "/kontrollera", check, "check", MOST + FORM_SIZE),
)
