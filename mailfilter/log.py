"""One line a message, and lines for what an operator must know. Never content.

JSON lines on standard error: systemd's journal or a file takes them from there. Keys and values
are ours: ids, codes, counts, sizes, times. Addresses, subjects, file names and matched text are
not in the vocabulary (P10); a canary test greps for them.
"""

import logging
import sys

import structlog

structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.JSONRenderer(ensure_ascii=True),
    ],
    wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    cache_logger_on_first_use=True,
)
log = structlog.get_logger()


def quiet() -> None:
    """Libraries log at WARNING at most: at DEBUG aiosmtpd prints whole messages."""
    logging.getLogger().setLevel(logging.WARNING)
    logging.getLogger("mail.log").setLevel(logging.WARNING)
