"""The list of stored mail: what waits, what is on its way, what has ended.

A reviewer sees the departments that are hers, and at the top what a sender asks her to look at. The
filters stand in the address of the page, so that a list can be kept as a bookmark; none of them is
personal.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from starlette.responses import Response

from mailfilter.model import Action, State
from mailfilter.record.contract import Filter
from mailfilter.web.dates import ZONE
from mailfilter.web.show import may_see, row
from mailfilter.web.site import Visit

SIZE = 50
TABS = {
    "waiting": (State.HELD,),
    "asked": (State.HELD, State.RELEASE_FAILED),  # of those, what its sender asks to have reviewed
    "moving": (State.READING, State.RELEASING, State.ACCEPTED, State.HANDING_OVER),
    "failed": (State.RELEASE_FAILED,),
    "sent": (State.RELEASED, State.HANDED_OVER),
    "stopped": (State.REFUSED, State.DELETED, State.EXPIRED),
}
LEVELS = ("high", "medium", "low", "unread")
DECIDED = ("rule", "me", "reviewer", "sender", "system")
ACTIONS = (Action.QUARANTINE.value, Action.ASK.value, Action.REDIRECT.value)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the address of the page asks for."""

    tab: str
    department: str
    kind: str
    level: str
    rule: str
    decided: str
    action: str
    since: str
    until: str
    page: int

    @property
    def narrowed(self) -> bool:
        lists = (self.department, self.kind, self.level, self.rule, self.decided, self.action)
        return any((*lists, self.since, self.until))

    def address(self, **changes: object) -> str:
        """The address of the same list with some wishes changed."""
        changed = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]
        named = {name: getattr(changed, name) for name in self.__slots__}
        plain = {"tab": "waiting", "page": 1}
        wishes = {name: value for name, value in named.items() if value != plain.get(name, "")}
        return "/" + (f"?{urlencode(wishes)}" if wishes else "")


async def show(visit: Visit) -> Response:
    """The list itself."""
    wish = _wish(visit)
    wanted = _filter(visit, wish)
    archive = visit.site.archive
    items = await archive.items(wanted)
    total = await archive.count_items(wanted)
    await _note(visit)
    known = await archive.facets()
    own = visit.who.departments
    rows = [row(item, visit.words) for item in items if may_see(visit.who, item)]
    return visit.render(
        "held.html",
        wish=wish,
        rows=rows,
        asked=await archive.sender.requests(r.item.id for r in rows),
        total=total,
        pages=max(1, -(-total // SIZE)),
        tabs=await _counts(visit),
        departments=sorted(known["department"] if own is None else own),
        levels=LEVELS,
        rules=known["rule"],
        deciders=DECIDED,
        actions=ACTIONS,
    )


async def _counts(visit: Visit) -> dict[str, int]:
    count = visit.site.archive.count_items
    return {tab: await count(_of_tab(visit, tab)) for tab in TABS}


def _of_tab(visit: Visit, tab: str) -> Filter:
    return Filter(
        states=TABS[tab],
        departments=visit.who.departments,
        asked=tab == "asked",
        asked_first=tab == "waiting",
    )


async def _note(visit: Visit) -> None:
    """A list shows senders and recipients: looking at it is in the audit log, once in a while."""
    key = f"{visit.who.name} list"
    if not visit.site.viewed.has(key, visit.now):
        await visit.site.archive.audit(visit.line("view-list", ""))
        visit.site.viewed.note(key, visit.now)


def _wish(visit: Visit) -> Wish:
    tab, page = visit.ask("tab"), visit.ask("page")
    return Wish(
        tab if tab in TABS else "waiting",
        visit.ask("department")[:100],
        visit.ask("kind")[:60],
        visit.ask("level") if visit.ask("level") in LEVELS else "",
        visit.ask("rule")[:100],
        visit.ask("decided") if visit.ask("decided") in DECIDED else "",
        visit.ask("action") if visit.ask("action") in ACTIONS else "",
        visit.ask("since") if _day(visit.ask("since")) else "",
        visit.ask("until") if _day(visit.ask("until")) else "",
        int(page) if page.isascii() and page.isdigit() and 0 < int(page[:6]) < 10_000 else 1,
    )


def _filter(visit: Visit, wish: Wish) -> Filter:
    until = _day(wish.until)
    return replace(
        _of_tab(visit, wish.tab),
        department=wish.department,
        kind=wish.kind,
        level=wish.level,
        rule=wish.rule,
        decided=wish.decided,
        name=visit.who.name,
        action=wish.action,
        since=_start(_day(wish.since)),
        until=_start(until + timedelta(days=1) if until else None),
        limit=SIZE,
        offset=(wish.page - 1) * SIZE,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _start(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), ZONE).astimezone(UTC) if day else None
