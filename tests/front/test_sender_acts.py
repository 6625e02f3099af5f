"""What a sender does with her own held mail, from the notice's link to the next hop."""

import json
import sqlite3
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.front.installation import ANNA, MAJ, Installation, mail
from tests.running import wait_until
from tests.sink import Sink

pytestmark = pytest.mark.system

OVERRIDE = """
[[override]]
name = "till polisen"
senders = ["maj@exempelkommun.example"]
kinds = ["se.personnummer"]
level = "high"
per_week = 1
until = 2099-01-01
[[override]]
name = "inte Maj"
senders = ["rut@exempelkommun.example"]
kinds = ["se.personnummer"]
level = "high"
until = 2099-01-01
[connectors.saker]
title = "Säkra brev"
host = "127.0.0.1"
port = {port}
tls = "none"
envelope_recipient = "{{address}}.s"
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with Sink() as service:
        folder = tmp_path_factory.mktemp("acts")
        with Installation(folder, extra=OVERRIDE.format(port=service.port)) as place:
            place.service = service
            yield place


def stopped(place, **changes) -> str:
    """Send a mail that is held; the link of its notice."""
    before = len(place.notices())
    place.send(mail(**changes))
    return place.link(before)


def state(place, link) -> str:
    case = link.split("/m/")[1].split("/")[0]
    return next(item["state"] for item in place.gateway.items() if item["id"] == f"{case}.1")


def audit(place) -> list[dict]:
    return place.gateway.ask("audit-list", after=0, limit=10_000)


def last_word(place, before) -> str:
    return place.notice(before).get_body(("plain",)).get_content()


def test_the_notice_begins_with_the_button_and_ends_with_whom_to_call(place):
    link = stopped(place, subject="knapp")
    text = place.notices()[-1].get_body(("plain",)).get_content().replace("\r\n", "\n")
    swedish = text.partition("-----")[0].strip()
    assert swedish.startswith(f"Gör klart ditt ärende:\n{link}")
    assert "Är det bråttom? Kontakta 0000-000 00" in swedish.split("\n\n")[-2]
    page = place.browser.get(link).text
    assert "Personnummer (******-****)" in page
    assert "mejltexten" in page
    assert "Vanlig e-post kan läsas av fler" in page


def test_she_sends_it_by_the_secure_service_and_hears_how_it_went(place):
    link = stopped(place, subject="säkert")
    before = len(place.notices())
    told = place.browser.act(link, "secure", service="saker")
    assert told.status == 303
    (arrived,) = wait_until(lambda: place.service.to(f"{ANNA}.s"), "the service has it")
    assert b"19121212-1212" in arrived.data
    assert "genom Säkra brev" in last_word(place, before)
    assert place.sink.to(ANNA) == []
    lines = [line for line in audit(place) if line["actor"] == "sender"]
    assert [line["act"] for line in lines][-1] == "redirect"
    assert "Ärendet är avslutat" in place.browser.get(link).text


def test_who_goes_back_and_acts_again_sees_how_it_went(place):
    link = stopped(place, subject="tillbaka")
    old = place.browser.get(link)  # as the browser shows it again
    assert place.browser.act(link, "withdraw").status == 303
    for act in ("withdraw", "secure"):
        fields = {"form_token": old.token(act), "lang": "sv", "service": "saker"}
        told = place.browser.post(f"{link}/{act}", fields)
        assert told.status == 409
        assert "Det är redan avgjort" in told.text
        assert "Återtaget, inte skickat" in told.text
        assert "<form" not in told.text


def test_she_asks_for_a_review_and_the_reviewer_sees_why(place):
    link = stopped(place, subject="granska")
    assert place.browser.act(link, "review", reason="").status == 422
    told = place.browser.act(link, "review", reason="Det är mitt eget nummer")
    assert told.status == 303
    assert "Du bad om granskning" in place.browser.get(link).text
    assert state(place, link) == "held"
    assert "Det är mitt eget nummer" not in json.dumps(audit(place))
    for odd in ("nej\x00", "nej\u202e", "x" * 501):
        assert place.browser.act(link, "review", reason=odd).status in (400, 422)
    assert place.browser.act(link, "review", reason="a\r\n" * 249 + "b").status == 303
    pasted = "Mitt\u00a0eget \U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert place.browser.act(link, "review", reason=pasted).status == 303


def test_a_false_alarm_becomes_a_case_without_content(place):
    link = stopped(place, subject="larm")
    assert place.browser.act(link, "false-alarm").status == 303
    out = place.gateway.command("false-alarms", "export")
    (case,) = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    assert case["label"] == "false-alarm"
    assert case["findings"][0]["kind"] == "se.personnummer"
    assert "1212" not in out
    assert "content" not in case
    out = place.gateway.command("false-alarms", "export", "--with-content")
    (case,) = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    assert "19121212-1212" in case["content"]
    assert [line["act"] for line in audit(place)][-1] == "export-content"


def test_as_it_is_only_by_a_policy_that_names_her_and_so_often(place):
    link, other = stopped(place, subject="polisen"), stopped(place, subject="igen")
    page = place.browser.get(link).text
    assert "till polisen" in page
    assert "inte Maj" not in page
    token = place.browser.get(link).token("override")
    wrong = {"form_token": token, "policy": "inte Maj", "reason": "x"}
    assert place.browser.post(f"{link}/override", wrong).status == 403
    told = place.browser.act(link, "override", policy="till polisen", reason="Bråttom")
    assert told.status == 303
    (arrived,) = wait_until(lambda: place.sink.to(ANNA), "it is sent as it is")
    assert arrived.data == mail(subject="polisen")
    assert "till polisen" not in place.browser.get(other).text
    used = {"form_token": place.browser.get(other).token("withdraw")}
    assert place.browser.post(f"{other}/withdraw", used).status == 303
    now = datetime.now(ZoneInfo("Europe/Stockholm")).isocalendar()
    week = f"{now.year}-W{now.week:02}"
    told = json.loads(place.gateway.command("report", "--week", week, "--format", "json"))
    assert told["tables"]["senders"]["override: till polisen"]["*"]["n"] == "<5"


def test_a_second_click_does_nothing_twice(place):
    link = stopped(place, subject="två gånger")
    token = place.browser.get(link).token("withdraw")
    fields = {"form_token": token}
    answers = [place.browser.post(f"{link}/withdraw", fields).status for _ in range(2)]
    assert answers == [303, 409]


def test_a_form_cannot_name_another_message(place):
    mine, other = stopped(place, subject="min"), stopped(place, subject="en annans")
    case, secret = other.split("/m/")[1].split("/")
    token = place.browser.get(mine).token("withdraw")
    fields = {"form_token": token, "id": case, "secret": secret}
    assert place.browser.post(f"{mine}/withdraw", fields).status == 303
    assert state(place, other) == "held"
    assert state(place, mine) == "deleted"


def test_no_act_is_offered_that_the_rules_of_the_house_leave_out(place):
    assert MAJ not in place.browser.get(stopped(place, subject="x")).text


def test_copies_split_by_recipient_are_one_mail_on_her_page(place):
    """As Exchange Online splits it: the same mail, one transaction for each domain."""
    before, data = len(place.notices()), mail(subject="delat", to=f"{ANNA}, b@annan.example")
    for recipient in (ANNA, "b@annan.example"):
        place.send(data, to=recipient)
    link = place.link(before)
    page = place.browser.get(link).text
    assert page.count("har inte fått mejlet") == 2
    arrived = len(place.service.to("b@annan.example.s"))
    assert place.browser.act(link, "secure", service="saker").status == 303
    wait_until(lambda: len(place.service.to("b@annan.example.s")) > arrived, "the other copy")
    held = {item["id"].partition(".")[0] for item in place.gateway.items("held")}
    assert link.split("/m/")[1].split("/")[0] not in held


def test_mail_to_the_protected_is_hers_alone(tmp_path):
    """She finishes it herself; it stands in no list, no line, no count, and not in /mina."""
    classes = '[classes]\nprotected = ["tidning.example"]\n'
    with Sink() as service:
        extra = classes + OVERRIDE.format(port=service.port)
        with Installation(tmp_path, extra=extra) as place:
            place.send(mail(to="red@tidning.example"), to="red@tidning.example")
            link = place.link()
            page = place.browser.get(link).text
            assert "Bara du har fått veta detta" in page
            assert "Be om granskning" not in page
            assert "till polisen" not in page
            assert place.browser.act(link, "secure", service="saker").status == 303
            wait_until(lambda: service.to("red@tidning.example.s"), "the service has it")
            assert audit(place) == []
            with sqlite3.connect(tmp_path / "mailfilter.db") as store:
                holders = store.execute("SELECT holder FROM link").fetchall()
                kinds = {row[0] for row in store.execute("SELECT kind FROM counter")}
            assert set(holders) == {(None,)}
            assert kinds == {"protected"}
