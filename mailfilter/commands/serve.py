"""``mailfilter serve`` and ``mailfilter check-config``."""

from pathlib import Path
from typing import Annotated

import typer

from detectors.health import judge
from mailfilter import config
from mailfilter.act import notice_template, pickup_dns, sdk
from mailfilter.app import key_place
from mailfilter.commands.asking import fail
from mailfilter.decide import Rules, compile_rules
from mailfilter.errors import ConfigError

Given = Annotated[Path, typer.Option("-c", "--config", help="the configuration file")]

_AT_HOME = (
    "audit: checkpoints of the audit log stay on this machine, where who puts back its disk puts"
    " them back, too; set audit.syslog to another machine or audit.mail"
)


def serve(file: Given) -> None:
    """Run the gateway until it is told to stop (SIGTERM); SIGHUP reloads the rules."""
    from mailfilter import app

    try:
        app.run(file)
    except ConfigError as error:
        raise fail(str(error)) from error


def checked(file: Path) -> tuple[config.Settings, Rules]:
    """The settings and rules of `file`, and all files that they name; ConfigError for a fault."""
    settings = config.load(file)
    rules = compile_rules(settings, str(file))
    notice_template.load(settings)
    sdk.load(settings)
    return settings, rules


def check_config(file: Given) -> None:
    """Say whether a configuration can be used; every fault is a sentence on standard error."""
    try:
        settings, rules = checked(file)
    except ConfigError as error:
        raise fail(str(error)) from error
    advice = pickup_dns.faults(settings, pickup_dns.resolver())
    for sentence in (*pickup_dns.unfinished(settings), *advice):
        typer.echo(f"{file}: {sentence}", err=True)  # advice: what is in DNS is not in the file
    for sentence in key_place.warnings(settings):
        typer.echo(f"warning: {sentence}", err=True)
    if why := judge.missing():
        typer.echo(f"warning: {why}", err=True)
    if not settings.audit.elsewhere:
        typer.echo(f"warning: {file}: {_AT_HOME}", err=True)
    typer.echo(f"{file}: good; rules {rules.hash[:12]}")
