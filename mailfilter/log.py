"""One line a message, and lines for what an operator must know. Never content.

JSON lines on standard error: systemd's journal or a file takes them from there. Keys and values
are ours: ids, codes, counts, sizes, times. Addresses, subjects, file names and matched text are
not in the vocabulary (P10); a canary test greps for them.
"""

import json
import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_LINE = json.JSONEncoder(default=repr)  # made once: a new one for each line costs as much as it


def _line(_logger: object, _method: str, event: MutableMapping[str, Any]) -> bytes:
    """The event as ASCII."""
    return _LINE.encode(event).encode("ascii")


class _Out:
    """One write a line, to whatever standard error is now."""

    def msg(self, line: bytes) -> None:
        sys.stderr.buffer.write(line + b"\n")
        sys.stderr.buffer.flush()

    debug = info = warning = error = critical = msg


structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _line,
    ],
    wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    logger_factory=lambda *_: _Out(),
    cache_logger_on_first_use=True,
)
log = structlog.get_logger().bind()


def quiet() -> None:
    """Libraries log at WARNING at most: at DEBUG some print what they handle."""
    logging.getLogger().setLevel(logging.WARNING)
