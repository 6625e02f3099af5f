"""``mailfilter read``: see what the filter sees.

From → to: documents and messages → their text by part, each with its place, and what could not be
read; for people, or with ``--json`` one object a line for each file::

    {"file", "parts": [{"place", "text"}], "not_examined": [{"place", "reason", "class"}]}

Reads in the same confined workers as the gateway. A document is read as the attachment that it
would be, so its place begins with "bilaga 1". This shape is stable; the objects are in UTF-8, and
no line is broken by what a document holds.

Exit codes: 0 all was read, 1 the workers failed, 2 a path could not be read (the others were).
"""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from mailfilter import config
from mailfilter.commands.scan import (
    View,
    exit_codes,
    fresh_job,
    in_order,
    print_json,
    viewed,
    workers,
)
from mailfilter.commands.sources import documents
from mailfilter.commands.terminal import plain


def read(
    paths: Annotated[
        list[str],
        typer.Argument(help="any documents or messages, folders, or - for standard input"),
    ],
    file: Annotated[
        Path | None, typer.Option("-c", "--config", help="the configuration that serve takes")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
) -> None:
    """See what the filter sees: the text of mails and documents, by part, with its place."""
    unusable = False
    with exit_codes():
        unusable = asyncio.run(_read(paths, config.load(file), as_json))
    if unusable:
        raise typer.Exit(2)


async def _read(paths: list[str], settings: config.Settings, as_json: bool) -> bool:
    """True if a path could not be read."""
    job, unusable = fresh_job(settings), False
    with workers(settings.workers or os.cpu_count() or 1) as pool:
        answers = in_order(documents(paths), lambda data: viewed(pool, data, job))
        async for label, _size, waiting in answers:
            if waiting is None:
                unusable = True
                continue
            with _busy(label):
                view = await waiting
            if as_json:
                print_json(result(label, view))
            else:
                _show(label, view)
    return unusable


@contextmanager
def _busy(label: str) -> Iterator[None]:
    """Says at a terminal what is being read, for as long as it takes."""
    if not sys.stderr.isatty():
        yield
        return
    with Console(stderr=True).status(plain(label)):
        yield


def result(label: str, view: View) -> dict[str, Any]:
    """The object that ``--json`` prints; its shape is stable."""
    texts, unread = view
    return {
        "file": label,
        "parts": [{"place": place, "text": text} for place, text in texts],
        "not_examined": [{"place": p, "reason": r, "class": c} for p, r, c in unread],
    }


def _show(label: str, view: View) -> None:
    texts, unread = view
    name = plain(label)
    for place, text in texts:
        typer.secho(f"{name}: {plain(place)}", bold=True)
        typer.echo(plain(text).rstrip())
    for place, reason, _cls in unread:
        typer.secho(f"{name}: {plain(place)}: not examined: {reason}", fg="yellow")
    if not texts and not unread:
        typer.secho(f"{name}: holds no text")
