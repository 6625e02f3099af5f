"""The list of stored mail: what waits, what is on its way, what has ended.

A reviewer sees the departments that are hers, and at the top what a sender asks her to look at. The
filters stand in the address of the page, so that a list can be kept as a bookmark; none of them is
personal. ``find.py`` shows what a search found by the same wishes, at an address of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from mailfilter.model import Action, State
from mailfilter.pages.dates import ZONE
from mailfilter.record.contract import Filter, Item
from mailfilter.web.show import may_see, row
from mailfilter.web.site import Visit

SIZE = 50
ROOT = "/"
TABS: dict[str, tuple[State, ...]] = {
    "waiting": (State.HELD,),
    "asked": (State.HELD, State.RELEASE_FAILED),  # of those, what its sender asks to have reviewed
    "moving": (State.READING, State.RELEASING, State.ACCEPTED, State.HANDING_OVER),
    "failed": (State.RELEASE_FAILED,),
    "sent": (State.RELEASED, State.HANDED_OVER),
    "stopped": (State.REFUSED, State.DELETED, State.EXPIRED),
}
LEVELS = ("high", "medium", "low", "unread")
DECIDED = ("rule", "me", "reviewer", "sender", "system")
FILTERS = ("department", "kind", "level", "rule", "decided", "action", "since", "until")
EVERYTHING = "all"  # of a search: in whatever state
ACTIONS = (Action.QUARANTINE.value, Action.ASK.value, Action.REDIRECT.value)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the address of the page asks for; `root` is the address without its wishes."""

    root: str
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
        return any(getattr(self, name) for name in FILTERS)

    def address(self, **changes: object) -> str:
        """The address of the same list with some wishes changed."""
        changed = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]
        named = {name: getattr(changed, name) for name in self.__slots__ if name != "root"}
        plain = {"tab": first_tab(self.root), "page": 1}
        wishes = {name: value for name, value in named.items() if value != plain.get(name, "")}
        return self.root + (f"?{urlencode(wishes)}" if wishes else "")

    @property
    def here(self) -> str:
        """The address of this very list."""
        return self.address(page=self.page)

    @property
    def clear(self) -> str:
        """The address of the list without any filter."""
        return self.address(**dict.fromkeys(FILTERS, ""))


def first_tab(root: str) -> str:
    """The tab that a list opens with."""
    return "waiting" if root == ROOT else EVERYTHING


async def show(visit: Visit) -> Response:
    """The list itself."""
    wish = wish_of(visit, ROOT)
    wanted = filter_of(visit, wish)
    archive = visit.site.archive
    items, total = await archive.items(wanted), await archive.count_items(wanted)
    await note(visit)
    shown = await listed(visit, wish, items, total)
    return visit.render("held.html", tabs=await _counts(visit), **shown)


async def listed(visit: Visit, wish: Wish, items: Sequence[Item], total: int) -> dict[str, Any]:
    """What the templates of a list show: its rows, and what its filters offer."""
    archive = visit.site.archive
    known = await archive.facets()
    own = visit.who.departments
    rows = [row(item, visit.words) for item in items if may_see(visit.who, item)]
    return {
        "wish": wish,
        "rows": rows,
        "asked": await archive.sender.requests(r.item.id for r in rows),
        "total": total,
        "pages": max(1, -(-total // SIZE)),
        "departments": sorted(known["department"] if own is None else own),
        "levels": LEVELS,
        "rules": known["rule"],
        "deciders": DECIDED,
        "actions": ACTIONS,
    }


async def _counts(visit: Visit) -> dict[str, int]:
    count = visit.site.archive.count_items
    return {tab: await count(_of_tab(visit, tab)) for tab in TABS}


def _of_tab(visit: Visit, tab: str) -> Filter:
    return Filter(
        states=TABS.get(tab, ()),
        departments=visit.who.departments,
        asked=tab == "asked",
        asked_first=tab == "waiting",
    )


async def note(visit: Visit) -> None:
    """A list shows senders and recipients: looking at it is in the audit log, once in a while."""
    key = f"{visit.who.name} list"
    if not visit.site.viewed.has(key, visit.now):
        await visit.site.archive.audit(visit.line("view-list", ""))
        visit.site.viewed.note(key, visit.now)


def wish_of(visit: Visit, root: str) -> Wish:
    """What the address asks of the list at `root`; what makes no sense is left out."""
    tab, page = visit.ask("tab"), visit.ask("page")
    return Wish(
        root,
        tab if tab in TABS else first_tab(root),
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


def filter_of(visit: Visit, wish: Wish) -> Filter:
    """The same for the store, within what this user may see."""
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
