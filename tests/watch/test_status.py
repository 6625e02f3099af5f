"""``mailfilter status``: ready, not there, not ready, each worry, and no word of any mail."""

import asyncio
import re
import signal
import sys

import pytest
from prometheus_client import generate_latest

from mailfilter.app.metrics import Metrics
from mailfilter.commands.status import UNCONFINED, WORRIES, lines, values_of
from mailfilter.workers.poison import Poison
from tests.act.office import CANARIES, SENDER, dossier
from tests.act.real_store import opened
from tests.record.making import settings
from tests.running import Gateway, Process, free_port, run, wait_until
from tests.sink import Sink
from tests.watch.test_alerts import ALERTS

QUIET = {
    "standstill": 0,
    "backup_age_seconds": 80_000,
    "quarantine_items_late": 0,
    "judge": 1,
    "audit_checkpoint_seconds": 3_000,
    "audit_checkpoint_failed": 0,
    "certificate_days": 60,
}
BAD = {
    "standstill": 1,
    "backup_age_seconds": float("inf"),
    "quarantine_items_late": 3,
    "judge": 0,
    "audit_checkpoint_seconds": 9_000,
    "audit_checkpoint_failed": 1,
    "certificate_days": 13.5,
}


def worries(**changed: float) -> list[str]:
    values = {name: {"": value} for name, value in (QUIET | changed).items()}
    values["quarantine_items"] = {"held": 0}
    return [line for line in lines(values) if line.startswith("worry: ")]


@pytest.mark.parametrize("worry", WORRIES, ids=lambda worry: worry.metric)
def test_each_worry_is_told_with_its_cure_and_no_other(worry):
    assert worries() == []
    assert worries(**{worry.metric: BAD[worry.metric]}) == [f"worry: {worry.sentence}"]


@pytest.mark.parametrize("worry", WORRIES, ids=lambda worry: worry.metric)
def test_each_limit_is_that_of_the_alert(worry):
    asked = rf"mailfilter_{worry.metric}\)? {worry.sign} {worry.limit}\b"
    assert re.search(asked, ALERTS)


def test_what_was_not_counted_yet_is_not_called_nothing():
    assert list(lines({})) == ["the store has not been counted yet: ask again in a minute"]


def test_one_bad_certificate_of_two_is_a_worry_and_so_is_less_than_full_confinement():
    both = values_of(
        'mailfilter_quarantine_items{state="held"} 0\n'
        'mailfilter_certificate_days{table="listen"} 60\n'
        'mailfilter_certificate_days{table="front"} 3\n'
        'mailfilter_confinement{level="limits"} 1\n'
    )
    said = "\n".join(lines(both))
    assert "two weeks: renew it (front)" in said
    assert UNCONFINED in said


async def test_what_waits_is_counted_and_nobody_is_named(tmp_path):
    async with opened(tmp_path) as desk:
        metrics = Metrics(tmp_path / "s", Poison(tmp_path / "poison"), settings("", tmp_path))
        await desk.keep(dossier(), b"x")
        await desk.keep(dossier(), b"x", reading=True)
        await metrics.refresh(desk.archive, desk.now, desk.now.date())
    said = "\n".join(lines(values_of(generate_latest(metrics.registry).decode())))
    assert "waits: reading 1, held 1\n" in said
    assert "today: no message yet\n" in said
    assert not [word for word in (*CANARIES, SENDER) if word in said]


def test_a_running_program_is_ready_one_that_ended_is_not_there(tmp_path):
    with Sink() as sink:
        with Gateway(tmp_path, sink.port) as gateway:
            told = wait_until(lambda: ready(gateway), lambda: gateway.log()[-2000:])
            assert "\nversion " in told
            assert "worry: no good backup for a day: mailfilter backup DIR\n" in told
        done = run("status", "-c", str(gateway.config))
    assert done.returncode == 1
    assert "systemctl start mailfilter" in done.stdout


def ready(gateway: Gateway) -> str:
    """What `status` says, once it is ready."""
    done = run("status", "-c", str(gateway.config))
    return done.stdout if done.returncode == 0 and done.stdout.startswith("ready\n") else ""


READY = b"HTTP/1.0 %s\r\n\r\n"
OURS = b'HTTP/1.0 200 OK\r\n\r\nmailfilter_build_info{version="1"} 1\n'


def answering(port: int, readyz: bytes, metrics: bytes):
    """A server that gives these bytes."""

    async def answer(reader, writer):
        asked = (await reader.readuntil(b"\r\n\r\n")).split()[1]
        writer.write(readyz if asked == b"/readyz" else metrics)
        writer.close()

    return asyncio.start_server(answer, "127.0.0.1", port)


async def told(folder, readyz: bytes, metrics: bytes):
    port = free_port()
    config = Gateway(folder, 25, health=port).write_config()
    async with await answering(port, readyz, metrics):
        return await asyncio.to_thread(run, "status", "-c", str(config))


async def test_a_program_that_is_not_ready_names_what_failed(tmp_path):
    done = await told(tmp_path, READY % b"503 x" + b"store ok\ndisk failed\n", OURS)
    assert done.returncode == 1
    assert done.stdout.startswith("NOT ready, failed: disk\n")


@pytest.mark.parametrize(
    "metrics",
    [b"220 zqhemlig\r\n", READY % b"404 x" + b"<p>zqhemlig {", READY % b"200 OK" + b"zqhemlig\xff"],
)
async def test_a_stranger_at_the_port_is_named_and_not_repeated(tmp_path, metrics):
    done = await told(tmp_path, READY % b"200 OK", metrics)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("another program answers at 127.0.0.1:")
    assert "zqhemlig" not in done.stdout


async def test_watch_says_it_again_until_it_is_ended(tmp_path):
    port, log = free_port(), tmp_path / "watched"
    config = Gateway(tmp_path, 25, health=port).write_config()
    words = [sys.executable, "-u", "-m", "mailfilter", "status", "--watch", "1", "-c", str(config)]
    async with await answering(port, READY % b"200 OK", OURS):
        watched = Process(words, log)
        try:
            twice = lambda: log.read_text().count("ready\n") >= 2  # noqa: E731
            await asyncio.to_thread(wait_until, twice, log.read_text)
        finally:
            await asyncio.to_thread(watched.end, signal.SIGINT)
    assert "Traceback" not in log.read_text()


def test_a_health_port_that_is_switched_off_is_named(tmp_path):
    config = Gateway(tmp_path, 25, health=0).write_config()
    done = run("status", "-c", str(config))
    assert done.returncode == 2
    assert "web.health_port is 0" in done.stderr
