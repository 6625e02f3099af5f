"""Säker digital kommunikation (SDK): which function address an authority has there.

From → to: the table that ``sdk_addresses`` names → `SdkTable` → what is told of a mail's
recipients, in the notice and on the sender's page. SDK goes from function to function and never to
a person, so an address in the table may be a whole domain (patterns: ``decide/addresses.py``)::

    address;organisation;function_address
    socialtjanst@granne.example;Grannkommunen, socialtjänsten;0203:2120000000/socialtjanst
    *@region.example;Regionen;0203:2321000000/registrator

We send nothing there: what the line says is the advice of who sends by her own SDK client. The
table holds what the operator has looked up in the address book of SDK, and is read at the start.
Source: Digg, SDK, "Adressbok" and "funktionsadress".
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mailfilter.config import Settings
from mailfilter.decide.addresses import Patterns, split
from mailfilter.decide.csv_table import rows
from mailfilter.errors import ConfigError
from mailfilter.letters.notice_words import Words
from mailfilter.model import Action
from mailfilter.record.contract import Dossier

_COLUMNS = {
    "address": ("address", "adress", "mottagare"),
    "organisation": ("organisation", "mottagande organisation"),
    "function_address": ("function_address", "function address", "funktionsadress"),
}
_LONGEST = 200  # characters of a cell
_MOST = 20  # lines of advice


@dataclass(frozen=True, slots=True)
class SdkAddress:
    """A function of an organisation, as SDK addresses it."""

    organisation: str
    function_address: str


@dataclass(frozen=True, slots=True)
class SdkTable:
    """The function addresses by recipient; an empty one finds nothing."""

    _patterns: Patterns = field(default_factory=Patterns)
    _addresses: Sequence[SdkAddress] = ()

    def find(self, recipient: str) -> SdkAddress | None:
        """Of the most specific pattern that fits."""
        address = split(recipient)
        found = None if address.routed else self._patterns.find(address)
        return None if found is None else self._addresses[int(found)]

    def advice(self, dossier: Dossier, words: Words) -> tuple[str, ...]:
        """A line for each function that a recipient, whose copy does not go by plain mail, has."""
        stopped = (v.recipient for v in dossier.verdicts if v.action is not Action.RELAY)
        found = dict.fromkeys(one for who in stopped if (one := self.find(who)) is not None)
        return tuple(
            words.say("sdk", organisation=one.organisation, address=one.function_address)
            for one in list(found)[:_MOST]
        )


NO_SDK = SdkTable()


def load(settings: Settings) -> SdkTable:
    """The table that the settings name; ConfigError names file and line."""
    return read(settings.sdk_addresses) if settings.sdk_addresses else NO_SDK


def read(path: Path) -> SdkTable:
    """The table of a file."""
    patterns, found = Patterns(), list[SdkAddress]()
    for at, cells in rows(path, _COLUMNS, tuple(_COLUMNS)):
        pattern, organisation, address = (cells[name] for name in _COLUMNS)
        if not pattern or not _is_line(organisation) or not _is_line(address):
            raise ConfigError(
                f"{at}: needs an address or pattern, an organisation and its function_address"
            )
        try:
            patterns.add(pattern, str(len(found)))
        except ValueError:
            raise ConfigError(
                f"{at}: {pattern!r} is no address, *@domain, domain or *.domain"
            ) from None
        found.append(SdkAddress(organisation, address))
    return SdkTable(patterns, found)


def _is_line(cell: str) -> bool:
    return 0 < len(cell) <= _LONGEST and cell.isprintable()
