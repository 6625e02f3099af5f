"""The command line: one file a command or a family of them, and a line in `COMMANDS`.

A command is imported when it is called: `program` lists them by what their files say of
themselves, read and not run, so that help answers at once whatever a command needs.

Exit codes: 0 done, 1 the thing asked about is not well (a broken audit chain, a failed demo),
2 unusable input, with a sentence on standard error.
"""

import ast
from functools import cache
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from mailfilter.commands import terminal

COMMANDS = {  # name: the file, and the function or family in it
    "init": "init:init",
    "serve": "serve:serve",
    "check-config": "serve:check_config",
    "status": "status:status",
    "demo": "demo:demo",
    "scan": "scan:scan",
    "read": "read:read",
    "calibrate": "calibrate:calibrate",
    "selftest": "selftest:selftest",
    "route": "route:route",
    "connector": "connector:app",
    "report": "report:report",
    "trace": "quarantine:trace",
    "backup": "keep:backup",
    "restore": "keep:restore",
    "quarantine": "quarantine:app",
    "audit": "audit:app",
    "poison": "poison:app",
    "false-alarms": "false_alarms:app",
    "register": "own_lists:app",
    "user": "user:app",
}


def register(app: typer.Typer) -> None:
    """Put every command into `app`, imported."""
    app.callback(invoke_without_command=True)(terminal.about)
    for name in COMMANDS:
        wanted = _imported(name)
        if isinstance(wanted, typer.Typer):
            app.add_typer(wanted, name=name)
        else:
            app.command(name)(wanted)


def program() -> typer.Typer:
    """All commands, each imported when it is called."""
    app = typer.Typer(
        name="mailfilter",
        cls=_Late,
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,  # a traceback with local variables could show mail
        add_completion=False,  # it would start Python at each tab
        help="An SMTP gateway that finds identity numbers and health data in outgoing mail.\n\n"
        "Try it: [bold]mailfilter demo[/bold]. Ask what it would say of a mail: "
        "[bold]mailfilter scan FILE.eml[/bold]. Run it: [bold]mailfilter serve -c FILE[/bold].",
    )
    app.callback(invoke_without_command=True)(terminal.about)
    return app


class _Late(TyperGroup):
    """A group that imports the command that is called, and none for its help."""

    _listing = False

    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        # what a misspelt name is compared with
        self.commands = {name: TyperCommand(name) for name in COMMANDS}

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the shape is typer's
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """The command; while help is written only what it says of itself."""
        if cmd_name not in COMMANDS:
            return None
        if self._listing:
            return TyperCommand(cmd_name, help=_summary(cmd_name), rich_markup_mode="rich")
        return _command(cmd_name)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """As every group, without importing its commands."""
        self._listing = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self._listing = False


def _imported(name: str) -> Any:
    module, _, what = COMMANDS[name].partition(":")
    return getattr(import_module(f"{__name__}.{module}"), what)


@cache
def _command(name: str) -> Any:
    wanted = _imported(name)
    if isinstance(wanted, typer.Typer):
        found = typer.main.get_group(wanted)
        found.name = name
        return found
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(name)(wanted)
    return typer.main.get_command(alone)


def _summary(name: str) -> str:
    """What the file says of the command: the docstring of its function, the help of its family."""
    module, _, what = COMMANDS[name].partition(":")
    source = Path(__file__).with_name(f"{module}.py").read_text("utf-8")
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.name == what:
            return cleandoc(ast.get_docstring(node) or "")
        if isinstance(node, ast.Assign) and what in map(ast.unparse, node.targets):
            assert isinstance(node.value, ast.Call)
            said = {word.arg: word.value for word in node.value.keywords}
            return str(ast.literal_eval(said["help"]))
    raise LookupError(f"{module}.py says nothing of {what}")
