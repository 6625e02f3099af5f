"""Certificates and their keys: there, a pair, in force today, and for how long.

What is missing or no pair ends `serve`. What has run out does not: mail goes on by it as far as the
other end lets it, a renewal may come without us, and a gateway that does not start stops all mail.
"""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from mailfilter import tls
from mailfilter.app import clock
from mailfilter.app.preflight.fault import Fault, Kind, of_error
from mailfilter.app.preflight.tried import Tried
from mailfilter.config import Connector, Listen, NextHop, Settings
from mailfilter.config.front import Front
from mailfilter.connectors.signing import signer_of
from mailfilter.errors import ConfigError
from mailfilter.receive.access import access
from mailfilter.receive.server import server_context

SOON = timedelta(days=14)


def check(tried: Tried) -> Iterator[Fault]:
    """All that the settings name."""
    settings = tried.settings
    for name, table in _with_pair(settings).items():
        if table.certificate is not None:
            yield from _pair(f"{name}.certificate", table.certificate, table.key)
    authorities = {"listen.client_ca": settings.listen.client_ca}
    authorities |= {f"{name}.ca": hop.ca for name, hop in _hops(settings).items()}
    for key, path in authorities.items():
        if path is not None:
            yield from _authority(key, path)
    yield from _door(tried)
    try:
        signer_of(settings.notice)
    except ConfigError as error:
        yield from of_error(error, tried.file, "notice.dkim_key")


def ends(settings: Settings) -> dict[str, datetime]:
    """When each certificate of ours runs out, by its table in the settings; none that cannot be
    read."""
    tables = _with_pair(settings).items()
    read = {name: _first(table.certificate) for name, table in tables if table.certificate}
    return {name: first.not_valid_after_utc for name, first in read.items() if first is not None}


def _hops(settings: Settings) -> dict[str, NextHop | Connector]:
    hops: dict[str, NextHop | Connector] = {"next_hop": settings.next_hop}
    return hops | {f"connectors.{name}": table for name, table in settings.connectors.items()}


def _with_pair(settings: Settings) -> dict[str, Listen | Front | NextHop | Connector]:
    """The tables that may name a certificate with its key."""
    return {"listen": settings.listen, "front": settings.front, **_hops(settings)}


def _door(tried: Tried) -> Iterator[Fault]:
    """What the listener itself says of its settings."""
    listen = tried.settings.listen
    try:
        access(listen)
    except ConfigError as error:
        yield from of_error(error, tried.file, "listen.shared_networks")
    if listen.certificate is None:
        try:
            server_context(listen)
        except ConfigError as error:
            yield from of_error(error, tried.file, "listen.require_tls")


def _pair(key: str, certificate: Path, secret: Path | None) -> Iterator[Fault]:
    for path in filter(None, (certificate, secret)):
        if why := _unreadable(path):
            of = key if path == certificate else f"{key.rpartition('.')[0]}.key"
            yield Fault(of, f"{path}: {why}; a PEM file is expected")
            return
    try:
        tls.pair(certificate, secret, _no_password)
    except (ssl.SSLError, _LockedError) as error:
        why = _WORDS.get(getattr(error, "reason", ""), "is no certificate with its key")
        if isinstance(error, _LockedError):
            why = "the key has a password, which nobody could give at a start"
        pair = f"{certificate} and {secret}" if secret else f"{certificate}"
        yield Fault(key, f"{pair}: {why}; give the PEM files that belong together")
        return
    yield from _in_force(key, certificate)


_WORDS = {"KEY_VALUES_MISMATCH": "are no pair", "KEY_TYPE_MISMATCH": "are no pair"}


class _LockedError(Exception):
    """A key with a password."""


def _no_password() -> str:
    raise _LockedError


def _authority(key: str, path: Path) -> Iterator[Fault]:
    if why := _unreadable(path):
        yield Fault(key, f"{path}: {why}; a PEM file is expected")
        return
    try:
        tls.authorities(path)
    except ssl.SSLError:
        yield Fault(key, f"{path}: holds no certificate; a PEM file is expected")
        return
    yield from _in_force(key, path)


def _unreadable(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return "" if file.read(1) else "is empty"
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _in_force(key: str, path: Path) -> Iterator[Fault]:
    """The days of the first certificate: the others are of authorities that live longer."""
    now = clock.now().astimezone(UTC)
    first = _first(path)
    if first is None:
        return  # OpenSSL takes it, so it is not for us to refuse
    begins, ends = first.not_valid_before_utc, first.not_valid_after_utc
    if now > ends:
        what = f"{path}: ran out on {_day(ends)}; renew it, or the other end refuses it"
        yield Fault(key, what, Kind.STALE)
    elif now < begins:
        what = f"{path}: is in force from {_day(begins)}; give one for today, or set the clock"
        yield Fault(key, what, Kind.STALE)
    elif ends - now < SOON:
        yield Fault(key, f"{path}: runs out on {_day(ends)}; renew it", Kind.WARNING)


def _first(path: Path) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())[0]
    except (ValueError, OSError):
        return None


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
