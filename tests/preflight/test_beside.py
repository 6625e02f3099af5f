"""check-config beside a running serve, and a serve that waits for what is away."""

import json
import sqlite3
import sys
from http.client import HTTPConnection

import pytest

from tests.running import ROOT, Gateway, Process, free_port, greets, run, send, wait_until
from tests.sink import Sink

pytestmark = pytest.mark.system

WHO = ("anna@exempelkommun.example", ["bo@annat.example"])
CLEAN = b"Subject: Hej\r\n\r\nLunch?\r\n"
HELD = b"Subject: Hej\r\n\r\nElevens personnummer: 191212121212\r\n"


def probe(port: int, page: str = "/readyz") -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", page)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError:
        return 0, ""
    finally:
        connection.close()


def events(gateway: Gateway, name: str) -> list[dict]:
    lines = [line for line in gateway.log().splitlines() if line.startswith("{")]
    return [row for row in map(json.loads, lines) if row["event"] == name]


def started(gateway: Gateway) -> Process:
    """A serve that is not waited for."""
    gateway.write_config()
    command = [sys.executable, "-m", "mailfilter", "serve", "-c", str(gateway.config)]
    gateway.process = Process(command, gateway.folder / "log", cwd=ROOT)
    return gateway.process


def test_beside_a_running_serve_nothing_is_disturbed(tmp_path):
    with Sink() as sink, Gateway(tmp_path, sink.port) as gateway:
        wait_until(lambda: probe(gateway.health)[0] == 200, gateway.log)
        lines = len(gateway.ask("audit-list", after=0, limit=1000))
        done = run("check-config", str(gateway.config))
        assert done.returncode == 0
        assert all(line.startswith("warning: ") for line in done.stderr.splitlines())
        other = gateway.config.with_name("other.toml")
        taken = gateway.config.read_text().replace(f"port = {gateway.web}", f"port = {sink.port}")
        other.write_text(taken)
        done = run("check-config", str(other))
        assert done.returncode == 2
        assert f"web.port = {sink.port}" in done.stderr
        assert f"{gateway.port}" not in done.stderr
        second = run("serve", "-c", str(gateway.config))
        assert second.returncode == 2
        assert "another mailfilter is running" in second.stderr
        assert gateway.send(CLEAN, *WHO)[0] == 250
        assert [mail.data for mail in sink.mails] == [CLEAN]
        assert len(gateway.ask("audit-list", after=0, limit=1000)) == lines
        assert not events(gateway, "process-ended")


def test_a_next_hop_that_is_away_is_waited_for(tmp_path):
    port = free_port()
    with Gateway(tmp_path, port) as gateway:
        assert wait_until(lambda: events(gateway, "away"), gateway.log)[0]["key"] == "next_hop.port"
        [said] = events(gateway, "away")
        assert "nobody listens there" in said["cause"]
        assert "start that server" in said["cure"]
        assert probe(gateway.health)[0] == 503
        assert run("check-config", str(gateway.config)).returncode == 3
        with Sink(port):
            wait_until(lambda: probe(gateway.health)[0] == 200, gateway.log)
        assert events(gateway, "back")


def test_a_server_of_the_store_that_is_away(tmp_path):
    with Sink() as sink:
        url = f"postgresql://a:geheim@127.0.0.1:{free_port()}/x"
        gateway = Gateway(tmp_path, sink.port, url=url)
        process = started(gateway)
        try:
            wait_until(lambda: probe(gateway.health)[0] == 503, gateway.log)
            assert probe(gateway.health, "/livez") == (200, "ok\n")
            wait_until(lambda: greets(gateway.port), gateway.log)
            assert send(gateway.port, CLEAN, *WHO)[0] == 250
            assert send(gateway.port, HELD, *WHO)[0] == 451
            said = events(gateway, "store-down")[0]
            assert "cannot be reached" in said["cause"]
            assert "start it" in said["cure"]
            assert not events(gateway, "process-ended")
            assert "geheim" not in gateway.log()
        finally:
            assert process.end() == 0
        assert gateway.log().count('"event": "store-down"') == 1


def test_a_locked_file_of_the_store_is_waited_for(tmp_path):
    with Sink() as sink:
        gateway = Gateway(tmp_path, sink.port)
        other = sqlite3.connect(tmp_path / "mailfilter.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        process = started(gateway)
        try:
            wait_until(lambda: events(gateway, "store-down"), gateway.log)
            assert "locked" in events(gateway, "store-down")[0]["cause"]
            other.execute("ROLLBACK")
            wait_until(lambda: probe(gateway.health)[0] == 200, gateway.log)
            assert events(gateway, "back")
            assert send(gateway.port, HELD, *WHO)[0] == 250
        finally:
            other.close()
            assert process.end() == 0
