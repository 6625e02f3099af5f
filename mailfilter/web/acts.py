"""What a reviewer does with an item: release, redirect, refuse, delete; each with a reason.

From → to: a form → `Archive.act`, which moves the state, writes the audit line and puts the parcel
into the outbox in one transaction (P12). The page does not send anything itself.

Invariants: the reason is a code of a closed list and the case number has a fixed form, because the
audit log lasts for years and must not hold personal data; free words are not asked for. Two
reviewers who act at once: the second one is told. What is still being read may be decided on too,
but not redirected: its sender has not been told of anything yet. Delete tells nobody, so it asks
once more.
"""

import re
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.responses import Response

from mailfilter.model import State
from mailfilter.record.contract import Item
from mailfilter.web import item as pages
from mailfilter.web.site import Visit, go

CASE = re.compile(r"(?:[A-ZÅÄÖ]{1,8}[ -]?)?20[0-9]{2}[-/:.][0-9]{1,6}")  # "SN 2026/123"
CASE_LENGTH = 20


@dataclass(frozen=True, slots=True)
class Move:
    """The state that an act leads to, and the outbox row that goes with it."""

    after: State
    parcel: str


MOVES = {
    "release": Move(State.RELEASING, "release"),
    "redirect": Move(State.ACCEPTED, "handoff"),
    "refuse": Move(State.REFUSED, "not-sent"),
    "delete": Move(State.DELETED, ""),
}


async def do(visit: Visit) -> Response:
    """Carry out the act that the address names."""
    item = await pages.find(visit)
    act = str(visit.request.path_params["act"])
    if act not in MOVES:
        raise HTTPException(404, "page")
    if act == "delete" and visit.form.get("sure") != "yes":
        return go(visit.within(f"/item/{item.id}/delete"))
    if fault := _fault(visit, act):
        return await pages.render(visit, item, 422, fault=fault, fault_act=act)
    if not await _move(visit, item, act):
        now = await pages.find(visit)
        return await pages.render(visit, now, 409, fault="conflict", fault_act="")
    visit.site.wake()
    return go(visit.within(f"/item/{item.id}", said=act))


async def confirm_delete(visit: Visit) -> Response:
    """The second step before deleting."""
    item = await pages.find(visit)
    if item.state not in pages.OPEN:
        return go(visit.within(f"/item/{item.id}"))
    return visit.render("delete.html", item=item, why=pages.WHY["delete"])


def case_of(visit: Visit) -> str:
    """The case number of the form, "" if there is none or it is none."""
    case = visit.form.get("case", "").upper()
    return case if len(case) <= CASE_LENGTH and CASE.fullmatch(case) else ""


def case_fault(visit: Visit) -> str:
    """The code of what is wrong with the case number."""
    return "case" if visit.form.get("case") and not case_of(visit) else ""


def _fault(visit: Visit, act: str) -> str:
    if visit.form.get("reason") not in pages.WHY[act]:
        return "reason"
    if act == "redirect" and visit.form.get("connector") not in visit.site.settings.connectors:
        return "connector"
    return case_fault(visit)


async def _move(visit: Visit, item: Item, act: str) -> bool:
    move = MOVES[act]
    connector = visit.form["connector"] if act == "redirect" else ""
    line = visit.line(
        act, item.id, reason=visit.form["reason"], case=case_of(visit), connector=connector
    )
    before = pages.STOPPED if act == "redirect" else pages.OPEN
    return await visit.site.archive.act(
        item.id, before, move.after, line, parcel=move.parcel, connector=connector
    )
