"""``mailfilter user``: accounts of reviewers, auditors and administrators."""

import secrets
from typing import Annotated, Any

import typer

from mailfilter.commands.asking import ConfigFile, ask, fail, settings_of

app = typer.Typer(no_args_is_help=True, help="Manage accounts of the web pages.")

Name = Annotated[str, typer.Argument(help="the account's name")]
_ROLES = ("reviewer", "auditor", "admin")


@app.command()
def add(
    name: Name,
    role: Annotated[str, typer.Option(help="reviewer, auditor or admin")] = "reviewer",
    department: Annotated[
        list[str] | None, typer.Option(help="may be repeated; none means all departments")
    ] = None,
    language: Annotated[str, typer.Option(help="sv or en")] = "sv",
    file: ConfigFile = None,
) -> None:
    """Add an account and print a one-time login link, by which its owner sets a password."""
    if role not in _ROLES:
        raise fail(f"--role {role}: must be one of {', '.join(_ROLES)}")
    if language not in ("sv", "en"):
        raise fail(f"--language {language}: must be sv or en")
    password = secrets.token_urlsafe(32)  # nobody knows it; the link is the way in
    more: dict[str, Any] = {"departments": department or [], "language": language}
    ask(file, "user-add", name=name, role=role, password=password, **more)
    link(name, file)


@app.command()
def link(name: Name, file: ConfigFile = None) -> None:
    """Print a one-time login link, good for 15 minutes."""
    secret = ask(file, "user-link", name=name)["secret"]
    web = settings_of(file).web
    typer.echo(f"{web.url or f'http://{web.host}:{web.port}'}/login/{secret}")


@app.command()
def password(name: Name, file: ConfigFile = None) -> None:
    """Set a password; it is asked for and not shown."""
    word = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    ask(file, "user-password", name=name, password=word)
    typer.echo(f"{name}: password set")


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
        typer.echo(f"{user['name']}  {user['role']}  {departments}  {state}")
