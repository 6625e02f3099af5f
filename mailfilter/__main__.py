"""The command line: ``mailfilter --help`` teaches it."""

from mailfilter import commands


def main() -> None:
    """The entry point."""
    commands.program()()


if __name__ == "__main__":
    main()
