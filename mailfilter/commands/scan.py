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
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from mailfilter import config, registers
from mailfilter.commands.sources import Source, Unusable, messages
from mailfilter.commands.terminal import plain
from mailfilter.decide import Rules, compile_rules
from mailfilter.errors import ConfigError, Temporary
from mailfilter.examine import Job, searching
from mailfilter.model import Envelope, Examination
from mailfilter.model import Path as Address
from mailfilter.place import describe
from mailfilter.workers import master
from mailfilter.workers.checked import Explained
from mailfilter.workers.pool import Pool

_LINE_ENDS = {ord(sign): f"\\u{ord(sign):04x}" for sign in "\x85\u2028\u2029"}
Answer = TypeVar("Answer")
View = tuple[list[tuple[str, str]], list[tuple[str, str, str]]]
PATIENCE = 600.0  # seconds for the pictures of one message, as held mail has them


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
    why: Annotated[
        bool,
        typer.Option("--explain", help="why each finding counts and what was dropped, with text"),
    ] = False,
) -> None:
    """Read messages and say what the gateway would do with them. Nothing is sent or stored."""
    unusable = False
    with exit_codes():
        settings = config.load(file)
        show = Shown(compile_rules(settings), as_json, why)
        unusable = asyncio.run(_scan(paths, settings, show))
    if unusable:
        raise typer.Exit(2)


@dataclass(frozen=True, slots=True)
class Shown:
    """How results are shown, and by which rules they are made."""

    rules: Rules
    as_json: bool = False
    why: bool = False


async def _scan(paths: list[str], settings: config.Settings, show: Shown) -> bool:
    """True if a path could not be read."""
    found, job, unusable = _count(paths), fresh_job(settings), False
    with workers(settings.workers or os.cpu_count() or 1) as pool, _progress(found) as advance:

        async def asked(data: bytes) -> tuple[Examination, list[Explained]]:
            why = await pool.explain(data, job, "sv", patience=PATIENCE) if show.why else []
            return await pool.examine(data, job, patience=PATIENCE), why

        async for label, size, waiting in in_order(messages(paths), asked):
            if waiting is None:
                unusable = True
                continue
            examination, why = await waiting
            result = report(label, examination, show.rules, size)
            _print(result | ({"explained": list(map(_reason, why))} if show.why else {}), show)
            advance()
    return unusable


def _reason(why: Explained) -> dict[str, Any]:
    """One found or dropped candidate, as ``--explain --json`` prints it."""
    place, text, kind, confidence, reasons = why
    return {
        "place": place,
        "text": text,
        "kind": kind,
        "confidence": confidence,
        "reasons": list(reasons),
    }


async def viewed(pool: Pool, data: bytes, job: Job) -> View:
    """The texts of a message by place, and (place, reason, class) of what was not read."""
    return await pool.view(data, job, "sv", patience=PATIENCE, whole=True)


def fresh_job(settings: config.Settings) -> Job:
    """A job for the workers, with what these settings search for."""
    job = Job(os.urandom(32), date.today(), registers=registers.of(settings))
    return searching(job, settings)


@contextmanager
def exit_codes() -> Iterator[None]:
    """How reading by command ends: 2 for a bad configuration, 1 where the workers failed.

    A reader of our output that goes away is no error.
    """
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    except Temporary as error:
        typer.echo(f"not everything could be read: {error}; try again", err=True)
        raise typer.Exit(1) from error


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
        doors = master.listen(path)
        pid = os.fork()
        if not pid:
            try:
                master.run(doors, count, documents=count, quiet=True)
            finally:
                os._exit(0)
        doors.close()
        try:
            yield Pool(path, wait=600)
        finally:
            os.kill(pid, 15)
            os.waitpid(pid, 0)


async def in_order(
    sources: Iterable[Source | Unusable], ask: Callable[[bytes], Coroutine[Any, Any, Answer]]
) -> AsyncIterator[tuple[str, int, asyncio.Task[Answer] | None]]:
    """Answers in the order of the sources; as many at once as keeps all cores busy.

    What cannot be read is said on standard error in its turn, and comes without an answer.
    """
    running: deque[tuple[str, int, asyncio.Task[Answer] | None]] = deque()
    for source in sources:
        if isinstance(source, Unusable):
            running.append((str(source), 0, None))
        else:
            label, data = source
            running.append((label, len(data), asyncio.create_task(ask(data))))
            await asyncio.sleep(0)
        while len(running) > 4 * (os.cpu_count() or 1):
            yield _told(*running.popleft())
    while running:
        yield _told(*running.popleft())


def _told(
    label: str, size: int, task: asyncio.Task[Answer] | None
) -> tuple[str, int, asyncio.Task[Answer] | None]:
    if task is None:
        typer.echo(label, err=True)
    return label, size, task


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


def _print(result: dict[str, Any], show: Shown) -> None:
    if show.as_json:
        print_json(result)
        return
    Console().print(_table(result))
    if show.why:
        Console().print(_reasons(result["explained"]))


def _reasons(explained: list[dict[str, Any]]) -> Table:
    """What was seen, the surest first in each place; what was dropped has no confidence."""
    table = Table("text", "kind", "confidence", "where", "why", title="why", title_justify="left")
    for row in explained:
        kind = row["kind"] or "dropped"
        sure = str(row["confidence"] or "-")
        where, text = _cell(row["place"]), _cell(row["text"])
        table.add_row(text, kind, sure, where, "; ".join(row["reasons"]))
    return table


def print_json(result: dict[str, Any]) -> None:
    """One object on one line, in UTF-8, whatever it holds.

    What some readers take for the end of a line is escaped, and so is half a character, which a
    path may hold.
    """
    text = json.dumps(result, ensure_ascii=False).translate(_LINE_ENDS)
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.buffer.flush()


def _table(result: dict[str, Any]) -> Table:
    actions = ", ".join(sorted(set(result["actions"].values()))) or "-"
    title = Text(f"{plain(result['file'])}: {result['coverage']} → {actions}")
    table = Table("what", "level", "where", "shown as", title=title, title_justify="left")
    for finding in result["findings"]:
        table.add_row(finding["kind"], finding["level"], _cell(finding["place"]), finding["masked"])
    for unread in result["not_examined"]:
        table.add_row("not examined", unread["class"], _cell(unread["place"]), unread["reason"])
    return table


def _cell(text: str) -> Text:
    """Text of a mail, which may look like markup or control a terminal."""
    return Text(plain(text))
