"""Running the demonstration: processes up, examples through, a table, then stay or end."""

import asyncio
import json
import os
import re
import secrets
import shutil
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from mailfilter import app, config
from mailfilter.app.supervisor import Role
from mailfilter.demo import inbox
from mailfilter.demo.examples import Example, examples, send
from mailfilter.demo.table import Row, say, show
from mailfilter.model import Action
from mailfilter.rpc import control_line

USER = "granskare"
_TAKEN = re.compile(r"taken care of as (\S+)")
_INCIDENT = re.compile(r"\b[0-9A-Z]{5}-[0-9A-Z]{5}\b")
_PATIENCE = 60.0


class Unready(Exception):
    """The demonstration cannot go on; the text says why."""


def run(file: Path | None, once: bool, language: str) -> int:
    """Run until Ctrl-C, or with `once` until the table is printed; the exit code."""
    with as_file(files("mailfilter.demo") / "demo.toml") as shipped:
        path = file or shipped
        settings = _in_language(config.load(path), language)
        folder = settings.store.run.parent
        app.prepare(settings)
        with app.alone(settings.store.run):
            app.check_ports(settings)
            _clear(folder)
            _log_to(folder / "mailfilter.log")
            parent = os.getpid()
            guide = Role(
                "guide", lambda: _guide(settings, folder, once, parent), order=0, watched=False
            )
            app.start(settings, path, [_inbox(settings, folder), guide]).run()
    return int((folder / "demo.status").read_text()) if (folder / "demo.status").exists() else 1


def _inbox(settings: config.Settings, folder: Path) -> Role:
    port = settings.next_hop.port
    work = partial(inbox.run, folder / "inbox", "127.0.0.1", port)
    return Role("inbox", work, order=3, watched=False)


def _in_language(settings: config.Settings, language: str) -> config.Settings:
    organisation = settings.organisation.model_copy(update={"language": language})
    return settings.model_copy(update={"organisation": organisation})


def _clear(folder: Path) -> None:
    """A demonstration starts from nothing, in a folder that only demonstrations use."""
    shutil.rmtree(folder / "inbox", ignore_errors=True)
    for path in (*folder.glob("mailfilter.db*"), folder / "demo.status"):
        path.unlink(missing_ok=True)


def _log_to(path: Path) -> None:
    """The processes' log goes to a file, the terminal shows the table."""
    with path.open("wb") as file:
        os.dup2(file.fileno(), sys.stderr.fileno())


def _guide(settings: config.Settings, folder: Path, once: bool, parent: int) -> None:
    """Show the examples, then wait for the end; a process of its own among the others."""
    failed = 1
    try:
        failed = asyncio.run(_show(settings, folder))
    except Unready as error:
        sys.stdout.write(f"demo: {error}\n")
    finally:  # whatever happened: a demonstration without its guide must not stay up
        (folder / "demo.status").write_text(str(failed))
        if once or failed:
            os.kill(parent, signal.SIGTERM)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


async def _show(settings: config.Settings, folder: Path) -> int:
    ask = _Asking(settings.store.run / "control.sock")
    await _until_up(settings, ask)
    rows: list[Row] = []
    faults: list[str] = []
    for example in examples():
        code, text = send(example, settings.listen.host, settings.listen.port)
        found = await ask.verdicts(example, code, text)
        if found != example.expected:
            faults.append(
                f"{example.name}: promised {_plain(example.expected)}, got {_plain(found)}"
            )
        rows.append(Row(example, found, code, text, kept=bool(_TAKEN.search(text))))
    missing = set(Action) - {action for row in rows for action in row.found.values()}
    faults += [f"no example ended in {action.value}" for action in missing]
    await _settle(rows, folder)
    show([_explained(row, folder) for row in rows], settings.organisation.language)
    await _farewell(settings, ask, faults)
    return 1 if faults else 0


class _Asking:
    """Verbs of the running desk."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def ask(self, verb: str, **request: Any) -> Any:
        answer = await control_line.ask(self._path, {"verb": verb, "actor": "cli:demo", **request})
        if not answer or "error" in answer:
            raise Unready(f"desk: {(answer or {}).get('error', 'does not answer')}")
        return answer["ok"]

    async def verdicts(self, example: Example, code: int, text: str) -> dict[str, Action]:
        """Recipient → action, from the reply and from the items that are stored."""
        if code >= 500:
            return dict.fromkeys(example.recipients, Action.REJECT)
        found = dict.fromkeys(example.recipients, Action.RELAY)
        if taken := _TAKEN.search(text):
            for item in await self.ask("trace", id=taken[1]):
                for index in item["indexes"]:
                    found[example.recipients[index]] = Action(item["action"])
        return found


def _reasons(log: Path) -> dict[str, str]:
    """Incident id → what was found and by which rule, from the log: it holds codes only."""
    found = {}
    for line in log.read_text("utf-8").splitlines():
        with suppress(json.JSONDecodeError):
            entry = json.loads(line)
            if entry.get("stored"):
                codes = [*entry["kinds"], *entry["unread"]]
                found[entry["stored"]] = "\n".join(
                    [*codes, *(f"[dim]{r}[/]" for r in entry["rules"])]
                )
    return found


async def _until_up(settings: config.Settings, ask: _Asking) -> None:
    end = time.monotonic() + _PATIENCE
    ports = (settings.listen.port, settings.next_hop.port, settings.web.port)
    while time.monotonic() < end:
        with suppress(OSError, Unready, json.JSONDecodeError):
            for port in ports:
                socket.create_connection(("127.0.0.1", port), 1).close()
            await ask.ask("user-list")
            return
        await asyncio.sleep(0.1)
    raise Unready(
        f"the gateway did not come up in {_PATIENCE:g} seconds; its log is var/mailfilter.log"
    )


async def _settle(rows: list[Row], folder: Path) -> None:
    """Give notices and hand-overs a moment: they come after the reply."""
    kept = sum(row.kept for row in rows)
    for _ in range(100):
        if len(_notices(folder)) >= kept:
            return
        await asyncio.sleep(0.1)


def _notices(folder: Path) -> dict[str, str]:
    """Incident id → subject of the notice that arrived."""
    found = {}
    for mail in inbox.mails(folder / "inbox"):
        if mail.get("Auto-Submitted", "no") != "no":
            for id in _INCIDENT.findall(mail.as_string()):
                found[id] = str(mail["X-Envelope-To"])
    return found


def _explained(row: Row, folder: Path) -> Row:
    incident = _INCIDENT.search(row.text)
    if not incident:
        return row
    why = _reasons(folder / "mailfilter.log").get(incident[0], "")
    return replace(row, why=why, notified=_notices(folder).get(incident[0], ""))


def _plain(found: dict[str, Action]) -> str:
    return ", ".join(sorted({action.value for action in found.values()}))


async def _farewell(settings: config.Settings, ask: _Asking, faults: list[str]) -> None:
    language = settings.organisation.language
    for fault in faults:
        sys.stdout.write(f"demo: {fault}\n")
    password = secrets.token_urlsafe(32)
    more = {"password": password, "departments": [], "language": language}
    await ask.ask("user-add", name=USER, role="reviewer", **more)
    secret = (await ask.ask("user-link", name=USER))["secret"]
    web, run = settings.web, settings.store.run
    say(language, "held", url=f"http://127.0.0.1:{web.port}/login/{secret}")
    say(language, "inbox", folder=run.parent)
    say(language, "own", port=settings.listen.port)
    say(language, "end")
