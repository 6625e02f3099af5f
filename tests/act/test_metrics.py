"""Metrics: stored mail by state, also what is being read, and no name of anybody."""

from prometheus_client import generate_latest

from mailfilter.app.metrics import Metrics
from mailfilter.workers.poison import Poison
from tests.act.office import CANARIES, SENDER, dossier
from tests.act.real_store import opened


async def test_items_are_counted_by_their_state(tmp_path):
    async with opened(tmp_path) as desk:
        metrics = Metrics(tmp_path / "scan.sock", Poison(tmp_path / "poison"))
        await desk.keep(dossier(), b"x", reading=True)
        await desk.keep(dossier(), b"x", reading=True, protected=True)
        await desk.keep(dossier(), b"x")
        await metrics.refresh(desk.archive, desk.now, desk.now.date())
    for state, count in (("reading", 2), ("held", 1), ("releasing", 0)):
        labels = {"state": state}
        assert metrics.registry.get_sample_value("mailfilter_quarantine_items", labels) == count
    said = generate_latest(metrics.registry).decode()
    assert not [word for word in (*CANARIES, SENDER) if word in said]
