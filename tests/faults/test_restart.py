"""Stopped, started, told to reload while ten sessions send: nothing is lost, nothing comes twice,
and every error is cured by the client's own retry. No window is open: whoever is past the final dot
has the answer before the program ends.
"""

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.postgres import server
from tests.faults.rig import Load, Rig
from tests.running import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]
SESSIONS, MAILS = 10, 50
KINDS = ("clean", "held", "mixed", "clean", "service")


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="mailfilter-restart-"))
    made.chmod(0o755)  # as root the server runs as a user of its own
    yield made
    shutil.rmtree(made, ignore_errors=True)


def taken(load: Load, many: int) -> None:
    wait_until(lambda: sum(m.taken for m in load.mails) >= many, f"{many} mails", 120)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_restart_under_load(folder: Path, database: str):
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(server(folder)) if database == "postgresql" else ""
        rig = stack.enter_context(Rig(folder / "rig", 4, url, tries=1000, pause=0.1))
        for _ in range(2):
            load = rig.load([KINDS[n % len(KINDS)] for n in range(MAILS)], threads=SESSIONS)
            taken(load, 5)
            os.kill(rig.gateway.process.popen.pid, signal.SIGHUP)
            taken(load, 12)
            assert rig.gateway.process.end() == 0, "SIGTERM ends it in order"
            assert not all(mail.taken for mail in load.mails), "it was in the midst"
            assert rig.restart()
            load.join()
        found = rig.balance()
        mails = rig.ledger.mails.values()
        assert [f"{v}\n{rig.story(v.token) if v.token else ''}" for v in found] == []
    assert all(mail.taken for mail in mails)
    assert len(mails) == 2 * MAILS
    again = [mail for mail in mails if len(mail.attempts) > 1]
    assert again, "some met the restart"
    codes = {attempt.code for mail in mails for attempt in mail.attempts}
    assert codes <= {None, 250, 421, 451}, "no answer is for good"
