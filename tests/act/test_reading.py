"""Reading on: the real store and rules, workers that answer what they are told, a clock."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from detectors import Role
from detectors.levels import LEVELS
from mailfilter import limits
from mailfilter.act.counting import counts
from mailfilter.decide import compile_rules
from mailfilter.decide.unfinished import waits
from mailfilter.errors import Temporary
from mailfilter.model import (
    Action,
    Class,
    Envelope,
    Examination,
    Facts,
    Finding,
    NotExamined,
    Said,
    State,
)
from mailfilter.next_hop.transaction import Hop
from mailfilter.outbox.reading_on import REST, SHARE, WEAK, ReadingOn
from mailfilter.outbox.release import Release, deliver_all
from mailfilter.place import Place
from mailfilter.record.archive.sender_rows import FalseAlarm
from mailfilter.record.contract import Answer
from tests.act.office import SENDER, dossier, path, settings
from tests.act.real_store import Desk, opened
from tests.record.making import NOW, line
from tests.scripted_hop import ScriptedHop

CITIZEN, COLLEAGUE = "anna@hem.example", "bo@kommun.example"
BODY = b"From: anna.berg@kommun.example\r\nMessage-ID: <a1@kommun.example>\r\n\r\n.Hej\r\n"
LATE = NotExamined(Place(Role.ATTACHMENT), "ocr-time", Class.OVER_LIMIT)
NUMBER = Finding("se.personnummer", 95, Place(Role.ATTACHMENT), "191212-****", "p1")
CLEAN = Examination(Facts())
HIT = Examination(Facts(), findings=(NUMBER,), persons=1)
STILL = Examination(Facts(), not_examined=(LATE,))
CRASHED = Examination(
    Facts(), not_examined=(NotExamined(Place(Role.BODY), "crashed", Class.CRASHED),)
)
TODAY = NOW.date()
SAFE = {"connectors": {"saker": {}}, "secure_service": "saker"}


class Workers:
    """Answers in order, each after some seconds; the last one for ever."""

    def __init__(self, desk: Desk, *answers) -> None:
        self.desk, self.answers, self.asked = desk, list(answers), []

    async def __call__(self, data, patience):
        self.asked.append((data, patience))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        answer, seconds = answer if isinstance(answer, tuple) else (answer, 1)
        self.desk.later(seconds=patience if seconds == "all" else seconds)
        if isinstance(answer, BaseException):
            raise answer
        return answer


@pytest.fixture
async def desk(tmp_path):
    async with opened(tmp_path) as desk:
        yield desk


def reading(desk: Desk, *answers, **table) -> ReadingOn:
    rules, workers = compile_rules(settings(**table)), Workers(desk, *answers)
    return ReadingOn(desk.archive, workers, rules, desk.clock, wake=lambda: None)


def known(rcpts=(CITIZEN,), **changes):
    """What was known when the mail came: nobody but COLLEAGUE had it."""
    rules = compile_rules(settings())
    made = dossier(rcpts=rcpts, **changes)
    envelope = Envelope(made.mail, made.rcpts)
    decision = rules.decide(STILL, envelope, len(BODY), TODAY, reading_on=True)
    return replace(
        made, verdicts=decision.verdicts, findings=(), not_examined=(LATE,), persons=0
    ), counts(STILL, decision, TODAY)


async def keep(desk: Desk, rcpts=(CITIZEN,), recipients=(0,), **more) -> str:
    made, counted = known(rcpts)
    return await desk.keep(
        made, BODY, recipients=recipients, reading=True, counts=counted, notice=True, **more
    )


async def counted(desk: Desk) -> dict[tuple[str, str], int]:
    found = await desk.archive.counts(TODAY, TODAY)
    return {(one.kind, one.action): one.n for one in found if one.mode == "enforce"}


async def state(desk: Desk, item: str) -> State:
    return (await desk.state(item))[0]


async def test_clean_goes_out_as_it_came_and_nobody_hears_of_it(desk):
    item = await keep(desk, (COLLEAGUE, CITIZEN), recipients=(1,))
    task = reading(desk, CLEAN)
    assert await task.step()
    assert task.examine.asked == [(BODY, limits.READING_ON)]
    assert await desk.waiting() == [("release", item, "")], "no notice"
    async with ScriptedHop() as hop:
        deliver = partial(deliver_all, Hop("127.0.0.1", hop.port))
        await desk.step(Release(desk.archive, deliver, desk.clock))
    (mail,) = hop.mails
    assert mail.data == BODY
    assert mail.mail == path(SENDER, "SIZE=70 BODY=8BITMIME RET=HDRS ENVID=QQ1").raw
    assert mail.rcpts == [path(CITIZEN, f"NOTIFY=FAILURE ORCPT=rfc822;{CITIZEN}").raw]
    assert await state(desk, item) is State.RELEASED
    assert await counted(desk) == {("", "relay"): 1}, "it was never stopped"
    acts = [(actor, act, detail.get("how")) for actor, act, detail in await desk.acts()]
    assert acts == [("system", "release", "read-on"), ("system", "released", None)]
    assert not await task.step()


async def test_a_hit_is_held_or_handed_over_and_the_sender_is_told(desk):
    for table, wanted in (({}, State.HELD), (SAFE, State.ACCEPTED)):
        item = await keep(desk)
        assert await reading(desk, HIT, **table).step()
        assert await state(desk, item) is wanted
        found = await desk.archive.item(item)
        assert (found.dossier.findings, found.dossier.not_examined) == ((NUMBER,), ())
        assert not any(map(waits, found.dossier.verdicts))
        assert ("notice", "", "") in await desk.waiting()
    assert await counted(desk) == {
        ("", "quarantine"): 1,
        ("se.personnummer", "quarantine"): 1,
        ("", "redirect"): 1,
        ("se.personnummer", "redirect"): 1,
    }


async def test_what_she_answered_before_is_not_asked_again_after_reading_on(desk):
    fever = Finding("health", LEVELS.health.medium, Place(Role.ATTACHMENT), "symptom")
    ill = Examination(Facts(), findings=(fever,), said=Said((b"p" * 32, b"q" * 32)))
    page = {"front": {"port": 8026}}
    first = await keep(desk)
    assert await reading(desk, ill, **page).step()
    held = await desk.archive.item(first)
    assert (held.state, held.action) == (State.HELD, Action.ASK)
    case = FalseAlarm(held.message, desk.now, "", {}, unconfirmed=True)
    answer = Answer(held.message, held.dossier.answer, desk.now + timedelta(days=30))
    assert await desk.archive.sender.decide([line("release", first)], case, answer, [])
    second = await keep(desk)
    assert await reading(desk, ill, **page).step()
    assert await state(desk, second) is State.RELEASING
    other = replace(ill, said=Said((b"r" * 32,)))
    third = await keep(desk)
    assert await reading(desk, other, **page).step()
    assert await state(desk, third) is State.HELD


async def test_after_our_reply_nothing_is_refused(desk):
    item = await keep(desk)
    refusing = {"name": "nej", "action": "reject", "level": "medium"}
    assert await reading(desk, HIT, rule=[refusing]).step()
    assert await state(desk, item) is State.HELD
    (verdict,) = (await desk.archive.item(item)).dossier.verdicts
    assert (verdict.action, verdict.rule) == (Action.QUARANTINE, "nej")
    assert ("", "reject") not in await counted(desk)


async def test_recipients_may_part_and_what_was_done_stands(desk):
    """The colleague has the mail already; of the others one may have it, one may not."""
    partner = "c@region.example"
    item = await keep(desk, (COLLEAGUE, CITIZEN, partner), recipients=(1, 2))
    passing = {"name": "p", "action": "relay", "recipient_classes": ["partner"], "level": "low"}
    classes = {"partner": ["region.example"]}
    assert await reading(desk, HIT, rule=[passing], classes=classes).step()
    assert await state(desk, item) is State.HELD
    other = await desk.archive.item(item.replace(".1", ".2"))
    assert (other.state, other.recipients) == (State.RELEASING, (2,))
    actions = [verdict.action for verdict in other.dossier.verdicts]
    assert actions == [Action.RELAY, Action.QUARANTINE, Action.RELAY]
    assert await counted(desk) == {("", "quarantine"): 1, ("se.personnummer", "quarantine"): 1}


async def test_what_is_still_unread_after_all_its_time_is_held(desk):
    item = await keep(desk)
    assert await reading(desk, (STILL, "all")).step()
    found = await desk.archive.item(item)
    assert (found.state, found.dossier.not_examined) == (State.HELD, (LATE,))
    assert not any(map(waits, found.dossier.verdicts))
    assert ("notice", "", "") in await desk.waiting()
    assert (await counted(desk))["", "quarantine"] == 1


async def test_without_workers_it_waits_and_is_held_in_the_end(desk):
    item = await keep(desk)
    task = reading(desk, Temporary("no scan worker was free in time"))
    assert await task.step()
    assert await state(desk, item) is State.READING
    assert not await task.step(), "not at once again"
    desk.later(seconds=REST.total_seconds())
    assert await task.step()
    assert len(task.examine.asked) == 2
    assert await desk.waiting() == []
    desk.later(seconds=limits.READING_ON)
    assert await task.step()
    assert len(task.examine.asked) == 2, "its time is over: nobody is asked"
    found = await desk.archive.item(item)
    assert (found.state, found.dossier.not_examined) == (State.HELD, (LATE,))
    assert not any(map(waits, found.dossier.verdicts))
    assert await desk.waiting() == [("notice", "", "")]
    assert (await desk.acts())[-1] == ("system", "hold", {"how": "out-of-time"})
    assert (await counted(desk))["", "quarantine"] == 1


@pytest.mark.parametrize("answer", [STILL, CRASHED])
async def test_an_answer_that_is_none_is_asked_for_again_before_it_is_believed(desk, answer):
    """Workers that end, as at a restart of the service, must not hold the mail."""
    item = await keep(desk)
    task = reading(desk, answer)
    for _ in range(WEAK):
        assert await state(desk, item) is State.READING
        assert await task.step()
        desk.later(seconds=REST.total_seconds())
    assert await state(desk, item) is State.HELD
    assert len(task.examine.asked) == WEAK


async def test_workers_that_come_back_end_the_wait(desk):
    item = await keep(desk)
    task = reading(desk, CRASHED, STILL, Temporary("down"), CLEAN)
    for _ in range(4):
        assert await task.step()
        desk.later(seconds=REST.total_seconds())
    assert await state(desk, item) is State.RELEASING


async def test_a_book_does_not_hold_up_letters(desk):
    book = await keep(desk)
    desk.later(seconds=30)
    letters = [await keep(desk, at=desk.now) for _ in range(2)]
    task = reading(desk, (STILL, "all"), (CLEAN, 2), (CLEAN, 2), (CLEAN, 300))
    for _ in range(4):
        assert await task.step()
    assert [patience for _, patience in task.examine.asked] == [
        SHARE,
        SHARE,
        SHARE,
        limits.READING_ON - 30 - SHARE - 4,
    ], "its share first, all the rest when the others are done"
    for item in (book, *letters):
        assert await state(desk, item) is State.RELEASING


async def test_one_that_cannot_be_read_does_not_stop_the_others(desk):
    class Bug(Exception):
        pass

    first = await keep(desk)
    second = await keep(desk)
    task = reading(desk, Bug(), CLEAN)
    with pytest.raises(Bug):
        await task.step()
    assert await task.step()
    assert (await state(desk, first), await state(desk, second)) == (
        State.READING,
        State.RELEASING,
    )


async def test_what_a_reviewer_decides_meanwhile_stands(desk):
    item = await keep(desk)
    task = reading(desk, CLEAN)

    async def decided(data, patience):
        acted = line("refuse", item, desk.now)
        before = [State.HELD, State.READING]
        assert await desk.archive.act(item, before, State.REFUSED, acted, parcel="not-sent")
        return CLEAN

    task.examine = decided
    assert await task.step()
    assert await state(desk, item) is State.REFUSED
    assert await desk.waiting() == [("not-sent", item, "")]
    assert (await counted(desk))["", "quarantine"] == 1


async def test_a_restart_begins_anew_and_ends_once(tmp_path):
    async with opened(tmp_path) as desk:
        item = await keep(desk)
        with pytest.raises(KeyboardInterrupt):
            await reading(desk, KeyboardInterrupt()).step()
    async with opened(tmp_path) as desk:
        assert await reading(desk, CLEAN).step()
        assert await desk.waiting() == [("release", item, "")]
    async with opened(tmp_path) as desk:
        assert not await reading(desk, CLEAN).step()
        assert await counted(desk) == {("", "relay"): 1}


async def test_the_rules_in_force_now_decide(desk):
    item = await keep(desk)
    task = reading(desk, HIT)
    passing = {"name": "allt", "action": "relay", "level": "low"}
    task.rules = compile_rules(settings(rule=[passing]))
    assert await task.step()
    assert await state(desk, item) is State.RELEASING
    assert (await desk.archive.item(item)).rules_hash == task.rules.hash


async def test_a_protected_one_is_read_and_named_nowhere(desk, capsys):
    reporter = "tips@tidning.example"
    made, _ = known((reporter,))
    classes = {"protected": ["*@tidning.example"]}
    item = await desk.keep(made, BODY, recipients=(0,), reading=True, protected=True, notice=True)
    assert await reading(desk, HIT, classes=classes, **SAFE).step()
    assert capsys.readouterr().err == ""
    found = await desk.archive.item(item)
    assert (found.state, found.dossier) == (State.HELD, None), "never to a service"
    assert await desk.acts() == []
    assert await counted(desk) == {("protected", "quarantine"): 1}


async def test_a_clock_that_went_back_gives_no_more_than_the_time(desk):
    await keep(desk)
    desk.now -= timedelta(hours=1)
    task = reading(desk, CLEAN)
    assert await task.step()
    assert task.examine.asked == [(BODY, limits.READING_ON)]


async def test_a_clock_that_is_put_back_does_not_stop_reading_on(desk):
    item = await keep(desk)
    task = reading(desk, Temporary("no scan worker was free in time"), CLEAN)
    assert await task.step()
    desk.now -= timedelta(days=30)
    assert await task.step()
    assert await state(desk, item) is State.RELEASING
