"""``mailfilter serve`` and ``mailfilter check-config``."""

from pathlib import Path
from typing import Annotated

import typer

from mailfilter.commands.asking import fail
from mailfilter.errors import ConfigError

Given = Annotated[Path, typer.Option("-c", "--config", help="the configuration file")]


def serve(file: Given) -> None:
    """Run the gateway until it is told to stop (SIGTERM); SIGHUP reloads the rules.

    Ends with status 2 and a sentence for each fault that only an edit of the configuration cures.
    """
    from mailfilter import app

    try:
        app.run(file)
    except ConfigError as error:
        raise fail(str(error)) from error


def check_config(
    name: Annotated[Path | None, typer.Argument(metavar="FILE", show_default=False)] = None,
    file: Annotated[
        Path | None, typer.Option("-c", "--config", help="the configuration file")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="status 1 if there are warnings")
    ] = False,
) -> None:
    """Try what serve does with FILE, and say all faults at once; also beside a running serve.

    Status: 0 good, 1 warnings (with --strict), 2 a fault, 3 cannot tell, because something that the
    configuration needs does not answer now.
    """
    from mailfilter.app import preflight

    path = name or file
    if path is None or (name and file and name != file):
        raise fail("check-config: name one file: mailfilter check-config FILE")
    report = preflight.examined(path)
    for kind, title in _TITLES.items():
        of_kind = [fault for fault in report.faults if fault.kind is preflight.Kind(kind)]
        for sentence in preflight.sentences(of_kind, path):
            typer.echo(f"{title}{sentence}", err=True)
    status = preflight.status(report.faults, strict=strict)
    if status in (0, 1) and report.rules is not None:
        typer.echo(f"{path}: good; rules {report.rules.hash[:12]}")
    raise typer.Exit(status)


_TITLES = {"fault": "", "stale": "", "away": "cannot tell: ", "warning": "warning: "}
