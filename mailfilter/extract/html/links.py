"""Links: the host that a web address leads to, as a browser takes it.

From → to: text → hosts (`hosts`); a host and the organisation's own → whether it is one of them
(`Own`). An address that Outlook has wrapped (Safe Links) is unwrapped. Only what a browser would
open counts: ``https://ours@evil.example`` leads to evil.example, and so does
``https://evil.example/?to=https://ours``.

Invariants: linear; never raises; a host is compared whole, so that ``ours.evil.example`` and
``evil-ours`` are strangers. Sources: WHATWG URL (authority, backslash, percent-encoded hosts);
Microsoft's description of Safe Links (the address stands in ``url``).
"""

import re
from collections.abc import Iterator
from unicodedata import normalize
from urllib.parse import unquote

WRAPPED = 3  # links in links
_ADDRESS = re.compile(r"https?:[/\\]{2}[^\s\"'<>]+", re.IGNORECASE)
_AUTHORITY = re.compile(r"https?:[/\\]+([^/\\?#]*)", re.IGNORECASE)
_INNER = re.compile(r"[?&]url=([^&#]+)", re.IGNORECASE)
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+")
_AFTER = ".,;!)]}»”’|*_"  # what prose puts behind an address
_SAFE_LINKS = "safelinks.protection.outlook.com"
_DIVIDES = re.compile(r"%(?=2f|5c|3f|23|40|3a)", re.IGNORECASE)  # / \ ? # @ :


def readable(address: str) -> str:
    """Percent signs decoded, but for what would move the end of the host."""
    if "%" not in address:
        return address
    authority = _AUTHORITY.match(address)
    at = authority.end() if authority else 0
    return unquote(_DIVIDES.sub("%25", address[:at])) + unquote(address[at:])


def hosts(text: str) -> Iterator[str]:
    """The hosts of the addresses in `text`, lower case."""
    for found in _ADDRESS.finditer(text):
        if host := _target(found[0]):
            yield host


def _target(address: str) -> str:
    for _ in range(WRAPPED):
        host = _host(address)
        wrapped = host == _SAFE_LINKS or host.endswith("." + _SAFE_LINKS)
        inner = _INNER.search(address) if wrapped else None
        if inner is None:
            return host
        address = unquote(inner[1]) if "://" not in inner[1] else inner[1]
    return ""


def _host(address: str) -> str:
    """The host of an address; empty for a number, a port alone, or what is no host."""
    authority = _AUTHORITY.match(address)
    if authority is None:
        return ""
    name = unquote(authority[1].rpartition("@")[2].partition(":")[0])
    plain = normalize("NFKC", name).lower().rstrip(_AFTER)
    return plain if _HOST.fullmatch(plain) else ""


class Own:
    """The organisation's hosts: names, and ``*.name`` for all below a name."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        lower = [pattern.lower().rstrip(".") for pattern in patterns]
        self._names = frozenset(name for name in lower if not name.startswith("*."))
        self._below = tuple(name[1:] for name in lower if name.startswith("*."))

    def __contains__(self, host: object) -> bool:
        return isinstance(host, str) and (host in self._names or host.endswith(self._below))
