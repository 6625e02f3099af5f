"""The hand-over of items: on a real store, to services that do what they are told."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailfilter import config, connectors, limits
from mailfilter.errors import ConfigError, Temporary
from mailfilter.model import State
from mailfilter.outbox.hand_over import (
    HandOvers,
    hop_of_connector,
    partial_receipt,
    reached_of,
    sending,
)
from mailfilter.record.database.sql import without_addresses
from tests.act.real_store import Desk, opened
from tests.record.making import dossier, path
from tests.scripted_hop import ScriptedHop

BODY = (
    b"From: a@kommun.example\r\nTo: b@example.org\r\nMessage-ID: <1@kommun.example>\r\n\r\nHej\r\n"
)
RCPTS = tuple(path(f"{name}@example.org") for name in "bcd")
DOSSIER = replace(dossier(), mail=path("a@kommun.example"), rcpts=RCPTS)
TOKEN = connectors.loop_token(b"k" * 32)
OK = "250 2.0.0 Ok: queued as SCRIPTED"
DOWN = "451 4.4.1 Next hop does not answer, try again later"


@pytest.fixture
async def desk(tmp_path):
    async with opened(tmp_path) as desk:
        yield desk


def hand_overs(desk: Desk, hop: ScriptedHop | int, name: str = "saker", **table) -> HandOvers:
    port = hop if isinstance(hop, int) else hop.port
    settings = config.Connector(port=port, **({"tls": "none"} | table))
    service = connectors.make(
        settings, connectors.Means(sending(settings, "gw.kommun.example"), TOKEN)
    )
    return HandOvers(desk.archive, {name: service}, desk.clock)


def by_recipient(**answers: str):
    """A script that answers RCPT by the first letter of the recipient."""
    return {"RCPT": [lambda line: answers.get(chr(line[9]), "250 2.1.5 ok")]}


def addressed(hop: ScriptedHop) -> list[bytes]:
    return [b",".join(mail.rcpts) for mail in hop.mails]


async def test_accepted_is_handed_over_with_the_receipt(desk):
    item = await desk.keep(DOSSIER, BODY, "saker", recipients=(0, 2))
    assert (await desk.state(item))[0] is State.ACCEPTED
    async with ScriptedHop() as hop:
        await desk.step(hand_overs(desk, hop))
    assert addressed(hop) == [b"<b@example.org>,<d@example.org>"]
    assert hop.mails[0].data == f"X-Mailfilter-Handoff: {TOKEN}\r\n".encode() + BODY
    assert await desk.state(item) == (State.HANDED_OVER, OK)
    detail = {"connector": "saker"}
    assert await desk.acts() == [("system", "handoff", detail), ("system", "handed-over", detail)]
    assert await desk.waiting() == []


async def test_a_reviewers_redirect_is_handed_over_too(desk):
    item = await desk.keep(DOSSIER, BODY)
    assert await desk.move(item, State.ACCEPTED, "handoff", "saker")
    async with ScriptedHop() as hop:
        await desk.step(hand_overs(desk, hop))
    assert (await desk.state(item))[0] is State.HANDED_OVER


async def test_a_service_that_is_down_is_tried_again(desk):
    item = await desk.keep(DOSSIER, BODY, "saker")
    async with ScriptedHop({".": ["451 4.3.0 later", "250 2.0.0 ok"]}) as hop:
        handler = hand_overs(desk, hop)
        await desk.step(handler)
        assert (await desk.state(item))[0] is State.HANDING_OVER
        await desk.step(handler, times=2)
    assert await desk.state(item) == (State.HANDED_OVER, "250 2.0.0 ok")
    assert len(hop.mails) == 1


@pytest.mark.parametrize(
    ("script", "table", "said"),
    [
        (by_recipient(c="550 5.1.1 <c@example.org> is gone"), {}, "550 5.1.1 ... is gone"),
        ({".": ["554 5.6.0 no"]}, {}, "554 5.6.0 no"),
        ({}, {"size_limit": 3}, "over-size-limit"),
        (
            {},
            {"envelope_recipient": "191212121212.{local}@s.example"},
            "envelope-address-holds-number",
        ),
    ],
)
async def test_refused_for_good_it_is_held_and_all_are_told(desk, script, table, said):
    item = await desk.keep(DOSSIER, BODY, "saker")
    async with ScriptedHop(script) as hop:
        await desk.step(hand_overs(desk, hop, **table), times=3)
    assert hop.mails == []
    assert await desk.state(item) == (State.HELD, said)
    assert sorted(await desk.waiting()) == [("release-failed", item, ""), ("reviewers", "", "1")]
    assert (await desk.acts())[-1] == ("system", "handoff-failed", {"connector": "saker"})
    assert await desk.archive.body(item.partition(".")[0]) == BODY


async def test_after_more_than_a_day_it_is_held(desk, monkeypatch):
    monkeypatch.setattr(limits, "OUTBOX_ATTEMPTS", 3)
    item = await desk.keep(DOSSIER, BODY, "saker")
    async with ScriptedHop() as hop:
        port = hop.port
    handler = hand_overs(desk, port)
    await desk.step(handler, times=2)
    assert (await desk.state(item))[0] is State.HANDING_OVER
    await desk.step(handler)
    assert await desk.state(item) == (State.HELD, DOWN)
    assert ("release-failed", item, "") in await desk.waiting()
    assert handler.results == {}


async def test_a_connector_that_is_gone_gives_the_mail_back(desk):
    item = await desk.keep(DOSSIER, BODY, "gone")
    await desk.step(hand_overs(desk, 1))
    assert await desk.state(item) == (State.HELD, "no-such-connector")


async def test_what_comes_back_from_the_service_is_held(desk):
    looped = f"X-Mailfilter-Handoff: {TOKEN}\r\n".encode() + BODY
    item = await desk.keep(DOSSIER, looped, "saker")
    async with ScriptedHop() as hop:
        await desk.step(hand_overs(desk, hop))
    assert await desk.state(item) == (State.HELD, "loop")
    assert hop.connections == 0


async def test_who_has_it_is_left_out_after_a_crash(tmp_path):
    """One recipient each: two of three had it when we died; the restart reaches the third."""
    answers = by_recipient(c="450 4.2.0 later")
    async with opened(tmp_path) as desk, ScriptedHop(answers) as first:
        item = await desk.keep(DOSSIER, BODY, "saker")
        await desk.step(hand_overs(desk, first, split=True))
        state = await desk.state(item)
    assert addressed(first) == [b"<b@example.org>", b"<d@example.org>"]
    assert state == (State.HANDING_OVER, "reached 1,3 of 3 via saker: 450 4.2.0 later")
    async with opened(tmp_path) as again, ScriptedHop() as second:
        again.later(hours=2)
        await again.step(hand_overs(again, second, split=True))
        assert addressed(second) == [b"<c@example.org>"]
        assert await again.state(item) == (State.HANDED_OVER, OK)


async def test_who_has_it_is_known_when_it_is_held_and_handed_over_anew(desk):
    item = await desk.keep(DOSSIER, BODY, "saker")
    async with ScriptedHop(by_recipient(c="550 5.1.1 no")) as hop:
        await desk.step(hand_overs(desk, hop, split=True))
    assert await desk.state(item) == (State.HELD, "reached 1,3 of 3 via saker: 550 5.1.1 no")
    assert await desk.move(item, State.ACCEPTED, "handoff", "saker")
    async with ScriptedHop() as same:
        await desk.step(hand_overs(desk, same, split=True))
    assert addressed(same) == [b"<c@example.org>"]
    assert await desk.state(item) == (State.HANDED_OVER, OK)


async def test_another_service_gets_it_for_all(desk):
    item = await desk.keep(DOSSIER, BODY, "saker")
    async with ScriptedHop(by_recipient(c="550 5.1.1 no")) as hop:
        await desk.step(hand_overs(desk, hop, split=True))
    assert await desk.move(item, State.ACCEPTED, "handoff", "annan")
    async with ScriptedHop() as other:
        await desk.step(hand_overs(desk, other, "annan"))
    assert addressed(other) == [b"<b@example.org>,<c@example.org>,<d@example.org>"]


def _killed_at(state: State, act):
    async def killed(id_, before, after, *rest, **more):
        if after is state:
            raise asyncio.CancelledError
        return await act(id_, before, after, *rest, **more)

    return killed


@pytest.mark.parametrize("where", ["before-the-250", "after-the-250", "after-our-commit"])
async def test_killed_at_any_moment_it_arrives(tmp_path, where):
    release = asyncio.Event()
    script = {".": [(release, "250 2.0.0 ok")] if where == "before-the-250" else ["250 2.0.0 ok"]}
    async with opened(tmp_path) as desk, ScriptedHop(script) as first:
        item = await desk.keep(DOSSIER, BODY, "saker")
        (parcel,) = await desk.archive.due(desk.now)
        handler = hand_overs(desk, first)
        if where == "after-the-250":
            desk.archive.act = _killed_at(State.HANDED_OVER, desk.archive.act)
        task = asyncio.create_task(handler.send(parcel))
        if where == "before-the-250":
            while "DATA" not in first.verbs():
                await asyncio.sleep(0.01)
            task.cancel()
        await asyncio.wait([task])
    async with opened(tmp_path) as again, ScriptedHop() as second:
        await again.step(hand_overs(again, second))
        assert (await again.state(item))[0] is State.HANDED_OVER
        assert await again.waiting() == []
    assert len(second.mails) == (where != "after-our-commit")


async def test_a_store_that_fails_after_the_250_costs_no_second_copy(desk, monkeypatch):
    monkeypatch.setattr(limits, "OUTBOX_ATTEMPTS", 2)
    item = await desk.keep(DOSSIER, BODY, "saker")
    act = desk.archive.act

    async def full(id_, before, after, *rest, **more):
        if after is State.HANDED_OVER:
            raise Temporary("store: the disk is full")
        return await act(id_, before, after, *rest, **more)

    async with ScriptedHop() as hop:
        handler = hand_overs(desk, hop)
        desk.archive.act = full
        await desk.step(handler, times=4)
        assert (await desk.state(item))[0] is State.HANDING_OVER
        desk.archive.act = act
        await desk.step(handler)
    assert len(hop.mails) == 1
    assert await desk.state(item) == (State.HANDED_OVER, OK)
    assert handler.results == {}


async def test_what_has_been_moved_on_is_left_alone(desk):
    item = await desk.keep(DOSSIER, BODY, "saker")
    held = await desk.keep(DOSSIER, BODY)
    for name in (item, held, "GONE.1"):
        await desk.archive.put("handoff", desk.now, item=name)
    async with ScriptedHop() as hop:
        handler = hand_overs(desk, hop)
        for parcel in await desk.archive.due(desk.now):
            await handler.send(parcel)
    assert len(hop.mails) == 1
    assert (await desk.state(held))[0] is State.HELD


async def test_a_message_that_cannot_be_opened_is_held(desk):
    item = await desk.keep(DOSSIER, BODY, "saker")
    (parcel,) = await desk.archive.due(desk.now)
    async with ScriptedHop() as hop:
        await hand_overs(desk, hop).send(replace(parcel, dossier=None))
    assert hop.connections == 0
    assert (await desk.state(item))[0] is State.HELD


def test_a_password_that_cannot_be_read_names_its_file(tmp_path):
    missing = config.Connector(username="gw", password_file=tmp_path / "pw")
    with pytest.raises(ConfigError, match="pw: cannot be read as a password"):
        hop_of_connector(missing, "gw")
    (tmp_path / "pw").write_text("a b\r\n")
    assert hop_of_connector(missing, "gw").password == "a b"


# ---- who was reached, in the receipt -------------------------------------------------------------


@given(
    total=st.integers(1, 60), chosen=st.sets(st.integers(0, 59)), name=st.sampled_from(["s", "å b"])
)
def test_the_receipt_says_who_was_reached(total, chosen, name):
    reached = tuple(sorted(n for n in chosen if n < total))
    stored = stand_in(total, name)
    receipt = partial_receipt(stored, reached, "451 4.3.0 via s: no")
    assert reached_of(replace_receipt(stored, receipt)) == reached


def test_a_receipt_that_would_be_too_long_forgets_the_last_ones():
    stored = stand_in(1000, "s")
    every_second = tuple(range(0, 1000, 2))
    receipt = partial_receipt(stored, every_second, "451 4.3.0 later")
    found = reached_of(replace_receipt(stored, receipt))
    assert len(receipt) < 400
    assert found == every_second[: len(found)] != ()


@pytest.mark.parametrize(
    "receipt",
    ["", "250 2.0.0 ok", "reached  of 3 via s: x", "reached 1-,2 of 3 via s: x", "reached 1 of 3"],
)
def test_other_receipts_say_nothing(receipt):
    assert reached_of(replace_receipt(stand_in(3, "s"), receipt)) == ()
    assert reached_of(replace_receipt(stand_in(3, "s"), "reached 1-99 of 3 via s: x")) == (0, 1, 2)


def stand_in(total: int, connector: str, receipt: str = ""):
    """As much of an item as the receipt needs."""
    return SimpleNamespace(recipients=tuple(range(total)), connector=connector, receipt=receipt)


def replace_receipt(item, receipt: str):
    return stand_in(len(item.recipients), item.connector, without_addresses(receipt))
