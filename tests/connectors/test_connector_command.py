"""``mailfilter connector`` and ``mailfilter route``, against a server that keeps every byte."""

import pytest
from typer.testing import CliRunner

from mailfilter.commands import program
from tests.running import free_port
from tests.sink import Sink

TO = "it@kommun.example"
BASE = '[organisation]\nname = "Kommunen"\ndomains = ["kommun.example"]\n'


@pytest.fixture
def place(tmp_path):
    """A configuration with a service at a port, and what a command says of it."""

    def said(port: int, *words: str, more: str = "") -> tuple[int, str]:
        file = tmp_path / "mailfilter.toml"
        service = f'[connectors.saker]\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\n'
        file.write_text('secure_service = "saker"\n' + BASE + service + more)
        done = CliRunner().invoke(program(), [*words, "-c", str(file)], env={"COLUMNS": "200"})
        return done.exit_code, done.output

    return said


def test_a_message_goes_through_and_each_step_is_shown(place):
    with Sink() as sink:
        code, said = place(sink.port, "connector", "try", "saker", "--to", TO)
    assert code == 0, said
    for word in (
        "NOT encrypted",
        "RCPT TO: it@kommun.example",
        "250 2.0.0 Ok: kept",
        "handed-over",
    ):
        assert word in said
    assert b"nothing about anybody" in sink.mails[0].data
    assert b"X-Mailfilter-Handoff:" in sink.mails[0].data


def test_to_the_point_before_sending(place):
    with Sink() as sink:
        code, said = place(sink.port, "connector", "try", "saker", "--to", TO, "--greet")
    assert code == 0
    assert "left out" in said
    assert sink.mails == []


def test_a_refusal_is_shown_and_is_no_success(place):
    with Sink() as sink:
        sink.answer = b"554 5.7.1 not you"
        code, said = place(sink.port, "connector", "try", "saker", "--to", TO)
    assert code == 1
    assert "554 5.7.1 not you" in said
    assert "permanent" in said


def test_nobody_there(place):
    code, said = place(free_port(), "connector", "try", "saker", "--to", TO)
    assert code == 1
    assert "failed" in said


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("connector", "try", "other", "--to", TO), "[connectors] has saker"),
        (("connector", "try", "saker", "--to", "nobody"), "is no address"),
        (("route", "nobody", "--kind", "health"), "is no address"),
        (("route", TO, "--kind", "health", "--level", "huge"), "low, medium or high"),
        (("route", TO, "--kind", "health", "--language", "de"), "sv or en"),
    ],
)
def test_what_cannot_be_is_said(place, words, sentence):
    code, said = place(1, *words)
    assert code == 2
    assert sentence in said


def test_the_way_of_a_mail_is_explained(place):
    _, said = place(1, "route", "anna@example.org", "--kind", "health", "--language", "en")
    for word in ("citizen", "external-high", "redirect", "saker (smtp)"):
        assert word in said
    _, said = place(1, "route", TO, "--kind", "", "--language", "en")
    assert "internal" in said
    assert "relay" in said


def test_the_advice_of_a_class_is_shown(place):
    more = '[ways.citizen]\nadvice = { sv = "Ring i stället." }\n'
    _, said = place(1, "route", "anna@example.org", "--kind", "health", more=more)
    assert "Ring i stället." in said


def test_profiles_are_listed_with_what_was_assumed():
    said = CliRunner().invoke(program(), ["connector", "profiles"]).output
    assert 'profile = "secureappbox"    # ASSUMED' in said
    assert "envelope_recipient = ?    # you give it" in said
