"""What senders did, in the store: sealed reasons, cases in codes, overrides that are counted."""

import asyncio
from datetime import timedelta

import pytest

from mailfilter.model import State
from mailfilter.record.archive.sender_rows import FalseAlarm, Override
from mailfilter.record.contract import AuditLine, Count, Filter
from mailfilter.record.sealing import link_secret
from tests.record.making import CANARY, NOW, dossier

COUNT = Count(NOW.date(), "Skolan", "", "act:review", "", "quarantine", "enforce")
DAY = timedelta(days=1)
MAJ = "maj@exempelkommun.example"


async def held(store, mails, **changes):
    staged = mails(**changes)
    await store.intake.stage(staged)
    await store.intake.commit(staged.id, [])
    return f"{staged.id}.1"


def line(act, item):
    return AuditLine(0, NOW, "sender", act, item)


async def test_a_reason_is_kept_sealed_and_ends_with_the_mail(store, mails):
    item = await held(store, mails)
    sender = store.archive.sender
    await sender.ask_review(line("ask-review", item), "första", [COUNT])
    await sender.ask_review(line("ask-review", item), f"om {CANARY} å", [])
    assert (await sender.requests([item]))[item].reason == f"om {CANARY} å"
    assert await store.archive.counts(NOW.date(), NOW.date()) == [COUNT]
    assert "ask-review" in [one.act for one in await store.archive.audit_lines()]
    assert any(parcel.kind == "reviewers" for parcel in await store.archive.due(NOW))
    await store.archive.act(item, [State.HELD], State.DELETED, line("withdraw", item))
    assert await sender.requests([item]) == {}


async def test_what_is_asked_for_can_be_listed_alone_and_first(store, mails):
    ids = [await held(store, mails) for _ in range(3)]
    plain = [item.id for item in await store.archive.items(Filter())]
    assert sorted(plain) == sorted(ids)
    last = plain[-1]
    await store.archive.sender.ask_review(line("ask-review", last), "titta", [])
    first = await store.archive.items(Filter(asked_first=True))
    assert [item.id for item in first] == [last, *plain[:-1]]
    only = Filter(asked=True)
    assert [item.id for item in await store.archive.items(only)] == [last]
    assert await store.archive.count_items(only) == 1


async def test_a_false_alarm_is_noted_once_and_stays(store, mails):
    item = await held(store, mails)
    sender = store.archive.sender
    message = item.rpartition(".")[0]
    case = FalseAlarm(message, NOW, "Skolan", {"findings": [{"kind": "se.personnummer"}]})
    for _ in range(2):
        await sender.flag(case, line("false-alarm", item), [COUNT])
    assert await sender.alarms() == [case]
    assert await sender.alarms("andra") == []
    assert (await store.archive.counts(NOW.date(), NOW.date()))[0].n == 1
    await store.archive.act(item, [State.HELD], State.DELETED, line("withdraw", item))
    assert await sender.alarms() == [case]


async def test_an_override_is_counted_against_her_and_ends(store, mails):
    sender = store.archive.sender
    since = NOW - timedelta(days=7)
    for n, allowed in ((1, True), (2, True), (3, False)):
        item = await held(store, mails, join_key=b"%d" % n)
        wanted = Override(item, "polisen", MAJ.upper(), since, 2)
        assert await sender.override(wanted, line("override", item), "skäl", [COUNT]) is allowed
        state = (await store.archive.item(item)).state
        assert state is (State.RELEASING if allowed else State.HELD)
    assert await sender.used("polisen", MAJ, since) == 2
    assert await sender.used("polisen", "rut@exempelkommun.example", since) == 0
    assert await sender.used("polisen", MAJ, NOW + timedelta(seconds=1)) == 0
    assert await sender.override(Override("x.1", "polisen", "a@b.example", since, 2),
                                 line("override", "x.1"), "skäl", []) is False  # fmt: skip


async def test_a_letter_to_one_of_our_own(store):
    await store.archive.sender.put_letter("own-mail", dossier("brev"), NOW)
    (parcel,) = await store.archive.due(NOW)
    assert parcel.kind == "own-mail"
    assert parcel.dossier == dossier("brev")


async def test_the_last_word_comes_when_all_has_ended_and_she_knew(store, mails):
    item = await held(store, mails, notice=True)
    for parcel in await store.archive.due(NOW):
        await store.archive.done(parcel.id)
    acts = store.archive.act
    await acts(item, [State.HELD], State.RELEASING, line("release", item), parcel="release")
    assert [parcel.kind for parcel in await store.archive.due(NOW)] == ["release"]
    await acts(item, [State.RELEASING], State.RELEASED, line("released", item))
    (last,) = [parcel for parcel in await store.archive.due(NOW) if parcel.kind == "done"]
    assert last.dossier is not None
    assert (await store.archive.item(item)).ended_at == NOW


async def test_the_last_word_comes_even_before_her_notice_has_left(store, mails):
    """A service may be quicker than the notice: whichever leaves first, she gets both."""
    item = await held(store, mails, notice=True)
    acts = store.archive.act
    await acts(item, [State.HELD], State.RELEASING, line("release", item), parcel="release")
    await acts(item, [State.RELEASING], State.RELEASED, line("released", item))
    assert sorted(parcel.kind for parcel in await store.archive.due(NOW)) == [
        "done",
        "notice",
        "release",
    ]


@pytest.mark.parametrize("after", [State.REFUSED, State.DELETED])
async def test_no_last_word_to_one_who_was_told_nothing(store, mails, after):
    item = await held(store, mails, notice=False)
    await store.archive.act(item, [State.HELD], after, line("x", item))
    assert await store.archive.due(NOW) == []


def test_a_ticket_is_read_by_its_maker_alone_and_for_its_time():
    made = link_secret.ticket(b"k", "stay", MAJ, NOW, bytes(range(12)))
    before = NOW - timedelta(seconds=1)
    assert MAJ not in made
    assert link_secret.read_ticket(b"k", "stay", made, before) == link_secret.Ticket(
        MAJ, bytes(range(12)), NOW
    )
    assert link_secret.read_ticket(b"k", "stay", made, NOW) is None
    assert link_secret.read_ticket(b"k", "enter", made, before) is None
    assert link_secret.read_ticket(b"other", "stay", made, before) is None
    for wrong in ("", "x", made[:-2], made + "A", "å", "A" * 400):
        assert link_secret.read_ticket(b"k", "stay", wrong, before) is None


async def test_a_word_is_used_once_however_it_is_written(store):
    tickets = store.archive.sender.tickets
    made = tickets.make("enter", MAJ, NOW + timedelta(minutes=15))
    assert await tickets.read("enter", made, NOW) == MAJ
    assert await tickets.use("stay", made, NOW) is None, "a word for something else"
    given = await asyncio.gather(*(tickets.use("enter", made, NOW) for _ in range(8)))
    assert sorted(given, key=str) == [None] * 7 + [MAJ]
    for again in (made, made + "=", f"{made[:4]}!{made[4:]}"):
        assert await tickets.use("enter", again, NOW) is None
        assert await tickets.read("enter", again, NOW) is None
    assert await tickets.use("enter", tickets.make("enter", MAJ, NOW + DAY), NOW) == MAJ


async def test_a_spent_word_is_forgotten_when_it_would_have_ended(store):
    tickets = store.archive.sender.tickets
    made = tickets.make("enter", MAJ, NOW + timedelta(minutes=15))
    await tickets.use("enter", made, NOW)
    for minutes, gone in ((14, 0), (15, 1)):
        now = NOW + timedelta(minutes=minutes)
        assert (await store.archive.sweep(now))["tickets"] == gone
        assert await tickets.read("enter", made, now) is None
