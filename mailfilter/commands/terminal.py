"""What every command has of the terminal: the program's version, and text that is never obeyed.

From → to: any text of a mail → the same without control characters; a picture of each in its place.
"""

from typing import Annotated

import typer

from mailfilter import __version__

# What a terminal would obey; line feeds and tabs stay
_CONTROLS = {n: 0x2400 + n if n < 0x20 else 0xFFFD for n in (*range(32), *range(127, 160))} | {
    0x09: "\t",
    0x0A: "\n",
    0x0D: None,
}


def plain(text: str) -> str:
    """Text that a terminal shows and does not obey."""
    return text.translate(_CONTROLS).encode("utf-8", "replace").decode("utf-8")


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(f"mailfilter {__version__}")
        raise typer.Exit


def about(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_say_version, is_eager=True, help="print the version and end"
        ),
    ] = False,
) -> None:
    """What stands before a command."""
