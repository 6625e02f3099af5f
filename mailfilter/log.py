"""One line a message, and lines for what an operator must know. Never content.

JSON lines on standard error: systemd's journal or a file takes them from there. Keys and values
are ours: ids, codes, counts, sizes, times. Addresses, subjects, file names and matched text are
not in the vocabulary (P10); a canary test greps for them.

A logger of our own: a library's chain of processors cost more for each mail than its envelope.
"""

import logging
import sys
from contextlib import suppress
from datetime import UTC, datetime
from json import encoder

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


def _write(level: str, event: str, told: dict[str, object]) -> None:
    """One write a line, to whatever standard error is now.

    If nobody takes it, the line is lost and not the mail: after the next hop's 250 an exception
    here would have the client send it again.
    """
    told["event"], told["level"] = event, level
    told["timestamp"] = datetime.now(UTC).isoformat(timespec="microseconds")[:-6] + "Z"
    line = "".join(_encode(told, 0)) + "\n"
    with suppress(OSError):
        sys.stderr.buffer.write(line.encode("ascii"))
        sys.stderr.buffer.flush()


log = Log()


def quiet() -> None:
    """Libraries log at WARNING at most: at DEBUG some print what they handle."""
    logging.getLogger().setLevel(logging.WARNING)
