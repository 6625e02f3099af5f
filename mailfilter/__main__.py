"""The command line: ``mailfilter --help`` teaches it.

Commands import what they need when they run, so that help answers at once.
"""

import typer

from mailfilter import commands


def main() -> None:
    """The entry point."""
    app = typer.Typer(
        name="mailfilter",
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,  # a traceback with local variables could show mail
        help="An SMTP gateway that finds identity numbers and health data in outgoing mail.\n\n"
        "Try it: [bold]mailfilter demo[/bold]. Ask what it would say of a mail: "
        "[bold]mailfilter scan FILE.eml[/bold]. Run it: [bold]mailfilter serve -c FILE[/bold].",
    )
    commands.register(app)
    app()


if __name__ == "__main__":
    main()
