"""The page of one stored item: masked preview, history, and what may be done with it.

Every route of an item asks `find` first: an item of another department, a protected one and one
that does not exist are the same 404, so that an id tells nothing. The case number in an address may
be spelt as senders quote it.
"""

from starlette.exceptions import HTTPException
from starlette.responses import Response

from mailfilter.model import State
from mailfilter.record.archive import case_number
from mailfilter.record.contract import Item
from mailfilter.web.show import may_see, past, preview, row
from mailfilter.web.site import Visit, go
from mailfilter.web.trail import history

STOPPED = (State.HELD, State.RELEASE_FAILED)
OPEN = (State.READING, *STOPPED)  # what a reviewer may still decide on
MOVING = (State.RELEASING, State.ACCEPTED, State.HANDING_OVER)
ACTS = ("release", "redirect", "refuse", "delete")
WHY = {
    "release": ("false-alarm", "lawful", "consent", "own-data", "urgent"),
    "redirect": ("sensitive", "sender-asked", "routine"),
    "refuse": ("sensitive", "wrong-recipient", "use-secure", "sender-asked"),
    "delete": ("sender-asked", "duplicate", "malicious", "test"),
}
PURPOSES = ("decide", "sender-asked", "false-alarm", "incident", "data-subject")
REFRESHES = 40  # then the page waits for the reader, so that a forgotten window rests


async def find(visit: Visit) -> Item:
    """The item that the address names, if this user may see it; else 404."""
    found = await _named(visit)
    if len(found) != 1:
        raise HTTPException(404, "item")
    return found[0]


async def _named(visit: Visit) -> list[Item]:
    """The items that the address names and that this user may see, the first of one message."""
    wanted = case_number.read(str(visit.request.path_params["id"]))
    found = await visit.site.archive.case(wanted) if wanted else []
    seen = [item for item in found if may_see(visit.who, item)]
    if wanted:  # two readings of one spelling: the likelier one
        first = next((name for name in wanted.names if any(i.message == name for i in seen)), "")
        seen = [item for item in seen if item.message == first]
    return seen


async def show(visit: Visit) -> Response:
    """The page. Who has looked is written before it is shown, once in a while for one user."""
    found = await _named(visit)
    if len(found) > 1:
        rows = [row(one, visit.words) for one in found]
        return visit.render("case.html", case=found[0].message, rows=rows)
    if not found:
        raise HTTPException(404, "item")
    (item,) = found
    if item.id != visit.request.path_params["id"]:
        return go(visit.within(f"/item/{item.id}"))
    key = f"{visit.who.name} {item.id}"
    if not visit.site.viewed.has(key, visit.now):
        await visit.site.archive.audit(visit.line("view-item", item.id))
        visit.site.viewed.note(key, visit.now)
    return await render(visit, item)


async def render(visit: Visit, item: Item, status: int = 200, **more: object) -> Response:
    """The page of an item, with a fault to tell if there is one."""
    lines = await history(visit.site.archive, (item.id, item.message), item.at)
    requests = await visit.site.archive.sender.requests([item.id])
    turn = visit.ask("turn")
    turns = int(turn) if turn.isascii() and turn.isdigit() and len(turn) < 4 else 0
    moving = item.state in MOVING
    return visit.render(
        "item.html",
        status,
        seen=preview(item, visit.words),
        kept=row(item, visit.words),
        item=item,
        asked=requests.get(item.id),
        past=[past(line, visit.words) for line in lines],
        open=item.state in OPEN,
        stopped=item.state in STOPPED,
        moving=moving,
        next_turn=turns + 1 if moving and turns < REFRESHES else 0,
        why=WHY,
        purposes=PURPOSES,
        connectors=visit.site.settings.connectors,
        **more,
    )
