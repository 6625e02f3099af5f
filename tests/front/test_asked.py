"""Where health alone was found its sender decides: from SMTP to the next hop, over real sockets."""

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.front.installation import ANNA, MAJ, Installation, mail
from tests.running import wait_until
from tests.sink import Sink

pytestmark = pytest.mark.system

EVA = "eva@medborgare.example"
# A rule of one's own before the shipped ones, and levels: what is tried here is the way, not how
# sure the detector is
RULES = """
[levels]
health_medium = 2
health_high = 100
[[rule]]
name = "fraga"
recipient_classes = ["external"]
kinds = ["health"]
level = "medium"
alone = true
action = "ask"
[connectors.saker]
title = "Säkra brev"
host = "127.0.0.1"
port = {port}
tls = "none"
"""
ILL = "Bo Alm har diagnosen schizofreni."
TAP = "Det handlar inte om någons hälsa – skicka"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with Sink() as service:
        folder = tmp_path_factory.mktemp("asked")
        with Installation(folder, extra=RULES.format(port=service.port)) as place:
            place.service = service
            yield place


def text(*sentences: str) -> str:
    return "Hej!\r\n\r\n" + "\r\n\r\n".join(sentences) + "\r\n"


def asked(place, data: bytes, *to: str) -> str:
    """Send a mail that is asked about; the link of its notice."""
    before = len(place.notices())
    code, said = place.gateway.send(data, MAJ, list(to) or [ANNA])
    assert (code, "taken care of" in said) == (250, True), said
    return place.link(before)


def passes(place, data: bytes, *to: str) -> bool:
    """Send a mail; whether it was relayed at once."""
    code, said = place.gateway.send(data, MAJ, list(to) or [ANNA])
    assert code == 250, said
    return "taken care of" not in said


def case(link: str) -> str:
    return link.rsplit("/", maxsplit=2)[1]


def item(place, link) -> dict:
    return next(one for one in place.gateway.items() if one["id"] == f"{case(link)}.1")


def tap(place, link) -> None:
    """One tap; done when the next hop has the mail."""
    assert place.browser.act(link, "not-health").status == 303
    wait_until(lambda: item(place, link)["state"] == "released", "the mail is sent")


def test_one_tap_sends_it_and_no_reviewer_is_involved(place):
    data = mail(text(ILL), subject="en")
    link = asked(place, data)
    notice = place.notices()[-1].get_body(("plain",)).get_content()
    assert "Uppgift om hälsa (diagnos)" in notice
    assert "mejltexten" in notice
    assert "schizofreni" not in notice
    assert "du avgör om det ska skickas" in " ".join(notice.split())
    assert (item(place, link)["action"], item(place, link)["state"]) == ("ask", "held")
    page = place.browser.get(link).text
    assert page.index("Skicka säkert") < page.index(TAP)
    assert "Anmäl falskt larm" not in page
    assert place.sink.to(ANNA) == []
    tap(place, link)
    (arrived,) = place.sink.to(ANNA)
    assert arrived.data == data
    lines = place.gateway.ask("audit-list", after=0, limit=1000)
    (released,) = [one for one in lines if one["actor"] == "sender"]
    assert (released["act"], released["object"]) == ("release", f"{case(link)}.1")
    assert "ask-review" not in [one["act"] for one in lines]
    assert place.gateway.command("audit", "verify")
    assert "skickade: inte någons hälsa" in _week(place)


def _week(place) -> str:
    now = datetime.now(ZoneInfo("Europe/Stockholm")).isocalendar()
    return place.gateway.command("report", "--week", f"{now.year}-W{now.week:02}")


def test_looking_at_the_page_sends_nothing(place):
    link = asked(place, mail(text("Eva Ek har diabetes och får insulin."), subject="se"))
    for method in ("GET", "HEAD"):
        for address in (link, f"{link}/not-health", f"{link}/not-health?done=not-health"):
            place.browser.get(address, method)
    assert place.browser.post(f"{link}/not-health", {"lang": "sv"}).status == 403
    token = place.browser.get(link).token("withdraw")
    wrong = {"form_token": token, "lang": "sv"}
    assert place.browser.post(f"{link}/not-health", wrong).status == 403
    assert item(place, link)["state"] == "held"
    assert place.browser.act(link, "withdraw").status == 303


def test_what_she_answered_is_not_asked_again_and_all_that_is_new_is(place):
    first = text("Karin Holm har cancer.")
    both = f"{ANNA}, {EVA}"
    tap(place, asked(place, mail(first, to=both, subject="tva"), ANNA, EVA))
    again = text("Något annat som är ofarligt.", "> Karin Holm har\r\n> cancer.")
    assert passes(place, mail(again, subject="igen"), ANNA), "fewer recipients"
    assert passes(place, mail(first, subject="ordning", to=both), EVA, ANNA)
    more = mail(text("Karin Holm har cancer.", "Bo Ek har HIV."), subject="fler")
    withdrawn = [asked(place, more)]
    withdrawn.append(asked(place, mail(first, subject="ny"), ANNA, "ny@medborgare.example"))
    thread = "In-Reply-To: <x@y.example>\r\nReferences: <x@y.example>\r\n"
    other = mail(text("Karin Holm har fått cancer igen."), subject="Sv: tva", extra=thread)
    withdrawn.append(asked(place, other))
    withdrawn.append(asked(place, _with_file(first)))
    for link in withdrawn:
        assert place.browser.act(link, "withdraw").status == 303


def _with_file(body: str) -> bytes:
    edge = 'Content-Type: multipart/mixed; boundary="k"\r\n'
    part = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
    name = "Content-Disposition: attachment; filename=a.txt\r\n"
    return (
        f"From: {MAJ}\r\nTo: {ANNA}\r\nSubject: bilaga\r\nMessage-ID: <b@exempelkommun.example>\r\n"
        f"MIME-Version: 1.0\r\n{edge}\r\n--k\r\n{part}\r\n{body}\r\n--k\r\n{part}{name}\r\n"
        "Protokoll\r\n--k--\r\n"
    ).encode()


def test_another_sender_is_asked_for_herself(place):
    data = mail(text("Per Ek har epilepsi."), subject="per")
    tap(place, asked(place, data))
    rut = "rut@exempelkommun.example"
    code, said = place.gateway.send(data.replace(b"<", b"<r", 1), rut, [ANNA])
    assert (code, "taken care of" in said) == (250, True)


def unheard(place, data: bytes) -> str:
    """The link of a mail whose 250 may have been lost: QUIT came with the dot."""
    before = len(place.notices())
    assert place.gateway.send(data, MAJ, [ANNA], heard=False)[0] == 250
    return place.link(before)


def test_a_retry_of_what_she_released_is_not_relayed_again(place):
    data = mail(text("Åsa Ek har astma."), subject="omtag")
    link = unheard(place, data)
    tap(place, link)
    before = len(place.sink.to(ANNA))
    assert not passes(place, b"Received: from a by b; Tue, 24 Nov 2026\r\n" + data)
    assert len(place.sink.to(ANNA)) == before


def test_more_than_health_and_unread_parts_go_the_old_way(place):
    link = asked(place, mail(text(ILL, "Personnummer: 19121212-1212."), subject="bada"))
    assert item(place, link)["action"] != "ask"
    page = place.browser.get(link)
    assert TAP not in page.text
    token = place.browser.get(link).token("withdraw")
    forged = {"form_token": token, "lang": "sv"}
    assert place.browser.post(f"{link}/not-health", forged).status == 403


def test_a_tap_is_exported_as_an_unconfirmed_case_without_text(place):
    out = place.gateway.command("false-alarms", "export")
    cases = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    assert cases
    assert all(case["unconfirmed"] and case["rule"] == ["fraga"] for case in cases)
    assert {f["kind"] for case in cases for f in case["findings"]} == {"health"}
    assert all(f["confidence"] and f["evidence"] for case in cases for f in case["findings"])
    assert "cancer" not in out


def test_she_may_still_send_it_securely(place):
    link = asked(place, mail(text("Ulla Ek har demens."), subject="saker"))
    assert place.browser.act(link, "secure", service="saker").status == 303
    assert wait_until(lambda: place.service.to(ANNA), "the service has it")
