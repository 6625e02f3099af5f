"""The gateway between two real Postfix servers, and in a run from smtp-source to smtp-sink.

client → front (smtpd_proxy_filter) → gateway → behind (queue) → sink
"""

import contextlib
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.postfix import Postfix
from tests.running import Gateway, Process, client_of, free_port, greets, send, wait_until
from tests.sink import Sink

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(shutil.which("postfix") is None, reason="postfix is not installed"),
]
SENDER, CITIZEN, COLLEAGUE = (
    "maj@exempelkommun.example",
    "anna@medborgare.example",
    "bo@exempelkommun.example",
)
SIZE = 2_000_000
REJECT_LISTS = """
[[rule]]
name = "listor-stoppas"
action = "reject"
kinds = ["se.*"]
level = "high"
persons = 5
recipient_classes = ["external"]
"""
UNKNOWN = "check_recipient_access inline:{ {okand@medborgare.example = 550 5.1.1 Unknown person} }"


def mail(text: str, number: int = 1, more: str = "") -> bytes:
    return (
        f"From: Maj Ek <{SENDER}>\r\nTo: {CITIZEN}\r\nSubject: Brev\r\n"
        f"Date: Mon, 16 Nov 2026 09:00:00 +0100\r\nMessage-ID: <{number}@exempelkommun.example>\r\n"
        f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n{more}"
        f"Content-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n"
    ).encode()


@dataclass
class Chain:
    """Everything that a mail passes."""

    front: Postfix
    gateway: Gateway
    behind: Postfix
    sink: Sink

    def send(self, data: bytes, *recipients: str, **more) -> tuple[int, str]:
        """Send through the front server."""
        return send(self.front.port, data, SENDER, recipients, **more)

    def arrived(self, words: bytes) -> list:
        return [mail for mail in self.sink.mails if words in mail.data]


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gateway")
    with contextlib.ExitStack() as stack:
        sink = stack.enter_context(Sink())
        more = f"smtpd_recipient_restrictions = {UNKNOWN}, permit"
        behind = stack.enter_context(Postfix("behind", relay_to=sink.port, size=SIZE, more=more))
        gateway = stack.enter_context(Gateway(folder, behind.port, REJECT_LISTS))
        front = stack.enter_context(Postfix("front", proxy=gateway.port, size=SIZE * 2))
        yield Chain(front, gateway, behind, sink)


def test_clean_mail_arrives_with_its_bytes(chain):
    data = mail("Vi ses på torsdag.\r\n.\r\n.. punkter\r\n" + "x" * 900, 100)
    code, text = chain.send(data, CITIZEN, mail_options=["BODY=8BITMIME"])
    assert code == 250, text
    assert "queued as" in text, "the answer is that of the Postfix behind"
    (there,) = wait_until(lambda: chain.arrived(b"<100@"), "arrival")
    trace, found = there.data[: -len(data)], there.data[-len(data) :]
    assert found == data
    fields = re.split(rb"\r\n(?![ \t])", trace.removesuffix(b"\r\n"))
    assert [field.split(b":")[0] for field in fields] == [b"Received", b"Received"]
    assert re.search(rb"from client\.example .*by front\.", fields[1], re.DOTALL)


def test_the_client_is_known_behind_by_xforward(chain):
    with client_of(chain.front.port) as client:
        xclient = client.docmd("XCLIENT", "ADDR=192.0.2.7 NAME=skrivare.exempelkommun.example")
        assert xclient[0] == 220
        client.ehlo()
        client.docmd("MAIL", f"FROM:<{SENDER}>")
        client.docmd("RCPT", f"TO:<{CITIZEN}>")
        client.docmd("DATA")
        client.send(mail("Hej", 110) + b".\r\n")
        assert client.getreply()[0] == 250
    wait_until(lambda: chain.arrived(b"<110@"), "arrival")
    line = "client=skrivare.exempelkommun.example[192.0.2.7]"
    assert line in chain.behind.log(), "its log names the client, not the gateway"


def test_a_mail_with_a_number_is_held(chain):
    code, text = chain.send(mail("Personnummer: 191212121212", 120), CITIZEN)
    assert code == 250, text
    id = re.search(r"taken care of as (\S+)", text)[1]
    assert f"{id}.1" in [item["id"] for item in chain.gateway.items("held")]
    assert chain.arrived(b"<120@") == []


def test_a_refusal_reaches_the_client_word_for_word(chain):
    numbers = Path(__file__).with_name("data") / "test_personnummer.txt"
    text = "\r\n".join(f"Personnummer: {n}" for n in numbers.read_text().split()[700:706])
    before = len(chain.gateway.items())
    code, told = chain.send(mail(text, 130), CITIZEN)
    assert code == 550
    assert re.fullmatch(
        r"5\.7\.1 Stoppat av e-postskyddet: mojliga personuppgifter\. Sand via saker tjanst\. "
        r"Arende [0-9A-Z]{5}-[0-9A-Z]{5}",
        told,
    )
    assert len(chain.gateway.items()) == before
    assert chain.arrived(b"<130@") == []


def test_the_same_mail_that_was_heard_is_a_new_row_with_a_notice_of_its_own(chain):
    before = {item["id"] for item in chain.gateway.items()}
    data = mail("Personnummer: 191212121212", 140)
    told = {chain.send(data, CITIZEN)[1] for _ in range(2)}  # the front server heard each reply
    assert len(told) == 2
    assert len({item["id"] for item in chain.gateway.items()} - before) == 2
    for text in told:
        id = re.search(r"taken care of as (\S+)", text)[1].encode()
        wait_until(lambda id=id: [m for m in chain.sink.notices() if id in m.data], "the notice")


def test_a_recipient_that_is_refused_behind_is_refused_in_front(chain):
    with client_of(chain.front.port) as client:
        client.docmd("MAIL", f"FROM:<{SENDER}>")
        code, text = client.docmd("RCPT", "TO:<okand@medborgare.example>")
        assert (code, b"Unknown person" in text) == (550, True)
        assert client.docmd("RCPT", f"TO:<{CITIZEN}>")[0] == 250
        client.docmd("DATA")
        client.send(mail("Hej", 150) + b".\r\n")
        assert client.getreply()[0] == 250
    (there,) = wait_until(lambda: chain.arrived(b"<150@"), "arrival")
    assert [rcpt.split(b" ")[0] for rcpt in there.rcpts] == [b"<anna@medborgare.example>"]


def test_some_pass_and_some_are_held(chain):
    code, text = chain.send(mail("Personnummer: 191212121212", 160), CITIZEN, COLLEAGUE)
    assert (code, "taken care of as" in text) == (250, True)
    (there,) = wait_until(lambda: chain.arrived(b"<160@"), "arrival")
    assert [rcpt.split(b" ")[0] for rcpt in there.rcpts] == [b"<bo@exempelkommun.example>"]


def test_the_size_limit_is_that_of_the_server_behind(chain):
    with client_of(chain.gateway.port) as client:
        assert client.esmtp_features["size"] == str(SIZE)
    big = mail("x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * (SIZE // 72), 170)
    assert chain.send(big, CITIZEN, mail_options=[f"SIZE={len(big)}"])[0] == 552
    assert chain.send(big, CITIZEN)[0] == 552
    fits = mail("x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * (SIZE // 80), 171)
    assert chain.send(fits, CITIZEN)[0] == 250


def test_dsn_parameters_come_through_both(chain):
    code, text = chain.send(
        mail("Hej", 180),
        CITIZEN,
        mail_options=["RET=HDRS", "ENVID=QQ+2B314159"],
        rcpt_options=["NOTIFY=FAILURE,DELAY", "ORCPT=rfc822;Anna@Medborgare.example"],
    )
    assert code == 250, text
    (there,) = wait_until(lambda: chain.arrived(b"<180@"), "arrival")
    assert {b"RET=HDRS", b"ENVID=QQ+2B314159"} <= set(there.mail.split(b" "))
    told = set(there.rcpts[0].split(b" "))
    assert {b"NOTIFY=FAILURE,DELAY", b"ORCPT=rfc822;Anna@Medborgare.example"} <= told


def test_a_gateway_that_is_down_is_a_temporary_refusal_in_front():
    with Postfix("alone", proxy=free_port()) as front:
        code, text = send(front.port, mail("Hej", 190), SENDER, [CITIZEN])
    assert (code, text[:5]) == (451, "4.3.0")


def test_200_messages_from_smtp_source_to_smtp_sink(tmp_path):
    port = free_port()
    folder = tmp_path / "sink"
    folder.mkdir(mode=0o777)
    command = ["smtp-sink", "-u", "root", "-d", f"{folder}/%M.", f"127.0.0.1:{port}", "100"]
    behind = Process(command, tmp_path / "smtp-sink.log")
    try:
        wait_until(lambda: greets(port), "start of smtp-sink")
        with Gateway(tmp_path, port) as gateway:
            source = ["smtp-source", "-s", "10", "-m", "200", "-l", "4096", "-N"]
            source += ["-f", SENDER, "-t", CITIZEN, f"127.0.0.1:{gateway.port}"]
            done = subprocess.run(source, check=False, capture_output=True, text=True, timeout=60)
            assert (done.returncode, done.stderr) == (0, "")
            assert gateway.log().count('"event": "message"') == 200
        kept = [path.read_bytes() for path in folder.iterdir()]
        assert len(kept) == 200
        assert len({re.search(rb"(?im)^Message-Id: (.*)$", one)[1] for one in kept}) == 200
    finally:
        behind.end()
