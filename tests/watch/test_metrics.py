"""Metrics: stored mail by state, also what is being read, and no name of anybody."""

import asyncio
from datetime import timedelta
from functools import partial
from math import inf

import pytest
from cryptography import x509
from prometheus_client import generate_latest

from mailfilter.app.clock import Stopwatch
from mailfilter.app.metrics import Metrics
from mailfilter.app.schedule import Schedule
from mailfilter.record.contract import AuditLine
from mailfilter.record.database import standstill
from mailfilter.workers.poison import Poison
from tests.act.office import CANARIES, SENDER, dossier
from tests.act.real_store import opened
from tests.certificates import Authority
from tests.record.making import settings


async def test_items_are_counted_by_their_state(tmp_path):
    async with opened(tmp_path) as desk:
        metrics = Metrics(
            tmp_path / "scan.sock", Poison(tmp_path / "poison"), settings("", tmp_path)
        )
        await desk.keep(dossier(), b"x", reading=True)
        await desk.keep(dossier(), b"x", reading=True, protected=True)
        await desk.keep(dossier(), b"x")
        await metrics.refresh(desk.archive, desk.now, desk.now.date())
    for state, count in (("reading", 2), ("held", 1), ("releasing", 0)):
        labels = {"state": state}
        assert metrics.registry.get_sample_value("mailfilter_quarantine_items", labels) == count
    said = generate_latest(metrics.registry).decode()
    assert not [word for word in (*CANARIES, SENDER) if word in said]


async def test_the_days_of_certificates_and_what_waits_too_long(tmp_path):
    pair = Authority(tmp_path).issue("gw.exempelkommun.example")
    given = settings("", tmp_path)
    pem = {"certificate": pair.certificate, "key": pair.key}
    listen = given.listen.model_copy(update=pem)
    front = given.front.model_copy(update={"certificate": tmp_path / "not-there.pem"})
    given = given.model_copy(update={"listen": listen, "front": front})
    poison = Poison(tmp_path / "poison")
    metrics = Metrics(tmp_path / "s", poison, given)
    value = metrics.registry.get_sample_value
    async with opened(tmp_path) as desk:
        await desk.keep(dossier(), b"x")
        await metrics.refresh(desk.archive, desk.now, desk.now.date())
        assert value("mailfilter_quarantine_items_late") == 0
        desk.later(days=1, minutes=1)
        await metrics.refresh(desk.archive, desk.now, desk.now.date())
    assert value("mailfilter_quarantine_items_late") == 1
    end = x509.load_pem_x509_certificate(pair.certificate.read_bytes()).not_valid_after_utc
    days = value("mailfilter_certificate_days", {"table": "listen"})
    assert days == pytest.approx((end - desk.now) / timedelta(days=1), abs=0.06)
    assert value("mailfilter_certificate_days", {"table": "front"}) is None


async def test_a_schedule_that_fails_and_a_checkpoint_that_is_not_written_are_told(
    tmp_path, monkeypatch
):
    given = settings("", tmp_path)
    audit = given.audit.model_copy(update={"file": tmp_path / "nowhere" / "x"})
    given = given.model_copy(update={"audit": audit})
    metrics = Metrics(tmp_path / "s", Poison(tmp_path / "poison"), given)
    value = metrics.registry.get_sample_value
    async with opened(tmp_path) as desk:
        schedule = Schedule(desk.archive, given, desk.clock, lambda: None, metrics, Stopwatch())
        await schedule.tick()
        assert value("mailfilter_audit_checkpoint_failed", {"way": "file"}) == 1
        age = value("mailfilter_audit_checkpoint_seconds")
        assert 0 <= age < value("mailfilter_audit_checkpoint_seconds"), "it grows by itself"
        (tmp_path / "nowhere").mkdir()
        desk.later(hours=1)
        await schedule.tick()
        assert value("mailfilter_audit_checkpoint_failed", {"way": "file"}) == 0
        assert value("mailfilter_schedule_failures") == 0

        async def broken(_now):
            raise RuntimeError

        monkeypatch.setattr(desk.archive, "sweep", broken)
        running = asyncio.create_task(schedule.run())
        while not value("mailfilter_schedule_failures"):
            await asyncio.sleep(0.01)
        running.cancel()
    assert value("mailfilter_schedule_failures") == 1


async def test_the_age_of_the_last_backup_grows_by_itself_and_a_standstill_is_told(tmp_path):
    metrics = Metrics(tmp_path / "s", Poison(tmp_path / "poison"), settings("", tmp_path))
    value = metrics.registry.get_sample_value
    async with opened(tmp_path) as desk:
        await metrics.refresh(desk.archive, desk.now, desk.now.date())
        assert value("mailfilter_backup_age_seconds") == inf
        assert value("mailfilter_standstill") == 0
        await desk.archive.copies.noted(AuditLine(0, desk.now, "cli:root", "backup", ""))
        desk.later(hours=1)
        await metrics.refresh(desk.archive, desk.now, desk.now.date())
        age = value("mailfilter_backup_age_seconds")
        assert 3600 <= age < value("mailfilter_backup_age_seconds"), "with no look between"
        await desk.archive.database.run(partial(standstill.stand, at=desk.now))
        await metrics.refresh(desk.archive, desk.now, desk.now.date())
        assert value("mailfilter_standstill") == 1
