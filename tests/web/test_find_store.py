"""Searching over the real store, on both engines: what is found when, and what never is.

The same answer in the same time: time is compared by the statements that an answer takes, for a
clock on a busy machine proves nothing.
"""

import re
from dataclasses import replace

import pytest
from sqlalchemy import Engine, event

from mailfilter.model import Action, State
from mailfilter.record.contract import AuditLine, Staged, StagedItem
from tests.record.making import DAY, swept
from tests.web.mails import NOW, dossier
from tests.web.office import AUDITOR, EVERYTHING, Office, Visitor

FROM, TO, SECRET = "anna.berg@kommunen.example", "foralder@post.example", "skydd@media.example"
HELD, SHIELDED = "AAAA1-11111", "BBBB2-22222"
NEVER = "CCCC3-33333"
CALLED = "ett nytt långt lösen"


def mail(name: str, *, protected: bool = False, **changes: object) -> Staged:
    contents = replace(dossier(), files=("Kallelse_2026.docx",))
    if protected:
        contents = replace(
            dossier(f"tips.{FROM}", (SECRET,), subject="Uppgiftslämnare"), files=("hemligt.pdf",)
        )
    values = {
        "id": name,
        "join_key": name.encode(),
        "incident_key": name.encode(),
        "at": NOW,
        "department": "Socialförvaltningen",
        "controller": "Socialnämnden",
        "protected": protected,
        "rules_hash": "f00d",
        "dossier": contents,
        "body": b"Subject: x\r\n\r\nHej\r\n",
        "items": (StagedItem(Action.QUARANTINE, recipients=(0,)),),
        "notice": True,
    }
    return Staged(**(values | changes))


@pytest.fixture
async def parts(opening):
    parts = await opening(search_days=90)
    for staged in (mail(HELD), mail(SHIELDED, protected=True)):
        await parts.intake.stage(staged)
        await parts.intake.commit(staged.id, ())
    for user in (EVERYTHING, AUDITOR):
        line = AuditLine(0, NOW, "cli", "user-add", user.name)
        await parts.archive.add_user(user, CALLED, line)
    return parts


@pytest.fixture
async def office(parts):
    office = Office()
    told = office.settings.organisation.model_copy(update={"staff_informed": NOW.date()})
    office.settings = office.settings.model_copy(update={"organisation": told})
    office.archive = parts.archive
    return office


async def enter(office, user=EVERYTHING):
    visitor = Visitor(office.app())
    secret = await office.archive.new_login_link(user.name, office.now)
    assert (await visitor.post("/login/link", secret=secret)).status == 303
    await visitor.get("/account")
    return visitor


async def search(visitor, **form) -> str:
    answer = await visitor.post("/find", **form)
    assert answer.status == 303, answer.text
    return (await visitor.get(answer.headers["location"])).text


WAYS = {
    "recipient": {"q": TO, "purpose": "incident"},
    "sender": {"q": FROM, "purpose": "incident"},
    "subject": {"q": "torsdag MÖTET"},
    "file": {"q": "kallelse 2026"},
}


async def found(visitor) -> set[str]:
    return {way for way, form in WAYS.items() if f"/item/{HELD}.1" in await search(visitor, **form)}


async def test_a_held_mail_is_found_by_each_way_and_an_ended_one_by_address(office, parts):
    alla = await enter(office)
    assert await found(alla) == set(WAYS)
    assert (await alla.post(f"/item/{HELD}.1/refuse", reason="sensitive")).status == 303
    assert await found(alla) == {"recipient", "sender"}
    page = await search(alla, **WAYS["recipient"])
    assert "(avsändaren är raderad)" in page
    assert TO not in page.replace(f'value="{TO}"', "")
    await swept(parts.archive, NOW + 90 * DAY)
    alla = await enter(office)  # the sweep has ended her session
    assert await found(alla) == set()
    assert (await alla.post("/find", q=HELD.lower())).headers["location"] == f"/item/{HELD}.1"


async def test_an_auditor_finds_what_a_reviewer_decided(office):
    alla, rolf = await enter(office), await enter(office, AUDITOR)
    form = {"reviewer": EVERYTHING.name, "purpose": "oversight"}
    assert HELD not in await search(rolf, **form)
    await alla.post(f"/item/{HELD}.1/refuse", reason="sensitive")
    assert HELD in await search(rolf, **form)


# ---- protected mail --------------------------------------------------------------------------

DOORS = {
    "case": {"q": SHIELDED},
    "small": {"q": SHIELDED.lower()},
    "item": {"q": f"{SHIELDED}.1"},
    "recipient": {"q": SECRET, "purpose": "incident"},
    "sender": {"q": f"tips.{FROM}", "purpose": "incident"},
    "subject": {"q": "uppgiftslämnare"},
    "file": {"q": "hemligt.pdf"},
    "file word": {"q": "hemligt"},
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("ended", [False, True])
async def test_no_door_leads_to_a_protected_mail(office, parts, door, ended):
    alla = await enter(office)
    if ended:
        line = AuditLine(0, NOW, "system", "refuse", f"{SHIELDED}.1")
        assert await parts.archive.act(f"{SHIELDED}.1", [State.HELD], State.REFUSED, line)
    page = await search(alla, **DOORS[door])
    assert "Inget mejl hittades" in page
    for tab in ("", "?tab=waiting", "?tab=stopped", "?kind=health"):
        place = (await alla.post("/find", **DOORS[door])).headers["location"]
        assert f"/item/{SHIELDED}" not in (await alla.get(place + tab)).text
    for lined in await parts.archive.audit_lines():
        assert SHIELDED not in str(lined)


@pytest.mark.parametrize("user", [EVERYTHING, AUDITOR], ids=lambda user: user.role)
async def test_a_protected_case_takes_the_statements_of_one_that_never_was(office, user):
    visitor = await enter(office, user)
    await search(visitor, q=NEVER)  # the list was shown and is in the audit log
    asked = []
    for name in (SHIELDED, NEVER):
        with statements() as said:
            page = await search(visitor, q=name)
        asked.append((said, page.replace(name, "")))
    (one, first), (other, second) = asked
    assert one == other
    assert len(one) > 5
    assert re.sub("random-[0-9]+", "", first) == re.sub("random-[0-9]+", "", second)


class statements:
    """The statements of all databases within a block."""

    def __enter__(self) -> list[str]:
        self.said: list[str] = []
        event.listen(Engine, "before_cursor_execute", self._note)
        return self.said

    def __exit__(self, *_: object) -> None:
        event.remove(Engine, "before_cursor_execute", self._note)

    def _note(self, _connection, _cursor, statement, *_) -> None:
        self.said.append(statement)
