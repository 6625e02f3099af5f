"""The manual's drill, word for word: backup while it runs, restore on an empty machine."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from mailfilter import commands
from tests.running import ROOT, Gateway, wait_until
from tests.sink import Sink

MANUAL = (ROOT / "deploy" / "README.md").read_text("utf-8")
FENCE = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
MAIL = (
    "From: anna@exempelkommun.example\r\nTo: bo@elsewhere.example\r\n"
    "Message-ID: <{0}@exempelkommun.example>\r\nSubject: {0}\r\n\r\n"
    "Elevens personnummer är 191212121212.\r\n"
)
COUNT = 4


def block(title: str) -> list[str]:
    """The commands of the first block below a heading."""
    found = FENCE.search(MANUAL[MANUAL.index(title) :])
    assert found
    return found[1].splitlines()


def said(*words: str) -> str:
    """What a command of the program prints, run in this process: a start costs seconds."""
    app = typer.Typer()
    commands.register(app)
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.output
    return done.output


class Machine:
    """Folders of a test where the manual names those of a real machine."""

    def __init__(self, gateway: Gateway, backups: Path, safe: Path) -> None:
        self.gateway = gateway
        self._places = {
            "/var/backups/mailfilter": str(backups),
            "/media/safe": str(safe),
            "/var/lib/mailfilter": str(gateway.folder),
            "runuser -u mailfilter -- ": "",
            "-o mailfilter -g mailfilter ": "",
            " -c $C": "",
        }

    def say(self, *words: str) -> str:
        """A command with the configuration of this machine."""
        return said(*words, "-c", str(self.gateway.config))

    def follow(self, line: str) -> str:
        """Do what a line of the manual says; what it prints."""
        for shown, ours in self._places.items():
            line = line.replace(shown, ours)
        if line == "systemctl start mailfilter":
            self.gateway.start()
            return ""
        name, *words = line.split()
        if name == "mailfilter":
            return self.say(*words)
        assert name in ("install", "cp")
        subprocess.run([name, *words], check=True)
        return ""


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request: pytest.FixtureRequest) -> list[str]:
    """Of the machine that is lost, and of the empty one."""
    if request.param == "sqlite":
        return ["", ""]
    import asyncio

    server = request.getfixturevalue("postgresql")
    names = [f"drill_{next(server.numbers)}" for _ in range(2)]
    for name in names:
        asyncio.run(server.sql(f"CREATE DATABASE {name}"))
    return [server.named(name) for name in names]


@contextmanager
def machine(folder: Path, sink: Sink, url: str, tmp_path: Path) -> Iterator[Machine]:
    folder.mkdir()
    gateway = Gateway(folder, sink.port, url=url)
    gateway.write_config()
    try:
        yield Machine(gateway, tmp_path / "backups", tmp_path / "safe")
    finally:
        if gateway.process:
            gateway.process.end()


@pytest.mark.system
def test_the_drill_of_the_manual(urls: list[str], tmp_path: Path) -> None:
    with Sink() as sink:
        with machine(tmp_path / "lost", sink, urls[0], tmp_path) as lost:
            gateway = lost.gateway.start()
            for n in range(COUNT):
                mail, who = MAIL.format(f"m{n}").encode(), "anna@exempelkommun.example"
                sent = gateway.send(
                    mail, who, ["bo@elsewhere.example"], mail_options=["BODY=8BITMIME"]
                )
                assert sent[0] == 250
            held = [one["id"] for one in gateway.items("held")]
            wait_until(lambda: len(sink.mails) >= COUNT, "the notices")
            make, full, later = block("## 8. How do I back up and restore?")
            lost.follow(make)
            assert f"{COUNT} held mails" in lost.follow(full)
            lost.say("quarantine", "release", held[0], "--reason", "x")
            wait_until(lambda: gateway.items("released"), "the release")
            lost.say("quarantine", "delete", held[1], "--reason", "x")
            assert "lines of the audit log" in lost.follow(later)
            shutil.copytree(lost.gateway.folder / "keys", tmp_path / "safe" / "keys")
        sent_before = len(sink.mails)
        with machine(tmp_path / "empty", sink, urls[1], tmp_path) as empty:
            keys, restore, start, go = block("### Restore on an empty machine")
            empty.follow(keys)
            told = empty.follow(restore)
            assert f"{COUNT} mails can be opened" in told
            assert "2 mails erased" in told
            empty.follow(start)
            there = empty.gateway
            assert '"standstill"' in there.log()
            assert sorted(one["id"] for one in there.items("held")) == sorted(held[2:])
            assert "mail is sent" in empty.follow(go)
            assert "the chain holds" in empty.say("audit", "verify")
            empty.say("quarantine", "release", held[2], "--reason", "x")
            wait_until(lambda: len(there.items("released")) == 2, "a release after the word")
            again = sink.mails[sent_before:]
            assert len([one for one in again if b"191212121212" in one.data]) == 1
