"""``mailfilter user``: accounts of reviewers, auditors and administrators."""

import secrets
from typing import Annotated, Any

import typer

from mailfilter.commands.asking import ConfigFile, ask, fail, settings_of
from mailfilter.config.fields import is_address

app = typer.Typer(no_args_is_help=True, help="Manage accounts of the web pages.")

Name = Annotated[str, typer.Argument(help="the account's name")]
Emergency = Annotated[
    bool, typer.Option("--emergency", help="although accounts are in use; all reviewers are told")
]
_ROLES = ("reviewer", "auditor", "admin")


@app.command()
def add(
    name: Name,
    role: Annotated[str, typer.Option(help="reviewer, auditor or admin")] = "reviewer",
    department: Annotated[
        list[str] | None, typer.Option(help="may be repeated; none means all departments")
    ] = None,
    language: Annotated[str, typer.Option(help="sv or en")] = "sv",
    address: Annotated[str, typer.Option(help="where its owner gets mail")] = "",
    emergency: Emergency = False,
    file: ConfigFile = None,
) -> None:
    """Add an account. Its owner gets a one-time login link by mail, by which she sets a password;
    until somebody has logged in at all it is printed."""
    if role not in _ROLES:
        raise fail(f"--role {role}: must be one of {', '.join(_ROLES)}")
    if language not in ("sv", "en"):
        raise fail(f"--language {language}: must be sv or en")
    password = secrets.token_urlsafe(32)  # nobody knows it; the link is the way in
    more: dict[str, Any] = {"departments": department or [], "language": language}
    more |= {"address": _checked(address), "emergency": emergency}
    ask(file, "user-add", name=name, role=role, password=password, **more)
    link(name, emergency, file)


@app.command()
def link(name: Name, emergency: Emergency = False, file: ConfigFile = None) -> None:
    """Mail a one-time login link to the owner of an account. Until somebody has logged in at all,
    or in an emergency, it is printed, good for 15 minutes."""
    told = ask(file, "user-link", name=name, emergency=emergency)
    if told.get("mailed"):
        typer.echo(f"{name}: a link is on its way to the owner of the account")
        return
    web = settings_of(file).web
    typer.echo(f"{web.url or f'http://{web.host}:{web.port}'}/login/{told['secret']}")


@app.command()
def password(name: Name, emergency: Emergency = False, file: ConfigFile = None) -> None:
    """Set a password; it is asked for and not shown. Only until somebody has logged in at all, or
    in an emergency."""
    word = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    ask(file, "user-password", name=name, password=word, emergency=emergency)
    typer.echo(f"{name}: password set")


@app.command()
def address(
    name: Name, at: Annotated[str, typer.Argument(help="mail address")], file: ConfigFile = None
) -> None:
    """Say where the owner of an account gets mail, while she has never logged in."""
    ask(file, "user-address", name=name, address=_checked(at))
    typer.echo(f"{name}: address set")


def _checked(address: str) -> str:
    if address and not is_address(address):
        raise fail(f"{address}: must be one mail address, such as name@kommun.example")
    return address


@app.command()
def disable(name: Name, file: ConfigFile = None) -> None:
    """Lock an account and end its sessions."""
    ask(file, "user-disable", name=name, disabled=True)
    typer.echo(f"{name}: disabled")


@app.command()
def enable(name: Name, file: ConfigFile = None) -> None:
    """Open a locked account."""
    ask(file, "user-disable", name=name, disabled=False)
    typer.echo(f"{name}: enabled")


@app.command("list")
def list_users(file: ConfigFile = None) -> None:
    """List accounts."""
    for user in ask(file, "user-list"):
        departments = ", ".join(user["departments"]) if user["departments"] else "all departments"
        state = "disabled" if user["disabled"] else "active"
        typer.echo(f"{user['name']}  {user['role']}  {departments}  {state}  {user['address']}")
