"""The command line: one file a command or a family of them.

Exit codes: 0 done, 1 the thing asked about is not well (a broken audit chain, a failed demo),
2 unusable input, with a sentence on standard error.
"""

import typer


def register(app: typer.Typer) -> None:
    """Put every command into `app`."""
    from mailfilter.commands import (
        audit,
        demo,
        false_alarms,
        keep,
        own_lists,
        poison,
        quarantine,
        report,
        scan,
        selftest,
        serve,
        terminal,
        user,
    )
    from mailfilter.commands.calibrate import calibrate
    from mailfilter.commands.read import read

    app.callback(invoke_without_command=True)(terminal.about)
    app.command()(serve.serve)
    app.command("check-config")(serve.check_config)
    app.command()(demo.demo)
    app.command()(scan.scan)
    app.command()(read)
    app.command()(calibrate)
    app.command()(selftest.selftest)
    app.command()(report.report)
    app.command()(quarantine.trace)
    app.command()(keep.backup)
    app.command()(keep.restore)
    app.add_typer(quarantine.app, name="quarantine")
    app.add_typer(audit.app, name="audit")
    app.add_typer(poison.app, name="poison")
    app.add_typer(false_alarms.app, name="false-alarms")
    app.add_typer(own_lists.app, name="register")
    app.add_typer(user.app, name="user")
