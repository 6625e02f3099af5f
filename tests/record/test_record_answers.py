"""What senders answered, in the store: one tap is one transaction, and is remembered so long."""

from datetime import timedelta

import pytest

from mailfilter.errors import Temporary
from mailfilter.model import Action, State
from mailfilter.record.archive.sender_rows import FalseAlarm
from mailfilter.record.contract import Answer, AuditLine, Count, Filter, StagedItem
from mailfilter.record.sealing.seal import Sealer
from mailfilter.record.socket.desk_link import DeskIntake
from mailfilter.record.socket.desk_server import DeskServer
from tests.record.making import DAY, NOW, dossier, hold, swept

COUNT = Count(NOW.date(), "Skolan", "", "act:not-health", "", "quarantine", "enforce")
MARKS = tuple(bytes([n]) * 16 for n in range(1, 4))
ASKED = (StagedItem(Action.ASK, recipients=(0, 1)),)
UNTIL = NOW + 30 * DAY


def line(item, act="release"):
    return AuditLine(0, NOW, "sender", act, item, {"answer": "not-health"})


def alarm(message):
    return FalseAlarm(message, NOW, "Skolan", {"findings": []}, unconfirmed=True)


async def tapped(store, staged, marks=MARKS):
    item = f"{staged.id}.1"
    answer = Answer(staged.id, marks, UNTIL)
    return await store.archive.sender.decide([line(item)], alarm(staged.id), answer, [COUNT])


async def known(intake, at=NOW, join_key=b"another"):
    return await intake.answered([b"nobody", MARKS[0]], join_key, at)


async def test_a_tap_is_release_line_case_count_and_answer_at_once(store, mails):
    staged = mails(items=ASKED, dossier=dossier(answer=MARKS))
    await hold(store, staged)
    (item,) = await store.archive.items(Filter())
    assert (item.action, item.state, item.dossier.answer) == (Action.ASK, State.HELD, MARKS)
    assert await tapped(store, staged)
    (item,) = await store.archive.items(Filter())
    assert item.state is State.RELEASING
    last = (await store.archive.audit_lines())[-1]
    assert (last.actor, last.act, last.object) == ("sender", "release", item.id)
    assert (await store.archive.verify_audit())[1] == ""
    assert [p.kind for p in await store.archive.due(NOW) if p.item] == ["release"]
    assert await store.archive.sender.alarms() == [alarm(staged.id)]
    assert COUNT in await store.archive.counts(NOW.date(), NOW.date())
    assert await known(store.intake) == [(MARKS[0], frozenset(MARKS[1:]))]


async def test_a_second_tap_changes_nothing(store, mails):
    staged = mails(items=ASKED)
    await hold(store, staged)
    assert await tapped(store, staged)
    lines = len(await store.archive.audit_lines())
    assert not await tapped(store, staged, MARKS[:1])
    assert len(await store.archive.audit_lines()) == lines
    assert await known(store.intake) == [(MARKS[0], frozenset(MARKS[1:]))]


async def test_tapped_again_after_a_release_that_failed_it_counts_once(store, mails):
    staged = mails(items=ASKED)
    await hold(store, staged)
    await tapped(store, staged)
    failed = AuditLine(0, NOW, "system", "release-failed", f"{staged.id}.1")
    await store.archive.act(failed.object, [State.RELEASING], State.RELEASE_FAILED, failed)
    assert await tapped(store, staged)
    (n,) = [c.n for c in await store.archive.counts(NOW.date(), NOW.date()) if c.kind == COUNT.kind]
    assert n == 1
    assert len(await store.archive.sender.alarms()) == 1


async def test_a_failure_in_the_middle_leaves_nothing(store, mails, monkeypatch):
    staged = mails(items=ASKED)
    await hold(store, staged)

    async def broken(*_):
        raise Temporary("store")

    monkeypatch.setattr("mailfilter.record.intake.answers.put", broken)
    with pytest.raises(Temporary):
        await tapped(store, staged)
    (item,) = await store.archive.items(Filter())
    assert item.state is State.HELD
    assert await store.archive.sender.alarms() == []
    assert all(one.act != "release" for one in await store.archive.audit_lines())


async def test_an_answer_ends_with_its_day_and_is_dropped(store, mails):
    staged = mails(items=ASKED)
    await hold(store, staged)
    await tapped(store, staged)
    assert await known(store.intake, UNTIL - timedelta(seconds=1))
    assert await known(store.intake, UNTIL) == []
    assert (await swept(store.archive, UNTIL))["answers"] == 1
    assert await known(store.intake) == []


async def test_a_retry_of_the_mail_itself_is_no_new_mail(store, mails):
    staged = mails(items=ASKED)
    await hold(store, staged)
    await tapped(store, staged)
    assert await known(store.intake, join_key=staged.join_key) == []


async def test_reviewers_are_not_called_for_what_the_sender_decides_on(store, mails):
    await hold(store, mails())
    staged = mails(items=ASKED)
    await hold(store, staged)
    theirs = Filter(states=(State.HELD,), for_reviewers=True)
    assert await store.archive.count_items(theirs) == 1
    asked = AuditLine(0, NOW, "sender", "ask-review", f"{staged.id}.1")
    await store.archive.sender.ask_review(asked, "titta", [])
    assert await store.archive.count_items(theirs) == 2


async def test_an_smtp_process_asks_desk(store, mails, keys, tmp_path):
    staged = mails(items=ASKED)
    await hold(store, staged)
    await tapped(store, staged)
    path = tmp_path / "run" / "desk.sock"
    server = DeskServer(path, store.intake)
    await server.start()
    link = DeskIntake(path, Sealer((keys.public.desk, keys.public.escrow)))
    try:
        assert await known(link) == await known(store.intake)
        assert await known(link, join_key=staged.join_key) == []
    finally:
        await link.close()
        await server.close()
    with pytest.raises(Temporary):
        await known(DeskIntake(path, Sealer((keys.public.desk,))))
