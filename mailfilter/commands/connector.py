"""``mailfilter connector``: the profiles of secure services, and a harmless message through one.

`try` greets the service's server and, unless ``--greet`` is given, sends a message that holds
nothing but our own words, by the same code as held mail. Every step is shown. The address is not
written to any log.
"""

import asyncio
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Annotated

import typer

from mailfilter import config
from mailfilter.commands.asking import ConfigFile, fail, settings_of
from mailfilter.commands.terminal import plain
from mailfilter.config.profiles import PROFILES
from mailfilter.connectors import HandOver, Kind, Means, make
from mailfilter.connectors.contract import Sent, receipt
from mailfilter.connectors.signing import signer_of
from mailfilter.errors import ConfigError
from mailfilter.model import Path
from mailfilter.next_hop.connect import connect
from mailfilter.next_hop.transaction import Lost
from mailfilter.outbox.hand_over import hop_of_connector, sending

SUBJECT = "Prov av säker överföring / Test of secure transfer"
TEXT = (
    "Det här är ett provmeddelande från mailfilter. Det innehåller inga uppgifter om någon.\n"
    "This is a test message from mailfilter. It holds nothing about anybody.\n"
)
PATIENCE = 30.0  # seconds for each step

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Secure services: their profiles, and a harmless message through one.",
)


@app.command()
def profiles() -> None:
    """List the profiles that `profile` in [connectors.NAME] may name, and what each sets."""
    for name, one in PROFILES.items():
        by = "published by the service" if one.documented else "ASSUMED: the service publishes none"
        typer.echo(f'profile = "{name}"    # {by}')
        for key, value in one.defaults.items():
            typer.echo(f"    {key} = {json.dumps(value, ensure_ascii=False)}")
        for key in one.own:
            typer.echo(f"    {key} = ?    # you give it")


@app.command("try")
def try_out(
    name: Annotated[str, typer.Argument(help="NAME of a [connectors.NAME] table")],
    to: Annotated[str, typer.Option("--to", help="who gets the test message: yourself")],
    greet: Annotated[
        bool, typer.Option("--greet", help="go to the point before sending, and stop")
    ] = False,
    file: ConfigFile = None,
) -> None:
    """Send a harmless message through a secure service, and show each step."""
    settings = settings_of(file)
    table = settings.connectors.get(name)
    if table is None:
        known = ", ".join(settings.connectors) or "none"
        raise fail(f"{plain(name)}: no such table; [connectors] has {known}")
    if table.type != "smtp":
        raise fail(
            f"{plain(name)}: is of type {table.type}; mail to a recipient of its own tries it"
        )
    if "@" not in to:
        raise fail(f"--to {plain(to)}: is no address; give one of your own")
    steps = Steps()
    try:
        well = asyncio.run(_tried(settings, table, to, steps, greet=greet))
    except ConfigError as error:
        raise fail(str(error)) from error
    if not well:
        raise typer.Exit(1)


@dataclass(slots=True)
class Steps:
    """Says what happened, step by step; `count` are those said."""

    count: int = 0

    def say(self, what: str, answer: str) -> None:
        """One step and what came of it."""
        self.count += 1
        typer.echo(f"{self.count}. {what}: {plain(answer)}")


async def _tried(
    settings: config.Settings, table: config.Connector, to: str, steps: Steps, *, greet: bool
) -> bool:
    hop = hop_of_connector(table, settings.listen.hostname)
    quick = replace(hop, connect_timeout=PATIENCE, command_timeout=PATIENCE)
    try:
        connection = await connect(quick)
    except Lost as error:
        steps.say(f"connect to {hop.host}:{hop.port} (tls = {hop.tls})", f"failed: {error}")
        return False
    safe = "encrypted" if connection.secure else "NOT encrypted"
    steps.say(f"connect to {hop.host}:{hop.port} (tls = {hop.tls})", safe)
    steps.say("login", hop.username or "none asked for by the settings")
    connection.quit()
    if greet:
        steps.say("sending", "left out (--greet)")
        return True
    return await _sent(settings, table, to, steps)


async def _sent(settings: config.Settings, table: config.Connector, to: str, steps: Steps) -> bool:
    way = sending(table, settings.listen.hostname)

    async def send(mail: Path, rcpts: Sequence[Path], data: bytes) -> Sent:
        steps.say("MAIL FROM", mail.text)
        steps.say("RCPT TO", ", ".join(path.text for path in rcpts))
        sent = await way(mail, rcpts, data)
        for reply in sent.rcpts:
            steps.say("answer to RCPT", receipt(reply))
        steps.say("answer to the message", receipt(sent.final))
        return sent

    sender = settings.notice.sender or f"mailfilter@{settings.listen.hostname}"
    means = Means(send, secrets.token_hex(16), signer_of(settings.notice))
    handover = HandOver("try", _path(sender), (_path(to),), _message(sender, to))
    connector = make(table, means)
    if not (check := connector.check(handover)).fits:
        steps.say("check", check.code)
        return False
    result = await connector.commit(handover)
    steps.say("receipt", f"{result.kind.value} ({result.receipt})")
    return result.kind is Kind.HANDED_OVER


def _message(sender: str, to: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, SUBJECT
    mail["Date"], mail["Message-ID"] = formatdate(localtime=True), make_msgid(domain="mailfilter")
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(TEXT)
    return mail.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _path(address: str) -> Path:
    raw = address.encode("utf-8", "replace")
    return Path(b"<" + raw + b">", raw)
