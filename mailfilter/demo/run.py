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
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from mailfilter import app, config, control
from mailfilter.demo import inbox
from mailfilter.demo.examples import Example, examples, send
from mailfilter.errors import ConfigError
from mailfilter.model import Action
from mailfilter.supervisor import Role, Supervisor

USER = "granskare"
_TAKEN = re.compile(r"taken care of as (\S+)")
_INCIDENT = re.compile(r"\b[0-9A-Z]{5}-[0-9A-Z]{5}\b")
_PATIENCE = 60.0
_WORDS = {
    Action.RELAY: "[green]relay[/]",
    Action.REJECT: "[red]reject[/]",
    Action.QUARANTINE: "[yellow]quarantine[/]",
    Action.REDIRECT: "[cyan]redirect[/]",
}


class Unready(Exception):
    """The demonstration cannot go on; the text says why."""


def run(file: Path | None, once: bool) -> int:
    """Run until Ctrl-C, or with `once` until the table is printed; the exit code."""
    with as_file(files("mailfilter.demo") / "demo.toml") as shipped:
        path = file or shipped
        settings = config.load(path)
        folder = settings.store.run.parent
        _check_ports(settings)
        _clear(folder)
        _log_to(folder / "mailfilter.log")
        parent = os.getpid()
        guide = Role("guide", lambda: _guide(settings, folder, once, parent), order=0)
        roles = [
            Role(
                "inbox",
                lambda: inbox.run(folder / "inbox", "127.0.0.1", settings.next_hop.port),
                order=3,
            ),
            *app.roles(settings, path),
        ]
        Supervisor([*roles, guide]).run()
    return int((folder / "demo.status").read_text()) if (folder / "demo.status").exists() else 1


def _check_ports(settings: config.Settings) -> None:
    for name, port in (
        ("listen.port", settings.listen.port),
        ("next_hop.port", settings.next_hop.port),
        ("web.port", settings.web.port),
    ):
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(("127.0.0.1", port))
            except OSError as error:
                raise ConfigError(
                    f"{name} = {port}: is in use; is another demo running? End it first"
                ) from error


def _clear(folder: Path) -> None:
    """A demonstration starts from nothing, in a folder that only demonstrations use."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("inbox", "run"):
        shutil.rmtree(folder / name, ignore_errors=True)
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
    rows, faults = [], []
    for example in examples():
        code, text = send(example, settings.listen.host, settings.listen.port)
        found = await ask.verdicts(example, code, text)
        if found != example.expected:
            faults.append(
                f"{example.name}: promised {_plain(example.expected)}, got {_plain(found)}"
            )
        rows.append((example, found, code, text))
    missing = set(Action) - {action for _, found, *_ in rows for action in found.values()}
    faults += [f"no example ended in {action.value}" for action in missing]
    await _settle(rows, folder)
    _print(rows, folder)
    await _farewell(settings, ask, faults)
    return 1 if faults else 0


class _Asking:
    """Verbs of the running desk."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def ask(self, verb: str, **request: Any) -> Any:
        answer = await control.ask(self._path, {"verb": verb, "actor": "cli:demo", **request})
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


async def _settle(rows: list[Any], folder: Path) -> None:
    """Give notices and hand-overs a moment: they come after the reply."""
    kept = sum(1 for row in rows if _TAKEN.search(row[3]))
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


def _print(rows: list[Any], folder: Path) -> None:
    notices, reasons = _notices(folder), _reasons(folder / "mailfilter.log")
    table = Table("mail", "verdict", "why", "what the sender was told", show_lines=True)
    for example, found, code, text in rows:
        taken = _TAKEN.search(text)
        told = f"{code} {text}" if code != 250 else "nothing: it was sent"
        if taken:
            who = notices.get(taken[1])
            told = f"notice to {who}" if who else "no notice yet"
        incident = _INCIDENT.search(text)
        why = reasons.get(incident[0], "") if incident else ""
        table.add_row(f"{example.name} {example.subject}", _verdict(found), why, told)
    Console(width=None if sys.stdout.isatty() else 150).print(table)


def _verdict(found: dict[str, Action]) -> str:
    actions = set(found.values())
    if len(actions) == 1:
        return _WORDS[actions.pop()]
    return "\n".join(f"{_WORDS[action]} {who}" for who, action in found.items())


def _plain(found: dict[str, Action]) -> str:
    return ", ".join(sorted({action.value for action in found.values()}))


async def _farewell(settings: config.Settings, ask: _Asking, faults: list[str]) -> None:
    for fault in faults:
        sys.stdout.write(f"demo: {fault}\n")
    password = secrets.token_urlsafe(32)
    await ask.ask("user-add", name=USER, role="reviewer", password=password, departments=[])
    secret = (await ask.ask("user-link", name=USER))["secret"]
    console = Console()
    console.print(f"Held mail: http://127.0.0.1:{settings.web.port}/login/{secret}", soft_wrap=True)
    console.print(f"What arrived: {settings.store.run.parent}/inbox/")
    console.print(f"Send mail of your own to 127.0.0.1:{settings.listen.port}.")
    console.print("The link opens once, within 15 minutes. Ctrl-C ends the demo.")
