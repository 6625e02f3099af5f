"""Trouble, on the real program: each gets a clear sentence or reply, and nothing is lost.

Configurations that cannot be used, next hops that fail, a full disk, broken attachments. Processes
that die are in ``test_dying.py``.
"""

import base64
import contextlib
import os
import signal
import subprocess
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.extract.making import word
from tests.running import Gateway, client_of, free_port, run, wait_until
from tests.sink import Sink

pytestmark = pytest.mark.system  # it needs no programs, but many processes and their time
SENDER, CITIZEN, COLLEAGUE = (
    "maj@exempelkommun.example",
    "anna@medborgare.example",
    "bo@exempelkommun.example",
)
CLEAN = b"From: maj@exempelkommun.example\r\nSubject: hej\r\n\r\nVi ses klockan tio.\r\n"
NO_HOP = "4.4.1 Next hop does not answer, try again later"
HELD = b"From: maj@exempelkommun.example\r\nSubject: hej\r\n\r\nPersonnummer: 191212121212\r\n"


def with_attachment(data: bytes, name: str) -> bytes:
    return (
        b"From: maj@exempelkommun.example\r\nSubject: hej\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="g"\r\n\r\n--g\r\n\r\nSe bilagan.\r\n--g\r\n'
        b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
        b"Content-Disposition: attachment; filename=%b\r\n\r\n%b\r\n--g--\r\n"
    ) % (name.encode(), base64.encodebytes(data).replace(b"\n", b"\r\n"))


@pytest.fixture
def sink():
    with Sink() as sink:
        yield sink


@pytest.fixture
def gateway(sink, tmp_path):
    with Gateway(tmp_path, sink.port) as gateway:
        yield gateway


# ---- configuration ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, ["mailfilter.toml", "cannot be read", "No such file"]),
        ("[listen\nport = 1", ["mailfilter.toml", "is not valid TOML", "line 1"]),
        (b"[listen]\nhost = '\xff'", ["mailfilter.toml", "is not valid TOML"]),
        (
            "[listen]\nprot = 1",
            ["mailfilter.toml", "listen.prot", "not known", "did you mean port?"],
        ),
        ("[listen]\nport = 70000", ["mailfilter.toml", "listen.port", "70000", "65535"]),
    ],
)
def test_a_configuration_that_cannot_be_used_ends_with_a_sentence(tmp_path, text, words):
    file = tmp_path / "mailfilter.toml"
    if text is not None:
        file.write_bytes(text.encode() if isinstance(text, str) else text)
    done = run("serve", "-c", str(file))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert [word for word in words if word not in done.stderr] == [], done.stderr


def test_a_folder_for_keys_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "keys").write_text("a file where a folder should be")
    gateway = Gateway(tmp_path, free_port())
    done = run("serve", "-c", str(gateway.write_config()))
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert f"{tmp_path}/keys cannot be made" in done.stderr


# ---- the next hop ----------------------------------------------------------------------------


def test_a_next_hop_that_is_down_is_451_until_it_comes_up(tmp_path):
    port = free_port()
    with Gateway(tmp_path, port) as gateway:
        for code in (421, 451):  # before the next hop has ever been seen, EHLO has no answer
            assert gateway.send(CLEAN, SENDER, [CITIZEN]) == (code, NO_HOP)
            with Sink(port) as sink:
                assert gateway.send(CLEAN, SENDER, [CITIZEN]) == (250, "2.0.0 Ok: kept")
                assert [mail.data for mail in sink.mails] == [CLEAN]
        assert gateway.items() == []


def test_what_is_held_needs_the_next_hops_word_on_its_recipients(gateway, sink):
    sink.rcpt_answers[b"<anna@medborgare.example>"] = b"550 5.1.1 no such user"
    assert gateway.send(HELD, SENDER, [CITIZEN]) == (550, "5.1.1 no such user")
    assert gateway.items() == []


def test_a_report_that_is_sent_twice_is_held_twice(gateway):
    assert gateway.send(HELD, SENDER, [CITIZEN])[0] == 250

    def again() -> bool:  # what was heard is stored a moment after the next command
        assert gateway.send(HELD, SENDER, [CITIZEN])[0] == 250
        return len(gateway.items()) == 2

    wait_until(again, "a second item")


def test_what_a_client_may_not_have_heard_is_held_once(gateway):
    with client_of(gateway.port) as client:
        client.docmd("MAIL", f"FROM:<{SENDER}>")
        client.docmd("RCPT", f"TO:<{CITIZEN}>")
        client.docmd("DATA")
        client.send(HELD + b".\r\nQUIT\r\n")  # with the dot: it proves nothing
        wait_until(gateway.items, "the item")
    assert gateway.send(HELD, SENDER, [CITIZEN])[0] == 250
    assert len(gateway.items()) == 1


def test_a_recipient_that_the_next_hop_refuses_does_not_stop_the_others(gateway, sink):
    sink.rcpt_answers[b"<okand@medborgare.example>"] = b"550 5.1.1 no such user"
    with client_of(gateway.port) as client:
        client.docmd("MAIL", f"FROM:<{SENDER}>")
        assert client.docmd("RCPT", "TO:<okand@medborgare.example>") == (550, b"5.1.1 no such user")
        assert client.docmd("RCPT", f"TO:<{CITIZEN}>")[0] == 250
        assert client.docmd("DATA")[0] == 354
        client.send(CLEAN + b".\r\n")
        assert client.getreply() == (250, b"2.0.0 Ok: kept")
    assert [mail.rcpts for mail in sink.mails] == [[b"<anna@medborgare.example>"]]


@pytest.mark.parametrize(
    ("answer", "code"),
    [(b"", 451), (b"452 4.3.1 no room", 452), (b"554 5.7.1 spam", 554), (b"421 4.3.2 bye", 451)],
    ids=["hangs up", "no room", "refuses", "takes leave"],
)
def test_what_the_next_hop_does_not_take_is_not_taken(gateway, sink, answer, code):
    sink.answer = answer
    assert gateway.send(CLEAN, SENDER, [CITIZEN])[0] == code
    # some pass, some are held: nothing may be kept if the others did not get through
    assert gateway.send(HELD, SENDER, [CITIZEN, COLLEAGUE])[0] == code
    assert gateway.items() == []
    sink.answer = b"250 2.0.0 Ok: kept"
    assert gateway.send(CLEAN, SENDER, [CITIZEN])[0] == 250
    assert gateway.send(HELD, SENDER, [CITIZEN, COLLEAGUE])[0] == 250
    assert len(gateway.items("held")) == 1


# ---- disk and content ------------------------------------------------------------------------


@contextlib.contextmanager
def small_disk(folder: Path, size: str = "3m"):
    """A disk of that size; skipped where mounting is not allowed."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_a_temporary_refusal_and_nothing_is_lost(tmp_path, sink):
    with (
        small_disk(tmp_path / "disk") as disk,
        Gateway(tmp_path, sink.port, url=f"sqlite:///{disk}/mailfilter.db") as gateway,
    ):
        assert gateway.send(HELD, SENDER, [CITIZEN])[0] == 250
        _fill(disk / "ballast")
        big = HELD + b"Hej och tack.\r\n" * 60_000
        code, text = gateway.send(big, SENDER, [CITIZEN])
        assert f"{code} {text[:5]}" in ("451 4.3.0", "452 4.3.1")
        assert gateway.send(big, SENDER, [CITIZEN, COLLEAGUE])[0] in (451, 452)
        assert gateway.send(CLEAN, SENDER, [CITIZEN])[0] == 250, "clean mail does not need the disk"
        assert [mail.data for mail in sink.mails if mail.data == big] == [], "nothing half done"

        (disk / "ballast").unlink()
        assert gateway.send(big, SENDER, [CITIZEN])[0] == 250
        assert [item["size"] for item in gateway.items("held")] == [len(big), len(HELD)]
        assert "the disk is full" in gateway.log()


def test_readiness_tells_of_the_disk_before_it_is_full(tmp_path, sink):
    with (
        small_disk(tmp_path / "disk", size="160m") as disk,
        Gateway(tmp_path, sink.port, url=f"sqlite:///{disk}/mailfilter.db") as gateway,
    ):
        wait_until(lambda: readiness(gateway)[0] == 200, lambda: readiness(gateway)[1])
        assert readiness(gateway) == (200, "store ok\ndisk ok\nscan ok\nothers ok\n")
        with (disk / "ballast").open("wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, 20 * 1024 * 1024)
        assert readiness(gateway) == (503, "store ok\ndisk failed\nscan ok\nothers ok\n")
        assert gateway.send(HELD, SENDER, [CITIZEN])[0] == 250, "there is room yet"


def readiness(gateway: Gateway) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", gateway.health)
    connection.request("GET", "/readyz")
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def _fill(path: Path) -> None:
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (word("Hej")[:2000], "avklippt.docx"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<", "trasig.pdf"),
        (b"PK\x03\x04" + bytes(500), "trasig.zip"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_broken_attachment_is_held_as_broken(gateway, sink, data, name):
    message = with_attachment(data, name)
    code, text = gateway.send(message, SENDER, [CITIZEN])
    assert (code, "taken care of" in text) == (250, True)
    (item,) = gateway.items("held")
    done = run("scan", "--json", "-", input=message, text=False)
    assert b'"class": "broken"' in done.stdout
    assert item["unread"]
    assert [mail for mail in sink.mails if mail.data == message] == []


# ---- rules -----------------------------------------------------------------------------------

RULES = """
[[rule]]
name = "nummer"
action = "{action}"
kinds = ["{kind}"]
recipient_classes = ["external"]
"""


def test_a_reload_takes_good_rules_and_keeps_the_old_ones_if_they_are_bad(tmp_path, sink):
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES.format(action="quarantine", kind="se.*"))
    with Gateway(tmp_path, sink.port, f'rules = "{rules}"\n', processes=2) as gateway:

        def reload(text: str, event: str) -> None:
            before = gateway.log().count(event)
            rules.write_text(text)
            os.kill(gateway.process.popen.pid, signal.SIGHUP)
            wait_until(  # two smtp processes, and desk, which decides on what was read on
                lambda: gateway.log().count(event) == before + 3, f"{event}, three times"
            )

        assert gateway.send(HELD, SENDER, [CITIZEN])[0] == 250
        reload(RULES.format(action="reject", kind="se.*"), "rules-reloaded")
        assert gateway.send(HELD, SENDER, [CITIZEN])[0] == 550
        for bad in ("[[rule]\n", RULES.format(action="reject", kind="se.personnumer"), 'x = "y"\n'):
            reload(bad, "rules-kept")
            assert gateway.send(HELD, SENDER, [CITIZEN])[0] == 550
        assert "did you mean 'se.personnummer'?" in gateway.log()
        reload(RULES.format(action="relay", kind="se.*"), "rules-reloaded")
        assert gateway.send(HELD, SENDER, [CITIZEN]) == (250, "2.0.0 Ok: kept")
        assert "process-ended" not in gateway.log(), "nobody dies of a reload"
