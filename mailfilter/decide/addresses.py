"""Mail addresses as rules see them, and patterns over them.

A pattern is an address (``anna@x.se``), a domain (``x.se`` or ``*@x.se``), a domain with all
below it (``*.x.se``), or an address with one star in its local part (``soc-*@x.se``). Letters are
compared without case, international domains in their ASCII form. The most specific pattern wins:
address, local part with a star, domain, longest ``*.domain``.

Invariants: `split` and `Patterns.find` never raise on any text; `Patterns.add` raises ValueError
for what is no pattern. Both are linear in the length of the address.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

# What some servers turn into another destination: user%elsewhere@ours, elsewhere!user@ours.
_ROUTED = re.compile(r"[%!@]")
_DOMAIN = re.compile(r"[\w-]+(\.[\w-]+)*|\[[^\]\s]+\]")


@dataclass(frozen=True, slots=True)
class Address:
    """An address in the form in which it is compared; `domain` is empty where there is none."""

    local: str
    domain: str

    @property
    def routed(self) -> bool:
        """The local part may name another destination, so the domain proves nothing."""
        return bool(_ROUTED.search(self.local))


@lru_cache(maxsize=4096)
def split(text: str) -> Address:
    """The address in `text`, lower case; a text without "@" is a local part."""
    local, at, domain = text.rpartition("@")
    if not at:
        local, domain = domain, ""
    return Address(local.lower(), _ascii(domain))


def _ascii(domain: str) -> str:
    domain = domain.rstrip(".").lower()
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


@dataclass(slots=True)
class Patterns:
    """Patterns, each with a value; filled once by `add`, then only read."""

    exact: dict[Address, str] = field(default_factory=dict)
    starred: list[tuple[str, str, str, str]] = field(default_factory=list)
    domains: dict[str, str] = field(default_factory=dict)
    below: dict[str, str] = field(default_factory=dict)

    def add(self, pattern: str, value: str) -> None:
        """Add one pattern; of two that are equal the first holds."""
        local, at, domain = pattern.strip().rpartition("@")
        if not at and domain.startswith("*."):
            self.below.setdefault(_checked(domain[2:]), value)
        elif not at or local == "*":
            self.domains.setdefault(_checked(domain), value)
        elif local.count("*") == 1:
            before, after = local.lower().split("*")
            self.starred.append((before, after, _checked(domain), value))
        elif local and "*" not in local:
            self.exact.setdefault(Address(local.lower(), _checked(domain)), value)
        else:
            raise ValueError(pattern)

    def find(self, address: Address) -> str | None:
        """The value of the most specific pattern that fits, or None."""
        value = self.exact.get(address)
        if value is None:
            value = self._by_star(address)
        if value is None:
            value = self.domains.get(address.domain)
        return self._by_suffix(address.domain) if value is None else value

    def _by_star(self, address: Address) -> str | None:
        for before, after, domain, value in self.starred:
            fits = address.domain == domain and len(address.local) >= len(before) + len(after)
            if fits and address.local.startswith(before) and address.local.endswith(after):
                return value
        return None

    def _by_suffix(self, domain: str) -> str | None:
        if not self.below:
            return None
        _, dot, rest = domain.partition(".")
        while dot:
            if rest in self.below:
                return self.below[rest]
            _, dot, rest = rest.partition(".")
        return None


def _checked(domain: str) -> str:
    name = _ascii(domain.strip())
    if not _DOMAIN.fullmatch(name):
        raise ValueError(domain)
    return name


def patterns(entries: tuple[str, ...], value: str) -> Patterns:
    """All `entries` with one value; raises ValueError with the entry that is no pattern."""
    made = Patterns()
    for entry in entries:
        try:
            made.add(entry, value)
        except ValueError:
            raise ValueError(entry) from None
    return made
