"""A draft that is checked, and the program dies: no 250 without a committed answer, and one answer.

The kill comes between reading and commit, before the commit, and between commit and reply. The
client tries again, as a mail server does, until it has 250.
"""

import contextlib
import smtplib
import uuid

import pytest

from tests.canary import leaks
from tests.faults.control import Page
from tests.faults.rig import FaultyGateway
from tests.front.installation import MAJ, mail
from tests.running import wait_until
from tests.sink import Sink

pytestmark = pytest.mark.system
CHECK = "kontrollera@exempelkommun.example"
CANARIES = ("zqutkast", "zqbrodtext", "19121212-1212", "191212121212")
TRIES = 20


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("check")
    with Sink() as sink:
        gateway = FaultyGateway(folder, sink.port, f'[front]\ncheck_address = "{CHECK}"\n')
        with gateway:
            yield gateway, sink, Page.of(folder / "page")


def attempt(gateway, data: bytes) -> int:
    """The reply's code, 0 where none came."""
    with contextlib.suppress(OSError, smtplib.SMTPException):
        return gateway.send(data, MAJ, [CHECK])[0]
    return 0


@pytest.mark.parametrize(
    ("point", "fault"),
    [
        ("verdict", "kill"),  # read, nothing is committed
        ("db_pre_commit", "kill"),  # desk dies before the commit
        ("db_pre_commit", "ENOSPC"),  # the disk is full
        ("kept", "kill"),  # committed, and nobody knows
    ],
)
def test_no_250_without_an_answer_and_one_answer_in_the_end(place, point, fault):
    gateway, sink, page = place
    before = len(sink.mails)
    name = str(uuid.uuid4())
    data = mail("zqbrodtext 19121212-1212.\r\n", to=CHECK, subject=f"zqutkast {name}")
    page.arm(point, fault)
    code = 250
    for _ in range(TRIES):  # a counter's commit may have been hit instead of ours
        code = attempt(gateway, data)
        if page.fired:
            break
    assert page.fired
    if point != "db_pre_commit":
        assert code == 0
    page.disarm()
    wait_until(gateway.desk_is_up, "desk again")
    wait_until(lambda: attempt(gateway, data) == 250, "250 to a retry")
    wait_until(lambda: len(sink.mails) > before, "the answer")
    assert attempt(gateway, data) == 250
    last = mail("Vi ses.\r\n", to=CHECK, subject=f"sist {uuid.uuid4()}")
    wait_until(lambda: attempt(gateway, last) == 250, "a later draft")
    wait_until(lambda: len(sink.mails) > before + 1, "its answer")
    assert [one.rcpts for one in sink.mails[before:]] == [[f"<{MAJ}>".encode()]] * 2
    for path in gateway.folder.rglob("*"):
        if path.is_file():
            assert leaks(path.read_bytes(), CANARIES) == [], path


def test_store_that_is_down_is_a_451(place):
    gateway, sink, page = place
    before = len(sink.mails)
    page.arm("db_begin", "locked", lasts=True)
    try:
        code, reply = gateway.send(mail("x\r\n", to=CHECK, subject="a"), MAJ, [CHECK])
    finally:
        page.disarm()
    assert (code, reply[:5]) == (451, "4.3.0")
    assert len(sink.mails) == before
