"""What the next hop may answer, to each command: no false 250, no wrong 5xx, a retry cures.

Every combination is a chain of its own (``inside.py``); those of one answer run side by side.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.inside import KINDS, Inside, Letter, inside, send
from tests.scripted_hop import DROP, GOOD, ScriptedHop

pytestmark = pytest.mark.system  # it needs no programs, but its time
NEVER = 30.0
ANSWERS = {
    "4xx": "451 4.3.0 not now",
    "5xx": "550 5.1.1 no",
    "421": "421 4.3.2 bye",
    "503": "503 5.5.1 bad sequence",
    "drop": DROP,
    "hang": NEVER,
    "garbage": b"\x00\xff\xfe what?\r\n",
    "no code": "hello there",
    "wrong code": "354 go on",
    "continued for ever": b"250-more\r\n" * 40_000,
    "oversized line": b"250 " + b"x" * 300_000 + b"\r\n",
    "half": (b"25", DROP),
    "half and silence": (b"250 2.0.0 O", NEVER),
    "first line only": (b"250-2.0.0 Ok\r\n", DROP),
    "other code in second line": b"250-2.0.0 Ok\r\n550 5.0.0 no\r\n",
    "bare line end": b"250 2.0.0 Ok\n",
    "twice": b"250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n",
    "late": (0.1, None),  # None: the good answer
}
VERBS = ("BANNER", "EHLO", "MAIL", "RCPT", "DATA", ".", "RSET", "QUIT")
OF_THE_MAIL = ("MAIL", "RCPT", "DATA", ".")  # where a 5xx speaks of the mail


@dataclass(frozen=True)
class Case:
    """An answer to a verb, the first time that it is said or the second."""

    name: str
    verb: str
    kind: str
    second: bool

    def script(self) -> dict:
        good = GOOD.get(self.verb, "250 2.0.0 Ok")
        answer = ANSWERS[self.name]
        if isinstance(answer, tuple):
            answer = tuple(good if step is None else step for step in answer)
        return {self.verb: [good, answer, good] if self.second else [answer, good]}

    def faults(self, first: str, hop: ScriptedHop, letter: Letter, rows: int) -> list[str]:
        """What is wrong with the first reply."""
        code = int(first[:3] or 0)
        arrived = [mail for mail in hop.mails if letter.id in mail.wire]
        has = {rcpt for mail in arrived for rcpt in mail.rcpts}
        found = []
        if code == 250 and not set(letter.relayed) <= has:
            found.append("false 250: not relayed")
        if code == 250 and not rows and letter.relayed != letter.rcpts:
            found.append("false 250: not kept")
        if code >= 500 and (self.name != "5xx" or self.verb not in OF_THE_MAIL):
            found.append(f"wrong 5xx: {first}")
        if code != 250 and rows:
            found.append("kept after a refusal")
        if has - set(letter.relayed):
            found.append("to somebody who may not have it")
        return found


async def play(world: Inside, case: Case) -> list[str]:
    """Send, look, send again with a next hop that has come to its senses, look again."""
    letter = world.letter(case.kind)
    async with ScriptedHop(case.script()) as hop, world.chain(hop) as gate:
        first = await send(gate, letter)
        found = case.faults(first, hop, letter, await world.rows(letter))
        taken = len(hop.mails)
        hop.script.clear()
        second = first
        for _ in range(2):  # a pooled connection may still be out of step
            if not second.startswith("250"):
                second = await send(gate, letter)
        if not second.startswith("250"):
            found.append(f"not cured: {second}")
        rows = await world.rows(letter)
        if rows != (letter.relayed != letter.rcpts):
            found.append(f"{rows} rows after the retry")
        again = not first.startswith("250") and bool(letter.relayed)
        if len(hop.mails) > taken + again:
            found.append("doubled")
    return [f"{case}: {fault}" for fault in found]


@pytest.mark.parametrize("name", ANSWERS)
async def test_an_answer_to_each_command(tmp_path: Path, name: str):
    cases = [
        Case(name, verb, kind, second)
        for verb in VERBS
        for kind in KINDS
        for second in (False, True)
    ]
    async with inside(tmp_path) as world:
        found = await asyncio.gather(*(play(world, case) for case in cases))
    assert [fault for faults in found for fault in faults] == []
