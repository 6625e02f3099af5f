"""Reading on, on the real program: a scan that the budget before the reply does not reach.

The budget is nothing here (a limit that the test changes in the program), so every scan is read
after its reply. Needs Debian's tesseract-ocr-swe.
"""

import os
import signal
from pathlib import Path

import pytest

from mailfilter.extract.image import ocr
from mailfilter.workers.classes import Kind, door
from tests.extract.test_pictures import pdf, saved, scan
from tests.running import Gateway, wait_until
from tests.sink import Sink
from tests.test_dying import kill
from tests.test_trouble import CITIZEN, COLLEAGUE, SENDER, with_attachment

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(ocr.folder() is None, reason="no tesseract data: tesseract-ocr-swe"),
]
NO_TIME = {"OCR_SECONDS": 0.0}


def scanned(*lines: str) -> bytes:
    return with_attachment(saved(scan(*lines), "PNG"), "skannad.png")


CLEAN = scanned("Vi ses på torsdag klockan tio", "i stora salen bredvid receptionen")
HIT = scanned("Vi ses på torsdag klockan tio", "personnummer 191212121212")
DSN = {
    "mail_options": ["RET=HDRS", "ENVID=QQ1"],
    "rcpt_options": ["NOTIFY=FAILURE", f"ORCPT=rfc822;{CITIZEN}"],
}


@pytest.fixture(scope="module")
def sink():
    with Sink() as sink:
        yield sink


@pytest.fixture(scope="module")
def gateway(sink, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gateway")
    with Gateway(folder, sink.port, limits=NO_TIME) as gateway:
        yield gateway


@pytest.fixture(autouse=True)
def nothing_yet(sink):
    sink.mails.clear()


def settled(gateway):
    """No item is on its way any more: all rows, the newest first."""
    wait_until(
        lambda: not gateway.items("reading", "releasing"),
        lambda: f"the end of reading: {gateway.items()} {gateway.log()[-2000:]}",
    )
    return gateway.items()


def acts(gateway, id_: str) -> list[tuple[str, str]]:
    lines = [line for item in gateway.ask("trace", id=id_) for line in item["history"]]
    return [(line["actor"], line["act"]) for line in lines if line["actor"] == "system"]


def sent_to(sink, address: str) -> list:
    return [m for m in sink.mails if any(r.startswith(f"<{address}>".encode()) for r in m.rcpts)]


def test_a_clean_scan_arrives_as_it_was_sent_and_nobody_is_told(gateway, sink):
    code, text = gateway.send(CLEAN, SENDER, [COLLEAGUE, CITIZEN], heard=False, **DSN)
    assert code == 250
    assert "taken care of" in text
    assert [mail.data for mail in sent_to(sink, COLLEAGUE)] == [CLEAN], "internal: at once"
    row = settled(gateway)[0]
    assert row["state"] == "released"
    (mail,) = sent_to(sink, CITIZEN)
    assert mail.data == CLEAN
    assert mail.mail == f"<{SENDER}> RET=HDRS ENVID=QQ1".encode()
    assert mail.rcpts == [f"<{CITIZEN}> NOTIFY=FAILURE ORCPT=rfc822;{CITIZEN}".encode()]
    assert acts(gateway, row["id"]) == [("system", "release"), ("system", "released")]
    assert gateway.send(CLEAN, SENDER, [COLLEAGUE, CITIZEN], **DSN) == (code, text), "a retry"
    assert len(sink.mails) == 2, "it joins its row: nothing is sent again, no notice"


def test_a_number_on_a_scan_is_held_and_the_sender_is_told(gateway, sink):
    assert gateway.send(HIT, SENDER, [CITIZEN])[0] == 250
    row = settled(gateway)[0]
    assert (row["state"], row["kinds"], row["unread"]) == ("held", ["se.personnummer"], [])
    wait_until(sink.notices, "a notice")
    (notice,) = sink.notices()
    assert notice.rcpts == [f"<{SENDER}>".encode()]
    assert sent_to(sink, CITIZEN) == []
    assert acts(gateway, row["id"]) == [("system", "hold")]


def busy(door: Path) -> bool:
    """Somebody has a connection to a worker behind this door."""
    rows = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    return any(row[5] == "03" and row[-1] == str(door) for row in rows)


def test_a_restart_in_the_middle_of_reading_blames_nobody(gateway, sink):
    page = scan(*["Vi ses på torsdag klockan tio i stora salen"] * 8, size=(1200, 500))
    mail = with_attachment(pdf(page, page), "skannad.pdf")
    assert gateway.send(mail, SENDER, [CITIZEN])[0] == 250
    wait_until(lambda: busy(door(gateway.folder / "run" / "scan.sock", Kind.PATIENT)), "reading")
    assert gateway.process.end() == 0
    gateway.start()
    assert settled(gateway)[0]["state"] == "released"
    assert [mail.data for mail in sink.mails] == [mail]
    assert gateway.ask("poison-list") == [], "its worker was ended by us, not by the scan"


def test_what_waited_to_be_read_when_desk_died_is_read_by_the_next_one(gateway, sink):
    mail = b"X-Mailer: 3\r\n" + CLEAN
    patient = door(gateway.folder / "run" / "scan.sock", Kind.PATIENT)
    supervisor = gateway.process.popen.pid
    patient.rename(patient.with_name("away"))  # nobody can read it on
    code, text = gateway.send(mail, SENDER, [CITIZEN], heard=False)
    (row,) = gateway.items("reading")
    assert "reading" in gateway.command("quarantine", "list")
    assert gateway.ask("trace", id=row["id"])[0]["state"] == "reading"
    assert gateway.send(mail, SENDER, [CITIZEN]) == (code, text), "a retry joins it"
    os.kill(supervisor, signal.SIGSTOP)  # nobody starts desk again meanwhile
    try:
        kill(gateway.of_desk())
        patient.with_name("away").rename(patient)
    finally:
        os.kill(supervisor, signal.SIGCONT)
    wait_until(gateway.desk_is_up, "return of desk")
    row = settled(gateway)[0]
    assert row["state"] == "released"
    assert [mail.data for mail in sink.mails] == [mail], "once, and no notice"
    assert gateway.ask("audit-verify")["fault"] == ""
