"""The sender follows what she sent securely: read or not, code, resend, number, withdraw.

``/f/ID/SECRET``, by the link in her own mail. GET and HEAD change nothing and show no code: the
code that she reads out to the recipient is the answer to a POST.
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.responses import Response

from mailfilter.front import pickup_letter
from mailfilter.front.door import Page
from mailfilter.front.site import Visit
from mailfilter.rpc.contract import Refused

ADDRESS = "/f/{id}/{secret}"
STOCKHOLM = ZoneInfo("Europe/Stockholm")
ACTS = ("resend", "number", "passphrase", "withdraw", "watch", "outcome")


async def show(visit: Visit) -> Response:
    """How it stands."""
    return await _page(visit)


async def code(visit: Visit) -> Response:
    """The same, with the codes to read out."""
    return await _page(visit, codes=True)


async def _page(
    visit: Visit, status: int = 200, *, codes: bool = False, **more: object
) -> Response:
    told: Any = (await visit.ask("pickup-follow", codes=codes)).fields
    done = visit.request.query_params.get("done", "")
    return visit.render(
        "pickup_follow.html",
        status,
        told=told,
        codes=codes,
        letter_token=pickup_letter.token(visit),
        address=f"/f/{visit.part('id')}/{visit.part('secret')}",
        said=visit.words.code("followed", done) if done in ACTS else "",
        **({"fault": "", "fault_box": ""} | more),
    )


async def act(visit: Visit) -> Response:
    """What she chose."""
    what, form = visit.part("act"), visit.form
    if what == "code":
        return await code(visit)
    if what not in ACTS:
        raise Refused("malformed", 404)
    fields: dict[str, Any] = {
        name: form.get(name, "") for name in ("box", "mobile", "way", "passphrase")
    }
    try:
        fields["at"] = _instant(form.get("at", "")) if what == "watch" else ""
        await visit.ask(f"pickup-{what}", **fields)
    except Refused as refusal:
        if refusal.code not in ("mobile", "watch", "spent", "passphrase"):
            raise
        return await _page(visit, refusal.status, fault=refusal.code, fault_box=fields["box"])
    address = f"/f/{visit.part('id')}/{visit.part('secret')}"
    return visit.go(f"{address}?done={what}")


def _instant(written: str) -> str:
    """A time of the clock in Sweden, as a browser's field gives it."""
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        raise Refused("watch", 422) from None
    return (at if at.tzinfo else at.replace(tzinfo=STOCKHOLM)).isoformat()


PAGES = (
    Page("GET", ADDRESS, show),
    Page("POST", ADDRESS + "/{act}", act),
)
