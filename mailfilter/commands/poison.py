"""``mailfilter poison``: content that is not opened any more because it killed its worker twice."""

from typing import Annotated

import typer

from mailfilter.commands.asking import ConfigFile, ask, fail

app = typer.Typer(no_args_is_help=True, help="Content that ended its readers and stays shut.")


@app.command("list")
def list_hashes(file: ConfigFile = None) -> None:
    """Print keyed hashes: how many readers each has ended, when last, and whether it stays shut."""
    for row in ask(file, "poison-list"):
        state = "shut" if row["poisoned"] else "watched"
        typer.echo(f"{row['hash']} {row['deaths']} {row['day']} {state}")


@app.command()
def clear(
    start: Annotated[
        str, typer.Argument(help="the hash or how it begins; without it, all of them")
    ] = "",
    file: ConfigFile = None,
) -> None:
    """Let content be opened again, as after an upgrade that mends its reader."""
    gone = ask(file, "poison-clear", start=start)["cleared"]
    if start and not gone:
        raise fail(f"no hash begins with {start}; see: mailfilter poison list", 1)
    typer.echo(f"{gone} cleared")
