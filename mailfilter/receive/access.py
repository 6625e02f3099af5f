"""Who may send through us: never an open relay.

A client is known by its network, or by a verified TLS certificate; a certificate that is named
decides over the network, because a balancer may stand between. What is shared by many customers
(Exchange Online's addresses and its certificate) proves only that one of them sends: then the
mail itself must show that it is ours, see `ours`.

Known gaps: DNS names of clients are not looked at; a certificate counts for its session.
"""

import ipaddress
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Any

from mailfilter.config import Listen, TenantMark
from mailfilter.errors import ConfigError
from mailfilter.receive import header

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Standing(Enum):
    """What a client is to us."""

    OUTSIDE = "outside"
    SHARED = "shared"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Access:
    """The settings that say who may send."""

    own: tuple[Network, ...]
    shared: tuple[Network, ...]
    own_names: frozenset[str]
    shared_names: frozenset[str]
    mark: TenantMark | None
    sender_domains: tuple[str, ...]
    certificates: bool = field(default=False)  # a client may still prove itself by STARTTLS

    def of_peer(self, address: str) -> Standing:
        """What the client at this IP address is; in both kinds of network it counts as shared."""
        peer = _ip(address)
        if peer is None:
            return Standing.OUTSIDE
        if any(peer in network for network in self.shared):
            return Standing.SHARED
        own = any(peer in network for network in self.own)
        return Standing.OWN if own else Standing.OUTSIDE

    def of_certificate(self, names: frozenset[str], network: Standing) -> Standing:
        """What a client of `network` is, once a certificate with these names is verified."""
        if names & self.shared_names:
            return Standing.SHARED
        return Standing.OWN if names & self.own_names else network


def access(listen: Listen) -> Access:
    """Access as the settings say it; raises `ConfigError`."""
    shared = bool(listen.shared_networks or listen.shared_client_names)
    if shared and (listen.tenant_mark is None or not listen.sender_domains):
        raise ConfigError(
            "listen.shared_networks, listen.shared_client_names: many customers send from there,"
            " so listen.tenant_mark and listen.sender_domains must be set too"
        )
    return Access(
        own=_networks(listen.networks),
        shared=_networks(listen.shared_networks),
        own_names=frozenset(map(str.lower, listen.client_names)),
        shared_names=frozenset(map(str.lower, listen.shared_client_names)),
        mark=listen.tenant_mark,
        sender_domains=tuple(map(str.lower, listen.sender_domains)),
        certificates=listen.client_ca is not None and listen.certificate is not None,
    )


def ours(settings: Access, sender: bytes, data: bytes) -> bool:
    """Whether mail from a shared platform is our tenant's: our mark exactly once, and an accepted
    domain in MAIL, or for ``<>`` in the one From field. A header that can be read in two ways is
    not believed."""
    fields = header.fields(data)
    if fields is None or settings.mark is None:
        return False
    name = settings.mark.header.lower().encode()
    marks = [value for field, value in fields if field == name]
    if len(marks) != 1 or marks[0].lower() != settings.mark.value.lower().encode():
        return False
    return _accepted(settings, sender.rpartition(b"@")[2].lower() if sender else _from(fields))


def _from(fields: list[tuple[bytes, bytes]]) -> bytes:
    values = [value for field, value in fields if field == b"from"]
    return header.from_domain(values[0]) if len(values) == 1 else b""


def _accepted(settings: Access, domain: bytes) -> bool:
    """Whether a domain is accepted; ``*.example.org`` stands for all below it."""
    text = domain.decode("ascii", "replace")
    return bool(text) and any(
        text == known or (known.startswith("*.") and text.endswith(known[1:]))
        for known in settings.sender_domains
    )


def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)  # the settings take no others


@lru_cache(maxsize=1024)
def _ip(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        peer = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return getattr(peer, "ipv4_mapped", None) or peer


def names_of(certificate: dict[str, Any]) -> frozenset[str]:
    """The names of a verified certificate (``SSLObject.getpeercert``): DNS names, else the
    common name of its subject (RFC 6125 6.4.4)."""
    names = [value for kind, value in certificate.get("subjectAltName", ()) if kind == "DNS"]
    subject = certificate.get("subject", ())
    common = [value for part in subject for key, value in part if key == "commonName"]
    return frozenset(name.lower() for name in names or common)
