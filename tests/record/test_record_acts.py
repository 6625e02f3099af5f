"""Acts on held mail: the closed table of states, audit in the same transaction, ended keys."""

import pytest
from sqlalchemy import func, select

from detectors.levels import LEVELS
from mailfilter.errors import Permanent
from mailfilter.model import Action, Class, Finding, NotExamined, State
from mailfilter.record.archive.states import ENDED, NEXT, allowed
from mailfilter.record.contract import Filter, Item, StagedItem
from mailfilter.record.database.tables import chunk, message, wrapped_key
from tests.record.making import DAY, NOW, Mails, Parts, dossier, hold, line

ID = "M00001.1"


async def state(store: Parts, id_: str = ID) -> Item:
    item = await store.archive.item(id_)
    assert item is not None
    return item


async def rows(store: Parts, table: object) -> int:
    query = select(func.count()).select_from(table)  # type: ignore[arg-type]

    async def work(connection):  # type: ignore[no-untyped-def]
        return (await connection.execute(query)).scalar_one()

    return int(await store.database.run(work))


async def test_release(store: Parts, mails: Mails) -> None:
    await hold(store, mails())
    act = store.archive.act
    assert await act(
        ID, [State.HELD], State.RELEASING, line(object_=ID, reason="rätt"), parcel="release"
    )
    (_, release) = await store.archive.due(NOW)
    assert (release.kind, release.item, release.dossier) == ("release", ID, dossier())
    assert await act(
        ID,
        [State.RELEASING],
        State.RELEASED,
        line("released", ID),
        receipt="250 2.0.0 Ok <b@example.org> queued\r\n",
    )
    item = await state(store)
    assert (item.state, item.reason, item.attempts) == (State.RELEASED, "rätt", 1)
    assert item.receipt == "250 2.0.0 Ok <...> queued"
    assert item.dossier is None
    assert [one.act for one in await store.archive.audit_lines()] == ["release", "released"]


async def test_the_end_destroys_key_body_and_dossier(store: Parts, mails: Mails) -> None:
    await hold(store, mails(notice=False))
    assert await store.archive.act(ID, [State.HELD], State.DELETED, line("delete", ID))
    assert (await rows(store, wrapped_key), await rows(store, chunk)) == (0, 0)
    with pytest.raises(Permanent, match="destroyed"):
        await store.archive.body("M00001")
    assert (await store.intake.stage(mails(join_key=b"join-1"))).committed  # still answers


async def test_the_key_lives_while_an_item_needs_it(store: Parts, mails: Mails) -> None:
    items = (StagedItem(Action.QUARANTINE, recipients=(0,)), StagedItem(Action.REDIRECT, "s", (1,)))
    await hold(store, mails(items=items, body=b"x"))
    await store.archive.act(ID, [State.HELD], State.REFUSED, line("refuse", ID))
    assert await store.archive.body("M00001") == b"x"
    second, system = "M00001.2", line("handoff", "M00001.2")
    await store.archive.act(second, [State.ACCEPTED], State.HANDING_OVER, system)
    await store.archive.act(second, [State.HANDING_OVER], State.HANDED_OVER, system)
    with pytest.raises(Permanent):
        await store.archive.body("M00001")


async def test_waiting_parcels_outlive_the_message(store: Parts, mails: Mails) -> None:
    await hold(store, mails())
    await store.archive.act(ID, [State.HELD], State.REFUSED, line("refuse", ID), parcel="not-sent")
    parcels = await store.archive.due(NOW)
    assert [(p.kind, p.dossier) for p in parcels] == [
        ("notice", dossier()),
        ("not-sent", dossier()),
    ]
    await store.archive.done(parcels[0].id)
    assert [p.dossier for p in await store.archive.due(NOW)] == [dossier()]
    await store.archive.done(parcels[1].id)
    assert await rows(store, wrapped_key) == 0


async def test_a_reviewer_redirects(store: Parts, mails: Mails) -> None:
    await hold(store, mails(notice=False))
    assert await store.archive.act(
        ID, [State.HELD], State.ACCEPTED, line("redirect", ID), connector="s", parcel="handoff"
    )
    item = await state(store)
    assert (item.state, item.connector, item.action) == (State.ACCEPTED, "s", Action.REDIRECT)
    assert [p.kind for p in await store.archive.due(NOW)] == ["handoff"]


async def test_an_act_on_another_state_does_nothing(store: Parts, mails: Mails) -> None:
    await hold(store, mails(notice=False))
    assert await store.archive.act(ID, [State.HELD], State.REFUSED, line("refuse", ID))
    assert not await store.archive.act(
        ID, [State.HELD], State.RELEASING, line("release", ID), parcel="release"
    )
    assert not await store.archive.act("none.1", [State.HELD], State.DELETED, line())
    assert len(await store.archive.audit_lines()) == 1
    assert await store.archive.due(NOW) == []


async def test_an_act_on_a_staged_item_does_nothing(store: Parts, mails: Mails) -> None:
    await store.intake.stage(mails())
    assert not await store.archive.act(ID, [State.HELD], State.RELEASING, line())
    with pytest.raises(ValueError, match="no item may go"):
        await store.archive.act(ID, [State.STAGED], State.HELD, line())


async def test_protected_items_leave_no_audit_line(store: Parts, mails: Mails) -> None:
    await hold(store, mails(protected=True))
    await store.archive.audit(line("view-item", ID))
    await store.archive.audit(line("view-item", "M00001"))
    assert await store.archive.act(ID, [State.HELD], State.RELEASING, line("release", ID))
    assert await store.archive.audit_lines() == []


@pytest.mark.parametrize("after", State)
@pytest.mark.parametrize("before", State)
def test_only_what_the_table_names_is_allowed(before: State, after: State) -> None:
    if before is State.STAGED or after not in NEXT[before]:
        with pytest.raises(ValueError, match="no item may go"):
            allowed([before], after)
    else:
        assert allowed([before], after) == (before,)


def test_every_state_has_a_row_and_ended_ones_lead_nowhere() -> None:
    assert set(NEXT) == set(State)
    assert {s.value for s in ENDED} == {"released", "handed-over", "refused", "deleted", "expired"}
    assert not {State.STAGED} & frozenset().union(*NEXT.values())


async def test_lists_are_filtered(store: Parts, mails: Mails) -> None:
    place = dossier().findings[0].place
    health = dossier(
        findings=(Finding("health", LEVELS.health.medium, place, "diagnos"),), not_examined=()
    )
    sealed = dossier(findings=(), not_examined=(NotExamined(place, "zip", Class.ENCRYPTED),))
    await hold(store, mails(department="Skola", dossier=health))
    await hold(store, mails(dossier=sealed, at=NOW + DAY))
    await hold(store, mails(at=NOW + 2 * DAY))
    await store.archive.act("M00003.1", [State.HELD], State.RELEASING, line())

    async def ids(**wanted: object) -> list[str]:
        chosen = Filter(**wanted)  # type: ignore[arg-type]
        found = [item.message[-1] for item in await store.archive.items(chosen)]
        if not wanted.keys() & {"limit", "offset"}:
            assert await store.archive.count_items(chosen) == len(found)
        return found

    assert await ids() == ["3", "2", "1"]
    assert await ids(states=(State.HELD,)) == ["2", "1"]
    assert await ids(departments=("Skola",)) == ["1"]
    assert await ids(departments=()) == []
    assert await ids(departments=("Skola",), department="Socialförvaltningen") == []
    assert await ids(kind="health") == ["3", "1"]
    assert await ids(kind="health", limit=1, offset=1) == ["1"]
    assert await ids(kind="encrypted") == ["3", "2"]
    assert await ids(action="redirect") == []
    assert await ids(since=NOW + DAY) == ["3", "2"]
    assert await ids(until=NOW + DAY) == ["1"]
    assert await ids(limit=1, offset=1) == ["2"]


async def test_a_damaged_row_hides_no_other(store: Parts, mails: Mails) -> None:
    await hold(store, mails(body=b"abc"))
    await hold(store, mails())

    async def damage(connection):  # type: ignore[no-untyped-def]
        await connection.execute(
            message.update().where(message.c.id == "M00001").values(dossier=b"nothing")
        )
        await connection.execute(
            chunk.update().where(chunk.c.message == "M00001").values(sealed=b"nothing" * 9)
        )

    await store.database.run(damage)
    items = await store.archive.items(Filter())
    assert {item.id: item.dossier is None for item in items} == {ID: True, "M00002.1": False}
    with pytest.raises(Permanent, match="damaged"):
        await store.archive.body("M00001")
    assert [p.dossier is None for p in await store.archive.due(NOW)] == [True, False]
