"""Finding a mail: by case number, address, words of the subject or of a file name, or reviewer.

From → to: a form → the query, kept in this process for `SEARCHED` under a random name and for its
asker alone → 303 to that name → what is found. So what was typed stands in no address and no log.

Invariants: a search by person (an address; a reviewer) is answered after a purpose of a closed list
is in the audit log; no line holds what was searched for. What is found lies within the searcher's
departments. By sender nothing is found before ``staff_informed``; by reviewer only auditors search,
who see case numbers and codes, no addresses. Protected mail (V5) is in no index, and asking
by its case number runs the statement, and gets the answer, of one that never was.

Known gap: queries are lost when desk restarts; the page asks to search again.
"""

import asyncio
from dataclasses import replace
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from mailfilter.pages.dates import ZONE
from mailfilter.record.contract import Item
from mailfilter.web.acts import case_fault, case_of
from mailfilter.web.held import EVERYTHING, TABS, Wish, filter_of, listed, note, wish_of
from mailfilter.web.item import PURPOSES
from mailfilter.web.query import LONGEST, Query, Unanswerable, of_case, of_reviewer, understand
from mailfilter.web.show import may_see
from mailfilter.web.site import SEARCHED, Visit, go

OVERSIGHT = ("oversight", "incident", "data-subject")  # why an auditor asks about a reviewer


async def form(visit: Visit) -> Response:
    """The field, and what can be asked."""
    return await _form(visit, 200)


async def ask(visit: Visit) -> Response:
    """Take a query. A case number that is found leads to its mail."""
    text = visit.form.get("q", "")[:LONGEST]
    try:
        query = await _understood(visit, text)
    except Unanswerable as answer:
        echo = "" if answer.code == "number" else text
        return await _form(visit, 422, text=echo, fault=f"find.no-{answer.code}")
    query = replace(query, purpose=_purpose(visit, query))
    if query.personal and "purpose" in visit.form and (fault := _fault(visit, query)):
        return await _form(visit, 422, query=query, text=query.text, fault=f"item.fault-{fault}")
    if query.ready:
        case = case_of(visit) if query.personal else ""
        line = visit.line("search", "", how=query.how, purpose=query.purpose, case=case)
        await visit.site.archive.audit(line)
    if query.found:
        return go(f"/item/{query.found}")
    return go(f"/find/{_keep(visit, query)}")


async def show(visit: Visit) -> Response:
    """What a query finds; or, by person, the question what for."""
    name = str(visit.request.path_params["search"])
    query = visit.site.searches.get(name, visit.who.name, visit.now)
    if query is None:
        raise HTTPException(404, "search")
    if not query.ready:
        return await _form(visit, 200, query=query, text=query.text)
    wish = wish_of(visit, f"/find/{name}")
    items, total = await _fitting(visit, query, wish)
    await note(visit)
    shown = await listed(visit, wish, items, total)
    shown |= _offered(visit) | {"states": (EVERYTHING, *TABS)}
    return visit.render("found.html", query=query, text=query.text, **shown)


async def _fitting(visit: Visit, query: Query, wish: Wish) -> tuple[list[Item], int]:
    """A page of what fits, and how many do."""
    archive = visit.site.archive
    if query.case is None:
        wanted = replace(filter_of(visit, wish), sought=query.ways)
        return await archive.items(wanted), await archive.count_items(wanted)
    items = [item for item in await archive.case(query.case) if may_see(visit.who, item)]
    return items, len(items)


# ---- what is asked -------------------------------------------------------------------------


async def _understood(visit: Visit, text: str) -> Query:
    """The query; a case number only where there is such a mail, for words look like one."""
    auditor = visit.who.role == "auditor"
    if auditor and (name := visit.form.get("reviewer", "")):
        if name not in await _reviewers(visit):
            raise Unanswerable("reviewer")
        return of_reviewer(name)
    query = of_case(text)
    if auditor:
        if query is None:
            raise Unanswerable("auditor")
        return query
    if query is not None and (found := await _first(visit, query)):
        return replace(query, found=found)
    return understand(text, by_sender=informed(visit))


async def _first(visit: Visit, query: Query) -> str:
    """The item that a case number names, the case where it has several; "" if there is none that
    she may see."""
    assert query.case is not None
    items = await visit.site.archive.case(query.case)
    seen = [item for item in items if may_see(visit.who, item)]
    if len(seen) == 1:
        return seen[0].id
    named = {item.message for item in seen}
    return next((name for name in query.case.names if name in named), "")


def informed(visit: Visit) -> bool:
    """Whether staff know that their mail may be searched by sender."""
    since = visit.site.settings.organisation.staff_informed
    return since is not None and since <= visit.now.astimezone(ZONE).date()


def purposes(visit: Visit) -> tuple[str, ...]:
    """The closed list of why a person may be searched for."""
    return OVERSIGHT if visit.who.role == "auditor" else PURPOSES


def _purpose(visit: Visit, query: Query) -> str:
    given = visit.form.get("purpose", "")
    fits = query.personal and given in purposes(visit) and not case_fault(visit)
    return given if fits else ""


def _fault(visit: Visit, query: Query) -> str:
    return case_fault(visit) or ("" if query.purpose else "purpose")


def _keep(visit: Visit, query: Query) -> str:
    """Keep the query; it is dropped when its time is over, whether anybody comes or not."""
    name, searches = visit.site.random(), visit.site.searches
    searches.keep(name, visit.who.name, query, visit.now)
    asyncio.get_running_loop().call_later(SEARCHED.total_seconds(), searches.drop, name)
    return name


# ---- what is shown -------------------------------------------------------------------------


async def _form(
    visit: Visit, status: int, *, query: Query | None = None, text: str = "", fault: str = ""
) -> Response:
    return visit.render(
        "find.html",
        status,
        query=query,
        text=text,
        fault=fault,
        reviewers=await _reviewers(visit) if visit.who.role == "auditor" else (),
        **_offered(visit),
    )


def _offered(visit: Visit) -> dict[str, Any]:
    return {
        "purposes": purposes(visit),
        "informed": informed(visit),
        "days": visit.site.settings.store.search_days,
    }


async def _reviewers(visit: Visit) -> list[str]:
    users = await visit.site.archive.users()
    return sorted(user.name for user in users if user.role == "reviewer")
