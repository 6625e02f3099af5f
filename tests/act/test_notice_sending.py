"""Our own mails on their way: null return path, DKIM, rates, refusals, reviewers, reports."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mailfilter.connectors.signing import signer_of
from mailfilter.errors import ConfigError, Permanent, Temporary
from mailfilter.letters.notice_words import Block, letter
from mailfilter.model import Action, Reply, State
from mailfilter.next_hop.relay import Receipt
from mailfilter.outbox.contract import Later
from mailfilter.outbox.notices import Post, Reports, ToReviewers, ToSender, about_of, sender_address
from mailfilter.record.contract import Parcel
from tests.act.office import (
    CANARIES,
    NOW,
    OK,
    SENDER,
    Clock,
    FakeArchive,
    Mailbox,
    dossier,
    item,
    settings,
)


def parcel(kind="notice", *, id=1, message="M1", item="", dossier_=None, note="", at=NOW):
    return Parcel(id, kind, message, item, 0, at, dossier_ or dossier(), note)


def office(*items, mailbox=None, clock=None, signer=None, **table):
    archive, clock = FakeArchive(*items), clock or Clock()
    box = mailbox or Mailbox()
    made = settings(**table)
    post = Post(made, box, signer)
    return archive, box, made, post, clock


def sender(*items, **more):
    archive, box, made, post, clock = office(*items, **more)
    return ToSender(archive, made, post, clock), box, clock


def read(box, n=0):
    return message_from_bytes(box.mails[n][2], policy=policy.default)


async def test_a_notice_has_an_empty_return_path_and_goes_to_the_sender_alone():
    handler, box, _ = sender()
    await handler.send(parcel())
    mail, rcpts, data, xforward = box.mails[0]
    assert (mail.raw, [rcpt.raw for rcpt in rcpts]) == (b"<>", [b"<anna.berg@kommun.example>"])
    assert xforward == ()
    message = read(box)
    assert message["Message-ID"] == "<notice.1.M1@kommun.example>"
    assert message["From"].addresses[0].addr_spec == "mailfilter@kommun.example"
    assert [canary for canary in CANARIES if canary.encode() in data] == []


async def test_no_notice_where_nobody_is_to_be_told():
    handler, box, _ = sender()
    for subject in (dossier(sender=""), dossier(automatic=True), dossier(sender="x@y.example")):
        await handler.send(parcel(dossier_=subject))
    assert box.mails == []


async def test_refusals_end_a_notice_and_delays_do_not():
    for reply, error in (
        (Reply(550, "5.1.1 <anna.berg@kommun.example> unknown"), Permanent),
        (Reply(451, "4.3.0 later"), Temporary),
    ):
        handler, *_ = sender(mailbox=Mailbox(reply))
        with pytest.raises(error) as caught:
            await handler.send(parcel())
        assert "anna" not in str(caught.value)
    handler, *_ = sender(mailbox=Mailbox(Receipt((OK,), Reply(554, "5.6.0 no"))))
    with pytest.raises(Permanent):
        await handler.send(parcel())


async def test_at_most_so_many_notices_in_an_hour():
    handler, box, clock = sender(notice={"per_hour": 2})
    await handler.send(parcel(id=1))
    clock.after(minutes=20)
    await handler.send(parcel(id=2))
    with pytest.raises(Later) as caught:
        await handler.send(parcel(id=3))
    assert caught.value.at == NOW + timedelta(hours=1)
    clock.after(minutes=41)
    await handler.send(parcel(id=3))
    assert len(box.mails) == 3
    await handler.send(parcel(id=4, dossier_=dossier(sender="b@kommun.example")))
    assert len(box.mails) == 4


async def test_each_of_a_thousand_waits_for_its_own_turn():
    """Opened when it comes and at its turn, not with all the others every hour."""
    handler, box, clock = sender(notice={"per_hour": 20})
    due, tries = dict.fromkeys(range(1000), NOW), 0
    while due:
        clock.at = min(due.values())
        for id in [id for id, at in due.items() if at <= clock.at]:
            tries += 1
            try:
                await handler.send(parcel(id=id))
                del due[id]
            except Later as later:
                due[id] = later.at
    assert len(box.mails) == 1000
    assert tries == 1980
    assert clock.at == NOW + timedelta(hours=49)


async def test_who_comes_while_others_wait_comes_after_them():
    handler, box, clock = sender(notice={"per_hour": 1})
    turns = []
    await handler.send(parcel(id=1))
    for id in (2, 3, 4):
        clock.after(minutes=5)
        with pytest.raises(Later) as caught:
            await handler.send(parcel(id=id))
        turns.append(caught.value.at)
    assert turns == [NOW + timedelta(hours=n) for n in (1, 2, 3)]
    clock.at = turns[0] + timedelta(minutes=30)  # nothing ran meanwhile
    await handler.send(parcel(id=2))
    clock.at = turns[1]
    with pytest.raises(Later) as caught:
        await handler.send(parcel(id=3))  # half an hour ago one went
    assert len(box.mails) == 2
    assert caught.value.at >= turns[1] + timedelta(minutes=30)


async def test_a_clock_that_is_put_back_stops_no_notice():
    handler, box, clock = sender(notice={"per_hour": 1})
    await handler.send(parcel(id=1))
    with pytest.raises(Later):
        await handler.send(parcel(id=2))
    clock.at = NOW - timedelta(days=30)
    await handler.send(parcel(id=2))
    assert len(box.mails) == 2


@pytest.mark.parametrize(
    ("kind", "note", "state", "action", "variant"),
    [
        ("not-sent", "3", State.HELD, Action.QUARANTINE, "not-sent"),
        ("not-sent", "10", State.RELEASE_FAILED, Action.QUARANTINE, "not-sent"),
        ("not-sent", "14", State.EXPIRED, Action.QUARANTINE, "expired"),
        ("not-sent", "14", State.HELD, Action.QUARANTINE, "expired"),  # it ends when this is taken
        ("not-sent", "14", State.RELEASE_FAILED, Action.QUARANTINE, "expired"),
        ("not-sent", "", State.REFUSED, Action.QUARANTINE, "refused"),
        ("not-sent", "3", State.RELEASED, Action.QUARANTINE, None),
        ("not-sent", "3", State.DELETED, Action.QUARANTINE, None),
        ("not-sent", "3", State.ACCEPTED, Action.REDIRECT, None),
        ("release-failed", "", State.RELEASE_FAILED, Action.QUARANTINE, "release-failed"),
        ("release-failed", "", State.HELD, Action.REDIRECT, "handoff-failed"),
        ("release-failed", "", State.RELEASED, Action.QUARANTINE, None),
        ("rejected-notice", "", None, None, "rejected"),
        ("notice", "", None, None, "held"),
    ],
)
def test_what_is_told_is_what_is_so_now(kind, note, state, action, variant):
    thing = item(state=state, action=action) if state else None
    told = parcel(kind, item="M1.1" if state else "", note=note)
    about = about_of(told, [thing] if thing else [], settings())
    assert (about and about.variant.value) == variant


@pytest.mark.parametrize("before", ["", "reached 1 of 2 via hamta: "])
def test_a_missing_number_is_told_as_that(before):
    thing = item(state=State.HELD, action=Action.REDIRECT, receipt=f"{before}needs-mobile")
    about = about_of(parcel("release-failed", item="M1.1"), [thing], settings())
    assert about is not None
    assert about.variant.value == "needs-mobile"


async def test_a_sealed_dossier_ends_the_row():
    handler, _box, _ = sender()
    with pytest.raises(Permanent):
        await handler.send(Parcel(1, "notice", "M1", "", 0, NOW, None))


# ---- DKIM --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def key_file(key, tmp_path):
    path = tmp_path / "dkim.key"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    return path


def verified(data, key):
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    import base64

    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)
    return dkim.verify(data, dnsfunc=lambda name, timeout=5: record)


async def test_a_notice_is_signed(key, key_file):
    notice = {"dkim_domain": "kommun.example", "dkim_selector": "mf", "dkim_key": str(key_file)}
    signer = signer_of(settings(notice=notice).notice)
    handler, box, _ = sender(signer=signer, notice=notice)
    await handler.send(parcel())
    data = box.mails[0][2]
    assert verified(data, key)
    assert not verified(data.replace(b"Auto-Submitted: auto-replied", b"Auto-Submitted: no"), key)
    assert b"d=kommun.example" in data
    assert "PRIVATE" not in repr(signer)


def test_a_key_that_is_none_is_told(tmp_path):
    bad = tmp_path / "bad.key"
    bad.write_text("no key")
    for path in (bad, tmp_path / "missing"):
        notice = {"dkim_domain": "k.example", "dkim_selector": "s", "dkim_key": str(path)}
        with pytest.raises(ConfigError, match=r"notice\.dkim_key"):
            signer_of(settings(notice=notice).notice)
    assert signer_of(settings().notice) is None


# ---- reviewers and reports ---------------------------------------------------------------------


def reviewers(*items, mailbox=None):
    archive, box, made, post, clock = office(
        *items,
        mailbox=mailbox,
        notice={"reviewers": ["r1@kommun.example", "r2@kommun.example"]},
        web={"url": "https://granska.kommun.example"},
    )
    return ToReviewers(archive, made, post, clock), box, clock, archive


async def test_reviewers_are_told_how_many_and_where_and_nothing_else():
    handler, box, _, _ = reviewers(item("M1.1"), item("M2.1", State.RELEASE_FAILED))
    await handler.send(Parcel(1, "reviewers", "", "", 0, NOW, None))
    message = read(box)
    body = message.get_body(("plain",)).get_content()
    assert "2 mejl väntar" in body
    assert "https://granska.kommun.example" in body
    assert len(box.mails[0][1]) == 2
    assert message["Auto-Submitted"] == "auto-generated"
    assert not any(canary in message.as_string() + body for canary in CANARIES)


async def test_at_most_one_mail_to_reviewers_in_fifteen_minutes():
    handler, box, clock, _ = reviewers(item())
    await handler.send(Parcel(1, "reviewers", "", "", 0, NOW, None))
    await handler.send(Parcel(2, "reviewers", "", "", 0, NOW, None))  # the first has said it
    clock.after(minutes=1)
    with pytest.raises(Later) as caught:
        await handler.send(Parcel(3, "reviewers", "", "", 0, clock(), None))
    assert caught.value.at == NOW + timedelta(minutes=15)
    at, clock.at = clock(), caught.value.at
    await handler.send(Parcel(3, "reviewers", "", "", 0, at, None))
    assert len(box.mails) == 2


async def test_a_clock_that_is_put_back_stops_no_mail_to_reviewers():
    handler, box, clock, _ = reviewers(item())
    await handler.send(Parcel(1, "reviewers", "", "", 0, NOW, None))
    clock.at = NOW - timedelta(days=30)
    await handler.send(Parcel(2, "reviewers", "", "", 0, clock(), None))
    assert len(box.mails) == 2


async def test_a_mail_that_did_not_go_does_not_count_and_nothing_waiting_needs_none():
    handler, box, _, archive = reviewers(item(), mailbox=Mailbox(Reply(451, "4.0.0 later"), OK))
    row = Parcel(1, "reviewers", "", "", 0, NOW, None)
    with pytest.raises(Temporary):
        await handler.send(row)
    await handler.send(row)
    assert len(box.mails) == 2
    archive.things.clear()
    handler.told = None
    await handler.send(row)
    assert len(box.mails) == 2


async def test_a_report_is_made_elsewhere_and_posted_here():
    _archive, box, made, post, clock = office(report={"recipients": ["chef@kommun.example"]})

    async def weekly(week, stamp):
        return letter([Block("sv", "Svenska", f"Vecka {week}", "Hej", (), (), "x")], stamp)

    handler = Reports(made, post, weekly, clock)
    await handler.send(Parcel(7, "report", "", "", 0, NOW, None, "2026-W47"))
    assert read(box)["Subject"] == "Vecka 2026-W47"
    assert read(box)["Message-ID"] == "<report.7.2026-W47@kommun.example>"


def test_from_of_our_mails():
    assert sender_address(settings(notice={"sender": "e@x.example"})) == "e@x.example"
    domains = {"domains": ["*.x.example", "y.example"]}
    assert sender_address(settings(organisation=domains)) == "mailfilter@y.example"
    bare = settings(organisation={}, listen={"hostname": "gw.example"})
    assert sender_address(bare) == "mailfilter@gw.example"


class Links:
    """The links of a store, in memory."""

    def __init__(self):
        self.made, self.done = {}, []

    async def ensure(self, mailed, now, until):
        return (
            "" if mailed in self.done else self.made.setdefault(mailed, f"secret{len(self.made)}")
        )

    async def posted(self, mailed):
        self.done.append(mailed)


async def test_after_so_many_notices_one_digest():
    """With a front, the rest of an hour is one mail that leads to the page of all her mails."""
    held = [item(id=f"M{n}.1", message=f"M{n}", state=State.HELD) for n in range(1, 6)]
    archive, box, made, post, clock = office(*held, notice={"per_hour": 2}, front={"port": 8443})
    archive.links = Links()
    handler = ToSender(archive, made, post, clock)
    for n in range(1, 6):
        await handler.send(parcel(id=n, message=f"M{n}"))
    assert len(box.mails) == 2
    assert len(archive.links.made) == 5  # the page of all her mails finds each
    (digest,) = [row["parcel"] for row in archive.rows.values()]
    assert digest.kind == "digest"
    assert digest.dossier.findings == (), "only whom it is for; the mails themselves may have ended"
    with pytest.raises(Later) as later:  # it gathers what comes in the next minutes
        await handler.send(digest)
    assert later.value.at < clock() + timedelta(minutes=5)
    clock.at = later.value.at
    await handler.send(digest)
    message = read(box, 2)
    assert message["Subject"] == "Fler av dina mejl har stoppats"
    assert "/mina" in message.get_body(("plain",)).get_content()


@pytest.mark.parametrize("sent", [True, False])
async def test_what_comes_after_a_digest_has_another(sent):
    """Also where the digest was refused for good."""
    held = [item(id=f"M{n}.1", message=f"M{n}", state=State.HELD) for n in range(1, 5)]
    archive, _box, made, post, clock = office(*held, notice={"per_hour": 1}, front={"port": 8443})
    archive.links = Links()
    handler = ToSender(archive, made, post, clock)
    for n in (1, 2, 3):
        await handler.send(parcel(id=n, message=f"M{n}"))
    (digest,) = [row["parcel"] for row in archive.rows.values()]
    clock.after(minutes=5)
    if sent:
        await handler.send(digest)
    else:
        await handler.give_up(digest, "refused")
    await handler.send(parcel(id=4, message="M4"))
    assert [row["parcel"].note.split()[0] for row in archive.rows.values()] == ["M2", "M4"]


async def test_rows_of_one_batch_make_one_digest():
    held = [item(id=f"M{n}.1", message=f"M{n}", state=State.HELD) for n in range(1, 6)]
    archive, _box, made, post, clock = office(*held, notice={"per_hour": 1}, front={"port": 8443})
    archive.links = Links()
    handler = ToSender(archive, made, post, clock)
    await handler.send(parcel(id=1, message="M1"))
    await asyncio.gather(*(handler.send(parcel(id=n, message=f"M{n}")) for n in range(2, 6)))
    assert [row["parcel"].kind for row in archive.rows.values()] == ["digest"]


async def test_no_digest_tells_of_a_mail_that_her_page_does_not_show():
    """A protected one waits for its turn."""
    held = [item(id=f"M{n}.1", message=f"M{n}", state=State.HELD) for n in (1, 2)]
    held[1] = replace(held[1], protected=True)
    archive, _box, made, post, clock = office(*held, notice={"per_hour": 1}, front={"port": 8443})
    archive.links = Links()
    handler = ToSender(archive, made, post, clock)
    await handler.send(parcel(id=1, message="M1"))
    with pytest.raises(Later):
        await handler.send(parcel(id=2, message="M2"))
    assert archive.rows == {}


@pytest.mark.parametrize("back", [False, True])
async def test_a_digest_that_was_lost_or_queued_by_a_wrong_clock_mutes_nobody(back):
    held = [item(id=f"M{n}.1", message=f"M{n}", state=State.HELD) for n in (1, 2, 3)]
    archive, _box, made, post, clock = office(*held, notice={"per_hour": 1}, front={"port": 8443})
    archive.links = Links()
    handler = ToSender(archive, made, post, clock)
    for n in (1, 2):
        await handler.send(parcel(id=n, message=f"M{n}"))
    (digest,) = [row["parcel"] for row in archive.rows.values()]
    if back:
        clock.after(days=-30)
        await handler.send(digest)  # no wait of a month
    else:
        clock.after(hours=2)
        handler.rate.went(SENDER, clock())
        await handler.send(parcel(id=3, message="M3"))
        assert len(archive.rows) == 2


async def test_no_digest_takes_the_place_of_the_notice_that_a_mail_ends():
    """It waits for its turn: the mail does not end before this notice was accepted."""
    held = [item(id=f"M{n}.1", message=f"M{n}", state=State.HELD) for n in (1, 2)]
    archive, box, made, post, clock = office(*held, notice={"per_hour": 1}, front={"port": 8443})
    archive.links = Links()
    handler = ToSender(archive, made, post, clock)
    await handler.send(parcel("not-sent", id=1, item="M1.1", note="14"))
    second = parcel("not-sent", id=2, message="M2", item="M2.1", note="14")
    with pytest.raises(Later):
        await handler.send(second)
    assert archive.rows == {}
    clock.after(hours=1)
    await handler.send(second)
    assert [read(box, n)["Subject"] for n in (0, 1)] == [
        "Ditt mejl skickades aldrig (ärende M1)",
        "Ditt mejl skickades aldrig (ärende M2)",
    ]
