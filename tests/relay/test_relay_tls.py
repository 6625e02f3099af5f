"""STARTTLS and AUTH on the way out: what each level demands, and what it never gives away."""

from base64 import b64encode

import pytest

from mailfilter.model import Path
from mailfilter.next_hop.relay import deliver_once
from mailfilter.next_hop.transaction import Hop
from tests.certificates import Authority
from tests.scripted_hop import ScriptedHop

MAIL, RCPT = Path(b"<a@example.se>", b"a@example.se"), Path(b"<b@example.net>", b"b@example.net")
EHLO = "250-hop\n250-PIPELINING\n250-AUTH PLAIN LOGIN\n250 STARTTLS"
NO_TLS = "250-hop\n250-AUTH PLAIN\n250 PIPELINING"


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


async def send(hop, **settings):
    receipt = await deliver_once(Hop("127.0.0.1", hop.port, **settings), MAIL, [RCPT], b"x\r\n")
    return receipt.final.code


@pytest.mark.parametrize("level", ["opportunistic", "encrypt", "verify"])
async def test_mail_goes_out_encrypted(authority, level):
    async with ScriptedHop({"EHLO": [EHLO]}, authority.server("hop.example")) as hop:
        assert await send(hop, tls=level, ca=authority.ca, server_name="hop.example") == 250
        assert hop.verbs()[:4] == ["EHLO", "STARTTLS", "EHLO", "MAIL"]
        assert len(hop.mails) == 1


@pytest.mark.parametrize(
    ("level", "code"), [("none", 250), ("opportunistic", 250), ("encrypt", 451), ("verify", 451)]
)
async def test_a_next_hop_without_tls(level, code):
    async with ScriptedHop({"EHLO": [NO_TLS]}) as hop:
        assert await send(hop, tls=level) == code
        assert len(hop.mails) == (code == 250)


@pytest.mark.parametrize(
    ("level", "code"), [("opportunistic", 250), ("encrypt", 250), ("verify", 451)]
)
@pytest.mark.parametrize("wrong", ["name", "authority"])
async def test_a_certificate_that_is_not_right(authority, tmp_path, level, code, wrong):
    (tmp_path / "other").mkdir()
    ca = Authority(tmp_path / "other", "Other CA").ca if wrong == "authority" else authority.ca
    name = "other.example" if wrong == "name" else "hop.example"
    async with ScriptedHop({"EHLO": [EHLO]}, authority.server("hop.example")) as hop:
        assert await send(hop, tls=level, ca=ca, server_name=name) == code
        assert len(hop.mails) == (code == 250)


@pytest.mark.parametrize(("level", "code"), [("opportunistic", 250), ("encrypt", 451)])
async def test_a_refused_starttls(authority, level, code):
    script = {"EHLO": [EHLO], "STARTTLS": ["454 4.7.0 not now"]}
    async with ScriptedHop(script, authority.server("hop.example")) as hop:
        assert await send(hop, tls=level) == code


@pytest.mark.parametrize("level", ["opportunistic", "encrypt", "verify"])
@pytest.mark.parametrize("behind", [b"250-hop\r\n250 AUTH PLAIN\r\n", b"25"])
async def test_plain_text_behind_the_answer_to_starttls_is_not_believed(authority, level, behind):
    script = {"EHLO": [EHLO], "STARTTLS": [b"220 go\r\n" + behind]}
    async with ScriptedHop(script, authority.server("hop.example")) as hop:
        settings = {"tls": level, "ca": authority.ca, "server_name": "hop.example"}
        assert await send(hop, **settings, username="u", password="p") == 451
        assert not hop.mails
        assert "AUTH" not in hop.verbs()


async def test_a_client_certificate_is_shown(authority):
    pair = authority.issue("gate.example")
    context = authority.server("hop.example", ask_client=True)
    async with ScriptedHop({"EHLO": [EHLO]}, context) as hop:
        settings = {"certificate": pair.certificate, "key": pair.key, "tls": "encrypt"}
        assert await send(hop, **settings) == 250
        assert hop.certificates[0]["subject"][0][0] == ("commonName", "gate.example")


async def test_auth_plain(authority):
    async with ScriptedHop({"EHLO": [EHLO]}, authority.server("hop.example")) as hop:
        assert await send(hop, tls="encrypt", username="åsa", password="hemlig") == 250
        secret = b64encode("\0åsa\0hemlig".encode())
        assert b"AUTH PLAIN " + secret in hop.commands


async def test_auth_login(authority):
    user, password = b64encode(b"u").decode(), b64encode(b"p").decode()
    script = {"EHLO": ["250-hop\n250-AUTH=LOGIN\n250 STARTTLS"], "AUTH": ["334 VXNlcg=="]}
    script |= {user.upper(): ["334 UGFzcw=="], password.upper(): ["235 ok"]}
    async with ScriptedHop(script, authority.server("hop.example")) as hop:
        assert await send(hop, tls="encrypt", username="u", password="p") == 250


async def test_a_wrong_password_is_temporary(authority):
    script = {"EHLO": [EHLO], "AUTH": ["535 5.7.8 wrong"]}
    async with ScriptedHop(script, authority.server("hop.example")) as hop:
        assert await send(hop, tls="encrypt", username="u", password="p") == 451
        assert not hop.mails


async def test_a_password_is_not_sent_in_plain_text():
    async with ScriptedHop({"EHLO": [NO_TLS]}) as hop:
        assert await send(hop, tls="opportunistic", username="u", password="p") == 451
        assert "AUTH" not in hop.verbs()
        assert await send(hop, tls="none", username="u", password="p") == 250
