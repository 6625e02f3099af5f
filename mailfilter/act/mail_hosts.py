"""Who receives a domain's mail: is it an American cloud service? By MX records, remembered.

From → to: domains → `Hosts`: those that an American service receives for, and those of which
nothing is known. Off unless ``[mx] us_hosted`` is set (the choice is the organisation's: the
adequacy decision holds, see the manual of the deployment).

Invariants: never raises; no question is asked again while its answer is remembered, and not more
than `AT_ONCE` at a time. "No such domain" and "no MX" are known, and mean no; silence, SERVFAIL and
refusal are unknown, never no, and are asked again at the next mail. Only domains go into questions,
never addresses. A service counts by the name of its mail server, not by where the machine stands,
which DNS does not tell.
Sources: RFC 5321 section 5.1 (no MX: the domain itself), RFC 7505 (null MX). Known gap: a filter in
front of the service (a Swedish MX that hands on to one) hides it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import dns.asyncresolver
import dns.exception
import dns.resolver

REMEMBERED = 10_000  # domains
AT_ONCE = 20
SECONDS = 3.0  # for one answer; the final dot has to be answered in 30
SHORTEST, LONGEST = 300.0, 86_400.0  # seconds that an answer is remembered, whatever its TTL


@dataclass(frozen=True, slots=True)
class Hosts:
    """Domains of one mail: received by an American service, and those that could not be asked."""

    american: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()


class MailHosts(Protocol):
    """What the pipeline asks."""

    async def of(self, domains: Iterable[str]) -> Hosts:
        """The hosts of some domains."""
        ...


# domain → (names of its mail servers, seconds the answer holds); raises OSError where unknown
Ask = Callable[[str], Awaitable[tuple[Sequence[str], float]]]


@dataclass(slots=True)
class ByMx:
    """Answers from DNS, remembered by their TTL. `now` is a monotonic clock."""

    suffixes: Sequence[str]
    ask: Ask
    now: Callable[[], float]
    _known: OrderedDict[str, tuple[bool, float]] = field(default_factory=OrderedDict)
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def of(self, domains: Iterable[str]) -> Hosts:
        """The hosts of some domains; each is asked for once, all at the same time."""
        each = sorted({domain.lower().rstrip(".") for domain in domains if domain})
        answers = await asyncio.gather(*map(self._one, each))
        found = dict(zip(each, answers, strict=True))
        return Hosts(
            frozenset(domain for domain, american in found.items() if american),
            frozenset(domain for domain, american in found.items() if american is None),
        )

    async def _one(self, domain: str) -> bool | None:
        known = self._known.get(domain)
        if known and known[1] > self.now():
            return known[0]
        try:
            async with self._gate:
                names, seconds = await self.ask(domain)
        except OSError:
            return None
        american = any(self._is_american(name.lower().rstrip(".")) for name in names)
        self._known[domain] = american, self.now() + min(max(seconds, SHORTEST), LONGEST)
        self._known.move_to_end(domain)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return american

    def _is_american(self, name: str) -> bool:
        return any(name == suffix or name.endswith(f".{suffix}") for suffix in self.suffixes)


def resolver(servers: Sequence[str] = (), port: int = 53) -> Ask:
    """Questions to the machine's own name servers, or to `servers`."""
    asked = dns.asyncresolver.Resolver(configure=not servers)
    asked.lifetime = SECONDS
    if servers:
        asked.nameservers = list(servers)
        asked.port = port

    async def ask(domain: str) -> tuple[Sequence[str], float]:
        try:
            answer = await asked.resolve(domain, "MX", search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return (), SHORTEST
        except (dns.exception.DNSException, ValueError) as error:
            raise OSError(type(error).__name__) from error
        ttl = answer.rrset.ttl if answer.rrset else 0
        return [record.exchange.to_text(omit_final_dot=True) for record in answer], float(ttl)

    return ask
