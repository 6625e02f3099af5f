"""``/mina``: each employee sees every row about her own mail.

Login is a link in a mail. It is a page with a button: who follows it (a scanner) is not yet logged
in. The ticket behind it is in a cookie that no script can read and no other site can send.
"""

from starlette.responses import Response

from mailfilter.front.door import Page
from mailfilter.front.site import Visit
from mailfilter.rpc.contract import Refused

_SECONDS = 30 * 60


def _cookie(visit: Visit) -> str:
    return "__Host-mina" if visit.site.settings.front.secure else "mina"


def ticket_of(visit: Visit) -> str:
    """The ticket in her cookie; "" if she has none."""
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
    if not ticket_of(visit):
        return visit.render("mine_ask.html", sent=visit.request.query_params.get("sent") == "1")
    try:
        told = (await visit.ask("mine-rows", ticket=ticket_of(visit), lang=visit.language)).fields
    except Refused as refusal:
        if refusal.status != 401:
            raise
        return visit.render("mine_ask.html", sent=False)
    return visit.render("mine.html", told=told)


async def ask_link(visit: Visit) -> Response:
    """Mail the link; the answer is the same whoever asks."""
    address = visit.form.get("address", "")[:254]
    to = "check" if visit.form.get("to") == "check" else ""
    await visit.ask("mine-ask", address=address, lang=visit.language, to=to)
    return visit.go("/mina?sent=1")


async def show_link(visit: Visit) -> Response:
    """The button behind the mailed link."""
    return visit.render("mine_enter.html")


async def enter(visit: Visit) -> Response:
    """Log in."""
    told = (await visit.ask("mine-enter", word=visit.part("word"))).fields
    response = visit.go("/kontrollera?in=1" if told["to"] == "check" else "/mina")
    _keep(visit, response, told["ticket"], _SECONDS)
    return response


async def open_row(visit: Visit) -> Response:
    """The page of one row, at its own address."""
    told = (
        await visit.ask("mine-open", ticket=ticket_of(visit), id=visit.form.get("id", ""))
    ).fields
    return visit.go(f"/m/{told['id']}/{told['secret']}")


async def leave(visit: Visit) -> Response:
    """Log out: the ticket is spent, and this browser forgets it."""
    await visit.ask("mine-leave", ticket=ticket_of(visit))
    response = visit.go("/mina")
    _keep(visit, response, "", 0)
    return response


PAGES = (
    Page("GET", "/mina", show),
    Page("POST", "/mina/be-om-lank", ask_link, "mine-ask"),
    Page("GET", "/mina/in/{word}", show_link),
    Page("POST", "/mina/in/{word}", enter, "mine-enter"),
    Page("POST", "/mina/oppna", open_row, "mine-open"),
    Page("POST", "/mina/ut", leave, "mine-leave"),
)
