"""Play the conversations of ``tests/dialogs/*.smtp`` with a gateway and a scripted next hop.

A dialog is readable by who runs mail. Lines:

    # anything                     a remark
    hop VERB: answer               the next hop's answer to VERB; more lines, more answers in turn
    listen key = value             a setting of [listen]; `settings`, `bounds` likewise (TOML)
    C: text                        the client says a line
    C x20: text                    ... twenty times
    C> text                        the client sends these bytes, no line end; \r \n \0 \x00 as in C
    S: 250 2.1.0 *                 a line that the gateway must answer; * is anything
    S: <closed>                    the gateway hangs up
    H: MAIL FROM:<a@b.se>          the next hop got this line (in this order, others between)
    M: 1                           so many messages have reached the next hop
"""

import asyncio
import codecs
import re
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from mailfilter.receive.contract import Bounds
from tests.scripted_hop import ScriptedHop
from tests.smtp_client import Client, gateway

DIALOGS = sorted((Path(__file__).parent / "dialogs").glob("*.smtp"))
SETTING = re.compile(r"(listen|settings|bounds) (\w+ *= *.+)")
ANSWER = re.compile(r"hop (\S+): (.*)")
CLIENT = re.compile(r"C(?: x(\d+))?: ?(.*)")


@pytest.mark.parametrize("path", DIALOGS, ids=lambda path: path.stem)
async def test_dialog(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    script, settings, steps = _read(lines)
    bounds = Bounds(**settings.pop("bounds"))
    async with ScriptedHop(script) as hop:
        options = {"listen": settings.pop("listen"), **settings.pop("settings")}
        async with gateway(hop, bounds=bounds, **options) as gate, gate.client() as client:
            await _play(client, hop, steps, path.name)


def _read(lines):
    """(script of the hop, settings by table, [(line number, line)])."""
    script, steps = {}, []
    settings = {"listen": {}, "settings": {}, "bounds": {}}
    for number, line in enumerate(lines, 1):
        if found := ANSWER.fullmatch(line):
            script.setdefault(found[1], []).append(found[2].replace("\\n", "\n"))
        elif found := SETTING.fullmatch(line):
            settings[found[1]] |= tomllib.loads(found[2])
        elif line.strip() and not line.startswith("#"):
            steps.append((number, line))
    return script, settings, steps


async def _play(client: Client, hop: ScriptedHop, steps, name: str) -> None:
    heard = 0
    for number, line in steps:
        where = f"{name}:{number}: {line}"
        if found := CLIENT.fullmatch(line):
            for _ in range(int(found[1] or 1)):
                await client.send(found[2].encode() + b"\r\n")
        elif line.startswith("C> "):
            await client.send(codecs.escape_decode(line[3:].encode())[0])
        elif line.startswith("S: "):
            await _expect(client, line[3:], where)
        elif line.startswith("H: "):
            heard = _heard(hop, line[3:].encode(), heard, where)
        elif line.startswith("M: "):
            assert len(hop.mails) == int(line[3:]), where
        else:
            raise AssertionError(f"{where}: not a line of a dialog")


async def _expect(client: Client, pattern: str, where: str) -> None:
    async with asyncio.timeout(20):
        try:
            line = await client.reader.readline()
        except ConnectionError:
            line = b""
    said = line.removesuffix(b"\r\n").decode("ascii") if line else "<closed>"
    assert fnmatchcase(said, pattern.replace("[", "[[]")), f"{where}\ngot: {said}"


def _heard(hop: ScriptedHop, line: bytes, start: int, where: str) -> int:
    assert line in hop.commands[start:], f"{where}\ngot: {hop.commands[start:]}"
    return hop.commands.index(line, start) + 1
