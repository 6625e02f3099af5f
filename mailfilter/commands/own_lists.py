"""``mailfilter register``: the organisation's own lists, of which only keyed hashes are kept."""

from pathlib import Path
from typing import Annotated

import typer

from detectors.registers import SIZE, Register
from mailfilter import config, registers
from mailfilter.commands.asking import ConfigFile, fail, settings_of
from mailfilter.errors import ConfigError
from mailfilter.record.sealing.keys import ensure_keys, load_public

app = typer.Typer(
    no_args_is_help=True, help="Own lists: protected identities, registers, test persons."
)
_RELOAD = "In force after: systemctl reload mailfilter (or SIGHUP to serve)."
_ROWS = 10  # that are named
Name = Annotated[str, typer.Argument(help='what findings are called: "register:NAME"')]


@app.command()
def add(
    name: Name,
    file: Annotated[Path, typer.Argument(help="CSV with personnummer, or namn and född")],
    config_file: ConfigFile = None,
    allow: Annotated[
        bool, typer.Option("--allow", help="numbers that are harmless: findings are dropped")
    ] = False,
) -> None:
    """Take a list, or replace the one of that name. Delete the file afterwards."""
    settings = settings_of(config_file)
    try:
        built = registers.build(file, name, _key(settings), allow=allow)
        registers.save(registers.folder_of(settings), built.register)
    except ConfigError as error:
        raise fail(str(error)) from error
    typer.echo(f"{name}: {built.rows} rows taken, as hashes only. {_RELOAD}")
    if built.unusable:
        rows = ", ".join(map(str, built.unusable[:_ROWS]))
        more = f" and {len(built.unusable) - _ROWS} more" if len(built.unusable) > _ROWS else ""
        raise fail(f"{len(built.unusable)} rows hold nothing to find: row {rows}{more}", 1)


@app.command("list")
def list_names(config_file: ConfigFile = None) -> None:
    """Print the names of the lists and how much is in each."""
    try:
        found = registers.of(settings_of(config_file)).lists
    except ConfigError as error:
        raise fail(str(error)) from error
    for one in found:
        typer.echo(_line(one))
    if not found:
        typer.echo("There are no registers.")


def _line(one: Register) -> str:
    numbers = (len(one.numbers) + len(one.others)) // SIZE
    kind = "allow list" if one.allow else "register"
    return (
        f"{one.name}: {kind}, {numbers} numbers, {len(one.persons) // SIZE} names with birth date"
    )


@app.command()
def remove(name: Name, config_file: ConfigFile = None) -> None:
    """Forget a list."""
    try:
        registers.remove(registers.folder_of(settings_of(config_file)), name)
    except ConfigError as error:
        raise fail(str(error)) from error
    typer.echo(f"{name} is removed. {_RELOAD}")


def _key(settings: config.Settings) -> bytes:
    """The key of the hashes; a first start may still lie ahead."""
    for note in ensure_keys(settings.store.keys, settings.store.desk_key):
        typer.echo(note)
    return registers.key_of(load_public(settings.store.keys).join)
