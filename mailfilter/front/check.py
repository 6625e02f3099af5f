"""``/kontrollera``: what would be stopped in a text or in files, before they are sent.

Who has logged in at ``/mina`` may use it, and everybody from `front.check_networks`. Who may not is
told so before anything of the form is read; four forms are read at a time, in memory. Front sees
the draft for as long as it hands it to desk, by the verb ``check``; nobody writes it anywhere.

After an error the page holds the text again, as it came. Whose login has ended has it beside the
way in, which opens in another window: nothing is stored for her.
"""

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from mailfilter.errors import Temporary
from mailfilter.front.door import FORM_SIZE, Page
from mailfilter.front.mine import ticket_of
from mailfilter.front.site import Visit
from mailfilter.rpc.contract import DRAFT, Refused

TEXT = DRAFT  # bytes of what is pasted
NAME = 200  # the end of a file's name, where its kind stands
AT_ONCE = 4
SPARED = 2 * FORM_SIZE  # bytes of a form whose text is kept for who must log in first


async def allowed(visit: Visit) -> None:
    """Desk knows the ticket, or the network is ours."""
    await visit.ask("check-may", ticket=ticket_of(visit), peer=visit.peer)


async def form(visit: Visit) -> Response:
    """The empty form; for who has not come in why she must, and the way in."""
    try:
        await allowed(visit)
    except Refused as refusal:
        if refusal.status != 401:
            raise
        return visit.render("check_login.html")
    return _page(visit)


async def check(visit: Visit) -> Response:
    """What would be stopped; where that cannot be told, why, beside what she wrote."""
    try:
        return _page(visit, told=await _told(visit))
    except Refused as refusal:
        return _page(visit, refusal.status, fault=refusal.code)
    except Temporary:
        return _page(visit, 503, fault="503")


async def _told(visit: Visit) -> Mapping[str, Any]:
    if visit.refusal is not None:
        raise visit.refusal
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
    return told.fields


def _page(
    visit: Visit, status: int = 200, *, told: Mapping[str, Any] | None = None, fault: str = ""
) -> Response:
    """The form with the answer over it, or with a fault and the text as she wrote it."""
    name = f"refused.{fault}"
    known = name if name in visit.words.sentences else f"refused.{status}"
    return visit.render(
        "check.html",
        status,
        told=told,
        fault=visit.words(known) if fault else "",
        login=status == 401,
        text=visit.form.get("text", "") if fault else "",
        files=bool(fault and visit.files),
        back=visit.request.query_params.get("in") == "1",
    )


PAGES = (
    Page("GET", "/kontrollera", form),
    Page(
        "POST",
        "/kontrollera",
        check,
        "check",
        DRAFT + FORM_SIZE,
        before=allowed,
        at_once=AT_ONCE,
        raw="text",
        text=TEXT,
        spared=SPARED,
    ),
)
