"""``/kontrollera``: what would be stopped in a text or in files, before they are sent.

Who has logged in at ``/mina`` may use it, and everybody from `front.check_networks`. Who may not is
told so before anything of the form is read; four forms are read at a time, in memory. Front sees
the draft for as long as it hands it to desk, by the verb ``check``; nobody writes it anywhere.
"""

import json

from starlette.responses import Response

from mailfilter.front.check_acts import MOST, within
from mailfilter.front.contract import Refused
from mailfilter.front.door import FORM_SIZE, Page
from mailfilter.front.mine import ticket_of
from mailfilter.front.site import Visit

TEXT = MOST  # bytes of what is pasted
NAME = 200  # the end of a file's name, where its kind stands
AT_ONCE = 4


async def allowed(visit: Visit) -> None:
    """Desk knows the ticket, or the network is ours."""
    await visit.ask("check-may", ticket=ticket_of(visit), peer=visit.peer)


async def form(visit: Visit) -> Response:
    """The empty form; the way in for who has not come in."""
    if not ticket_of(visit) and not within(visit.peer, visit.site.settings):
        return visit.go("/mina")
    return visit.render("check.html", told=None)


async def check(visit: Visit) -> Response:
    """What would be stopped."""
    text = visit.form.get("text", "").encode("utf-8", "surrogatepass")
    if not text and not visit.files:
        raise Refused("empty", 422)
    files = list(visit.files.values())
    contents = [await file.read() for file in files]
    about = [
        ((file.filename or "")[-NAME:], (file.content_type or "")[:NAME], len(content))
        for file, content in zip(files, contents, strict=True)
    ]
    told = await visit.ask(
        "check",
        b"".join([text, *contents]),
        ticket=ticket_of(visit),
        peer=visit.peer,
        lang=visit.language,
        text=len(text),
        files=json.dumps(about),
    )
    return visit.render("check.html", told=told.fields)


PAGES = (
    Page("GET", "/kontrollera", form),
    Page(
        "POST",
        "/kontrollera",
        check,
        "check",
        MOST + FORM_SIZE,
        before=allowed,
        at_once=AT_ONCE,
        raw="text",
        text=TEXT,
    ),
)
