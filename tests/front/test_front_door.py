"""The door of the front, on the real program: what a link may do, and what nobody may."""

import json
import subprocess
import sys

import pytest

from tests.front.installation import ANNA, SUBJECT, Installation
from tests.running import ROOT

pytestmark = pytest.mark.system
PRIVACY, ACCESS = "https://kommun.example/uppgifter", "https://kommun.example/tillgang"
TEXTS = f'privacy_url = "{PRIVACY}"\naccessibility_url = "{ACCESS}"'


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with Installation(tmp_path_factory.mktemp("front"), front=TEXTS) as place:
        place.send()
        yield place


def test_the_link_of_the_notice_shows_what_became_of_her_mail(place):
    told = place.browser.get(place.link())
    assert told.status == 200
    assert "Ditt mejl" in told.text
    assert SUBJECT not in told.text
    assert "1212" not in told.text.replace(place.link(), "")


@pytest.mark.parametrize("slashes", ["/", "//"])
def test_a_slash_behind_the_link_is_the_same_page_and_no_redirect(place, slashes):
    told = place.browser.get(place.link() + slashes)
    assert (told.status, told.headers.get("location")) == (200, None)
    assert told.token("withdraw") == place.browser.get(place.link()).token("withdraw")


def test_who_comes_without_a_link_is_told_what_this_is(place):
    told = place.browser.get(f"http://127.0.0.1:{place.port}/")
    assert told.status == 200
    assert "Har du fått ett meddelande?" in told.text
    for address in ("/mina?lang=sv", "/kontrollera?lang=sv"):
        assert f'href="{address}"' in told.text


@pytest.mark.parametrize("path", ["/", "/mina", "/kontrollera", "/nowhere", "/m/1/2", "/h/1/2"])
def test_every_page_leads_to_the_texts_on_data_and_accessibility(place, path):
    text = place.browser.get(f"http://127.0.0.1:{place.port}{path}").text
    assert f'<a href="{PRIVACY}"' in text
    assert f'<a href="{ACCESS}"' in text


@pytest.mark.parametrize("behind", [".", ">", ")", ",", "%3E", ">."])
def test_what_was_copied_behind_the_link_does_not_matter(place, behind):
    url = place.link() + behind
    assert place.browser.get(url).status == 200
    assert place.browser.get(place.link() + "x" + behind).status == 404


def test_headers_keep_the_link_and_the_page_to_the_visitor(place):
    for url in (place.link(), place.link() + "x", f"http://127.0.0.1:{place.port}/nowhere"):
        headers = place.browser.get(url).headers
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert "set-cookie" not in headers


def test_a_scanner_that_follows_every_link_changes_nothing(place):
    before = place.gateway.ask("audit-list", after=0, limit=1000), place.gateway.items()
    for method in ("GET", "HEAD"):
        assert place.browser.get(place.link(), method=method).status == 200
    assert place.browser.get(place.link() + "/withdraw").status == 405
    after = list(place.gateway.ask("audit-list", after=0, limit=1000))
    assert (after[:-1], place.gateway.items()) == before  # the last line is our own look


def test_a_form_without_its_token_does_nothing(place):
    url = place.link() + "/withdraw"
    assert place.browser.post(url, {}).status == 403
    assert place.browser.post(url, {"form_token": "0" * 32}).status == 403
    token = place.browser.get(place.link()).token("withdraw")
    crossed = place.browser.post(url, {"form_token": token}, sec_fetch_site="cross-site")
    assert crossed.status == 403
    assert len(place.gateway.items("held")) == 1


def test_a_wrong_secret_is_no_link(place):
    url, _, secret = place.link().rpartition("/")
    for wrong in (secret[:-2] + "xx", secret[:-1], "x" * 43, ""):
        assert place.browser.get(f"{url}/{wrong}").status == 404


def test_the_log_has_neither_secret_nor_id(place):
    place.browser.get(place.link())
    secret = place.link().rpartition("/")[2]
    log = place.gateway.log()
    assert secret not in log
    lines = [json.loads(line) for line in log.splitlines() if '"event": "front"' in line]
    assert {line["page"] for line in lines} >= {"/m/{id}/{secret}"}


def test_another_name_is_no_name_of_ours(place):
    assert place.browser.get(place.link(), host="evil.example").status == 421


def test_health_is_at_its_own_port_and_nowhere_else(place):
    for path in ("livez", "readyz", "metrics"):
        own = f"http://127.0.0.1:{place.gateway.health}/{path}"
        assert place.browser.get(own).status == 200
        for port in (place.gateway.web, place.port):
            assert place.browser.get(f"http://127.0.0.1:{port}/{path}").status == 404


def test_she_takes_it_back(place):
    link = place.link()
    assert place.browser.act(link, "withdraw").status == 303
    assert [item["state"] for item in place.gateway.items()] == ["deleted"]
    told = place.browser.get(link)
    assert "Återtaget" in told.text
    assert place.sink.to(ANNA) == []


def test_the_process_of_the_pages_can_open_neither_keys_nor_store(tmp_path):
    """By Landlock, in a process of its own; where the kernel has none the log says so."""
    secret, own = tmp_path / "desk.key", tmp_path / "own"
    secret.write_text("x")
    own.mkdir()
    (own / "front.pem").write_text("y")
    code = (
        "import sys; from pathlib import Path\n"
        "from mailfilter.workers.landlock import restrict_files\n"
        "done = restrict_files([Path(sys.argv[2])])\n"
        "print(done, (Path(sys.argv[2]) / 'front.pem').read_text())\n"
        "for attempt in (lambda: Path(sys.argv[1]).read_text(),"
        " lambda: (Path(sys.argv[2]) / 'new').write_text('z')):\n"
        "    try:\n        attempt(); print('open')\n"
        "    except PermissionError: print('closed')\n"
    )
    command = [sys.executable, "-c", code, str(secret), str(own)]
    told = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout
    assert told.split() in (["True", "y", "closed", "closed"], ["False", "y", "open", "open"])
