"""MAIL and RCPT arguments: bytes → `Path`, kept as they came (promise P6).

Read leniently where a mail server must be (source routes, ``user%host``, quoted local parts, a
space behind the colon, no angle brackets), strictly where somebody could hide a command or a
second address: control characters, spaces outside quotes, angle brackets within. Nothing is
upper-cased, re-ordered or re-written.

Sources: RFC 5321 4.1.1.2, 4.1.1.3, 4.1.2 and appendix C (source routes), RFC 6531 (UTF-8),
RFC 3461 (DSN), RFC 1870 (SIZE), RFC 6152 (BODY).
"""

import re
from functools import lru_cache

from mailfilter.model import Path

_ATOM = rb'[^\x00-\x20\x7f"<>]'
_LOCAL = rb'(?:"(?:[^"\\\x00-\x1f\x7f]|\\[ -~])*+"|' + _ATOM + rb"*+)"
_ADDRESS = _LOCAL + rb"(?:(?<=\")@" + _ATOM + rb"++)?"
_ROUTE = rb"@[^\x00-\x20\x7f\"<>:]++:"
_ARGUMENT = re.compile(
    rb"[ \t]*(?:<(?:" + _ROUTE + rb")?(" + _ADDRESS + rb")>|(" + _ADDRESS + rb"))((?: .*)?)",
    re.DOTALL,
)
_PARAMETERS = re.compile(rb"(?: +[A-Za-z0-9][A-Za-z0-9-]*+(?:=[!-~\x80-\xff]++)?+)*+ *")
_SIZE = re.compile(rb"(?: |^)SIZE(?:=([^ ]*))?(?= |$)", re.IGNORECASE)
_BODY = re.compile(rb"(?: |^)BODY=([^ ]*)", re.IGNORECASE)
_ENVID = re.compile(rb"(?: |^)ENVID=([^ ]*)", re.IGNORECASE)


class AddressError(ValueError):
    """The address itself cannot be accepted (553)."""


class ArgumentError(ValueError):
    """The argument is not built as RFC 5321 says (501)."""


@lru_cache(maxsize=1024)  # the same people write to the same people
def path(argument: bytes) -> Path:
    """The path in what stands behind ``FROM:`` or ``TO:``; raises one of the errors above."""
    shape = _ARGUMENT.fullmatch(argument)
    if shape is None:
        raise AddressError
    bracketed, bare, parameters = shape.groups()
    if bracketed is None and not bare:
        raise ArgumentError
    if parameters and _PARAMETERS.fullmatch(parameters) is None:
        raise ArgumentError
    address = bracketed if bracketed is not None else bare
    if not address.isascii() and not _is_text(address):
        raise AddressError
    if not parameters.isascii() and (not _is_text(parameters) or _odd_envid(parameters)):
        raise ArgumentError
    return Path(argument, address, parameters.strip(b" "))


def _is_text(data: bytes) -> bool:
    """UTF-8 without C1 control characters, line separators and unusual spaces."""
    try:
        return data.decode("utf-8").isprintable()
    except UnicodeDecodeError:
        return False


def _odd_envid(parameters: bytes) -> bool:
    """An ENVID is xtext, which is ASCII (RFC 3461, 4.4); ORCPT may be an address in UTF-8."""
    found = _ENVID.search(parameters)
    return found is not None and not found[1].isascii()


def size(parameters: bytes) -> int:
    """The declared SIZE, 0 if none; raises `ArgumentError` for one that is not a number."""
    found = _SIZE.search(parameters) if parameters else None
    if found is None:
        return 0
    if not found[1] or len(found[1]) > 20 or not found[1].isdigit():
        raise ArgumentError
    return int(found[1])


def body(parameters: bytes) -> bytes:
    """The declared BODY in upper case, empty if none."""
    found = _BODY.search(parameters) if parameters else None
    return found[1].upper() if found else b""
