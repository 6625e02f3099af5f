"""Scenarios: a folder each with a mail and what must come of it, run on the real program.

``tests/scenarios/NN-name/`` holds

``mail.eml``       what is sent (LF or CRLF), byte for byte
``scenario.toml``  sender, recipients, the expected reply, and optionally parameters of MAIL and
                   RCPT, `settings` of the gateway, and `tries`: how often the same mail is sent,
                   each time under one more Received field, as a front server does
``expected.json``  what arrived at the next hop, which notices were written, and which rows there
                   are afterwards

``pytest tests/test_scenarios.py --update-golden`` writes ``expected.json`` anew; read the diff.
"""

import json
import re
import time
import tomllib
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.running import Gateway, free_port, wait_until
from tests.sink import Sink

pytestmark = pytest.mark.system  # runs the whole program

FOLDERS = sorted(path for path in (Path(__file__).parent / "scenarios").iterdir() if path.is_dir())
RECEIVED = b"Received: from client.example by front.example with ESMTP id %d\r\n"


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
                text = text.replace("{front}", str(free_port()))
                running[extra] = stack.enter_context(Gateway(folder, sink.port, text)), sink
            return running[extra]

        yield get


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_scenario(folder, gateways, request):
    plan = tomllib.loads((folder / "scenario.toml").read_text("utf-8"))
    data = re.sub(rb"(?<!\r)\n", b"\r\n", (folder / "mail.eml").read_bytes())
    gateway, sink = gateways(plan.get("settings", ""))
    before = len(gateway.items())
    sink.mails.clear()

    replies = set()
    for number in range(plan.get("tries", 1)):
        code, text = gateway.send(
            RECEIVED % number + data if "tries" in plan else data,
            plan["from"],
            plan["to"],
            mail_options=plan.get("mail_options", ()),
            rcpt_options=plan.get("rcpt_options", ()),
            heard="tries" not in plan,  # a retry follows a reply that may have been lost
        )
        assert re.fullmatch(plan["reply"], f"{code} {text}"), f"{code} {text}"
        replies.add(text)
    assert len(replies) == 1, "each try has the same answer, with the same id"

    golden = folder / "expected.json"
    if request.config.getoption("--update-golden"):
        wait_until(lambda: settled(sink, gateway), "rest")
        found = expectation(sink, gateway, data, before)
        golden.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    wanted = json.loads(golden.read_text("utf-8"))
    wait_until(
        lambda: expectation(sink, gateway, data, before) == wanted,
        lambda: f"{wanted}, but there is {expectation(sink, gateway, data, before)}; it",
        seconds=20,
    )


def test_each_scenario_says_what_is_expected():
    for folder in FOLDERS:
        wanted = json.loads((folder / "expected.json").read_text("utf-8"))
        assert wanted.keys() == {"arrived", "notices", "rows"}, folder.name


def expectation(sink, gateway, data: bytes, before: int) -> dict:
    """What came of one mail, without ids and times."""
    rows = gateway.items()
    notices = sink.notices()
    return {
        "arrived": sorted(_arrived(m, data) for m in sink.mails if m not in notices),
        "notices": sorted(r.decode() for m in notices for r in m.rcpts),
        "rows": sorted(
            " ".join([row["action"], row["state"], *row["kinds"], *row["unread"]])
            for row in rows[: len(rows) - before]
        ),
    }


def _arrived(mail, data: bytes) -> str:
    same = mail.data == data or mail.data == RECEIVED % 0 + data
    to = " ".join(sorted(rcpt.decode() for rcpt in mail.rcpts))
    return f"{mail.mail.decode()} → {to}: {'unchanged' if same else 'changed'}"


def settled(sink, gateway) -> bool:
    """Nothing has moved for a moment."""
    before = len(sink.mails), gateway.items()
    time.sleep(3)
    return before == (len(sink.mails), gateway.items())
