"""What happens to a deposit, by its reader, its sender and the clock; on both databases."""

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from detectors.levels import LEVELS
from mailfilter.config.pickup import Pickup, Proof
from mailfilter.connectors.pickup_sms import number_of
from mailfilter.errors import Permanent
from mailfilter.model import Class, Finding, NotExamined
from mailfilter.pickup.deposits import needed
from mailfilter.place import Place, Role
from mailfilter.record.open import open_store
from mailfilter.record.pickup import sweep
from mailfilter.record.pickup.contract import TEXTS, TRIES, Found, Outcome, Proved
from mailfilter.record.pickup.visitors import FREE, VISITOR_TEXTS
from tests.act.real_store import Desk
from tests.pickup.service import BODY, put_together, service, subjects
from tests.record.making import CHEAP, DAY, Mails, settings, swept
from tests.scripted_hop import ScriptedHop

SMS = {"url": "http://127.0.0.1:1/"}
SENDER = "a@kommun.example"


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    from mailfilter.record.sealing.keys import ensure_keys, load_private

    folder = tmp_path_factory.mktemp("keys") / "keys"
    ensure_keys(folder)
    return load_private(folder), folder.parent


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system)])
async def opened(request, tmp_path, keys, monkeypatch):
    """Makes a `Service` on either database."""
    private, folder = keys
    url = f"sqlite:///{tmp_path}/mailfilter.db"
    if request.param == "postgresql":
        url = await request.getfixturevalue("postgresql").database(private)

    @asynccontextmanager
    async def one(script=None, **pickup):
        store = await open_store(settings(url, folder), private, CHEAP)
        try:
            desk = Desk(store.archive, store.intake, Mails())
            async with ScriptedHop(script) as hop:
                yield put_together(folder, desk, hop, monkeypatch, url=url, **pickup)
        finally:
            await store.close()

    return one


async def code_of(s) -> str:
    deposit, mine = s.links("f")[-1]
    return (await s.following.look(deposit, mine, codes=True)).boxes[0].code


async def seated(s, box, secret) -> str:
    return (await s.reading.prove_by_code(box, secret, await code_of(s), "", s.now)).seat


def told(s) -> list[str]:
    """Subjects of what the sender was told, without the case."""
    return [one.partition(" (")[0] for one in subjects(s.mails_to(SENDER))]


async def test_read_and_answered(opened):
    async with opened() as s:
        item = await s.hand_over()
        (box, secret), (deposit, mine) = s.links("h")[0], s.links("f")[0]
        seat = await seated(s, box, secret)
        view, body = await s.reading.read(box, secret, seat, s.now)
        assert (body, view.read_at) == (BODY, None)
        assert await s.reading.answer(box, secret, seat, b"Subject: x\r\n\r\nZqsvar", s.now)
        await s.step()
        sent, read, answered = told(s)
        assert sent == "Skickat säkert: följ mejlet"
        assert read == "Kvitto: ditt mejl är läst"
        assert answered == "Du har fått ett säkert svar"
        answer, hers = s.links("h")[-1]
        assert answer != box
        seat = (await s.reading.prove_by_link(answer, hers, s.now)).seat
        assert (await s.reading.read(answer, hers, seat, s.now))[1].endswith(b"Zqsvar")
        assert (await s.reading.prove_by_link(box, secret, s.now)).seat == "", "not for a message"
        row = (await s.following.look(deposit, mine)).boxes[0]
        assert (row.used, row.code, row.answered_at) == (Proof.CODE, "", s.now)
        acts = [(act, detail.get("proof")) for _, act, detail in await s.desk.acts()]
        assert ("pickup-read", "code") in acts
        counts = await s.desk.archive.counts(s.now.date(), s.now.date())
        names = sorted(one.kind for one in counts)
        assert names == ["act:pickup-answered", "act:pickup-read", "act:pickup-sent"]
        assert (await s.desk.state(item))[1].endswith("proof: code")


async def test_five_wrong_codes_then_she_waits_and_others_do_not(opened):
    async with opened() as s:
        await s.hand_over()
        box, secret = s.links("h")[0]
        code, now = await code_of(s), s.now
        thief = partial(s.reading.prove_by_code, box, secret, opener="", visitor="192.0.2.7")
        first = [await thief(wrong, now=now) for wrong in ("", "000 000x", "1", "2" * 200, "3")]
        assert [(one.tries_left, one.wait) for one in first] == [
            (4, 0), (3, 0), (2, 0), (1, 0), (0, 1)
        ]  # fmt: skip
        waits = []
        while not (said := await thief(code + "x", now=now)).spent:
            assert not (await thief(code, now=now)).seat, "while she waits nothing is looked at"
            waits.append(said.wait)
            now += timedelta(minutes=said.wait)
        assert waits == [1, 2, 4, 8, 16, 32, 60]
        assert not (await thief(code, now=now + timedelta(days=30))).seat
        assert (await s.reading.look(box, secret)).found is Found.OPEN
        owner = await s.reading.prove_by_code(box, secret, code, "", s.now, "192.0.2.8")
        assert owner.seat


async def test_so_many_sms_for_one_visitor(opened):
    async with opened(proof="sms", sms=SMS) as s:
        await s.pickups.give_details("M00001.1", {0: {"mobile": "0701740605"}}, s.now)
        await s.hand_over()
        box, secret = s.links("h")[0]
        for _ in range(VISITOR_TEXTS):
            assert await s.reading.new_code(box, secret, s.now, "192.0.2.7")
        assert await s.reading.new_code(box, secret, s.now, "192.0.2.7") is None
        _, code = await s.reading.new_code(box, secret, s.now, "192.0.2.8")
        assert (await s.reading.prove_by_code(box, secret, code, "", s.now, "192.0.2.8")).seat
        assert await s.reading.new_code(box, secret, s.now, "192.0.2.7") is None


async def test_fifty_wrong_codes_of_all_together_and_no_more(opened):
    async with opened() as s:
        await s.hand_over()
        box, secret = s.links("h")[0]
        code = await code_of(s)
        for n in range(TRIES):
            assert (await s.reading.look(box, secret)).found is Found.OPEN
            await s.reading.prove_by_code(box, secret, "x", "", s.now, f"192.0.2.{n // 5}")
        for n in range(100):
            said = await s.reading.prove_by_code(box, secret, code, "", s.now, f"198.51.100.{n}")
            assert said == Proved()
        assert (await s.reading.look(box, secret)).found is Found.LOCKED
        await s.step()
        assert told(s).count("För många felaktiga koder") == 1


async def test_many_at_once_gain_nothing(opened):
    import asyncio

    async with opened() as s:
        await s.hand_over()
        box, secret = s.links("h")[0]
        guesses = [s.reading.prove_by_code(box, secret, f"{n:06d}x", "", s.now) for n in range(40)]
        answers = await asyncio.gather(*guesses)
        assert not any(one.seat for one in answers)
        assert (await s.reading.look(box, secret)).tries_left == TRIES - FREE
        more = [
            s.reading.prove_by_code(box, secret, f"{n:06d}x", "", s.now, f"192.0.2.{n % 20}")
            for n in range(80)
        ]
        await asyncio.gather(*more)
        assert (await s.reading.look(box, secret)).tries_left == 0
        await s.step()
        assert told(s).count("För många felaktiga koder") == 1


@pytest.mark.parametrize("written", ["123456", " 123 456 ", "12-34-56", "1 2 3 4 5 6"])
async def test_codes_tolerate_spaces(opened, monkeypatch, written):
    monkeypatch.setattr("mailfilter.record.pickup.deposits.new_code", lambda: "123456")
    async with opened() as s:
        await s.hand_over()
        assert (await s.reading.prove_by_code(*s.links("h")[0], written, "", s.now)).seat


async def test_a_lower_proof_opens_nothing(opened):
    """What could be read out is no use where an SMS is asked for; an SMS none for an e-id."""
    async with opened(proof="sms", sms=SMS) as s:
        await s.pickups.give_details("M00001.1", {0: {"mobile": "070-174 06 05"}}, s.now)
        await s.hand_over()
        box, secret = s.links("h")[0]
        mobile, code = await s.reading.new_code(box, secret, s.now)
        assert mobile == "+46701740605"
        # the code that is read out exists, and is shown to nobody
        assert await code_of(s) == ""
        seat = (await s.reading.prove_by_code(box, secret, code, "", s.now)).seat
        assert await s.reading.read(box, secret, seat, s.now)
        assert (await s.reading.prove_by_code(box, secret, code, "", s.now)).seat == "", "once"


async def test_an_sms_code_is_good_for_half_an_hour_and_there_are_twelve(opened):
    async with opened(proof="sms", sms=SMS) as s:
        await s.pickups.give_details("M00001.1", {0: {"mobile": "0701740605"}}, s.now)
        await s.hand_over()
        box, secret = s.links("h")[0]
        _, code = await s.reading.new_code(box, secret, s.now)
        late = s.now + timedelta(minutes=31)
        assert (await s.reading.prove_by_code(box, secret, code, "", late)).seat == ""
        in_time = s.now + timedelta(minutes=29)
        assert (await s.reading.prove_by_code(box, secret, code, "", in_time)).seat
        for n in range(TEXTS - 1):
            assert await s.reading.new_code(box, secret, s.now, f"192.0.2.{n}")
        assert await s.reading.new_code(box, secret, s.now, "192.0.2.99") is None


async def test_a_seat_ends_after_an_hour_without_a_word(opened):
    async with opened() as s:
        await s.hand_over()
        box, secret = s.links("h")[0]
        seat = await seated(s, box, secret)
        for minutes in (50, 100, 150):
            assert await s.reading.read(box, secret, seat, s.now + timedelta(minutes=minutes))
        assert await s.reading.read(box, secret, seat, s.now + timedelta(minutes=211)) is None
        assert await s.reading.read(box, secret, "x" * 43, s.now) is None
        seat = await seated(s, box, secret)
        await s.reading.leave(box, seat)
        assert await s.reading.read(box, secret, seat, s.now) is None


async def test_a_new_link_ends_the_old_one_and_its_seats(opened):
    async with opened(sms=SMS) as s:
        await s.hand_over()
        (box, old), (deposit, mine) = s.links("h")[0], s.links("f")[0]
        seat = await seated(s, box, old)
        assert await s.following.resend(deposit, mine, box, s.now, mobile="+46701740605")
        await s.step()
        again, new = s.links("h")[-1]
        assert (again, new != old) == (box, True)
        assert (await s.reading.look(box, old)).found is Found.NOTHING
        with pytest.raises(Permanent):
            await s.reading.read(box, old, seat, s.now)
        assert await s.reading.read(box, new, seat, s.now) is None
        view = await s.reading.look(box, new)
        assert (view.proof, view.mobile) == (Proof.SMS, "05"), "it rises, and never falls"


async def test_a_new_link_that_is_refused_is_told(opened):
    async with opened() as s:
        await s.hand_over()
        (box, _), (deposit, mine) = s.links("h")[0], s.links("f")[0]
        s.hop.script["RCPT"] = [lambda line: "550 5.1.1 gone" if b"b@" in line else "250 ok"]
        assert await s.following.resend(deposit, mine, box, s.now)
        await s.step()
        assert told(s)[-1] == "Länken kunde inte skickas"
        assert (await s.following.look(deposit, mine)).boxes[0].failed_at == s.now


async def test_withdrawn(opened):
    async with opened() as s:
        await s.hand_over("b", "c")
        deposit, mine = s.links("f")[0]
        assert await s.following.withdraw(deposit, mine, s.now)
        for box, secret in s.links("h"):
            assert (await s.reading.look(box, secret)).found is Found.WITHDRAWN
            with pytest.raises(Permanent):
                await s.reading.prove_by_code(box, secret, "1", "", s.now)
        with pytest.raises(Permanent):
            await s.following.withdraw(deposit, mine, s.now)


async def test_the_senders_acts_need_her_secret(opened):
    async with opened() as s:
        await s.hand_over()
        (box, secret), (deposit, _) = s.links("h")[0], s.links("f")[0]
        acts = (
            s.following.resend(deposit, secret, box, s.now),
            s.following.withdraw(deposit, secret, s.now),
            s.following.outcome(deposit, secret, box, Outcome.LETTER, s.now),
            s.following.watch(deposit, secret, box, s.now + DAY, s.now),
            s.following.passphrase(deposit, secret, box, "x", s.now),
        )
        for act in acts:
            with pytest.raises(Permanent):
                await act
        assert (await s.following.look(deposit, secret)).found is Found.NOTHING


async def test_one_senders_link_is_no_good_for_anothers_box(opened):
    async with opened() as s:
        await s.hand_over("b")
        await s.hand_over("c")
        (_, _), (box, _) = s.links("h")
        deposit, mine = s.links("f")[0]
        with pytest.raises(Permanent):
            await s.following.resend(deposit, mine, box, s.now)


async def test_a_function_mailbox_has_named_openers(opened):
    async with opened(shared=["b@example.org"]) as s:
        await s.hand_over()
        (box, secret), (deposit, mine) = s.links("h")[0], s.links("f")[0]
        hashed = s.reading.hash_of("Sju små Svarta katter 7")
        assert await s.following.passphrase(deposit, mine, box, hashed, s.now)
        for name in ("Ada", "Bo"):
            proved = await s.reading.prove_by_code(
                box, secret, "sju  små svarta KATTER 7", name, s.now
            )
            assert await s.reading.read(box, secret, proved.seat, s.now)
        assert not (await s.reading.prove_by_code(box, secret, "sju katter", "C", s.now)).seat
        row = (await s.following.look(deposit, mine)).boxes[0]
        assert [one.opener for one in row.openings] == ["Ada", "Bo"]
        opened_by = [act for _, act, _ in await s.desk.acts()].count("pickup-opened")
        assert opened_by == 2
        assert "flera av er" in _text(s).lower()


def _text(s) -> str:
    from tests.pickup.service import text_of

    return text_of(s.mails_to("b@example.org")[0].data).decode()


async def test_told_if_not_opened_by_a_time(opened):
    async with opened() as s:
        await s.hand_over()
        (box, _), (deposit, mine) = s.links("h")[0], s.links("f")[0]
        assert not await s.following.watch(deposit, mine, box, s.now - DAY, s.now)
        assert await s.following.watch(deposit, mine, box, s.now + DAY, s.now)
        s.desk.later(hours=23)
        await swept(s.desk.archive, s.now)
        await s.step()
        assert "Inte öppnat" not in told(s)
        for _ in range(2):
            s.desk.later(hours=1)
            await swept(s.desk.archive, s.now)
            await s.step()
        assert told(s).count("Inte öppnat") == 1


async def test_unread_it_is_destroyed_only_with_a_word_to_the_sender(opened):
    async with opened() as s:
        await s.hand_over("b", "c")
        (box, secret), (other, key) = s.links("h")
        deposit, mine = s.links("f")[0]
        seat = await seated(s, box, secret)
        await s.reading.read(box, secret, seat, s.now)
        s.desk.later(days=26)
        await swept(s.desk.archive, s.now)
        await s.step()
        assert not [one for one in told(s) if "förstör" in one]
        for _ in range(2):
            s.desk.later(days=1)
            await swept(s.desk.archive, s.now)
            await s.step()
        assert told(s).count("Olästa mejl förstörs snart") == 1
        s.desk.later(days=31)
        await swept(s.desk.archive, s.now)
        await s.step()
        assert told(s).count("Oläst mejl är förstört") == 1, "of the one that was not read"
        for one in ((box, secret), (other, key)):
            assert (await s.reading.look(*one)).found is Found.EXPIRED
        assert (await s.following.look(deposit, mine)).found is Found.EXPIRED
        await swept(s.desk.archive, s.now + DAY)
        assert await s.pickups.notify(deposit) is None, "whom to tell is forgotten"


async def test_it_is_not_destroyed_before_its_sender_was_told_that_it_will_be(opened):
    async with opened() as s:
        await s.hand_over()
        box, secret = s.links("h")[0]
        s.desk.later(days=28)
        await swept(s.desk.archive, s.now)
        (told_,) = [one.id for one in await s.desk.archive.due(s.now) if "expiring" in one.note]
        s.desk.later(days=4)
        assert (await swept(s.desk.archive, s.now))["pickup-expired"] == 0
        assert (await s.reading.look(box, secret)).found is Found.OPEN
        await s.desk.archive.done(told_)
        assert (await s.desk.archive.sweep(s.now))["pickup-expired"] == 1


async def test_a_clock_that_jumps_ends_no_pickup(opened):
    async with opened() as s:
        await s.hand_over()
        box, secret = s.links("h")[0]
        await swept(s.desk.archive, s.now)
        for days in (30, -60, 400):
            s.desk.later(days=days)
            await s.desk.archive.running.on(s.now, timedelta())
            assert (await s.desk.archive.sweep(s.now))["pickup-expired"] == 0
            await s.step()
        assert (await s.reading.look(box, secret)).found is Found.OPEN
        assert "Olästa mejl förstörs snart" not in told(s)


async def test_an_unread_answer_is_told_as_well(opened):
    async with opened() as s:
        await s.hand_over()
        box, secret = s.links("h")[0]
        seat = await seated(s, box, secret)
        await s.reading.read(box, secret, seat, s.now)
        assert await s.reading.answer(box, secret, seat, b"Subject: x\r\n\r\ny", s.now)
        await s.step()
        s.desk.later(days=31)
        await swept(s.desk.archive, s.now)
        await s.step()
        assert "Ett oläst svar är förstört" in told(s)
        assert (await s.reading.look(*s.links("h")[-1])).found is Found.EXPIRED


async def test_a_bounce_is_told_once(opened):
    async with opened() as s:
        await s.hand_over()
        (mail,) = s.mails_to("b@example.org")
        token = mail.mail.partition(b"+")[2].partition(b"@")[0].decode()
        database = s.desk.archive.database
        for _ in range(3):
            assert await database.run(lambda c: sweep.bounced(c, token, s.now))
        assert not await database.run(lambda c: sweep.bounced(c, "a" * 16, s.now))
        await s.step()
        assert told(s).count("Länken kom inte fram") == 1


async def test_stuck_is_told_once_a_day_and_what_she_chose_is_counted_once(opened):
    async with opened() as s:
        await s.hand_over()
        (box, secret), (deposit, mine) = s.links("h")[0], s.links("f")[0]
        for _ in range(3):
            await s.reading.stuck(box, secret, s.now)
        for _ in range(2):
            assert await s.following.outcome(deposit, mine, box, Outcome.MEETING, s.now)
        await s.step()
        assert told(s).count("Mottagaren kan inte öppna ditt mejl") == 1
        counts = await s.desk.archive.counts(s.now.date(), s.now.date())
        assert [(c.kind, c.n) for c in counts if "meeting" in c.kind] == [("act:pickup-meeting", 1)]


async def test_looking_changes_nothing(opened):
    async with opened() as s:
        await s.hand_over()
        (box, secret), (deposit, mine) = s.links("h")[0], s.links("f")[0]
        before = (await s.reading.look(box, secret), await s.following.look(deposit, mine))
        for _ in range(20):
            await s.reading.look(box, secret)
            await s.reading.look(box, "x" * 43)
            await s.following.look(deposit, mine)
        after = (await s.reading.look(box, secret), await s.following.look(deposit, mine))
        assert before == after
        assert await s.desk.archive.due(s.now) == []
        assert before[1].boxes[0].code == "", "no code by looking"


async def test_a_sender_who_may_not_be_told_has_no_key(tmp_path, monkeypatch):
    async with service(tmp_path, monkeypatch) as s:
        await s.hand_over(sender="x@elsewhere.example")
        assert len(s.links("h")) == 1
        assert s.links("f") == []


# ---- which proof ---------------------------------------------------------------------------------


def finding(kind: str, confidence: int = 90) -> Finding:
    level = LEVELS.identity.of(confidence)  # 50 is medium, 80 is high
    return Finding(kind, confidence, Place(Role.BODY), "***", said=level)


async def test_the_least_proof_by_kind_and_department(tmp_path, monkeypatch):
    pickup = {
        "care_providers": ["Vård"],
        "least": [{"proof": "sms", "kinds": ["se.*"]}, {"proof": "eid", "departments": ["HR"]}],
    }
    async with service(tmp_path, monkeypatch, **pickup) as s:
        item = await s.desk.archive.item(await s.desk.keep(_about(), BODY, "hamta"))
        unread = NotExamined(Place(Role.ATTACHMENT), "x", Class.ENCRYPTED)
        for department, findings, not_examined, proof in (
            ("Skola", (), (), Proof.CODE),
            ("Skola", ("health",), (), Proof.CODE),
            ("Skola", ("se.personnummer",), (), Proof.SMS),
            ("Vård", ("health",), (), Proof.EID),
            ("Vård", (), (), Proof.CODE),
            ("Vård", (), (unread,), Proof.EID),
            ("Skola", (), (unread,), Proof.CODE),
            ("HR", (), (), Proof.EID),
        ):
            dossier = replace(
                _about(), findings=tuple(map(finding, findings)), not_examined=not_examined
            )
            found = needed(s.settings, dossier, replace(item, department=department))
            assert found is proof, (department, findings)
        hidden = replace(item, department="", protected=True)
        assert (
            needed(s.settings, replace(_about(), findings=(finding("health"),)), hidden)
            is Proof.EID
        )


def _about():
    from tests.pickup.service import about

    return about("b")


def test_the_strongest_that_fits_holds():
    pickup = Pickup.model_validate({"least": [{"proof": "eid"}, {"proof": "code"}]})
    assert pickup.needed((), "") is Proof.EID


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("070-174 06 05", "+46701740605"),
        ("+46 70 174 06 05", "+46701740605"),
        ("0046701740605", "+46701740605"),
        ("08-123 456", ""),
        ("1234", ""),
        ("", ""),
        ("07o-1740605", ""),
    ],
)
def test_mobile_numbers_as_people_write_them(written, number):
    assert number_of(written) == number
