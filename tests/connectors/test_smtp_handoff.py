"""The hand-over by SMTP, over real sockets to a hop that does what it is told."""

import email
import email.policy
import logging
import socket
from base64 import b64encode

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mailfilter import config, connectors
from mailfilter.connectors import HandOver, Kind, Result, loop_token
from mailfilter.connectors.contract import judged, receipt
from mailfilter.connectors.signing import Signer
from mailfilter.connectors.smtp_handoff import SmtpHandoff
from mailfilter.errors import ConfigError, Permanent
from mailfilter.model import Path, Reply
from mailfilter.next_hop.relay import Receipt
from mailfilter.outbox.hand_over import sending
from tests.certificates import Authority
from tests.connectors.dkim_key import KEY, verified
from tests.scripted_hop import DROP, GOOD, ScriptedHop

TOKEN = loop_token(b"k" * 32)
NUMBER = "191212121212"  # an official test number
SENDER = Path(b"<a@kommun.example> SIZE=99 RET=HDRS", b"a@kommun.example", b"SIZE=99 RET=HDRS")
MAIL = (
    b"Received: from x\r\nFrom: A <a@kommun.example>\r\nTo: B <b@example.org>\r\n"
    b"Cc: C <c@example.org>\r\nSubject: Ang. Anna\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n\r\n.text\r\n--x\r\n'
    b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n"
    b"--x--\r\n"
)


def path(address: str) -> Path:
    raw = address.encode()
    return Path(b"<" + raw + b"> NOTIFY=SUCCESS", raw, b"NOTIFY=SUCCESS")


def handover(*rcpts: str, body: bytes = MAIL, mail: Path = SENDER, reached=()) -> HandOver:
    return HandOver("M1.1", mail, tuple(map(path, rcpts or ("b@example.org",))), body, reached)


def service(port: int, signer: Signer | None = None, **settings) -> SmtpHandoff:
    table = config.Connector(port=port, **({"tls": "none"} | settings))
    made = connectors.make(
        table, connectors.Means(sending(table, "gw.kommun.example"), TOKEN, signer)
    )
    assert isinstance(made, SmtpHandoff)
    return made


async def handed(handover_: HandOver, script=None, signer=None, **settings):
    """The result, and the hop."""
    async with ScriptedHop(script) as hop:
        return await service(hop.port, signer, **settings).commit(handover_), hop


GUARD = f"X-Mailfilter-Handoff: {TOKEN}\r\n".encode()


# ---- envelope ------------------------------------------------------------------------------------


async def test_by_default_only_the_guard_is_added():
    result, hop = await handed(handover("b@example.org", "c@example.org"))
    assert result == Result(Kind.HANDED_OVER, "250 2.0.0 Ok: queued as SCRIPTED", (0, 1))
    (mail,) = hop.mails
    assert mail.mail == b"<a@kommun.example>"
    assert mail.rcpts == [b"<b@example.org>", b"<c@example.org>"]
    assert mail.data == GUARD + MAIL
    assert mail.wire != mail.data  # a line that starts with a dot


@pytest.mark.parametrize(
    ("template", "made"),
    [
        ("{address}.s", b"<b@example.org.s>"),
        ("{local}%{domain}@service.example", b"<b%example.org@service.example>"),
        ("inbox@service.example", b"<inbox@service.example>"),
    ],
)
async def test_the_template_makes_the_recipient(template, made):
    _, hop = await handed(handover(), envelope_recipient=template)
    assert hop.mails[0].rcpts == [made]


async def test_the_sender_may_be_another_and_eight_bit_is_declared():
    body = "Subject: å\r\n\r\nå\r\n".encode()
    _, hop = await handed(handover(body=body), sender="gateway@kommun.example")
    assert hop.mails[0].mail == b"<gateway@kommun.example> BODY=8BITMIME"
    wide = Path(b"<a@kommun.example> SMTPUTF8", b"a@kommun.example", b"SMTPUTF8")
    _, hop = await handed(handover("å@example.org", mail=wide))
    assert hop.mails[0].mail == b"<a@kommun.example> SMTPUTF8"
    _, hop = await handed(handover(mail=Path(b"<>", b"")))
    assert hop.mails[0].mail == b"<>"


@pytest.mark.parametrize(
    "address",
    [
        f"{NUMBER}@example.org",
        "19121212-1212@example.org",
        f"b@example.org.{NUMBER}.secure",
        f"b?login={NUMBER}&x@example.org",
    ],
)
async def test_no_number_comes_into_an_envelope(address):
    result, hop = await handed(handover("b@example.org", address))
    assert result == Result(Kind.PERMANENT, "envelope-address-holds-number")
    assert hop.connections == 0


async def test_no_number_comes_into_an_envelope_by_the_template_either():
    template = f"{{local}}.{NUMBER}@service.example"
    result, hop = await handed(handover(), envelope_recipient=template)
    assert (result.receipt, hop.connections) == ("envelope-address-holds-number", 0)


@pytest.mark.parametrize(
    "address",
    [
        "b@example.org>\r\nRCPT TO:<x@example.org",
        "b\r\nBcc: x@example.org",
        "b@example.org\nX: y",
        "b\0@example.org",
        "b\u2028c@example.org",
        "b c@example.org",
        "b,x@example.org",
        "b@c@example.org",
        "Group:b@example.org",
        "(x)b@example.org",
        "b@example.org;x",
        "",
        "postmaster",
    ],
)
async def test_an_address_cannot_inject(address):
    result, hop = await handed(handover(address), header_recipients="rewrite")
    assert result == Result(Kind.PERMANENT, "envelope-address-not-usable")
    assert hop.connections == 0


TEMPLATES = ["{address}", "{local}%{domain}@s.example"]


@hypothesis_settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    raw=st.binary(max_size=12),
    template=st.sampled_from(["{address}", "{local}%{domain}@s.example"]),
)
def test_whatever_the_address_the_message_keeps_its_lines(raw, template):
    """An address that is not refused adds no line to the header and none to the envelope."""
    connector = service(1, envelope_recipient=template, header_recipients="rewrite")
    recipient = Path(b"<" + raw + b"@example.org>", raw + b"@example.org")
    body = b"To: " + raw.translate(None, b"\r\n\0") + b"@example.org\r\nX: y\r\n\r\nbody\r\n"
    try:
        address = connector._address(recipient)
    except Permanent:
        return
    mail, data = connector._prepared(HandOver("M", SENDER, (recipient,), body), [address])
    assert not set(address) & set("\r\n\0<> ") or address.startswith('"')
    lines = data.split(b"\r\n")
    assert [line.partition(b":")[0] for line in lines[:3]] == [b"X-Mailfilter-Handoff", b"To", b"X"]
    assert data.endswith(b"\r\n\r\nbody\r\n")
    assert b"\r" not in mail.raw


@pytest.mark.parametrize(
    "table",
    [
        {"subject_prefix": "a\r\nBcc: x"},
        {"add_headers": {"X-A": "a\nb"}},
        {"add_headers": {"X-A: y\r\nB": "a"}},
        {"remove_headers": ["a:b"]},
        {"original_recipient_header": "X-A\r\n"},
        {"sender": "a@b.example\r\nDATA"},
        {"envelope_recipient": "{address}\r\nDATA"},
        {"envelope_recipient": "{address.__class__}"},
        {"loop_header": ""},
    ],
)
def test_the_settings_cannot_inject(table):
    with pytest.raises(ConfigError):
        config.validate({"connectors": {"s": table}}, "test")


# ---- header --------------------------------------------------------------------------------------


async def test_recipients_and_subject_are_rewritten_and_the_parts_are_the_same():
    _, hop = await handed(
        handover("b@example.org", "bcc@example.org"),
        envelope_recipient="{address}.s",
        header_recipients="rewrite",
        original_recipient_header="X-Original-To",
        subject_replace="Säkert meddelande",
        add_headers={"zivver-relay": "zivver-message-info"},
        remove_headers=["Received"],
    )
    (mail,) = hop.mails
    assert mail.rcpts == [b"<b@example.org.s>", b"<bcc@example.org.s>"]
    new = email.message_from_bytes(mail.data, policy=email.policy.default)
    old = email.message_from_bytes(MAIL, policy=email.policy.default)
    assert str(new["To"]) == "b@example.org.s"
    assert (new["Cc"], new["Received"]) == (None, None)
    assert new.get_all("X-Original-To") == ["B <b@example.org>", "C <c@example.org>"]
    assert new["Subject"] == "Säkert meddelande"
    assert new["zivver-relay"] == "zivver-message-info"
    assert not new.defects
    assert [part.as_bytes() for part in new.iter_parts()] == [
        p.as_bytes() for p in old.iter_parts()
    ]
    assert mail.data.partition(b"\r\n\r\n")[2] == MAIL.partition(b"\r\n\r\n")[2]
    assert b"bcc@" not in mail.data


async def test_a_rewritten_mail_is_signed_anew():
    signer = Signer(b"kommun.example", b"mf", KEY.pem)
    old = b"DKIM-Signature: v=1; d=kommun.example; b=old\r\n" + MAIL
    _, hop = await handed(handover(body=old), signer=signer, subject_prefix="[säker]")
    assert verified(hop.mails[0].data)
    assert hop.mails[0].data.count(b"DKIM-Signature") == 1
    _, hop = await handed(handover(body=old), signer=signer)
    assert hop.mails[0].data == GUARD + old  # untouched, so its own signature still holds


async def test_what_cannot_be_signed_is_held():
    signer = Signer(b"kommun.example", b"mf", KEY.pem)
    body = b"To: b@example.org\r\n\r\nx\r\n"
    result, hop = await handed(handover(body=body), signer=signer, subject_prefix="[s]")
    assert (result.kind, result.receipt) == (Kind.PERMANENT, "dkim-cannot-sign")
    assert hop.connections == 0


@pytest.mark.parametrize(
    "body", [b"", b"\r\nbody", b"Subject: only a header", b"no field\r\n\r\nx\r\n"]
)
async def test_odd_messages_are_handed_over(body):
    result, hop = await handed(
        handover(body=body), subject_prefix="[s]", header_recipients="rewrite"
    )
    assert result.kind is Kind.HANDED_OVER
    assert hop.mails[0].data.startswith(GUARD)


async def test_a_header_that_begins_in_the_middle_is_held():
    result, _ = await handed(handover(body=b" continued\r\nTo: x\r\n\r\nx\r\n"))
    assert result == Result(Kind.PERMANENT, "header-not-usable")


# ---- loop and size -------------------------------------------------------------------------------


async def test_what_comes_back_is_not_handed_over_again():
    result, hop = await handed(handover(body=GUARD + MAIL))
    assert (result, hop.connections) == (Result(Kind.PERMANENT, "loop"), 0)
    result, _ = await handed(
        handover(body=GUARD.lower() + MAIL), remove_headers=["X-Mailfilter-Handoff"]
    )
    assert result.receipt == "loop"


async def test_a_stranger_cannot_stop_mail_with_the_header():
    other = f"X-Mailfilter-Handoff: {loop_token(b'other')}\r\n".encode()
    result, _ = await handed(handover(body=other + MAIL))
    assert result.kind is Kind.HANDED_OVER


def test_the_token_is_fixed_for_an_installation_and_does_not_give_its_secret_away():
    assert loop_token(b"k" * 32) == TOKEN
    assert loop_token(b"l" * 32) != TOKEN
    assert len(TOKEN) == 32
    assert (b"k" * 32).hex()[:8] not in TOKEN


async def test_the_size_limit_is_of_the_message():
    result, hop = await handed(handover(), size_limit=len(MAIL) - 1)
    assert (result, hop.connections) == (Result(Kind.PERMANENT, "over-size-limit"), 0)
    assert (await handed(handover(), size_limit=len(MAIL)))[0].kind is Kind.HANDED_OVER


# ---- answers -------------------------------------------------------------------------------------


DOWN = "451 4.4.1 Next hop does not answer, try again later"
ODD = "451 4.3.0 Next hop gave an unusable answer, try again later"


@pytest.mark.parametrize(
    ("script", "kind", "said"),
    [
        ({"RCPT": ["250 ok", "550 5.1.1 <c@x.example> no"]}, Kind.PERMANENT, "550 5.1.1 ... no"),
        ({"RCPT": ["450 4.2.0 later", "550 5.1.1 no"]}, Kind.PERMANENT, "550 5.1.1 no"),
        ({"RCPT": ["250 ok", "450 4.2.0 later"]}, Kind.TEMPORARY, "450 4.2.0 later"),
        ({"MAIL": ["550 5.7.1 not you"]}, Kind.PERMANENT, "550 5.7.1 not you"),
        ({"DATA": ["452 4.3.1 full"]}, Kind.TEMPORARY, "452 4.3.1 full"),
        ({".": [f"554 5.6.0 {NUMBER}"]}, Kind.PERMANENT, "554 5.6.0"),
        ({".": [DROP]}, Kind.TEMPORARY, DOWN),
        ({".": [b"garbage\r\n"]}, Kind.TEMPORARY, ODD),
        ({"BANNER": ["554 5.3.2 closed"]}, Kind.TEMPORARY, DOWN),
    ],
)  # fmt: skip
async def test_all_or_none(script, kind, said):
    result, hop = await handed(handover("b@example.org", "c@example.org"), script)
    assert result == Result(kind, said)
    assert hop.mails == []


THREE = ("b@example.org", "c@example.org", "d@example.org")


async def test_nobody_listens():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        result = await service(sock.getsockname()[1], split=True).commit(
            handover("b@x.example", "c@x.example")
        )
    assert result.kind is Kind.TEMPORARY


def by_recipient(answers: dict[bytes, str]):
    return {
        "RCPT": [lambda line: next((a for name, a in answers.items() if name in line), "250 ok")]
    }


THREE = ("b@example.org", "c@example.org", "d@example.org")


async def test_split_gives_each_a_transaction_and_goes_on_past_a_refusal():
    result, hop = await handed(handover(*THREE), by_recipient({b"<b@": "550 5.1.1 no"}), split=True)
    assert result == Result(Kind.PERMANENT, "550 5.1.1 no", (1, 2))
    assert [mail.rcpts for mail in hop.mails] == [[b"<c@example.org>"], [b"<d@example.org>"]]
    answers = {b"<b@": "550 5.1.1 no", b"<c@": "450 4.2.0 later"}
    result, _ = await handed(handover(*THREE), by_recipient(answers), split=True)
    assert result == Result(Kind.TEMPORARY, "450 4.2.0 later", (2,))


async def test_split_leaves_out_who_has_it_and_writes_the_same_header():
    table = {"split": True, "header_recipients": "rewrite", "envelope_recipient": "{address}.s"}
    body = MAIL.replace(b"C <c@example.org>", b"c@example.org, d@example.org")
    result, hop = await handed(handover(*THREE, body=body, reached=(0, 2)), **table)
    assert result == Result(Kind.HANDED_OVER, "250 2.0.0 Ok: queued as SCRIPTED", (0, 1, 2))
    (mail,) = hop.mails
    assert mail.rcpts == [b"<c@example.org.s>"]
    assert b"To: b@example.org.s, c@example.org.s, d@example.org.s\r\n" in mail.data


async def test_split_stops_where_nobody_answers():
    result, hop = await handed(handover(*THREE), {"DATA": ["354 go", DROP]}, split=True)
    assert (result.kind, result.reached) == (Kind.TEMPORARY, (0,))
    assert b"RCPT TO:<d@example.org>" not in hop.commands


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("2.0.0 Ok: queued as 4Abc", "250 2.0.0 Ok: queued as 4Abc"),
        ("2.0.0 Ok <b@example.org> taken\nand more", "250 2.0.0 Ok ... taken"),
        (f"2.1.5 {NUMBER} taken", "250 2.1.5"),
        (f"{NUMBER}", "250"),
        ("2.0.0 for b@example.org: å\x07", "250 2.0.0 for ... ??"),
        ("x" * 500, "250 " + "x" * 160),
    ],
)
def test_a_receipt_holds_nothing_of_the_mail(text, kept):
    assert receipt(Reply(250, text)) == kept


def test_judging():
    ok, later, no = Reply(250, "2.0.0 ok"), Reply(451, "4.0.0 later"), Reply(550, "5.0.0 no")
    assert judged(Receipt((ok,), ok)) == (Kind.HANDED_OVER, "250 2.0.0 ok")
    assert judged(Receipt((later, no), later)) == (Kind.PERMANENT, "550 5.0.0 no")
    assert judged(Receipt((ok, later), ok)) == (Kind.TEMPORARY, "451 4.0.0 later")
    assert judged(Receipt((ok,), Reply(354, "go"))) == (Kind.TEMPORARY, "354 go")


# ---- login and TLS -------------------------------------------------------------------------------


async def test_login_over_verified_tls_with_our_certificate(tmp_path, caplog):
    authority = Authority(tmp_path)
    ours = authority.issue("gw.kommun.example")
    password = tmp_path / "password"
    password.write_text("hemligt lösen\n")
    ehlo = GOOD["EHLO"].replace("250-DSN", "250-STARTTLS\n250-AUTH PLAIN")
    hop = ScriptedHop({"EHLO": [ehlo]}, tls=authority.server("service.example", ask_client=True))
    with caplog.at_level(logging.DEBUG):
        async with hop:
            connector = service(
                hop.port, tls="verify", ca=authority.ca, server_name="service.example",
                certificate=ours.certificate, key=ours.key, username="gw", password_file=password,
            )  # fmt: skip
            first = await connector.commit(handover())
            password.write_text("nytt")
            second = await connector.commit(handover())
    assert (first.kind, second.kind) == (Kind.HANDED_OVER, Kind.HANDED_OVER)
    secrets = [line.split()[2] for line in hop.commands if line.startswith(b"AUTH PLAIN")]
    assert secrets == [b64encode("\0gw\0hemligt lösen".encode()), b64encode(b"\0gw\0nytt")]
    assert hop.certificates[0]["subject"] == ((("commonName", "gw.kommun.example"),),)
    assert "hemligt" not in caplog.text + repr(connector) + repr(first)


async def test_a_stranger_with_a_certificate_of_another_gets_nothing(tmp_path):
    authority = Authority(tmp_path)
    script = {"EHLO": [GOOD["EHLO"].replace("250-DSN", "250-STARTTLS")]}
    async with ScriptedHop(script, tls=authority.server("other.example")) as hop:
        connector = service(hop.port, tls="verify", ca=authority.ca, server_name="service.example")
        assert (await connector.commit(handover())).kind is Kind.TEMPORARY
    result, plain = await handed(handover(), tls="encrypt")
    assert result.kind is Kind.TEMPORARY
    assert not any(line.startswith(b"MAIL") for line in hop.commands + plain.commands)


async def test_a_password_that_cannot_be_read_is_a_matter_for_later(tmp_path):
    missing = tmp_path / "none"
    result, hop = await handed(handover(), username="gw", password_file=missing)
    assert result == Result(Kind.TEMPORARY, "451 4.3.0 The password of this service cannot be read")
    assert hop.connections == 0
