"""Whole lives of held mail: the real store, the real outbox, a next hop and a service on loopback.

A notice, a release with the original bytes and envelope, a crash in the middle, a hand-over that
the service refuses, and what the sender is told: nothing of the mail's content in any of it.
"""

from contextlib import asynccontextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path as File

import pytest

from mailfilter import config
from mailfilter.app import clock, posting
from mailfilter.model import Action, State
from mailfilter.record.contract import AuditLine, Filter, Staged, StagedItem
from mailfilter.record.open import open_store
from mailfilter.record.sealing.keys import ensure_keys, load_private
from tests.act.office import BODY, CANARIES, NOW, Clock, dossier, verdict
from tests.record.making import swept
from tests.scripted_hop import DROP, ScriptedHop

LINE = AuditLine(0, NOW, "anna", "release", "M1.1", {"reason": "no-data"})


class Died(BaseException):
    """As kill -9: nothing catches it."""


@pytest.fixture
def now(monkeypatch):
    made = Clock()
    monkeypatch.setattr(clock, "now", made)
    return made


@asynccontextmanager
async def installation(folder: File, hop, service=None):
    """A store, and a function that makes its outbox anew, as after a restart."""
    keys = folder / "keys"
    ensure_keys(keys)
    table = {
        "store": {"url": f"sqlite:///{folder}/m.db", "keys": str(keys), "run": str(folder)},
        "next_hop": {"port": hop.port},
        "organisation": {"domains": ["kommun.example"]},
        "notice": {"reviewers": ["granskare@kommun.example"]},
    }
    if service is not None:
        table["connectors"] = {
            "saker": {"port": service.port, "tls": "none", "envelope_recipient": "{address}.s"}
        }
    settings = config.validate(table, "test.toml")
    store = await open_store(settings, load_private(keys))
    try:
        yield store, lambda: posting.outbox(store.archive, settings)
    finally:
        await store.close()


async def keep(store, action=Action.QUARANTINE, connector="", **changes):
    kept = verdict("b@hem.example", action, connector=connector)
    staged = Staged(
        id="M1",
        join_key=b"join",
        incident_key=b"incident",
        at=NOW,
        department="övriga",
        controller="",
        protected=False,
        rules_hash="f00d",
        dossier=dossier(rcpts=("b@hem.example",), verdicts=(kept,), **changes),
        body=BODY,
        items=(StagedItem(action, connector, (0,)),),
        notice=True,
    )
    await store.intake.stage(staged)
    await store.intake.commit("M1", [])


async def state(store):
    return (await store.archive.item("M1.1")).state


def subjects(hop):
    read = [message_from_bytes(mail.data, policy=policy.default) for mail in hop.mails]
    return [str(message["Subject"]) for message in read if message["X-Mailfilter-Notice"]]


def assert_nothing_leaked(hop):
    for mail in hop.mails:
        message = message_from_bytes(mail.data, policy=policy.default)
        if message["X-Mailfilter-Notice"]:
            parts = [part.get_content() for part in message.walk() if not part.is_multipart()]
            said = "\n".join((*map(str, message.values()), *parts))
            assert [canary for canary in CANARIES if canary in said] == []


async def release(store):
    """What the page does."""
    assert await store.archive.act(
        "M1.1", [State.HELD, State.RELEASE_FAILED], State.RELEASING, LINE, parcel="release"
    )


async def test_held_told_and_released_as_it_came(tmp_path, now):
    async with ScriptedHop() as hop, installation(tmp_path, hop) as (store, outbox):
        await keep(store)
        await outbox().step()
        assert subjects(hop) == ["Ditt mejl har inte skickats än (ärende M1)"]
        assert (hop.mails[0].mail, hop.mails[0].rcpts) == (b"<>", [b"<anna.berg@kommun.example>"])
        await release(store)
        await outbox().step()
        sent = hop.mails[-1]
        assert sent.data == BODY
        assert sent.mail == b"<anna.berg@kommun.example> SIZE=70 BODY=8BITMIME RET=HDRS ENVID=QQ1"
        assert sent.rcpts == [b"<b@hem.example> NOTIFY=FAILURE ORCPT=rfc822;b@hem.example"]
        assert await state(store) is State.RELEASED
        assert (await store.archive.item("M1.1")).receipt == "250 2.0.0 Ok: queued as SCRIPTED"
        assert await outbox().step() == 1
        assert subjects(hop)[-1] == "Så gick det med ditt mejl (ärende M1)"
        assert await outbox().step() == 0
        assert_nothing_leaked(hop)


async def test_a_crash_in_the_middle_of_a_release_sends_it_again(tmp_path, now):
    async with ScriptedHop() as hop, installation(tmp_path, hop) as (store, outbox):
        await keep(store)
        await outbox().step()
        await release(store)
        first = outbox()
        act = store.archive.act

        async def die(*_, **__):
            raise Died

        store.archive.act = die
        with pytest.raises(Died):
            await first.step()
        store.archive.act = act
        assert await state(store) is State.RELEASING
        await outbox().step()
        assert [mail.data for mail in hop.mails[1:]] == [BODY, BODY]  # the documented window
        assert await state(store) is State.RELEASED


async def test_a_refused_release_is_told_and_can_be_tried_again(tmp_path, now):
    answers = {"RCPT": ["250 ok", "550 5.1.1 <b@hem.example> unknown", "250 ok"]}
    async with ScriptedHop(answers) as hop, installation(tmp_path, hop) as (store, outbox):
        await keep(store)
        await outbox().step()
        await release(store)
        await outbox().step()
        item = await store.archive.item("M1.1")
        assert item.state is State.RELEASE_FAILED
        assert item.receipt.startswith("550 5.1.1")
        assert "hem.example" not in item.receipt
        await outbox().step()
        assert set(subjects(hop)) == {
            "Ditt mejl har inte skickats än (ärende M1)",
            "Ditt mejl kunde inte skickas (ärende M1)",
            "Mejl väntar på granskning",
        }
        await release(store)
        await outbox().step()
        assert await state(store) is State.RELEASED
        assert_nothing_leaked(hop)


async def test_a_next_hop_that_is_down_is_tried_again(tmp_path, now):
    async with (
        ScriptedHop({"BANNER": [DROP, DROP, "220 hop"]}) as hop,
        installation(tmp_path, hop) as (store, outbox),
    ):
        await keep(store)
        box = outbox()
        await box.step()
        assert hop.mails == []
        now.after(minutes=1)
        await box.step()
        now.after(minutes=2)
        await box.step()
        assert len(subjects(hop)) == 1


async def test_handed_over_to_a_service_and_by_its_250_only(tmp_path, now):
    async with (
        ScriptedHop() as hop,
        ScriptedHop({".": ["451 4.3.0 later", "250 2.0.0 Ok"]}) as far,
        installation(tmp_path, hop, far) as (store, outbox),
    ):
        await keep(store, Action.REDIRECT, "saker")
        await outbox().step()
        assert await state(store) is State.HANDING_OVER
        now.after(minutes=1)
        await outbox().step()
        assert await state(store) is State.HANDED_OVER
        assert far.mails[-1].rcpts == [b"<b@hem.example.s>"]
        assert subjects(hop) == ["Ditt mejl går med en säker tjänst (ärende M1)"]


async def test_a_service_that_refuses_gives_it_back_and_the_sender_learns(tmp_path, now):
    async with (
        ScriptedHop() as hop,
        ScriptedHop({"RCPT": ["550 5.7.1 no"]}) as far,
        installation(tmp_path, hop, far) as (store, outbox),
    ):
        await keep(store, Action.REDIRECT, "saker")
        await outbox().step()
        await outbox().step()
        assert await state(store) is State.HELD
        assert set(subjects(hop)) == {
            "Ditt mejl går med en säker tjänst (ärende M1)",
            "Ditt mejl kunde inte skickas säkert (ärende M1)",
            "Mejl väntar på granskning",
        }
        assert_nothing_leaked(hop)


async def test_what_nobody_touches_goes_back_as_not_sent(tmp_path, now):
    async with ScriptedHop() as hop, installation(tmp_path, hop) as (store, outbox):
        await keep(store)
        box = outbox()
        await box.step()
        for days in (3, 10, 14):
            now.at = NOW + timedelta(days=days, minutes=1)
            await swept(store.archive, now(), NOW)
            await box.step()
        assert await state(store) is State.HELD, "until the notice that it ends was accepted"
        await swept(store.archive, now())
        told = [subject for subject in subjects(hop) if "ärende" in subject]
        assert told == [
            "Ditt mejl har inte skickats än (ärende M1)",
            "Ditt mejl är fortfarande inte skickat (ärende M1)",
            "Ditt mejl är fortfarande inte skickat (ärende M1)",
            "Ditt mejl skickades aldrig (ärende M1)",
        ]
        assert await state(store) is State.EXPIRED
        assert_nothing_leaked(hop)
        lines = await store.archive.audit_lines()
        assert not any(canary in str(lines) for canary in CANARIES)
        assert await store.archive.count_items(Filter(states=(State.HELD,))) == 0
