"""``mailfilter audit``: the hash-chained log of who has seen and done what."""

from typing import Annotated

import typer

from mailfilter.commands.asking import ConfigFile, ask, fail

app = typer.Typer(no_args_is_help=True, help="Read and verify the audit log.")


@app.command("list")
def list_lines(
    after: Annotated[int, typer.Option(help="only lines behind this number")] = 0,
    limit: Annotated[int, typer.Option(help="at most this many")] = 100,
    file: ConfigFile = None,
) -> None:
    """Print lines: number, time, who, what, on what."""
    for line in ask(file, "audit-list", after=after, limit=limit):
        detail = " ".join(f"{key}={value}" for key, value in line["detail"].items())
        who, what = f"{line['actor']} {line['act']}", f"{line['object']} {detail}"
        typer.echo(f"{line['seq']:6} {line['at'][:19]} {who} {what}")


@app.command()
def verify(file: ConfigFile = None) -> None:
    """Check the chain; exit code 1 names the first line that does not hold."""
    result = ask(file, "audit-verify")
    if result["fault"]:
        raise fail(f"the audit log does not hold: {result['fault']}", 1)
    typer.echo(f"{result['lines']} lines, the chain holds")
