"""``mailfilter demo``: the whole gateway on this machine, with example mails."""

from pathlib import Path
from typing import Annotated

import typer

from mailfilter.commands.asking import fail
from mailfilter.errors import ConfigError


def demo(
    once: Annotated[bool, typer.Option("--once", help="end after the table")] = False,
    language: Annotated[str, typer.Option(help="sv or en")] = "sv",
    file: Annotated[
        Path | None, typer.Option("-c", "--config", help="another configuration than the demo's")
    ] = None,
) -> None:
    """Start gateway, inbox and web pages on loopback and send example mails through.

    Files go to ./var. With --once the exit code is 0 only if every example got the verdict that
    it promises.
    """
    from mailfilter.demo.run import run

    if language not in ("sv", "en"):
        raise fail(f"--language {language}: must be sv or en")
    try:
        code = run(file, once, language)
    except ConfigError as error:
        raise fail(str(error)) from error
    raise typer.Exit(code)
