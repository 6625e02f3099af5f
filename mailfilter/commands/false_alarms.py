"""``mailfilter false-alarms``: what senders said was nothing, as labelled cases."""

from typing import Annotated

import typer

from mailfilter.commands.asking import ConfigFile, ask

app = typer.Typer(no_args_is_help=True, help="What senders said was a false alarm.")


@app.callback()
def _family() -> None:
    """A family of one command is still a family."""


@app.command()
def export(
    content: Annotated[
        bool,
        typer.Option("--with-content", help="the mail itself, while it exists; this is audited"),
    ] = False,
    file: ConfigFile = None,
) -> None:
    """Print a line of JSON for each case: kinds, levels, evidence, places; no text of the mail."""
    for line in ask(file, "false-alarms", content=content):
        typer.echo(line)
