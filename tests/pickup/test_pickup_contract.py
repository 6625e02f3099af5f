"""Every connector keeps the contract; pickup whatever happens: nothing lost, nothing twice."""

import asyncio
import inspect
import os
import signal
import warnings
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from mailfilter import connectors, failpoint, limits
from mailfilter.app import clock, posting
from mailfilter.connectors.contract import Connector
from mailfilter.connectors.signing import Signer
from mailfilter.model import State
from mailfilter.next_hop.relay import hop_of
from mailfilter.outbox import release
from mailfilter.pickup.mails import LinkMails
from mailfilter.record.pickup.contract import Found
from tests.act.real_store import opened
from tests.connectors.dkim_key import KEY, verified
from tests.pickup.service import (
    BODY,
    SECRET_TEXT,
    about,
    put_together,
    service,
    settings_of,
    text_of,
)
from tests.running import ROOT
from tests.scripted_hop import DROP, GOOD, ScriptedHop

FOLDER = ROOT / "mailfilter" / "connectors"
ACTS = ("check", "stage", "commit", "abort")
NO_CONNECTOR = {
    "__init__", "contract", "headers", "signing", "http_call", "pickup_sms", "pickup_eid",
}  # fmt: skip
STEPS = ("BANNER", "EHLO", "MAIL", "RCPT", "DATA", ".")


def test_every_connector_of_the_folder_has_the_four_acts():
    """A file is a connector with a line in TYPES, or named above."""
    listed = set()
    for name in {path.stem for path in FOLDER.glob("*.py")} - NO_CONNECTOR:
        module = import_module(f"mailfilter.connectors.{name}")
        made = [
            one
            for one in vars(module).values()
            if inspect.isclass(one)
            and one.__module__ == module.__name__
            and not getattr(one, "_is_protocol", False)
            and all(hasattr(one, act) for act in ACTS)
        ]
        assert len(made) == 1, f"{name} has no connector, or more than one"
        wanted = {act: list(inspect.signature(getattr(Connector, act)).parameters) for act in ACTS}
        given = {act: list(inspect.signature(getattr(made[0], act)).parameters) for act in ACTS}
        assert given == wanted
        assert not inspect.iscoroutinefunction(made[0].check)
        listed.add(name)
    assert len(listed) == len(connectors.TYPES)


def mails_to_b(s) -> int:
    return len(s.mails_to("b@example.org"))


async def whole(s, item: str) -> None:
    """Handed over with a receipt, by one mail with a link that opens it."""
    state, receipt = await s.desk.state(item)
    assert state is State.HANDED_OVER
    assert receipt.startswith("250 ")
    assert receipt.endswith("; proof: code")
    assert mails_to_b(s) == 1
    box, secret = s.links("h")[0]
    assert (await s.reading.look(box, secret)).found is Found.OPEN
    assert await _read(s, box, secret) == SECRET_TEXT


async def _read(s, box: str, secret: str) -> str:
    (deposit, mine), *_ = s.links("f")
    code = (await s.following.look(deposit, mine, codes=True)).boxes[0].code
    seat = (await s.reading.prove_by_code(box, secret, code, "", s.now)).seat
    _, body = await s.reading.read(box, secret, seat, s.now)
    return body.rpartition(b"\r\n\r\n")[2].decode().strip()


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    "answer", ["451 4.3.0 later", DROP, (0.05, DROP)], ids=["4xx", "cut", "slow"]
)
async def test_a_failure_for_now_is_tried_again(tmp_path, monkeypatch, step, answer):
    async with service(tmp_path, monkeypatch) as s:
        s.hop.script[step] = [answer, answer, GOOD.get(step, "250 2.1.0 ok")]
        item = await s.hand_over()
        assert (await s.desk.state(item))[0] is State.HANDING_OVER
        before = mails_to_b(s)
        await s.step(times=6)
        assert before == 0
        await whole(s, item)


@pytest.mark.parametrize(
    ("step", "said"), [("MAIL", "550 5.7.1 no"), ("RCPT", "550 5.1.1 no"), (".", "554 5.6.0 no")]
)
async def test_refused_for_good_it_comes_back_and_nothing_is_left(
    tmp_path, monkeypatch, step, said
):
    async with service(tmp_path, monkeypatch, {step: [said]}) as s:
        item = await s.hand_over()
        assert await s.desk.state(item) == (State.HELD, said)
        assert await s.pickups.links(item) == []
        s.hop.script.clear()
        assert await s.desk.move(item, State.ACCEPTED, "handoff", "hamta")
        await s.step(times=2)
        await whole(s, item)


@pytest.mark.parametrize("step", STEPS)
async def test_a_hop_that_says_nothing_is_a_failure_for_now(tmp_path, monkeypatch, step):
    short = {"connect_timeout": 0.3, "command_timeout": 0.3, "data_timeout": 0.3}
    monkeypatch.setattr(posting, "hop_of", lambda *args: replace(hop_of(*args), **short))
    monkeypatch.setattr(release, "PATIENCE", 0.3)
    silence = asyncio.Event()
    async with service(tmp_path, monkeypatch, {step: [silence]}) as s:
        item = await s.hand_over()
        assert (await s.desk.state(item))[0] is State.HANDING_OVER
        assert mails_to_b(s) == 0
        s.hop.script.clear()
        silence.set()
        monkeypatch.undo()
        monkeypatch.setattr(clock, "now", s.desk.clock)
        patient = put_together(tmp_path, s.desk, s.hop, monkeypatch)
        patient.desk.later(hours=3)
        await patient.step(times=3)
        await whole(patient, item)


async def test_after_more_than_a_day_it_comes_back(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "OUTBOX_ATTEMPTS", 3)
    async with service(tmp_path, monkeypatch, {"RCPT": ["451 4.3.0 later"]}) as s:
        item = await s.hand_over()
        await s.step(times=5)
        assert (await s.desk.state(item))[0] is State.HELD
        assert await s.pickups.links(item) == []


async def test_two_of_three_are_reached_and_the_third_only_later(tmp_path, monkeypatch):
    async with service(tmp_path, monkeypatch) as s:
        s.hop.script["RCPT"] = [
            lambda line: "450 4.2.0 later" if b"c@" in line else "250 ok",
        ]
        item = await s.hand_over("b", "c", "d")
        state, receipt = await s.desk.state(item)
        assert (state, receipt[:20]) == (State.HANDING_OVER, "reached 1,3 of 3 via")
        s.hop.script.clear()
        await s.step(times=3)
        assert (await s.desk.state(item))[0] is State.HANDED_OVER
        reached = [mail.rcpts for mail in s.hop.mails if mail.rcpts != [b"<a@kommun.example>"]]
        assert sorted(reached) == [[b"<b@example.org>"], [b"<c@example.org>"], [b"<d@example.org>"]]
        assert len(s.links("f")) == 1, "one mail to the sender for all of them"


async def test_a_repeated_commit_sends_nothing(tmp_path, monkeypatch):
    async with service(tmp_path, monkeypatch) as s:
        item = await s.hand_over()
        connector = s.box._handlers["handoff"].connectors["hamta"]
        handover = connectors.HandOver(
            item, None, (connectors.contract.Path(b"<b@example.org>", b"b@example.org"),), b""
        )
        for _ in range(3):
            result = await connector.commit(handover)
            assert result.kind is connectors.Kind.HANDED_OVER
        await whole(s, item)


WINDOW = {"ds_250", "db_begin", "db_pre_commit"}  # the hop has it and no row says so


def child(folder: Path, point: str, nth: int, told: int) -> None:
    """Another process: works until it dies at the nth time that it comes to a point."""
    seen = []

    def act(name: str) -> None:
        if name == point:
            seen.append(name)
            if len(seen) == nth:
                os.kill(os.getpid(), signal.SIGKILL)

    async def work(port: int) -> None:
        async with opened(folder) as desk:
            clock.now = desk.clock
            box = posting.outbox(desk.archive, settings_of(folder, port))
            failpoint.arm(act)
            for _ in range(4):
                await box.step()
                desk.later(hours=2)

    asyncio.run(work(int(os.read(told, 10))))


def forked(*about) -> tuple[int, int]:
    """(its id, where to write the hop's port); forked before there is a loop or a thread."""
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pid = os.fork()
    if not pid:
        try:
            child(*about, read)
        finally:
            os._exit(1)
    os.close(read)
    return pid, write


@pytest.mark.parametrize(
    ("point", "nth"),
    [
        ("pickup_staged", 1),
        ("pickup_link", 1),
        ("ds_250", 1),
        ("pickup_link_sent", 1),
        ("handover_done", 1),
        *(
            pytest.param(*point, marks=pytest.mark.long)
            for point in (
                ("handover", 1),
                ("ds_rcpt", 1),
                ("ds_data", 1),
                ("purge_key", 1),
                *(("db_pre_commit", n) for n in range(4, 12, 2)),
                *(("db_post_commit", n) for n in range(4, 12, 2)),
            )
        ),
    ],
)
def test_kill_9_between_any_two_steps(tmp_path, monkeypatch, point, nth):
    """A process of its own dies there; the next one finishes: one mail, one link, one receipt."""
    pid, write = forked(tmp_path, point, nth)

    async def story() -> None:
        async with opened(tmp_path) as desk:
            item = await desk.keep(about("b"), BODY, "hamta")
        async with ScriptedHop() as hop:
            os.write(write, str(hop.port).encode())
            _, status = await asyncio.to_thread(os.waitpid, pid, 0)
            assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, "it never came there"
            async with opened(tmp_path) as desk:
                s = put_together(tmp_path, desk, hop, monkeypatch)
                s.desk.later(hours=9)
                await s.step(times=3)
                await _told_once(s, item, point)

    asyncio.run(story())


async def _told_once(s, item: str, point: str) -> None:
    state, receipt = await s.desk.state(item)
    assert (state, receipt[:4]) == (State.HANDED_OVER, "250 ")
    links = s.links("h")
    assert len(set(links)) == 1, "a repeated commit mails the same link"
    assert len({_message_id(mail) for mail in s.mails_to("b@example.org")}) == 1
    assert len(links) <= (2 if point in WINDOW else 1)
    assert await _read(s, *links[0]) == SECRET_TEXT


def _message_id(mail) -> bytes:
    head = mail.data.partition(b"\r\n\r\n")[0]
    return next(line for line in head.split(b"\r\n") if line.lower().startswith(b"message-id:"))


@pytest.mark.parametrize(
    ("pickup", "said"),
    [
        ({"switchboard": ""}, "pickup-not-set-up"),
        ({"proof": "sms"}, "no-sms-gateway"),
        ({"proof": "sms", "sms": {"url": "https://sms.example/"}}, "needs-mobile"),
        ({"proof": "eid"}, "no-e-identification"),
    ],
)
async def test_a_proof_that_cannot_be_asked_for_is_never_lowered(
    tmp_path, monkeypatch, pickup, said
):
    async with service(tmp_path, monkeypatch, **pickup) as s:
        item = await s.hand_over()
        assert await s.desk.state(item) == (State.HELD, said)
        assert mails_to_b(s) == 0
        assert await s.pickups.links(item) == []


async def test_the_mail_with_the_link_is_signed_by_our_domain(tmp_path, monkeypatch):
    async with service(tmp_path, monkeypatch, {"RCPT": ["450 4.2.0 later"]}) as s:
        item = await s.hand_over()
        (link,) = await s.pickups.links(item)
        signer = Signer(b"kommun.example", b"s", KEY.pem)
        back, _, data = LinkMails(s.settings, signer, s.desk.clock)(link)
        assert verified(data)
        assert b"d=kommun.example" in data
        assert b"From: Exempelkommunen <mailfilter@kommun.example>" in data
        assert back.address.endswith(b"@kommun.example")


async def test_the_mail_with_the_link_says_nothing_of_the_message(tmp_path, monkeypatch):
    async with service(tmp_path, monkeypatch) as s:
        await s.hand_over()
        (mail,) = s.mails_to("b@example.org")
        text = text_of(mail.data).decode()
        for word in ("Anna Berg", "Exempelkommunen", "0123-45 60 00", "/h/"):
            assert word in text
        for word in (SECRET_TEXT, "Zqrubrik", "Anna.Zq"):
            assert word.encode() not in mail.data
        assert mail.mail.startswith(b"<mailfilter+")
        assert clock.now is not None
        assert Path(settings_of(tmp_path, 1).store.keys).is_dir()
