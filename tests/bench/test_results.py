"""The page of ``make bench`` says what was missed; a bench that cannot fail is none."""

from datetime import date

from tests.bench import results


def run(ratio: float, trouble: str = "") -> results.Results:
    ratios = {"direct": 1.0, "postfix-queue": 0.1, "postfix-rspamd": 0.05, "amavis": 0.02}
    cells = [
        {
            "mail": mail,
            "connections": connections,
            "target": target,
            "trouble": trouble if target == results.OURS else "",
            "foreign_busy_share": 0.05,
            "messages_per_second": value * 5000,
            "ratio_to_direct": value,
            "lost": 0,
            "runs": [{"peak_rss": 2**30, "pss": 2**28}],
        }
        for mail, connections in results.ASKED
        for target, value in (ratios | {results.OURS: ratio}).items()
    ]
    machine = {"cpu": "X", "cores": 2, "memory_mib": 24000, "kernel": "6", "python": "3.13"}
    plan = {"runs": 3, "seconds": 6.0, "latency_share": 0.5}
    facts = {"machine": machine, "plan": plan, "targets": {"direct": "3.10"}, "cells": cells}
    return results.Results(facts)


def test_all_figures_are_asked_for():
    assert run(1.0).missed() == []
    missed = run(0.001).missed()
    assert len(missed) == 4 * len(results.ASKED)
    assert "4 KiB, connections kept: 0.00 x direct, asked 0.17" in missed
    assert "1 MiB opaque attachment: 0.01 x Postfix queue, asked 1.3" in missed


def test_a_lost_mail_is_a_miss():
    assert len(run(1.0, "1 of 10 messages missing").missed()) == len(results.ASKED)


def test_the_page_shows_rows_and_misses():
    page = run(0.2).markdown(date(2026, 11, 28), "make bench")
    assert "| 4 KiB, one mail a connection | 0.20 (0.18; 0.26) |" in page
    assert "_0.20_ (0.85; 0.95)" in page
    assert "- 1 MiB opaque attachment: 0.20 x direct, asked 0.85" in page
    assert "not figures to keep" not in page
    assert run(0.2).chart().startswith(b"<?xml")
