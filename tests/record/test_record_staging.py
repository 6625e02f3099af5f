"""Stage, relay, commit, join (P1, P2, V7), on both engines."""

import asyncio
from datetime import timedelta

import pytest

from mailfilter.errors import Temporary
from mailfilter.model import Action, State
from mailfilter.record.contract import Filter, Joined, StagedItem
from tests.record.making import DAY, NOW, Mails, Parts, count, dossier, hold


async def test_a_held_mail_can_be_read_back(store: Parts, mails: Mails) -> None:
    body = bytes(range(256)) * 9000  # three chunks
    await hold(store, mails(body=body))
    (item,) = await store.archive.items(Filter())
    assert item.state is State.HELD
    assert item.dossier == dossier()
    assert (item.recipients, item.size, item.department) == (
        (0, 1),
        len(body),
        "Socialförvaltningen",
    )
    assert item.expires_at == NOW + 14 * DAY
    assert await store.archive.body("M00001") == body


async def test_an_empty_body_is_a_body(store: Parts, mails: Mails) -> None:
    await hold(store, mails(body=b""))
    assert await store.archive.body("M00001") == b""


async def test_a_staged_row_is_seen_by_nobody(store: Parts, mails: Mails) -> None:
    await store.intake.stage(mails())
    assert await store.archive.items(Filter()) == []
    assert await store.archive.item("M00001.1") is None
    assert await store.archive.due(NOW + DAY) == []


async def test_commit_makes_items_parcels_and_counts(store: Parts, mails: Mails) -> None:
    items = (
        StagedItem(Action.QUARANTINE, recipients=(0,)),
        StagedItem(Action.REDIRECT, "sefos", (1,)),
    )
    await hold(store, mails(items=items))
    held, accepted = sorted(await store.archive.items(Filter()), key=lambda item: item.id)
    assert (held.state, accepted.state) == (State.HELD, State.ACCEPTED)
    assert accepted.connector == "sefos"
    parcels = await store.archive.due(NOW)
    assert [(p.kind, p.message, p.item) for p in parcels] == [
        ("handoff", "M00001", "M00001.2"),
        ("notice", "M00001", ""),
    ]
    assert parcels[0].dossier == dossier()
    assert await store.archive.counts(NOW.date(), NOW.date()) == [count()]


async def test_a_second_commit_changes_nothing(store: Parts, mails: Mails) -> None:
    await hold(store, mails())
    await store.intake.commit("M00001", [count()])
    assert await store.archive.counts(NOW.date(), NOW.date()) == [count()]
    assert len(await store.archive.due(NOW)) == 1


async def test_the_same_mail_again_meets_its_row(store: Parts, mails: Mails) -> None:
    await hold(store, mails())
    assert await store.intake.stage(mails(join_key=b"join-1")) == Joined("M00001", committed=True)
    assert len(await store.archive.items(Filter())) == 1


async def test_the_same_mail_is_new_once_its_reply_was_heard(store: Parts, mails: Mails) -> None:
    await hold(store, mails())
    await store.intake.heard(["M00001", "unknown"])
    again = mails(join_key=b"join-1")
    assert await store.intake.stage(again) == Joined(again.id)
    await store.intake.commit(again.id, [count()])
    assert len(await store.archive.items(Filter())) == 2


@pytest.mark.parametrize("whole", [True, False])
async def test_a_report_that_came_again_has_a_notice_of_its_own(
    store: Parts, mails: Mails, *, whole: bool
) -> None:
    """Copies of one mail that were split by recipient have one, each time that they come."""

    async def comes(minute: int, copy: bytes) -> int:
        staged = mails(join_key=copy, incident_key=b"one", at=NOW + timedelta(minutes=minute))
        if whole:
            await store.intake.keep(staged, [])
        else:
            await hold(store, staged)
        await store.intake.heard([staged.id])
        return len([p for p in await store.archive.due(NOW + DAY) if p.kind == "notice"])

    assert [await comes(0, b"a"), await comes(1, b"b")] == [1, 1]
    assert [await comes(9, b"b"), await comes(10, b"a")] == [2, 2]
    assert [await comes(20, b"a"), await comes(21, b"b")] == [3, 3]
    assert await comes(22, b"c") == 3, "a copy that did not come before is of the same incident"


async def test_a_row_that_is_not_ours_yet_was_heard_by_nobody(store: Parts, mails: Mails) -> None:
    await store.intake.stage(mails())
    await store.intake.mark_relayed("M00001")
    await store.intake.heard(["M00001"])
    await store.intake.abort("M00001")  # relayed: it stays for the retry
    assert (await store.intake.stage(mails(join_key=b"join-1"))).relayed


async def test_a_join_key_is_good_for_six_days(store: Parts, mails: Mails) -> None:
    await hold(store, mails())
    late = mails(join_key=b"join-1", at=NOW + 6 * DAY - timedelta(seconds=1))
    assert (await store.intake.stage(late)).committed
    later = mails(join_key=b"join-1", at=NOW + 6 * DAY)
    assert await store.intake.stage(later) == Joined(later.id)


async def test_a_mail_in_other_hands_comes_later(store: Parts, mails: Mails) -> None:
    await store.intake.stage(mails())
    with pytest.raises(Temporary, match="another session"):
        await store.intake.stage(mails(join_key=b"join-1", at=NOW + timedelta(seconds=100)))


async def test_a_stage_left_behind_is_replaced(store: Parts, mails: Mails) -> None:
    await store.intake.stage(mails())
    joined = await store.intake.stage(mails(join_key=b"join-1", at=NOW + timedelta(minutes=5)))
    assert joined == Joined("M00002")
    with pytest.raises(Temporary, match="gone"):
        await store.intake.commit("M00001", [])
    await store.intake.commit("M00002", [])
    assert [item.id for item in await store.archive.items(Filter())] == ["M00002.1"]


async def test_a_clock_that_is_put_back_makes_no_lease_longer(store: Parts, mails: Mails) -> None:
    await store.intake.stage(mails())
    a_little = mails(join_key=b"join-1", at=NOW - timedelta(seconds=30))
    with pytest.raises(Temporary, match="another session"):  # clocks of two machines differ
        await store.intake.stage(a_little)
    retry = mails(join_key=b"join-1", at=NOW - timedelta(hours=1))
    assert await store.intake.stage(retry) == Joined(retry.id)


async def test_the_stage_of_a_dead_session_is_replaced_at_once(store: Parts, mails: Mails) -> None:
    await store.intake.stage(mails())
    await store.intake.orphan(["M00001"])
    assert await store.intake.stage(mails(join_key=b"join-1")) == Joined("M00002")


async def test_what_was_relayed_is_not_relayed_again(store: Parts, mails: Mails) -> None:
    await store.intake.stage(mails())
    await store.intake.mark_relayed("M00001")
    retry = mails(join_key=b"join-1", at=NOW + timedelta(minutes=5))
    assert await store.intake.stage(retry) == Joined("M00001", relayed=True)
    await store.intake.commit("M00001", [])
    assert (await store.intake.stage(mails(join_key=b"join-1"))).committed


async def test_abort_keeps_what_was_relayed(store: Parts, mails: Mails) -> None:
    await store.intake.stage(mails())
    await store.intake.mark_relayed("M00001")
    await store.intake.abort("M00001")
    assert (await store.intake.stage(mails(join_key=b"join-1"))).relayed


async def test_abort_forgets(store: Parts, mails: Mails) -> None:
    await store.intake.stage(mails())
    await store.intake.abort("M00001")
    with pytest.raises(Temporary):
        await store.intake.mark_relayed("M00001")
    assert await store.intake.stage(mails(join_key=b"join-1")) == Joined("M00002")


async def test_abort_leaves_a_committed_row(store: Parts, mails: Mails) -> None:
    await hold(store, mails())
    await store.intake.abort("M00001")
    assert len(await store.archive.items(Filter())) == 1


async def test_twenty_at_once_make_one_row(store: Parts, mails: Mails) -> None:
    staged = [mails(join_key=b"same") for _ in range(20)]
    results = await asyncio.gather(*map(store.intake.stage, staged), return_exceptions=True)
    rows = [result for result in results if isinstance(result, Joined)]
    assert len(rows) == 1
    assert all(isinstance(r, Temporary) for r in results if not isinstance(r, Joined))
    await store.intake.commit(rows[0].id, [])
    again = await asyncio.gather(*map(store.intake.stage, staged))
    assert set(again) == {Joined(rows[0].id, committed=True)}


async def test_copies_of_one_mail_give_one_notice(store: Parts, mails: Mails) -> None:
    for _ in range(3):
        await hold(store, mails(incident_key=b"one"))
    await hold(store, mails(incident_key=b"one", at=NOW + 7 * DAY))
    parcels = await store.archive.due(NOW + 7 * DAY)
    assert [(p.kind, p.message) for p in parcels] == [("notice", "M00001"), ("notice", "M00004")]


async def test_no_notice_where_none_is_wanted(store: Parts, mails: Mails) -> None:
    await hold(store, mails(notice=False))
    assert await store.archive.due(NOW) == []


async def test_a_refused_mail_is_told_once(store: Parts) -> None:
    for n in range(3):
        await store.intake.notify_rejected(b"same", NOW, dossier("x"), f"R{n}")
    (parcel,) = await store.archive.due(NOW)
    assert (parcel.kind, parcel.message, parcel.dossier) == ("rejected-notice", "R0", dossier("x"))
    await store.archive.done(parcel.id)
    assert await store.archive.due(NOW) == []


async def test_a_draft_is_answered_once_and_apart_from_a_refusal(store: Parts) -> None:
    for n, kind in enumerate(("check-answer", "check-answer", "rejected-notice")):
        await store.intake.notify_rejected(b"same", NOW, dossier("x"), f"C{n}", kind)
    parcels = await store.archive.due(NOW)
    assert [(p.kind, p.message) for p in parcels] == [
        ("check-answer", "C0"),
        ("rejected-notice", "C2"),
    ]


async def test_protected_mail_leaves_only_a_counter(store: Parts, mails: Mails) -> None:
    await hold(store, mails(protected=True))
    assert await store.archive.items(Filter()) == []
    assert await store.archive.count_items(Filter()) == 0
    (item,) = await store.archive.items(Filter(protected=True))
    assert (item.dossier, item.department, item.controller) == (None, "", "")
    one = await store.archive.item("M00001.1")
    assert one is not None
    assert one.dossier is None
    (counted,) = await store.archive.counts(NOW.date(), NOW.date())
    assert (counted.kind, counted.department, counted.n) == ("protected", "", 1)
    (parcel,) = await store.archive.due(NOW)
    assert parcel.dossier == dossier()  # the sender is told


async def test_counts_add_up(store: Parts) -> None:
    await store.intake.count([count(n=2, persons=1), count(n=3), count(kind="health")])
    await store.intake.count([count(n=5, persons=2)])
    assert await store.archive.counts(NOW.date(), NOW.date()) == [
        count(kind="health"),
        count(n=10, persons=3),
    ]
    assert await store.archive.counts(NOW.date() + DAY, NOW.date() + DAY) == []
