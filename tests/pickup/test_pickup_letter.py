"""A letter on paper with the recipient's link: by the sender's own secret, shown once."""

import re

import pytest

from mailfilter.front.pickup_letter import ADDRESS, qr
from tests.pickup.test_pickup_pages import held_over
from tests.pickup.whole import CANARY, mailed, pickup, read_out

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with pickup(tmp_path_factory.mktemp("letter")) as at:
        yield at


def asked(at, follow: str, paper: str = "sv", **changes: str):
    """(the page of the letter, the fields that asked for it)."""
    told = at.browser.get(follow)
    form = re.search(r'<form method="post" action="/brev">.*?</form>', told.text, re.DOTALL)[0]
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    fields |= {"paper": paper} | changes
    return at.browser.post(follow.partition("/f/")[0] + ADDRESS, fields), fields


def chosen(at, follow: str) -> None:
    """She says that it goes by letter."""
    box = re.search(r'name="box" value="([a-z2-7]{16})"', at.browser.get(follow).text)[1]
    assert "/brev" not in at.browser.get(follow).text
    assert at.browser.act(follow, "outcome", box=box, way="letter").status == 303


def link_on(text: str) -> str:
    typed = re.search(r'class="typed">(.*?)</p>', text)[1]
    return "".join(re.findall(r'<span class="line">([^<]*)</span>', typed))


def test_the_letter_has_a_link_of_its_own_and_the_mailed_one_ends(place):
    page, follow = held_over(place)
    chosen(place, follow)
    mails = len(place.sink.mails)
    letter, _ = asked(place, follow)
    assert letter.status == 200
    link = link_on(letter.text)
    assert link.startswith(page.rpartition("/")[0])
    assert link != page
    assert place.browser.get(page).status == 404, "what was mailed is no longer good"
    assert str(qr(link)) in letter.text
    for word in ("Maj Ek", "0123-45 60 00", "QR-kod med adressen"):
        assert word in letter.text
    code = read_out(place.browser, follow)
    assert code not in letter.text
    assert code.replace(" ", "") not in letter.text
    assert CANARY not in letter.text
    assert "no-store" in letter.headers["cache-control"]
    assert CANARY in place.browser.act(link, "open", code=code).text
    assert len([m for m in place.sink.mails[mails:] if link.encode() in m.data]) == 0


def test_what_is_printed_has_not_the_senders_secret(place):
    """Browsers print the address of a page at the foot of the paper."""
    _, follow = held_over(place)
    chosen(place, follow)
    letter, _ = asked(place, follow, "en")
    paper = re.search(r"<article.*?</article>", letter.text, re.DOTALL)[0]
    assert follow.rpartition("/")[2] not in paper
    assert 'lang="en"' in paper
    assert "You have a secure message" in paper
    assert "Skriv ut nu" in letter.text, "what she herself reads stays in her own language"


def test_only_the_senders_own_secret_makes_one_and_nothing_shows_it_again(place):
    page, follow = held_over(place)
    chosen(place, follow)
    base = follow.partition("/f/")[0] + ADDRESS
    wrong = "A" * 43
    for changes in (
        {"secret": wrong},
        {"secret": page.rpartition("/")[2]},
        {"id": page.split("/")[-2], "secret": page.rpartition("/")[2]},
        {"box": "a" * 16},
        {"secret": ""},
    ):
        told, _ = asked(place, follow, **changes)
        assert told.status in (403, 404), changes
        assert "/h/" not in told.text
    told, _ = asked(place, follow, form_token="x")
    assert told.status == 403
    for method in ("GET", "HEAD"):
        assert place.browser.get(base, method).status in (404, 405)
    assert "bara en gång" in place.browser.get(base).text
    assert place.browser.get(page).status == 200, "the mailed link is still good"


def test_no_letter_of_what_was_read(place):
    _, follow = held_over(place)
    chosen(place, follow)
    letter, fields = asked(place, follow)
    link = link_on(letter.text)
    place.browser.act(link, "open", code=read_out(place.browser, follow))
    assert "/brev" not in place.browser.get(follow).text
    told = place.browser.post(follow.partition("/f/")[0] + ADDRESS, fields)
    assert told.status == 409
    assert "/h/" not in told.text


def test_the_secret_is_in_no_log_and_no_mail(place):
    _, follow = held_over(place)
    chosen(place, follow)
    letter, _ = asked(place, follow)
    secret = link_on(letter.text).rpartition("/")[2]
    assert secret not in place.gateway.log()
    assert secret not in str(mailed(place, "h"))
    assert "pickup-letter" in place.gateway.command("audit", "list", "--limit", "1000")
