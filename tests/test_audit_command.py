"""``mailfilter audit``, and ``check-config`` of where checkpoints go: the program as it is run."""

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
import typer
from typer.testing import CliRunner

from mailfilter import commands, config
from mailfilter.app import opened_desk
from mailfilter.app.anchoring import Anchoring
from mailfilter.record.contract import AuditLine

CONFIG = '[store]\nurl = "sqlite:///{0}/db"\nkeys = "{0}/keys"\nrun = "{0}/run"\n'


class Office:
    """An installation that is not running, and its command line."""

    def __init__(self, folder):
        self.folder, self.file = folder, folder / "c.toml"
        self.file.write_text(CONFIG.format(folder))
        app = typer.Typer()
        commands.register(app)
        self._app = app

    def run(self, *words):
        done = CliRunner().invoke(self._app, [*words, "-c", str(self.file)])
        return done.exit_code, done.output

    def write(self, lines=3, ago=timedelta(0)):
        """Lines of the log, and the checkpoint of an hour."""
        at = datetime.now(UTC) - ago

        async def work():
            settings = config.load(self.file)
            async with opened_desk(settings) as desk:
                for _ in range(lines):
                    await desk.archive.audit(AuditLine(0, at, "anna", "view-list", ""))
                await Anchoring(desk.archive, settings).tick(at)

        asyncio.run(work())

    def sql(self, *statements):
        with sqlite3.connect(self.folder / "db") as connection:
            for statement in statements:
                connection.execute(statement)


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path)


def test_verify_says_what_it_looked_at(office):
    office.write()
    code, said = office.run("audit", "verify")
    assert code == 0
    assert said.splitlines() == [
        "3 lines, the chain holds",
        "the key holds from line 1 on",
        "compared with 1 checkpoints, the last is less than a minute old",
    ]


def test_before_the_first_checkpoint_it_says_so(office):
    code, said = office.run("audit", "verify")
    assert code == 0
    assert "no checkpoint has been made yet" in said


def test_a_late_checkpoint_is_told(office):
    office.write(ago=timedelta(hours=3, minutes=1))
    assert "the last is 3 hours old: late" in office.run("audit", "verify")[1]


def test_an_anchor_shows_what_the_machine_hides(office, tmp_path):
    office.write(2, ago=timedelta(hours=3))
    backup = (tmp_path / "db").read_bytes()
    office.write(3)
    kept = tmp_path / "elsewhere"
    kept.write_text("From: x\n\n" + (tmp_path / "audit.checkpoints").read_text("ascii"))
    (tmp_path / "db").write_bytes(backup)
    (tmp_path / "audit.checkpoints").unlink()
    assert office.run("audit", "verify")[0] == 0
    code, said = office.run("audit", "verify", "--anchor", str(kept))
    assert code == 1
    assert "the audit log does not hold: the chain ends at line 2; at least 5 were there" in said
    code, said = office.run("audit", "accept", "--anchor", str(kept), "--reason", "återläst")
    assert (code, said) == (0, "accepted: 1 lines of the log say what, by whom and why\n")
    assert office.run("audit", "verify", "--anchor", str(kept))[0] == 0
    assert "audit-accept" in office.run("audit", "list")[1]
    code, said = office.run("audit", "accept", "--reason", "återläst")
    assert code == 2
    assert "nothing to accept" in said


def test_every_fault_is_named(office):
    office.write()
    drops = ("DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete")
    office.sql(*drops, "UPDATE audit SET actor = 'bo' WHERE seq = 2", "DELETE FROM audit_head")
    code, said = office.run("audit", "verify")
    assert code == 1
    assert "does not hold: line 2 was changed or moved" in said
    assert "the head row" in said


@pytest.mark.parametrize(
    ("content", "sentence"), [(None, "cannot be read"), ("Subject: x\n", "holds no checkpoint")]
)
def test_an_anchor_that_is_none(office, tmp_path, content, sentence):
    if content is not None:
        (tmp_path / "a").write_text(content)
    code, said = office.run("audit", "verify", "--anchor", str(tmp_path / "a"))
    assert code == 2
    assert sentence in said


def test_a_reason_must_be_given(office):
    assert office.run("audit", "accept", "--reason", " ")[0] == 2


def test_check_config_warns_of_checkpoints_that_stay_at_home(office):
    assert "checkpoints of the audit log stay on this machine" in office.run("check-config")[1]
    office.file.write_text(
        office.file.read_text() + '[audit]\nsyslog = "udp://log.kommun.example:514"\n'
    )
    code, said = office.run("check-config")
    assert code == 3, "only the next hop is away"
    assert "checkpoints" not in said
