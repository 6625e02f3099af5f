"""How a command reaches the store: through a running desk, else by opening it itself.

What only the second needs is imported only then, so that a command that asks is quick.
"""

import asyncio
import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailfilter.errors import ConfigError, Temporary

if TYPE_CHECKING:
    from mailfilter.config import Settings

ConfigFile = Annotated[
    Path | None, typer.Option("-c", "--config", help="the configuration that serve takes")
]


def fail(sentence: str, code: int = 2) -> typer.Exit:
    """Say `sentence` on standard error; the exception to raise."""
    typer.echo(sentence, err=True)
    return typer.Exit(code)


def settings_of(file: Path | None) -> "Settings":
    """The settings, or an exit with the sentence that says what is wrong."""
    from mailfilter import config

    try:
        return config.load(file)
    except ConfigError as error:
        raise fail(str(error)) from error


def ask(file: Path | None, verb: str, **request: Any) -> Any:
    """What `verb` answers; an error becomes a sentence and exit code 2."""
    settings = settings_of(file)
    full = {"verb": verb, "actor": who(), **request}
    try:
        answer = asyncio.run(_ask(settings, full))
    except (ConfigError, Temporary) as error:
        raise fail(str(error)) from error
    if "error" in answer:
        raise fail(answer["error"])
    return answer["ok"]


def who() -> str:
    """The person at the terminal, also behind sudo, as the audit log calls her."""
    return f"cli:{os.environ.get('SUDO_USER') or getpass.getuser()}"


async def _ask(settings: "Settings", request: dict[str, Any]) -> dict[str, Any]:
    from mailfilter.rpc import control_line

    answer = await control_line.ask(settings.store.run / "control.sock", request)
    if answer is not None:
        return answer
    from mailfilter.app import opened_desk
    from mailfilter.desk import control

    async with opened_desk(settings) as desk:
        return await control.run_verb(desk, request)
