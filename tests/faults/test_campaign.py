"""A kill at every point, under load; ``make faults MINUTES=n`` goes on for as long as one likes."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailfilter.failpoint import POINTS
from tests.faults.campaign import ELSEWHERE, Campaign
from tests.faults.control import FAULTS
from tests.faults.postgres import server

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]
KILLS = 40


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="mailfilter-faults-"))
    made.chmod(0o755)  # as root the server runs as a user of its own
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_kills_at_every_point_under_load(folder: Path, database: str):
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(server(folder)) if database == "postgresql" else ""
        campaign = Campaign(folder, 20261128, url)
        found = campaign.sweep()
    assert [str(violation) for violation in found] == []
    reached = {what.removeprefix("at ") for what, times in campaign.done.items() if times}
    assert set(POINTS) - ELSEWHERE - {"fork"} - reached == set(), "never reached"
    assert {f"fault {fault}" for fault in FAULTS} <= set(campaign.done)
    assert campaign.kills >= KILLS
    assert campaign.mails >= KILLS, "there was load"
