"""``mailfilter quarantine`` and ``mailfilter trace``: held mail from the command line."""

import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from mailfilter.commands.asking import ConfigFile, ask

app = typer.Typer(no_args_is_help=True, help="List, show and decide on held mail.")

Id = Annotated[
    str,
    typer.Argument(
        help="the case number, such as K7Q2A-91ABC, in any case; .1 names an item of it"
    ),
]
Reason = Annotated[
    str, typer.Option("--reason", help="why; goes into the audit log, so no personal data")
]
_STATES = ("reading", "held", "releasing", "release-failed", "accepted", "handing-over")


@app.command("list")
def list_items(
    every: Annotated[bool, typer.Option("--all", help="ended items as well")] = False,
    limit: Annotated[int, typer.Option(help="at most this many")] = 50,
    file: ConfigFile = None,
) -> None:
    """List held mail: ids, states and kinds; no addresses, no subjects."""
    states = [
        *_STATES,
        *(("released", "handed-over", "refused", "deleted", "expired") if every else ()),
    ]
    rows = ask(file, "list", states=states, limit=limit)
    table = Table()
    for name in ("id", "state", "held since", "expires", "department", "kinds", "not examined"):
        table.add_column(name, no_wrap=name == "id")
    for row in rows:
        kinds, unread = ", ".join(row["kinds"]), ", ".join(row["unread"])
        since, expires = row["at"][:16], row["expires_at"][:10]
        table.add_row(row["id"], row["state"], since, expires, row["department"], kinds, unread)
    wide = None if sys.stdout.isatty() else 160
    Console(width=wide).print(table if rows else "Nothing is held.")


@app.command()
def show(id: Id, file: ConfigFile = None) -> None:
    """Show an item: sender, recipients, what was found where, masked. The view is logged."""
    Console().print(_item(ask(file, "show", id=id)))


@app.command()
def release(id: Id, reason: Reason, file: ConfigFile = None) -> None:
    """Send the original mail to its recipients after all."""
    _act(file, "release", id, reason)


@app.command()
def refuse(id: Id, reason: Reason, file: ConfigFile = None) -> None:
    """Do not send it; the sender is told."""
    _act(file, "refuse", id, reason)


@app.command()
def delete(id: Id, reason: Reason, file: ConfigFile = None) -> None:
    """Destroy it without telling the sender: for what should never have been kept."""
    _act(file, "delete", id, reason)


@app.command()
def redirect(
    id: Id,
    connector: Annotated[str, typer.Argument(help="the connector's name in the configuration")],
    reason: Reason,
    file: ConfigFile = None,
) -> None:
    """Hand it to a secure transfer service."""
    _act(file, "redirect", id, reason, connector=connector)


def trace(id: Id, file: ConfigFile = None) -> None:
    """Say what happened to a message, from its id in a reply, a notice or the log."""
    for item in ask(file, "trace", id=id):
        Console().print(_item({k: v for k, v in item.items() if k != "history"}))
        for line in item["history"]:
            typer.echo(f"  {line['at'][:19]}  {line['actor']}  {line['act']}")


def _act(file: Any, act: str, id: str, reason: str, **more: str) -> None:
    done = ask(file, "act", act=act, id=id, reason=reason, **more)
    typer.echo(f"{done['id']}: {done['state']}")


def _item(row: dict[str, Any]) -> Table:
    table = Table(show_header=False, box=None)
    for key, value in row.items():
        lines = [_words(entry) for entry in value] if isinstance(value, list) else [_words(value)]
        table.add_row(key.replace("_", " "), "\n".join(lines))
    return table


def _words(value: Any) -> str:
    return ", ".join(str(v) for v in value.values()) if isinstance(value, dict) else str(value)
