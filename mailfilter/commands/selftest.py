"""``mailfilter selftest``: does the running installation stop what it says it stops?

Exit codes: 0 all that is promised was stopped, 1 some of it passed, 2 unusable input.
"""

import asyncio
import json
import os
import secrets
import sys
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from mailfilter import config
from mailfilter.commands.asking import fail, settings_of
from mailfilter.commands.scan import PATIENCE, workers
from mailfilter.examine import Job
from mailfilter.selftest import numbers, techniques
from mailfilter.selftest.run import Result, Sender, Tally, Trial, judge, trials

_AT_ONCE = 8


def selftest(
    to: Annotated[
        str, typer.Option(help="an external mailbox of yours: what passes arrives there")
    ] = "",
    file: Annotated[
        Path | None, typer.Option("-c", "--config", help="the configuration that serve takes")
    ] = None,
    sender: Annotated[
        str, typer.Option("--from", help="who sends; notices of what is held go there")
    ] = "",
    count: Annotated[
        int, typer.Option("--numbers", min=1, max=20, help="how many test numbers a technique")
    ] = 1,
    offline: Annotated[bool, typer.Option("--offline", help="examine here, send nothing")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a technique")] = False,
) -> None:
    """Send the evasion catalogue through the gateway: test numbers only, one mail a technique.

    Each mail that is held becomes a case like any other. The recipient must be external, or the
    rules for internal mail decide.
    """
    if not to and not offline:
        raise fail("selftest: --to ADDRESS is needed, or --offline")
    settings = settings_of(file)
    sender = sender or f"selftest@{(*settings.organisation.domains, 'exempelkommun.example')[0]}"
    to = to or "mottagare@annat.example"
    chosen = trials(numbers()[:count], sender, to, secrets.token_hex(6))
    total = count * len(techniques())
    try:
        if offline:
            tally = asyncio.run(_examine(_shown(chosen, total)))
        else:
            tally = _send(settings.listen, sender, to, _shown(chosen, total))
    except OSError as error:
        where = f"{settings.listen.host}:{settings.listen.port}"
        raise fail(f"selftest: nobody answers on {where}: {error.strerror or error}") from error
    _print(tally, as_json)
    raise typer.Exit(1 if tally.broken() else 0)


def _shown(chosen: Iterable[Trial], total: int) -> Iterator[Trial]:
    """With a progress bar on a terminal."""
    console = Console(stderr=True)
    yield from track(
        chosen, "techniques", total, console=console, transient=True,
        disable=not sys.stderr.isatty(),
    )  # fmt: skip


def _send(listen: config.Listen, sender: str, to: str, chosen: Iterable[Trial]) -> Tally:
    tally = Tally()
    client = Sender(listen, sender, to)
    try:
        for trial in chosen:
            tally.add(trial.technique, client.send(trial.data))
    finally:
        client.close()
    return tally


async def _examine(chosen: Iterable[Trial]) -> Tally:
    tally = Tally()
    job = Job(os.urandom(32), date.today())  # noqa: DTZ011 - the day of the person at the terminal
    with workers(os.cpu_count() or 1) as pool:
        batch: list[Trial] = []

        async def settle() -> None:
            asked = (pool.examine(trial.data, job, patience=PATIENCE) for trial in batch)
            found = await asyncio.gather(*asked)
            for trial, examination in zip(batch, found, strict=True):
                tally.add(trial.technique, judge(examination))
            batch.clear()

        for trial in chosen:
            batch.append(trial)
            if len(batch) == _AT_ONCE:
                await settle()
        await settle()
    return tally


def _print(tally: Tally, as_json: bool) -> None:
    if as_json:
        for row in tally.rows():
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
        return
    console = Console()
    console.print(_table(tally))
    console.print(_misses(tally))
    counts = [count for t, count in tally.counts.items() if not t.miss]
    mails = sum(count.total() for count in counts)
    stopped = sum(count[Result.STOPPED] for count in counts)
    console.print(
        f"{stopped} of {mails} mails of {len(counts)} promised techniques were stopped; "
        f"{len(tally.broken())} promised techniques let something pass."
    )


def _table(tally: Tally) -> Table:
    table = Table("technique", *Result, title="not as promised", title_justify="left")
    for technique, count in tally.counts.items():
        if not technique.miss and count[Result.STOPPED] < count.total():
            table.add_row(technique.name, *(str(count[result] or "") for result in Result))
    if not table.row_count:
        table.add_row("(nothing)")
    return table


def _misses(tally: Tally) -> Table:
    table = Table("technique", "passed", "why", title="known misses", title_justify="left")
    for technique, count in tally.counts.items():
        if technique.miss:
            table.add_row(technique.name, f"{count[Result.PASSED]}/{count.total()}", technique.miss)
    return table
