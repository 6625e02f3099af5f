"""The log: a JSON line for each call, and a line that nobody takes costs no mail."""

import io
import json
import sys
from datetime import UTC, datetime

from mailfilter.log import listed, log


def test_a_line_is_json_with_event_level_and_time(capsys):
    log.warning("deferred", id="K7Q2A-91ABC", kinds=["å", 'a "b"'], ms=0.5, stored="", on=True)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.isascii()
    told = json.loads(line)
    assert datetime.fromisoformat(told.pop("timestamp")).utcoffset().total_seconds() == 0
    assert told == {
        "id": "K7Q2A-91ABC", "kinds": ["å", 'a "b"'], "ms": 0.5, "stored": "", "on": True,
        "event": "deferred", "level": "warning",
    }  # fmt: skip


def test_what_json_cannot_say_is_shown(capsys):
    log.error("odd", value={1})
    assert json.loads(capsys.readouterr().err)["value"] == "{1}"


class Closed(io.RawIOBase):
    fails = True

    def writable(self):
        return True

    def write(self, data):
        if self.fails:
            raise BrokenPipeError
        return len(data)


def test_a_line_that_nobody_takes_is_no_fault_of_the_mail(monkeypatch):
    closed = Closed()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BufferedWriter(closed)))
    log.info("message", code=250)
    closed.fails = False  # the buffer is emptied when it goes


def test_a_line_that_is_json_already(capsys):
    log.written("message", f'"id": "K7", "rules": {listed(["b", "å", "b"])}, "kinds": {listed([])}')
    (line,) = capsys.readouterr().err.splitlines()
    assert line.isascii()
    told = json.loads(line)
    assert datetime.fromisoformat(told.pop("timestamp")).utcoffset().total_seconds() == 0
    assert told == {
        "id": "K7", "rules": ["b", "å"], "kinds": [], "event": "message", "level": "info",
    }  # fmt: skip


def test_the_time_is_that_of_the_clock(capsys):
    before = datetime.now(UTC)
    log.info("message")
    told = json.loads(capsys.readouterr().err)
    assert before <= datetime.fromisoformat(told["timestamp"]) <= datetime.now(UTC)
