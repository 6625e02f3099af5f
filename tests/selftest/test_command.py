"""``mailfilter selftest``: counts by technique, exit codes, and through a real gateway."""

import asyncio
import json
import socket
from contextlib import nullcontext
from itertools import islice

import pytest
from typer.testing import CliRunner

from mailfilter.__main__ import main  # noqa: F401 - the program must import
from mailfilter.commands import selftest
from mailfilter.config import Listen
from mailfilter.model import Examination, Facts
from mailfilter.selftest import run, techniques
from mailfilter.selftest.run import Result, Sender, Tally
from tests.running import Gateway, free_port
from tests.sink import Sink


def program():
    import typer

    from mailfilter import commands

    app = typer.Typer()
    commands.register(app)
    return app


def test_an_address_is_needed():
    done = CliRunner().invoke(program(), ["selftest"])
    assert done.exit_code == 2


def test_nobody_listening_is_a_sentence(tmp_path):
    file = tmp_path / "c.toml"
    file.write_text(f"[listen]\nport = {free_port()}\n")
    done = CliRunner().invoke(program(), ["selftest", "--to", "a@b.example", "-c", str(file)])
    assert done.exit_code == 2
    assert "nobody answers" in done.output


def test_a_promise_that_is_broken_is_told():
    promised = next(t for t in techniques() if not t.miss)
    missed = next(t for t in techniques() if t.miss)
    tally = Tally()
    tally.add(missed, Result.PASSED)
    assert tally.broken() == []
    tally.add(promised, Result.INCOMPLETE)
    assert tally.broken() == []
    tally.add(promised, Result.PASSED)
    assert tally.broken() == [promised]
    rows = list(tally.rows())
    assert rows[1]["passed"] == rows[1]["incomplete"] == 1
    assert rows[0]["reason"] == missed.miss


def test_pictures_are_waited_for(monkeypatch):
    asked = []

    class Busy:
        async def examine(self, data, job, *, patience=None):
            asked.append(patience)
            return Examination(Facts())

    monkeypatch.setattr(selftest, "workers", lambda _: nullcontext(Busy()))
    chosen = islice(run.trials(["191212121212"], "a@b.example", "c@d.example", "x"), 10)
    asyncio.run(selftest._examine(chosen))
    assert asked == [selftest.PATIENCE] * 10


def test_a_gateway_that_hangs_up_is_incomplete():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        client = Sender(Listen(port=listener.getsockname()[1]), "a@b.example", "c@d.example")
        listener.settimeout(5)
        client._client = Closed()
        assert client.send(b"x") is Result.INCOMPLETE
        assert client._client is None


class Closed:
    def mail(self, *_):
        raise OSError("gone")

    def quit(self):
        raise OSError("gone")


@pytest.mark.system
def test_through_a_real_gateway(tmp_path, monkeypatch):
    few = [t for t in techniques() if t.name in FEW]
    assert len(few) == len(FEW)
    monkeypatch.setattr(run, "techniques", lambda: few)
    with Sink() as sink, Gateway(tmp_path, sink.port) as gateway:
        file = tmp_path / "c.toml"
        file.write_text(f"[listen]\nport = {gateway.port}\n")
        words = ["selftest", "--to", "you@elsewhere.example", "-c", str(file), "--json"]
        words += ["--from", "anna@exempelkommun.example"]
        done = CliRunner().invoke(program(), words)
        rows = {row["technique"]: row for row in map(json.loads, done.stdout.splitlines())}
        assert done.exit_code == 0, done.output
        assert rows["as it is"]["stopped"] == 1
        assert rows["digits turned by five (ROT5)"]["passed"] == 1
        assert rows["subject: base64"]["stopped"] == 1
        assert [mail.rcpts for mail in sink.mails if mail.mail != b"<>"] == [
            [b"<you@elsewhere.example>"]
        ]


FEW = {"as it is", "digits turned by five (ROT5)", "subject: base64", "html: srcdoc"}
