"""Is the mail with a link believed where it arrives? SPF, DKIM and DMARC of our own domain, by DNS.

From → to: settings, a resolver → sentences for the operator, none where all is well. Asked by
``check-config`` only; where DNS does not answer it says so, and that is no fault.

Aligned means (RFC 7489 3.1): the domain of From is that of the DKIM signature or above it, and that
of the return path likewise. What a record would say of our next hop's own address is not known here
and not asked: the sentence on SPF says that there is a record, not that it names the next hop.

Sources: RFC 7208 (SPF), RFC 6376 3.6 (DKIM keys), RFC 7489 (DMARC). Known gap: without a list of
public suffixes "above" means a shared end of at least two labels.
"""

import base64
import re
from collections.abc import Callable, Sequence

import dns.exception
import dns.resolver
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from mailfilter.config import Settings
from mailfilter.pickup.mails import mail_sender, return_address

SECONDS = 4.0
Ask = Callable[[str], Sequence[str]]  # a name → its TXT records; OSError where nobody answers
_TAG = re.compile(r"(?:^|;)\s*([a-z]+)\s*=\s*([^;]*)")


def resolver(servers: Sequence[str] = (), port: int = 53) -> Ask:
    """TXT records by DNS; none where the name is not there."""

    def ask(name: str) -> Sequence[str]:
        own = dns.resolver.Resolver(configure=not servers)
        if servers:
            own.nameservers, own.port = list(servers), port
        own.lifetime = SECONDS
        try:
            answer = own.resolve(name, "TXT")
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except dns.exception.DNSException as error:
            raise OSError(type(error).__name__) from error
        return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]

    return ask


def faults(settings: Settings, ask: Ask) -> list[str]:
    """What would make the mail with a link look forged."""
    if not any(one.type == "pickup" for one in settings.connectors.values()):
        return []
    domain = mail_sender(settings).rpartition("@")[2].lower()
    found = [*_alignment(settings, domain)]
    try:
        found += [*_spf(settings, ask), *_dkim(settings, ask), *_dmarc(domain, ask)]
    except OSError:
        found.append("pickup: DNS does not answer here; SPF, DKIM and DMARC were not checked")
    return found


def unfinished(settings: Settings) -> list[str]:
    """What keeps pickup from taking anything: then every message for it is held."""
    if not any(one.type == "pickup" for one in settings.connectors.values()):
        return []
    found = []
    if not settings.front.on:
        found.append("pickup: there are no pages to fetch from; give front.port, or all is held")
    if not settings.pickup.switchboard:
        found.append("pickup.switchboard: must be given, a telephone number, or all is held")
    return found


def _alignment(settings: Settings, domain: str) -> list[str]:
    found = []
    notice = settings.notice
    if notice.dkim_key is None:
        found.append(
            "pickup: mails with links are not signed; give notice.dkim_key, dkim_domain and"
            " dkim_selector, or recipients may take them for forged"
        )
    elif not aligned(domain, notice.dkim_domain.lower()):
        found.append(
            f"pickup: links are sent from {domain} and signed by {notice.dkim_domain}; DMARC wants"
            " one domain: change pickup.mail_sender or notice.dkim_domain"
        )
    back = return_address(settings).rpartition("@")[2].lower()
    if not aligned(domain, back):
        found.append(
            f"pickup.return_address: bounces go to {back}, mails come from {domain}; SPF counts for"
            " DMARC only in one domain: change one of them"
        )
    return found


def aligned(one: str, other: str) -> bool:
    """The same domain, or one above the other."""
    short, long = sorted((one, other), key=len)
    return one == other or (long.endswith("." + short) and "." in short)


def _spf(settings: Settings, ask: Ask) -> list[str]:
    domain = return_address(settings).rpartition("@")[2].lower()
    records = [one for one in ask(domain) if one.lower().split(" ")[0] == "v=spf1"]
    if len(records) == 1:
        return []
    many = "more than one SPF record, which is an error" if records else "no SPF record"
    return [f"pickup: {domain} has {many}; publish one that names the next hop"]


def _dkim(settings: Settings, ask: Ask) -> list[str]:
    notice = settings.notice
    if notice.dkim_key is None:
        return []
    name = f"{notice.dkim_selector}._domainkey.{notice.dkim_domain}"
    tags = [dict(_TAG.findall(one)) for one in ask(name)]
    keys = ["".join(one.get("p", "").split()) for one in tags if "p" in one]
    try:
        ours = load_pem_private_key(notice.dkim_key.read_bytes(), None).public_key()
        form = ours.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (OSError, ValueError, TypeError):
        return []  # said elsewhere
    if base64.b64encode(form).decode() in keys:
        return []
    what = "another key than notice.dkim_key" if any(keys) else "no key"
    return [f"pickup: {name} has {what}; publish the public key that belongs to it"]


def _dmarc(domain: str, ask: Ask) -> list[str]:
    labels = domain.split(".")
    above = [".".join(labels[n:]) for n in range(max(len(labels) - 1, 1))]
    for name in above:
        records = [one for one in ask(f"_dmarc.{name}") if one.lower().startswith("v=dmarc1")]
        if records:
            return []
    missing = f"pickup: {domain} has no DMARC record; publish one, so that nobody else can"
    return [f"{missing} send links in your name"]
