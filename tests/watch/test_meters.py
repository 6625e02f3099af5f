"""Metrics of the processes that take mail: sums over processes, a closed list of labels, and what
a gateway that runs says of its mail, also after one of its processes was killed."""

import os
import re
import signal
import urllib.request
from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from detectors import Role
from detectors.health.hearing import NOT_JUDGED
from mailfilter import meters
from mailfilter.errors import Temporary
from mailfilter.model import (
    Action,
    Decision,
    Envelope,
    Examination,
    Facts,
    Finding,
    Outcome,
    Path,
    Reply,
    Verdict,
)
from mailfilter.pipeline import Pipeline
from mailfilter.place import Place
from mailfilter.receive.contract import Received
from tests.running import Gateway, client_of, wait_until
from tests.sink import Sink

COUNTERS = [meter for meter in meters.ALL if isinstance(meter, meters.Counter)]
HELD = (
    b"From: a@exempelkommun.example\r\nTo: b@annan.example\r\nSubject: elev\r\n"
    b"Message-ID: <held@exempelkommun.example>\r\n\r\nPersonnummer 191212121212, Tolvan.\r\n"
)
CLEAN = HELD.replace(b"Personnummer 191212121212, Tolvan", b"Vi ses").replace(b"held@", b"clean@")


def said(page: meters.Page) -> dict[tuple[str, ...], float]:
    """Every sample of the page, by its name and label values."""
    registry = CollectorRegistry()
    registry.register(page)
    return samples(generate_latest(registry).decode())


def samples(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name.removeprefix("mailfilter_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@given(st.lists(st.floats(0, 1000), max_size=40), st.integers(1, 4))
def test_times_are_cumulated_over_all_processes(seconds, processes):
    page = meters.Page(processes)
    rows = [page.row(place) for place in range(processes)]
    for n, took in enumerate(seconds):
        rows[n % processes].took(meters.READ_SECONDS, took)
    shown = said(page)
    for bound in meters.READ_SECONDS.bounds:
        most = [took for took in seconds if took <= bound]
        end = next(k for k in shown if k[0] == "inspection_seconds_bucket" and k[1] == f"{bound:g}")
        assert shown[end] == len(most)
    assert shown["inspection_seconds_bucket", "+Inf"] == len(seconds)
    assert shown["inspection_seconds_count",] == len(seconds)
    assert shown["inspection_seconds_sum",] == pytest.approx(sum(seconds))


@given(
    st.lists(
        st.tuples(st.sampled_from(COUNTERS), st.integers(0, 30), st.integers(1, 5)), max_size=30
    )
)
def test_what_is_counted_is_shown_once_and_nowhere_else(acts):
    page, wanted = meters.Page(2), {}
    rows = page.row(0), page.row(1)
    for counter, n, by in acts:
        value = counter.values[n % len(counter.values)]
        rows[n % 2].count(counter, value, by)
        key = (counter.name, value) if counter.label else (counter.name,)
        wanted[key] = wanted.get(key, 0) + by
    shown = {key: number for key, number in said(page).items() if number}
    assert shown == wanted


@given(st.integers(200, 599))
def test_any_reply_is_counted_under_a_known_code(code):
    page = meters.Page(1)
    page.row(0).reply(code)
    page.row(0).count(meters.FINAL, str(code))
    for name in ("smtp_replies_total", "final_dot_replies_total"):
        (label,) = [key[1] for key, number in said(page).items() if number and key[0] == name]
        assert label in {str(code), "other"}


def test_a_label_outside_of_the_list_is_a_fault_of_ours():
    with pytest.raises(KeyError):
        meters.alone().count(meters.DEFERRED, "a@exempelkommun.example")


def test_names_follow_the_naming_rules():
    for meter in meters.ALL:
        ending = {meters.Counter: r"_total", meters.Times: r"_seconds", meters.State: r"s|_bytes"}
        assert re.fullmatch(rf"[a-z_]+({ending[type(meter)]})", meter.name), meter.name


def test_a_process_that_follows_a_dead_one_goes_on_counting():
    page = meters.Page(2)
    for _ in range(2):
        child = os.fork()
        if not child:
            row = page.row(1)
            row.reply(250)
            row.set(meters.SESSIONS, 3)
            os._exit(0)
        os.waitpid(child, 0)
    shown = said(page)
    assert shown["smtp_replies_total", "250"] == 2
    assert shown["smtp_sessions",] == 3
    page.row(1)
    assert said(page)["smtp_sessions",] == 0, "those of the dead one are gone"
    assert said(page)["smtp_replies_total", "250"] == 2


# ---- what the pipeline counts ------------------------------------------------------------------


B = Path(b"<b@annan.example>", b"b@annan.example")
RELAYED = Decision((Verdict(B.text, Action.RELAY, "ordinary", ()),), "")
LEFT_ALONE = Finding("health", 60, Place(Role.BODY, ()), "", evidence=(NOT_JUDGED,))


async def counted(
    read=None, *, outcome=None, decision=RELAYED, fail_open=False, unknown=False
) -> dict[tuple[str, ...], float]:
    """What one mail counts; `read` and `outcome` are what reading and acting give, or raise."""

    def given(what):
        async def give(*_):
            if isinstance(what, Exception):
                raise what
            return what

        return give

    class Hop:
        async def abort(self):
            """Nothing was sent."""

    page, data = meters.Page(1), b"Subject: x\r\n\r\nx\r\n"
    line = Pipeline(
        examine=given(read or Examination(Facts(), size=1)),
        rules=SimpleNamespace(decide=lambda *_, **__: decision),
        carry_out=given(outcome or Outcome(Reply(250, "2.0.0 Ok"), decision)),
        counter=SimpleNamespace(add=lambda _: None),
        secret=b"k" * 32,
        new_id=lambda: "C1",
        now=lambda: datetime(2026, 11, 16, 8, 0, tzinfo=UTC),
        today=lambda: date(2026, 11, 16),
        fail_open=lambda: fail_open,
        meters=page.row(0),
    )
    if unknown:  # a DNS without an answer, where the answer would decide
        seen = SimpleNamespace(american=frozenset(), unknown=frozenset({"annan.example"}))
        stopped = Decision((replace(RELAYED.verdicts[0], action=Action.REJECT),), "")
        line.hosts = SimpleNamespace(of=given(seen))
        line.rules = SimpleNamespace(
            domains=lambda _: ["annan.example"],
            decide=lambda *_, american=frozenset(), **__: stopped if american else decision,
        )
    await line(Received(Envelope(B, (B,)), data, data), Hop())
    names = ("deferred_total", "fail_open_total", "joined_total", "not_judged_total", "verdicts")
    return {key: n for key, n in said(page).items() if n and key[0].startswith(names)}


async def test_each_way_that_a_mail_can_go_is_counted():
    relay = ("verdicts_total", "relay")
    away = Temporary("no worker was free in time")
    assert await counted() == {relay: 1}
    assert await counted(away) == {("deferred_total", "read"): 1}
    assert await counted(away, fail_open=True) == {("fail_open_total",): 1, relay: 1}
    assert await counted(unknown=True) == {("deferred_total", "decide"): 1}
    assert await counted(outcome=away) == {("deferred_total", "store"): 1}
    joined = Outcome(Reply(250, "2.0.0 Ok"), RELAYED, "C0", joined=True)
    assert await counted(outcome=joined) == {relay: 1, ("joined_total",): 1}
    two = Examination(Facts(), findings=(LEFT_ALONE, LEFT_ALONE), size=1)
    assert await counted(two) == {relay: 1, ("not_judged_total",): 2}


async def test_a_protected_mail_is_in_none_of_them():
    found = Examination(Facts(), findings=(LEFT_ALONE,), size=1)
    joined = Outcome(Reply(250, "2.0.0 Ok"), RELAYED, "C0", joined=True)
    assert await counted(found, outcome=joined, decision=replace(RELAYED, protected=True)) == {}


# ---- a gateway that runs -----------------------------------------------------------------------


def of(gateway: Gateway) -> dict[tuple[str, ...], float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{gateway.health}/metrics", timeout=20) as page:
        return samples(page.read().decode())


@pytest.mark.system
def test_a_gateway_says_what_its_processes_did(tmp_path):
    with Sink() as sink, Gateway(tmp_path, sink.port, processes=2) as gateway:
        for n in range(4):
            mail = CLEAN.replace(b"clean@", b"clean%d@" % n)
            assert gateway.send(mail, "a@exempelkommun.example", ["b@annan.example"])[0] == 250
        assert gateway.send(HELD, "a@exempelkommun.example", ["b@annan.example"])[0] == 250
        assert gateway.send(HELD, "", ["<bad"])[0] >= 500
        with client_of(gateway.port):
            wait_until(lambda: of(gateway)["smtp_sessions",] == 1, "an open session")
        wait_until(lambda: of(gateway)["smtp_sessions",] == 0, "its end")
        before = of(gateway)
        os.kill(gateway.pids("smtp")[0], signal.SIGKILL)
        wait_until(lambda: len(gateway.pids("smtp")) == 2, "a process in its place")
        assert of(gateway)["smtp_replies_total", "250"] == before["smtp_replies_total", "250"]
        mail = CLEAN.replace(b"clean@", b"after@")
        assert gateway.send(mail, "a@exempelkommun.example", ["b@annan.example"])[0] == 250
        after = of(gateway)
    assert before["final_dot_replies_total", "250"] == 5
    assert before["verdicts_total", "relay"] == 4
    assert before["verdicts_total", "quarantine"] == 1
    assert before["inspection_seconds_count",] == 5
    assert before["final_dot_seconds_count",] == before["delivery_seconds_count",] == 5
    assert 0 < before["final_dot_seconds_sum",] < 5 * 300
    assert sum(n for key, n in before.items() if key[0] == "smtp_replies_total" and n) >= 5 * 5
    assert before["smtp_memory_limit_bytes",] > before["smtp_memory_bytes",] == 0
    assert after["final_dot_replies_total", "250"] == 6
    assert after["inspection_seconds_count",] == 6
    assert "certificate_days" not in {key[0] for key in after}, "it has no certificate"
    assert after["audit_checkpoint_seconds",] >= 0
