"""What every test shares: no skip may pass unseen where everything is installed."""

import pytest


def pytest_addoption(parser):
    parser.addoption(
        "--fail-on-skip", action="store_true", help="a skipped test is a failure (for .ci/run)"
    )
    parser.addoption(
        "--update-golden", action="store_true", help="write what scenarios expect anew"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.skipped and item.config.getoption("--fail-on-skip"):
        report.outcome = "failed"
        report.longrepr = f"skipped, and --fail-on-skip was given: {report.longrepr}"
    return report
