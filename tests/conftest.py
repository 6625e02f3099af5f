"""What every test shares: no skip may pass unseen where everything is installed."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from detectors.health import judge

ROOT = Path(__file__).parent
# Read much or try much: in the whole suite, not in the fast part
LONG = (
    *("fuzz", "selftest", "messages", "quality", "detectors/test_speed.py"),
    *("parse/test_generated.py", "parse/test_evasion.py", "parse/test_charsets.py"),
    *("parse/test_tolerance.py", "parse/test_profiles.py"),
    "extract",
    *("record/test_record_crash.py", "receive/test_session_automaton.py"),
    *("record/test_record_machine.py", "test_workers.py", "test_worker_classes.py"),
    *("test_registers.py", "test_poison.py", "test_taken_over.py"),
)
# Rooms whose tests talk over sockets or share a machine's processes, as the whole program does
TALKING = tuple(
    f"tests/{room}/"
    for room in (
        "act",
        "connectors",
        "faults",
        "front",
        "pickup",
        "receive",
        "record",
        "relay",
        "web",
    )
)


def pytest_addoption(parser):
    parser.addoption(
        "--fail-on-skip", action="store_true", help="a skipped test is a failure (for .ci/run)"
    )
    parser.addoption(
        "--failed-list", type=Path, help="a file for the names of the tests that failed (again.py)"
    )
    parser.addoption(
        "--update-golden", action="store_true", help="write what scenarios expect anew"
    )


def pytest_collection_modifyitems(items):
    for item in items:
        place = item.path.as_posix().removeprefix(f"{ROOT.as_posix()}/")
        if place.startswith(LONG):
            item.add_marker("long")


@pytest.fixture(autouse=True)
def rules_alone():
    """No test meets the judge that another has left in this process; who wants it loads it."""
    judge.unload()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.skipped and item.config.getoption("--fail-on-skip"):
        report.outcome = "failed"
        report.longrepr = f"skipped, and --fail-on-skip was given: {report.longrepr}"
    return report


class FailedList:
    """Writes a line for each test that failed: ``system`` or ``other``, a tab, its name."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._failed: dict[str, str] = {}

    def pytest_runtest_logreport(self, report):
        if report.failed:
            talks = "system" in report.keywords or report.nodeid.startswith(TALKING)
            self._failed[report.nodeid] = "system" if talks else "other"

    def pytest_collectreport(self, report):
        if report.failed:
            self._failed[report.nodeid] = "other"

    def pytest_sessionfinish(self):
        lines = [f"{kind}\t{test}\n" for test, kind in self._failed.items()]
        self._path.write_text("".join(lines), encoding="utf-8")


def pytest_configure(config):
    # No clock in a test; and the gate for a change is the same each time: who develops, explores
    settings.register_profile(
        "suite",
        deadline=None,
        derandomize=config.getoption("--fail-on-skip"),
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("suite")
    path = config.getoption("--failed-list")
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(FailedList(path.absolute()))
