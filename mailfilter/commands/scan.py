"""``mailfilter scan``: what would the gateway say of these messages?

Reads them in the same confined workers as the gateway, on all cores, and decides by the same
rules. Without a configuration the shipped defaults hold and every recipient is external.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from mailfilter import config
from mailfilter.commands.sources import Source, Unusable, messages
from mailfilter.decide import Rules, compile_rules
from mailfilter.errors import ConfigError
from mailfilter.examine import Job
from mailfilter.model import Envelope, Examination
from mailfilter.model import Path as Address
from mailfilter.place import describe
from mailfilter.workers import master
from mailfilter.workers.pool import Pool


def scan(
    paths: Annotated[
        list[str], typer.Argument(help=".eml files, folders, mbox files, or - for standard input")
    ],
    file: Annotated[
        Path | None, typer.Option("-c", "--config", help="the configuration that serve takes")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="one JSON object a line for each message")
    ] = False,
) -> None:
    """Read messages and say what the gateway would do with them. Nothing is sent or stored."""
    try:
        settings = config.load(file)
        rules = compile_rules(settings)
        asyncio.run(_scan(paths, settings, rules, as_json))
    except (ConfigError, Unusable) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def read(
    paths: Annotated[
        list[str], typer.Argument(help="any documents or messages, or folders of mail")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
) -> None:
    """See what the filter sees: the text of mails and documents, by part, with its place."""
    try:
        asyncio.run(_read(paths, as_json))
    except Unusable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


async def _read(paths: list[str], as_json: bool) -> None:
    job = Job(os.urandom(32), date.today())
    with workers(1) as pool:
        for label, data in messages(paths, documents=True):
            texts, unread = await pool.view(data, job, "sv")
            _show(label, texts, unread, as_json)


def _show(
    label: str, texts: list[tuple[str, str]], unread: list[tuple[str, str, str]], as_json: bool
) -> None:
    if as_json:
        parts = [{"place": place, "text": text} for place, text in texts]
        missing = [{"place": p, "reason": r, "class": c} for p, r, c in unread]
        result = {"file": label, "parts": parts, "not_examined": missing}
        sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
        return
    for place, text in texts:
        typer.secho(f"{label}: {place}", bold=True)
        typer.echo(text.rstrip())
    for place, reason, _cls in unread:
        typer.secho(f"{label}: {place}: not examined: {reason}", fg="yellow")


async def _scan(paths: list[str], settings: config.Settings, rules: Rules, as_json: bool) -> None:
    found = _count(paths)
    job = Job(os.urandom(32), date.today(), (), ())
    with workers(settings.workers or os.cpu_count() or 1) as pool, _progress(found) as advance:
        async for label, examination, size in _examined(pool, messages(paths), job):
            result = report(label, examination, rules, size)
            _print(result, as_json)
            advance()


def _count(paths: list[str]) -> int:
    """How many messages to expect; 0 if unknown. Only paths are looked at."""
    if "-" in paths:
        return 0
    return sum(1 if Path(p).is_file() else sum(1 for _ in Path(p).rglob("*.eml")) for p in paths)


@contextmanager
def workers(count: int) -> Iterator[Pool]:
    """Scan workers of our own for as long as the command runs."""
    with tempfile.TemporaryDirectory(prefix="mailfilter-") as folder:
        path = Path(folder) / "scan.sock"
        listener = master.listen(path)
        pid = os.fork()
        if not pid:
            try:
                master.run(listener, count, quiet=True)
            finally:
                os._exit(0)
        listener.close()
        try:
            yield Pool(path, wait=600)
        finally:
            os.kill(pid, 15)
            os.waitpid(pid, 0)


async def _examined(
    pool: Pool, sources: Iterable[Source], job: Job
) -> AsyncIterator[tuple[str, Examination, int]]:
    """Examinations in the order of the sources; as many at once as keeps all cores busy."""
    running: deque[tuple[str, int, asyncio.Task[Examination]]] = deque()
    for label, data in sources:
        running.append((label, len(data), asyncio.create_task(pool.examine(data, job))))
        await asyncio.sleep(0)
        while len(running) > 4 * (os.cpu_count() or 1):
            name, size, task = running.popleft()
            yield name, await task, size
    for name, size, task in running:
        yield name, await task, size


@contextmanager
def _progress(total: int) -> Iterator[Any]:
    """A progress bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("messages", total=total or None)
        yield lambda: bar.advance(task)


def report(label: str, examination: Examination, rules: Rules, size: int) -> dict[str, Any]:
    """The object that ``--json`` prints; its shape is stable."""
    decision = rules.decide(examination, envelope(examination), size, date.today())
    return {
        "file": label,
        "coverage": examination.coverage.value,
        "actions": {verdict.recipient: verdict.action.value for verdict in decision.verdicts},
        "findings": [
            {
                "kind": finding.kind,
                "confidence": finding.confidence,
                "level": finding.level.value,
                "place": describe(finding.place),
                "masked": finding.masked,
            }
            for finding in examination.findings
        ],
        "not_examined": [
            {"place": describe(unread.place), "reason": unread.reason, "class": unread.cls.value}
            for unread in examination.not_examined
        ],
        "persons": examination.persons,
        "bytes": size,
    }


def envelope(examination: Examination) -> Envelope:
    """The envelope that a message suggests: From, and all of To, Cc and Bcc."""
    facts = examination.facts
    sender = facts.senders[0] if facts.senders else ""
    who = dict.fromkeys((*facts.visible, *facts.hidden))
    return Envelope(_path(sender), tuple(map(_path, who)))


def _path(address: str) -> Address:
    raw = address.encode()
    return Address(b"<" + raw + b">", raw)


def _print(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    else:
        Console().print(_table(result))


def _table(result: dict[str, Any]) -> Table:
    actions = ", ".join(sorted(set(result["actions"].values()))) or "-"
    title = f"{result['file']}: {result['coverage']} → {actions}"
    table = Table("what", "level", "where", "shown as", title=title, title_justify="left")
    for finding in result["findings"]:
        table.add_row(finding["kind"], finding["level"], finding["place"], finding["masked"])
    for unread in result["not_examined"]:
        table.add_row("not examined", unread["class"], unread["place"], unread["reason"])
    return table
