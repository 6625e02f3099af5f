"""One line a message, and lines for what an operator must know. Never content.

JSON lines on standard error: systemd's journal or a file takes them from there. Keys and values
are ours: ids, codes, counts, sizes, times. Addresses, subjects, file names and matched text are
not in the vocabulary (P10); a canary test greps for them.

A logger of our own: a library's chain of processors cost more for each mail than its envelope.
"""

import logging
import sys
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from json import encoder
from time import time_ns

# The encoder behind `json.dumps`, made once: a new one for each line costs as much as the line.
_encode = encoder.c_make_encoder(  # type: ignore[attr-defined]
    None, repr, encoder.encode_basestring_ascii, None, ": ", ", ", False, False, True
)


class Log:
    """A line for each call: what was told, the event, its level, the time in UTC."""

    def info(self, event: str, **told: object) -> None:
        _write("info", event, told)

    def warning(self, event: str, **told: object) -> None:
        _write("warning", event, told)

    def error(self, event: str, **told: object) -> None:
        _write("error", event, told)

    def written(self, event: str, told: str) -> None:
        """`info` of fields that are JSON already: the line of each mail is a third dearer else."""
        _out(f'{{{told}, "event": "{event}", "level": "info", "timestamp": "{_now()}"}}\n')


def _write(level: str, event: str, told: dict[str, object]) -> None:
    told["event"], told["level"], told["timestamp"] = event, level, _now()
    _out("".join(_encode(told, 0)) + "\n")


def _out(line: str) -> None:
    """One write a line, to whatever standard error is now.

    If nobody takes it, the line is lost and not the mail: after the next hop's 250 an exception
    here would have the client send it again.
    """
    with suppress(OSError):
        out = sys.stderr.buffer
        out.write(line.encode("ascii"))
        out.flush()


def _now() -> str:
    """The time in UTC, to the microsecond."""
    second, rest = divmod(time_ns(), 1_000_000_000)
    return f"{_second(second)}.{rest // 1000:06}Z"


@lru_cache(maxsize=1)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()[:19]


def listed(words: Iterable[str]) -> str:
    """Codes as a list in JSON, each once: for `Log.written`."""
    return _listed(tuple(words))


@lru_cache(maxsize=1024)
def _listed(words: tuple[str, ...]) -> str:
    """Of few words; a mail has one or two codes of each kind."""
    return "".join(_encode(sorted(set(words)), 0))


log = Log()


def quiet() -> None:
    """Libraries log at WARNING at most: at DEBUG some print what they handle."""
    logging.getLogger().setLevel(logging.WARNING)
