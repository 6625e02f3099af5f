"""Alert rules and dashboard: they name only metrics that exist, and each alert stands in the manual
and fires, by Prometheus' own test program, and on no quiet day.
"""

import json
import re
import shutil
import subprocess

import pytest

from mailfilter import meters
from tests.running import ROOT

FOLDER = ROOT / "deploy" / "prometheus"
ALERTS = (FOLDER / "alerts.yml").read_text("utf-8")
RULE = re.compile(
    r"- alert: (?P<alert>\w+)\n +expr: (?P<expr>.+)\n(?: +for: .+\n)?"
    r" +labels: \{severity: (?P<severity>\w+)\}\n"
    r' +annotations: \{summary: "(?P<summary>.+)"\}\n'
)
RULES = [match.groupdict() for match in RULE.finditer(ALERTS)]
MANUAL = (ROOT / "deploy" / "README.md").read_text("utf-8")
QUIET = {  # four hours, a sample a minute, of a gateway that works
    'up{job="mailfilter"}': "1x240",
    'mailfilter_final_dot_replies_total{code="250"}': "0+20x240",
    'mailfilter_final_dot_replies_total{code="451"}': "3x240",
    'mailfilter_final_dot_seconds_bucket{le="60"}': "0+20x240",
    'mailfilter_final_dot_seconds_bucket{le="120"}': "0+20x240",
    'mailfilter_final_dot_seconds_bucket{le="+Inf"}': "0+20x240",
    "mailfilter_fail_open_total": "7x240",
    "mailfilter_smtp_memory_bytes": "1000x240",
    "mailfilter_smtp_memory_limit_bytes": "100000x240",
    "mailfilter_outbox_due": "0 3 0x238",
    "mailfilter_quarantine_items_late": "0x240",
    'mailfilter_workers_ended{kind="ocr"}': "0x100 3x140",
    'mailfilter_confinement{level="full"}': "1x240",
    "mailfilter_judge": "1x240",
    "mailfilter_running_seconds": "0+60x240",
    "mailfilter_clock_steps": "2x240",
    "mailfilter_schedule_failures": "0x100 1x140",
    'mailfilter_audit_checkpoint_failed{way="file"}': "0x240",
    "mailfilter_audit_checkpoint_seconds": "0+60x59 0+60x59 0+60x59 0+60x59",
    'mailfilter_certificate_days{table="listen"}': "30x240",
    "mailfilter_backup_age_seconds": "80000+60x160 0+60x79",
    "mailfilter_standstill": "0x240",
}
LOUD = {  # what is different where an alert fires at the end of the four hours
    "MailfilterDown": {'up{job="mailfilter"}': "1x200 0x40"},
    "MailfilterPutsMailOff": {
        'mailfilter_final_dot_replies_total{code="451"}': "3x200 3+1x40",
    },
    "MailfilterNoMail": {'mailfilter_final_dot_replies_total{code="250"}': "0+20x480 9600x240"},
    "MailfilterSlow": {
        'mailfilter_final_dot_seconds_bucket{le="60"}': "0+18x240",
    },
    "MailfilterPassesUnread": {"mailfilter_fail_open_total": "7x230 8x10"},
    "MailfilterMemoryFull": {"mailfilter_smtp_memory_bytes": "1000x200 95000x40"},
    "MailfilterOutboxWaits": {"mailfilter_outbox_due": "0x180 2x60"},
    "MailfilterNobodyReviews": {"mailfilter_quarantine_items_late": "0x100 1x140"},
    "MailfilterWorkersEnd": {'mailfilter_workers_ended{kind="ocr"}': "0x200 12x40"},
    "MailfilterNotConfined": {'mailfilter_confinement{level="full"}': "_x240"},
    "MailfilterWithoutJudge": {"mailfilter_judge": "0x240"},
    "MailfilterStandsStill": {"mailfilter_running_seconds": "0+60x200 12000x40"},
    "MailfilterClockStepped": {"mailfilter_clock_steps": "2x220 3x20"},
    "MailfilterNoCheckpoint": {"mailfilter_audit_checkpoint_seconds": "0+60x240"},
    "MailfilterNoBackup": {"mailfilter_backup_age_seconds": "80000+60x240"},
    "MailfilterWaitsForGo": {"mailfilter_standstill": "0x100 1x140"},
    "MailfilterCertificateEnds": {'mailfilter_certificate_days{table="listen"}': "13x240"},
}


def shown() -> set[str]:
    """Every name of a sample that ``/metrics`` can show."""
    source = (ROOT / "mailfilter" / "app" / "metrics.py").read_text("utf-8")
    gauges = re.findall(r'_gauge\(\s*"([a-z_]+)"', source)
    parts = [f"{m.name}{p}" for m in meters.ALL for p in ("", "_bucket", "_sum", "_count")]
    return {f"mailfilter_{name}" for name in [*gauges, *parts]}


def dashboard() -> dict:
    return json.loads((FOLDER / "dashboard.json").read_text("utf-8"))


def expressions() -> list[str]:
    panels = [target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]]
    return [rule["expr"] for rule in RULES] + panels


@pytest.mark.parametrize("expression", expressions())
def test_only_metrics_that_exist_are_asked_for(expression):
    named = re.findall(r"\bmailfilter_[a-z_]+", expression)
    assert set(named) <= shown()


def test_every_rule_was_understood():
    assert len(RULES) == ALERTS.count("- alert:")


def test_every_alert_has_its_row_in_the_manual_and_its_trial_here():
    names = [rule["alert"] for rule in RULES]
    assert re.findall(r"^\| `(Mailfilter\w+)` \|", MANUAL, re.MULTILINE) == names
    assert list(LOUD) == names


def test_every_metric_stands_in_the_manual():
    rows = set(re.findall(r"^\| `(mailfilter_[a-z_]+)", MANUAL, re.MULTILINE))
    parts = ("_bucket", "_sum", "_count")
    assert {name for name in shown() if not name.endswith(parts)} == rows


def test_the_dashboard_shows_whatever_an_alert_looks_at():
    named, panels = (
        set(re.findall(r"\bmailfilter_[a-z_]+", text)) for text in (ALERTS, json.dumps(dashboard()))
    )
    assert named - panels == set()


def test_the_dashboard_asks_nobody_outside():
    text = (FOLDER / "dashboard.json").read_text("utf-8")
    assert "http" not in text
    assert {panel["type"] for panel in dashboard()["panels"]} <= {"timeseries", "stat", "heatmap"}


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
def test_each_alert_fires_and_no_quiet_day_rings(tmp_path):
    rules = {rule["alert"]: rule for rule in RULES}
    office = "MailfilterNoMail"  # these clocks begin at midnight, on a Thursday
    (series,) = LOUD[office]
    trials = [
        *((name, "4h", QUIET | changed, True) for name, changed in LOUD.items() if name != office),
        *((name, "4h", QUIET | changed, True) for name, changed in ALSO.items()),
        *((name, "4h", QUIET, False) for name in LOUD),
        (office, "12h", LOUD[office], True),
        (office, "12h", {series: "0+20x720"}, False),
        (office, "4h", {series: "5x240"}, False),
    ]
    tests = [trial(rules[name], at, given, fires=fires) for name, at, given, fires in trials]
    file = tmp_path / "trials.yml"  # JSON is YAML
    file.write_text(json.dumps({"rule_files": [str(FOLDER / "alerts.yml")], "tests": tests}))
    done = subprocess.run(
        ["promtool", "test", "rules", str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def trial(rule: dict[str, str], at: str, series: dict[str, str], *, fires: bool) -> dict:
    """A trial as promtool takes it: whether the alert rings at that time."""
    labels = {"severity": rule["severity"], **LABELS.get(rule["alert"], {})}
    rings = {"exp_labels": labels, "exp_annotations": {"summary": rule["summary"]}}
    test = {"eval_time": at, "alertname": rule["alert"], "exp_alerts": [rings] if fires else []}
    given = [{"series": name, "values": values} for name, values in series.items()]
    return {"interval": "1m", "input_series": given, "alert_rule_test": [test]}


ALSO = {  # other causes of the same alert
    "MailfilterStandsStill": {"mailfilter_schedule_failures": "0x200 0+1x40"},
    "MailfilterNoCheckpoint": {'mailfilter_audit_checkpoint_failed{way="file"}': "0x200 1x40"},
    "MailfilterNoBackup": {"mailfilter_backup_age_seconds": "Inf " * 240},
}
LABELS = {  # those that the series give to the alert
    "MailfilterDown": {"job": "mailfilter"},
    "MailfilterCertificateEnds": {"table": "listen"},
    "MailfilterNotConfined": {"level": "full"},
}
