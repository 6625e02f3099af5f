"""TLS as every door and every client of ours speaks it.

TLS 1.2 or newer, only suites with forward secrecy and authenticated encryption: no CBC, no RSA key
exchange. Who records the traffic and gets the certificate's key later reads nothing of it, and no
padding can be asked about. What TLS 1.3 has is all of that kind. Sources: RFC 9325 (4.2), ASVS 5.0
(12.1.2).

A client of a level that does not ask who the other end is (`opportunistic`) takes what Python
takes: a weak cipher is better than the plain text that comes else (RFC 7435).
"""

import ssl
from collections.abc import Callable
from pathlib import Path

SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:!aNULL"  # of TLS 1.2


def server(certificate: Path, key: Path | None) -> ssl.SSLContext:
    """A door's context; OSError (an SSLError is one) where the files are no pair in PEM."""
    context = _strict(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    context.load_cert_chain(certificate, key)
    return context


def client(ca: Path | None = None, *, opportunistic: bool = False) -> ssl.SSLContext:
    """A context that verifies the other end, by `ca` or the machine's own list."""
    context = ssl.create_default_context(cafile=ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context if opportunistic else _strict(context)


def pair(certificate: Path, key: Path | None, password: Callable[[], str]) -> None:
    """Whether the files are a pair, for nobody to connect by; errors as `server`, and what
    `password` raises where the key asks for one."""
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=password)


def authorities(file: Path) -> None:
    """Whether the file holds certificates; ssl.SSLError where it does not."""
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)


def anybody(context: ssl.SSLContext) -> ssl.SSLContext:
    """The same context, which no longer asks who the other end is."""
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _strict(context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(SUITES)
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    return context
