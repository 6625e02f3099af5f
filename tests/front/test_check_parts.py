"""The parts of the check before sending: who may ask, how often, what a draft is made of, and that
what was not read, or not in time, is never called clean."""

import email
import itertools
from datetime import UTC, date, datetime, timedelta
from email import policy
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from detectors import Role
from mailfilter import config, limits, replies
from mailfilter.act.counting import CountBuffer
from mailfilter.decide import compile_rules
from mailfilter.desk.check_acts import check, within
from mailfilter.desk.check_draft import made
from mailfilter.desk.parts import DeskParts
from mailfilter.errors import Temporary
from mailfilter.front.check import PAGES
from mailfilter.front.door import _read
from mailfilter.letters.check_answer import ANYBODY, colleague, said, told
from mailfilter.letters.notice_words import WORDS
from mailfilter.model import Action, Envelope, Examination, Facts, Finding, Path, Verdict
from mailfilter.not_examined import REASONS, not_examined
from mailfilter.own_addresses.check_mailbox import CheckMailbox, counted
from mailfilter.pages.recent import Throttle
from mailfilter.pipeline import Pipeline
from mailfilter.place import Place, Step, StepKind
from mailfilter.receive.contract import Received
from mailfilter.rpc.contract import Ask, Refused

NOW = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
SETTINGS = config.validate(
    {
        "organisation": {"domains": ["exempelkommun.example"]},
        "front": {
            "check_address": "kontrollera@exempelkommun.example",
            "check_networks": ["10.1.0.0/16", "2001:db8::/32"],
        },
    },
    "t.toml",
)
MAJ = Path(b"<maj@exempelkommun.example>", b"maj@exempelkommun.example")
BOX = Path(b"<kontrollera@exempelkommun.example>", b"kontrollera@exempelkommun.example")
ATTACHMENT = Place(Role.ATTACHMENT, (Step(StepKind.ATTACHMENT, 1, "zqfil.docx", "docx"),))


# ---- who may ask, how often -------------------------------------------------------------------


class Intake:
    """Keeps what would be committed."""

    def __init__(self):
        self.kept, self.counts = [], []

    async def notify_rejected(self, *given):
        self.kept.append(given)

    async def count(self, counts):
        self.counts += counts


class Hop:
    """A transaction that must never send."""

    def __init__(self):
        self.aborted = 0

    async def abort(self):
        self.aborted += 1


def pipeline(examine, intake, tries=limits.CHECKS_PER_HOUR) -> Pipeline:
    numbers = itertools.count()
    return Pipeline(
        examine=examine,
        rules=compile_rules(SETTINGS, "shipped"),
        carry_out=None,
        counter=CountBuffer(intake, 1e9),
        secret=b"k" * 32,
        new_id=lambda: f"C{next(numbers)}",
        now=lambda: NOW,
        today=lambda: date(2026, 11, 16),
        fail_open=lambda: True,
        drafts=CheckMailbox(SETTINGS, intake, Throttle(tries, timedelta(hours=1)).take),
    )


def received(n=0, mail=MAJ) -> Received:
    data = b"Subject: %d\r\n\r\nzqbrodtext\r\n" % n
    return Received(Envelope(mail, (BOX,)), data, data)


async def nothing_found(_data):
    return Examination(Facts(), size=1)


async def no_worker(_data):
    raise Temporary("no scan worker was free in time")


async def test_fail_open_never_calls_a_draft_clean():
    intake, hop = Intake(), Hop()
    reply = await pipeline(no_worker, intake)(received(), hop)
    assert reply == replies.NOT_NOW
    assert (intake.kept, hop.aborted) == ([], 1)


async def test_one_person_asks_so_often_in_an_hour():
    intake = Intake()
    line = pipeline(nothing_found, intake, tries=2)
    codes = [(await line(received(n), Hop())).code for n in range(4)]
    assert codes == [250, 250, 450, 450]
    other = Path(b"<bo@exempelkommun.example>", b"bo@exempelkommun.example")
    assert (await line(received(9, other), Hop())).code == 250
    await line.counter.flush()
    assert [(one.kind, one.n, one.department) for one in intake.counts] == [("act:check", 3, "")]


async def test_a_try_again_has_the_key_of_the_first():
    intake = Intake()
    line = pipeline(nothing_found, intake)
    for n in (1, 1, 2):
        await line(received(n), Hop())
    keys = [given[0] for given in intake.kept]
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize("automatic", ["automatic", "mailing_list", "report"])
async def test_what_no_person_wrote_has_no_answer(automatic):
    async def examine(_data):
        return Examination(Facts(**{automatic: True}), size=1)

    intake = Intake()
    reply = await pipeline(examine, intake)(received(), Hop())
    assert (reply, intake.kept) == (replies.CHECK_NOT_YOU, [])


@pytest.mark.parametrize(
    ("peer", "inside"),
    [("10.1.2.3", True), ("10.2.0.1", False), ("2001:db8::1", True), ("", False), ("junk", False)],
)
def test_who_needs_no_login(peer, inside):
    assert within(peer, SETTINGS) is inside
    assert not within(peer, config.Settings())


class Archive:
    """Knows no ticket; counts checks."""

    def __init__(self):
        self.sender = self.tickets = self
        self.counted = []

    async def read(self, *_):
        return None

    async def count(self, counts):
        self.counted += counts


def parts(examine, **more) -> DeskParts:
    async def answer(_data, mail):
        verdict = Verdict("x", Action.RELAY, "r", ())
        return told(await examine(_data), (verdict, verdict), mail)

    return DeskParts(Archive(), SETTINGS, lambda: NOW, check=answer, **more)


async def test_without_ticket_or_network_nothing_is_read():
    with pytest.raises(Refused) as refused:
        await check(parts(nothing_found), Ask({"peer": "192.0.2.1", "ticket": "x"}, b"x"))
    assert refused.value.status == 401


async def test_no_free_worker_is_said_and_not_counted():
    desk = parts(no_worker)
    with pytest.raises(Refused) as refused:
        await check(desk, Ask({"peer": "10.1.0.1", "text": 1}, b"x"))
    assert (refused.value.code, refused.value.status) == ("busy", 503)
    assert desk.archive.counted == []


async def test_an_address_asks_so_often_in_an_hour():
    desk = parts(nothing_found, checked_from=Throttle(1, timedelta(hours=1)))
    ask = Ask({"peer": "10.1.0.1", "text": 1, "lang": "en"}, b"x")
    assert (await check(desk, ask)).fields["result"] == "passes"
    with pytest.raises(Refused) as refused:
        await check(desk, ask)
    assert refused.value.code == "checks"
    assert desk.archive.counted == [counted(date(2026, 11, 16))]


@pytest.mark.parametrize("fields", [{"text": 2}, {"text": 0}, {"text": 0, "files": "[[1, 2, 3]]"}])
async def test_lengths_that_do_not_fit_are_refused(fields):
    with pytest.raises(ValueError, match="lengths"):
        await check(parts(nothing_found), Ask({"peer": "10.1.0.1", **fields}, b"x"))


# ---- what is said -----------------------------------------------------------------------------


def answer(examination, outer=Action.RELAY, inner=Action.RELAY, language="sv"):
    judged = (Verdict("x", outer, "r", ()), Verdict("y", inner, "r", ()))
    return said(told(examination, judged, MAJ), SETTINGS, WORDS[language])


@pytest.mark.parametrize("language", sorted(WORDS))
@pytest.mark.parametrize("code", sorted(REASONS))
def test_no_unread_part_of_any_class_is_called_clean(code, language):
    part = not_examined(ATTACHMENT, code)
    told_ = answer(Examination(Facts(), not_examined=(part,), size=1), language=language)
    assert told_.result == "unread"
    assert len(told_.unread) == 1
    assert "zqfil" not in str(told_)


def test_what_was_not_read_in_time_says_so():
    for code in ("ocr-time", "too-long"):
        part = not_examined(ATTACHMENT, code)
        told_ = answer(Examination(Facts(), not_examined=(part,), size=1))
        assert any("fem sekunder" in line for line in told_.todo)
    assert answer(Examination(Facts(), size=1)).todo == ()


def test_what_is_kept_until_the_answer_has_gone_says_nothing_of_the_draft():
    finding = Finding("se.personnummer", 90, ATTACHMENT, "811228-****", "person", ("zqbevis",))
    facts = Facts(message_id="<1@x.example>", subject="zqamne", visible=("zq@x.example",))
    part = not_examined(ATTACHMENT, "crashed")
    found = Examination(facts, findings=(finding,), not_examined=(part,), size=1)
    verdict = Verdict(ANYBODY.text, Action.REJECT, "r", ())
    kept = str(told(found, (verdict, verdict), MAJ))
    for word in ("zq", "811228", "person'", "bevis"):
        assert word not in kept


def test_the_colleague_is_one_of_ours():
    assert colleague(SETTINGS).text == "kollega@exempelkommun.example"
    organisation = config.Organisation(domains=("*.exempel.example",))
    ours = SETTINGS.model_copy(update={"organisation": organisation})
    assert colleague(ours).text == "kollega@exempel.example"


@pytest.mark.parametrize("action", Action)
def test_each_action_has_words(action):
    for language in WORDS:
        assert answer(Examination(Facts(), size=1), action, action, language).ways[1]
    assert (answer(Examination(Facts(), size=1), action).result == "passes") is (
        action is Action.RELAY
    )


# ---- the form and the draft -------------------------------------------------------------------


@given(
    st.text(max_size=200),
    st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30), st.binary(max_size=300))),
)
def test_a_draft_holds_what_was_given_and_no_more_parts(text, files):
    raw = text.encode("utf-8", "replace")
    message = email.message_from_bytes(made(raw, files), policy=policy.default)
    leaves = list(message.iter_parts())
    assert [leaf.get_payload(decode=True) for leaf in leaves] == [raw, *(f[2] for f in files)]
    assert not any(leaf.is_multipart() for leaf in leaves)


async def test_an_upload_never_reaches_a_disk():
    """Neither file nor text is rolled to one, up to the limit of the page."""
    page = next(page for page in PAGES if page.method == "POST")
    content = bytes(5 * limits.MIB)
    body = (
        b'--m\r\nContent-Disposition: form-data; name="text"\r\n\r\n' + b"a" * 500_000 + b"\r\n"
        b'--m\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        + content + b"\r\n--m--\r\n"
    )  # fmt: skip
    waiting = [body[at : at + 65_536] for at in range(0, len(body), 65_536)]

    async def receive():
        piece = waiting.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(waiting)}

    head = [(b"content-type", b"multipart/form-data; boundary=m")]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": head, "query_string": b""}
    form, files = await _read(SimpleNamespace(request=Request(scope, receive)), page)
    (file,) = files.values()
    assert len(form["text"]) == 500_000
    assert file.file._rolled is False
    assert await file.read() == content
