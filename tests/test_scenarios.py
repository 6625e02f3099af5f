"""Scenarios: a folder each with a mail and what must come of it, run on the real program.

``tests/scenarios/NN-name/`` holds

``mail.eml``       what is sent (LF or CRLF), byte for byte
``scenario.toml``  sender, recipients, the expected reply, and optional settings of the gateway
``expected.json``  what arrived at the next hop and which rows there are afterwards

``pytest tests/test_scenarios.py --update-golden`` writes ``expected.json`` anew; read the diff.
"""

import json
import re
import time
import tomllib
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.running import Gateway, Sink, wait_until

FOLDERS = sorted(path for path in (Path(__file__).parent / "scenarios").iterdir() if path.is_dir())


@pytest.fixture(scope="module")
def gateways(tmp_path_factory):
    """One gateway for each set of extra settings, with a sink of its own."""
    running = {}
    with ExitStack() as stack:

        def get(extra: str):
            if extra not in running:
                sink = stack.enter_context(Sink())
                folder = tmp_path_factory.mktemp("gateway")
                text = extra.replace("{next}", str(sink.port))
                gateway = stack.enter_context(Gateway(folder, sink.port, text))
                running[extra] = (gateway, sink)
            return running[extra]

        yield get


def expectation(sink, gateway, data: bytes, before: int) -> dict:
    """What came of one mail, without ids and times."""
    rows = gateway.items()[: len(gateway.items()) - before]
    notices = [m for m in sink.mails if m.data != data and b"Auto-Submitted" in m.data]
    return {
        "arrived": sorted(
            f"{m.mail.decode()} → {' '.join(sorted(r.decode() for r in m.rcpts))}: "
            + ("unchanged" if m.data == data else "changed")
            for m in sink.mails
            if m not in notices
        ),
        "notices": sorted(r.decode() for m in notices for r in m.rcpts),
        "rows": sorted(f"{r['action']} {r['state']} {' '.join(r['kinds'])}".strip() for r in rows),
    }


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_scenario(folder, gateways, request):
    plan = tomllib.loads((folder / "scenario.toml").read_text("utf-8"))
    data = re.sub(rb"(?<!\r)\n", b"\r\n", (folder / "mail.eml").read_bytes())
    gateway, sink = gateways(plan.get("settings", ""))
    before = len(gateway.items())
    sink.mails.clear()
    code, text = gateway.send(data, plan["from"], plan["to"], plan.get("mail_options", ()))
    assert re.fullmatch(plan["reply"], f"{code} {text}"), f"{code} {text}"
    golden = folder / "expected.json"
    if request.config.getoption("--update-golden"):
        wait_until(lambda: settled(sink, gateway), "rest")
        found = expectation(sink, gateway, data, before)
        golden.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    wanted = json.loads(golden.read_text("utf-8"))
    wait_until(
        lambda: expectation(sink, gateway, data, before) == wanted,
        f"{wanted}, but there is {expectation(sink, gateway, data, before)}; it",
        seconds=20,
    )


def settled(sink, gateway) -> bool:
    """Nothing has moved for a moment."""
    before = len(sink.mails), gateway.items()
    time.sleep(3)
    return before == (len(sink.mails), gateway.items())
