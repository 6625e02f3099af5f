"""The keys by which a mail is known again (``repeat.py``): one a day, gone after 30 days.

They lie in a file of their own beside the folder of the keys, where no backup of the keys takes
them along: a copy would outlive them, and with it sentences could be guessed. Who loses the file
loses nothing but the memory: senders are asked once more. Desk alone writes it; smtp processes read
it when a day begins.
"""

import os
import re
import secrets
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from mailfilter.repeat import DAYS, KEY

LIFE = timedelta(days=DAYS)
_LINE = re.compile(rf"(\d{{4}}-\d\d-\d\d) ([0-9a-f]{{{2 * KEY}}})")
Keys = dict[date, bytes]  # day on which one was made → key, the newest first


def load(path: Path, today: date) -> Keys:
    """The keys that live; none where there is no such file, or where it cannot be read."""
    try:
        lines = path.read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    found = [match.groups() for line in lines if (match := _LINE.fullmatch(line))]
    keys = sorted(((_day(day), bytes.fromhex(key)) for day, key in found), reverse=True)
    return {day: key for day, key in keys if today - LIFE <= day <= today}


def renew(path: Path, today: date, entropy: Callable[[int], bytes] = secrets.token_bytes) -> bool:
    """Make the key of a day and drop those whose time is over; True if the file is a new one.

    Raises OSError where it cannot be written.
    """
    keys = load(path, today)
    if today in keys:
        return False
    lines = [
        f"{day.isoformat()} {key.hex()}\n" for day, key in {today: entropy(KEY), **keys}.items()
    ]
    new = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123 - the mode must hold from the start
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    return True


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return date.min
