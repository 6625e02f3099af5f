"""The clock and the ids of a running installation: the one place that asks the world for them."""

import secrets
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: readable over a telephone
_PAIRS = [one + two for one in _LETTERS for two in _LETTERS]


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """Today in Sweden: the day that statistics count on."""
    return datetime.now(STOCKHOLM).date()


def new_id() -> str:
    """An incident id such as ``K7Q2A-91ABC``: 50 random bits."""
    bits = secrets.randbits(50)
    letters = "".join([_PAIRS[bits >> shift & 1023] for shift in (0, 10, 20, 30, 40)])
    return f"{letters[:5]}-{letters[5:]}"
