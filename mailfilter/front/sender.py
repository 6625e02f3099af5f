"""The sender's page: what was stopped and why, and what she can do about it.

GET shows kinds, masks and places only; every act is a POST. "Skicka utan citatet" shows the text of
the new mail first, and so is a POST as well.
"""

from collections.abc import Mapping
from types import MappingProxyType

from starlette.responses import Response

from mailfilter.front.door import Page
from mailfilter.front.site import Visit
from mailfilter.rpc.contract import Refused

ADDRESS = "/m/{id}/{secret}"
NOTHING: Mapping[str, str] = MappingProxyType({})
_WAITS = frozenset({"held", "release-failed"})
_MOVES = frozenset({"reading", "releasing", "accepted", "handing-over"})


async def show(visit: Visit) -> Response:
    """The page."""
    return await _page(visit, done=visit.request.query_params.get("done", ""))


async def act(visit: Visit) -> Response:
    """What she chose; a form that lacks something is shown again."""
    name = visit.part("act")
    if f"act-go.{name}" not in visit.words.sentences:
        raise Refused("404", 404)
    fields = {key: value for key, value in visit.form.items() if key not in _OURS}
    try:
        done = (await visit.ask(f"sender-{name}", given=fields)).fields
    except Refused as refusal:
        if refusal.code == "ended":  # she went back to a page from before: it says how it went
            return await _page(visit, refusal.status, fault="ended")
        if refusal.status != 422:
            raise
        return await _page(visit, 422, fault=refusal.code, fault_act=name, given=fields)
    if "text" in done:
        return visit.render("sender_quote.html", made=done, address=_above(visit))
    return visit.go(f"{_above(visit)}?done={done['done']}")


_OURS = frozenset({"form_token", "lang"})


def _above(visit: Visit) -> str:
    """The page that a form stands on."""
    return f"/m/{visit.part('id')}/{visit.part('secret')}"


async def _page(
    visit: Visit,
    status: int = 200,
    *,
    done: str = "",
    fault: str = "",
    fault_act: str = "",
    given: Mapping[str, str] = NOTHING,
) -> Response:
    told = (await visit.ask("sender-show", lang=visit.language)).fields
    said = f"done.{done}"
    return visit.render(
        "sender.html",
        status,
        told=told,
        waits=told["state"] in _WAITS,
        moves=told["state"] in _MOVES,
        said=visit.words(said) if said in visit.words.sentences else "",
        fault=fault,
        fault_act=fault_act,
        given=given,
        address=_above(visit),
    )


PAGES = (
    Page("GET", ADDRESS, show),
    Page("POST", ADDRESS + "/{act}", act),
)
