"""The two kinds of failure, and the third that stops us before we start.

Where an error is born it is decided whether trying again can help. What nobody foresaw is
temporary (promise P3): a mail is never refused for good because of our own fault.
"""

from collections.abc import Callable, Iterable


class Temporary(Exception):
    """Trying again may help; the client keeps the mail. The text is for our log, never for mail."""


class Permanent(Exception):
    """Trying again cannot help: policy or a deterministic protocol fault."""


class ConfigError(Exception):
    """The configuration cannot be used. The text names file, key, value and what would be right."""


def all_of(steps: Iterable[Callable[[], object]]) -> None:
    """Take all steps; the ConfigErrors of those that fail become one, a line each."""
    wrong = []
    for step in steps:
        try:
            step()
        except ConfigError as error:
            wrong.append(str(error))
    if wrong:
        raise ConfigError("\n".join(wrong))
