"""Release: on a real store, to a hop that does what it is told."""

from dataclasses import replace
from functools import partial

import pytest

from mailfilter import limits
from mailfilter.errors import Temporary
from mailfilter.model import Path, State
from mailfilter.next_hop.transaction import Hop
from mailfilter.outbox.release import Release, deliver_all
from tests.act.real_store import Desk, opened
from tests.record.making import dossier
from tests.scripted_hop import DROP, GOOD, PLAIN_EHLO, ScriptedHop

BODY = b"Message-ID: <1@kommun.example>\r\nSubject: x\r\n\r\n.dot\r\nno end \xe5"
MAIL = Path(b"<A@kommun.example> SIZE=70 BODY=8BITMIME RET=HDRS ENVID=Q1", b"A@kommun.example")
RCPTS = tuple(
    Path(b"<%b@example.org> NOTIFY=FAILURE ORCPT=rfc822;%b" % (name, name), name)
    for name in (b"B", b"C", b"D")
)
DOSSIER = replace(
    dossier(), mail=MAIL, rcpts=RCPTS, xforward=(b"NAME=pc1 ADDR=10.0.0.1", b"HELO=pc1")
)
DOWN = "451 4.4.1 Next hop does not answer, try again later"


@pytest.fixture
async def desk(tmp_path):
    async with opened(tmp_path) as desk:
        yield desk


def release(desk: Desk, hop: ScriptedHop | int) -> Release:
    port = hop if isinstance(hop, int) else hop.port
    return Release(desk.archive, partial(deliver_all, Hop("127.0.0.1", port)), desk.clock)


async def releasing(desk: Desk, **more) -> str:
    item = await desk.keep(DOSSIER, BODY, **more)
    assert await desk.move(item, State.RELEASING, "release")
    return item


async def test_the_original_goes_to_the_original_recipients_of_the_item(desk):
    item = await releasing(desk, recipients=(0, 2))
    async with ScriptedHop() as hop:
        await desk.step(release(desk, hop))
    (mail,) = hop.mails
    assert mail.mail == MAIL.raw
    assert mail.rcpts == [RCPTS[0].raw, RCPTS[2].raw]
    assert mail.xforward == list(DOSSIER.xforward)
    assert mail.data == BODY + b"\r\n"  # the line's end that the wire needs
    assert await desk.state(item) == (State.RELEASED, "250 2.0.0 Ok: queued as SCRIPTED")
    assert (await desk.acts())[-1] == ("system", "released", {})
    assert await desk.waiting() == []
    assert (await desk.archive.item(item)).dossier is None  # ended: its key is destroyed


async def test_xforward_goes_only_to_a_hop_that_takes_it(desk):
    await releasing(desk)
    async with ScriptedHop({"EHLO": [PLAIN_EHLO]}) as hop:
        await desk.step(release(desk, hop))
    assert len(hop.mails) == 1
    assert "XFORWARD" not in hop.verbs()


async def test_released_only_after_the_250(desk):
    """While the hop thinks about the dot, the item is still on its way."""
    item = await releasing(desk)
    seen = []

    async def look(*args) -> object:
        receipt = await deliver_all(Hop("127.0.0.1", hop.port), *args)
        seen.append(await desk.state(item))
        return receipt

    async with ScriptedHop() as hop:
        await desk.step(Release(desk.archive, look, desk.clock))
    assert seen == [(State.RELEASING, "")]
    assert (await desk.state(item))[0] is State.RELEASED


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ({"RCPT": ["250 ok", "550 5.1.1 <C@example.org> is gone"]}, "550 5.1.1 ... is gone"),
        ({"RCPT": ["450 4.2.0 later", "550 5.1.1 gone"]}, "550 5.1.1 gone"),
        ({"MAIL": ["552 5.3.4 too big"]}, "552 5.3.4 too big"),
        ({"DATA": ["554 5.7.1 no"]}, "554 5.7.1 no"),
        ({".": ["550 5.7.1 virus 191212121212 å"]}, "550 5.7.1"),
    ],
)
async def test_refused_for_good_nobody_gets_it_and_all_are_told(desk, script, said):
    item = await releasing(desk)
    async with ScriptedHop(script) as hop:
        await desk.step(release(desk, hop), times=3)
    assert hop.mails == []
    assert await desk.state(item) == (State.RELEASE_FAILED, said)
    assert sorted(await desk.waiting()) == [("release-failed", item, ""), ("reviewers", "", "1")]
    assert ("system", "release-failed", {}) in await desk.acts()
    assert await desk.archive.body(item.partition(".")[0]) == BODY  # kept, for another decision


@pytest.mark.parametrize(
    "script",
    [
        {"RCPT": ["250 ok", "450 4.2.0 later", "250 ok"]},
        {"DATA": ["451 4.3.0 later", "354 go"]},
        {".": ["451 4.3.0 later", "250 ok"]},
        {".": [DROP, "250 ok"]},
        {".": [b"?\r\n", "250 ok"]},
        {"BANNER": ["421 4.3.2 later", "220 hop"]},
        {"RCPT": [DROP, "250 ok"], "MAIL": ["250 ok"]},
    ],
)
async def test_refused_for_now_it_goes_later(desk, script):
    item = await releasing(desk)
    async with ScriptedHop(script) as hop:
        await desk.step(release(desk, hop))
        assert (await desk.state(item))[0] is State.RELEASING
        assert hop.mails == []
        await desk.step(release(desk, hop), times=2)
    assert [mail.rcpts for mail in hop.mails] == [[rcpt.raw for rcpt in RCPTS]]
    assert (await desk.state(item))[0] is State.RELEASED


async def test_a_hop_that_is_down_for_more_than_a_day(desk, monkeypatch):
    monkeypatch.setattr(limits, "OUTBOX_ATTEMPTS", 3)
    item = await releasing(desk)
    async with ScriptedHop() as hop:
        port = hop.port
    await desk.step(release(desk, port), times=2)
    assert (await desk.state(item))[0] is State.RELEASING
    await desk.step(release(desk, port))
    assert await desk.state(item) == (State.RELEASE_FAILED, DOWN)
    assert ("release-failed", item, "") in await desk.waiting()


async def test_a_failed_release_can_be_tried_again(desk):
    item = await releasing(desk)
    async with ScriptedHop({".": ["554 5.7.1 no", "250 2.0.0 ok"]}) as hop:
        await desk.step(release(desk, hop))
        assert await desk.move(item, State.RELEASING, "release")
        await desk.step(release(desk, hop))
    assert await desk.state(item) == (State.RELEASED, "250 2.0.0 ok")
    assert len(hop.mails) == 1


@pytest.mark.parametrize("before_commit", [True, False])
async def test_after_a_crash_it_is_sent_again_or_not_at_all(tmp_path, before_commit):
    """Died before our commit: once more, same bytes. Died after it, before the row was done: no."""
    async with opened(tmp_path) as desk, ScriptedHop() as hop:
        item = await releasing(desk)
        (parcel,) = await desk.archive.due(desk.now)
        handler = release(desk, hop)
        if before_commit:
            await handler._delivered(parcel, await desk.archive.item(item))
        else:
            await handler.send(parcel)
    async with opened(tmp_path) as again:
        async with ScriptedHop() as second:
            await again.step(release(again, second))
        assert (await again.state(item))[0] is State.RELEASED
        assert await again.waiting() == []
    mails = hop.mails + second.mails
    assert len(mails) == 1 + before_commit
    assert len({mail.wire for mail in mails}) == 1


async def test_a_store_that_fails_after_the_250_costs_no_second_copy(desk, monkeypatch):
    monkeypatch.setattr(limits, "OUTBOX_ATTEMPTS", 1)  # so that the outbox would give up at once
    item = await releasing(desk)
    act = desk.archive.act

    async def full(id_, before, after, *rest, **more):
        if after is State.RELEASED:
            raise Temporary("store: the disk is full")
        return await act(id_, before, after, *rest, **more)

    async with ScriptedHop() as hop:
        handler = release(desk, hop)
        desk.archive.act = full
        await desk.step(handler, times=3)
        desk.archive.act = act
        assert (await desk.state(item))[0] is State.RELEASING
        await desk.step(handler)
    assert len(hop.mails) == 1
    assert await desk.state(item) == (State.RELEASED, "250 2.0.0 Ok: queued as SCRIPTED")
    assert handler.taken == {}


async def test_what_has_been_moved_on_is_left_alone(desk):
    item = await releasing(desk)
    await desk.archive.put("release", desk.now, item=item)
    await desk.archive.put("release", desk.now, item="GONE.1")
    held = await desk.keep(DOSSIER, BODY)
    await desk.archive.put("release", desk.now, item=held)
    async with ScriptedHop() as hop:
        handler = release(desk, hop)
        for parcel in await desk.archive.due(desk.now):
            await handler.send(parcel)
    assert len(hop.mails) == 1
    assert (await desk.state(held))[0] is State.HELD


async def test_a_message_that_cannot_be_opened_is_a_failed_release(desk):
    item = await releasing(desk)
    (parcel,) = await desk.archive.due(desk.now)
    async with ScriptedHop() as hop:
        await release(desk, hop).send(replace(parcel, dossier=None))
    assert hop.connections == 0
    assert (await desk.state(item))[0] is State.RELEASE_FAILED


async def test_of_protected_mail_no_reviewer_is_told(desk):
    item = await releasing(desk, protected=True)
    async with ScriptedHop({".": ["554 5.7.1 no"]}) as hop:
        await desk.step(release(desk, hop))
    assert (await desk.state(item))[0] is State.RELEASE_FAILED
    assert [kind for kind, *_ in await desk.waiting()] == ["release-failed"]
    assert await desk.acts() == []


async def test_deliver_all_waits_longer_than_a_client_would():
    """The timer of DATA is the RFC's, whatever the hop's own says."""
    async with ScriptedHop({".": [(0.3, "250 ok")], "EHLO": [GOOD["EHLO"]]}) as hop:
        sent = await deliver_all(Hop("127.0.0.1", hop.port, data_timeout=0.1), MAIL, RCPTS, BODY)
    assert sent.final.code == 250
    assert (await deliver_all(Hop("127.0.0.1", 1), MAIL, (), BODY)).final.code == 554
