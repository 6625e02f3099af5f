"""Departments: who sends for which part of the organisation, and who is controller for it.

From → to: ``departments.csv`` → `Departments`, which answers (department, controller) for a
sender. The file has a heading and one line for each address or pattern (``addresses.py``)::

    address;department;controller
    *@social.kommun.example;Socialförvaltningen;Socialnämnden
    anna.berg@kommun.example;Skolan;Barn- och utbildningsnämnden

Read as any table (``csv_table.py``); Swedish headings (adress;förvaltning;personuppgiftsansvarig)
do as well. The controller may be empty: each nämnd is its own authority (OSL 8 kap.), but a small
one may not yet have said which.

A trusted header (``department_header``) goes first, if it names a department of this file: any
other value would put words of a mail into the statistics. Who is not found is "övriga".
"""

from dataclasses import dataclass, field
from pathlib import Path

from mailfilter.decide.addresses import Patterns, split
from mailfilter.decide.csv_table import rows
from mailfilter.errors import ConfigError
from mailfilter.model import Envelope, Facts

UNKNOWN = "övriga"
_COLUMNS = {
    "address": ("address", "adress", "avsändare"),
    "department": ("department", "förvaltning", "avdelning"),
    "controller": ("controller", "personuppgiftsansvarig", "nämnd"),
}


@dataclass(frozen=True, slots=True)
class Departments:
    """`rows` as they were read (for the hash of the rules), and the look-up made of them."""

    header: str = ""  # lower case
    rows: tuple[tuple[str, str, str], ...] = ()
    senders: Patterns = field(default_factory=Patterns)
    controllers: dict[str, str] = field(default_factory=dict)

    def of(self, envelope: Envelope, facts: Facts) -> tuple[str, str]:
        """(department, controller) of the sender; for ``<>`` the author in From counts."""
        if not self.rows:
            return UNKNOWN, ""
        name = self._marked(facts) or self._sender(envelope, facts) or UNKNOWN
        return name, self.controllers.get(name, "")

    def _marked(self, facts: Facts) -> str | None:
        if not self.header:
            return None
        values = {value.strip() for name, value in facts.marks if name == self.header}
        value = values.pop() if len(values) == 1 else ""  # two that differ: somebody added one
        return value if value in self.controllers else None

    def _sender(self, envelope: Envelope, facts: Facts) -> str | None:
        authors = facts.senders[:1]
        address = envelope.mail.text or (authors[0] if authors else "")
        return self.senders.find(split(address))


def read_departments(path: Path | None, header: str, origin: str = "settings") -> Departments:
    """The departments of the settings of file `origin`; a ConfigError names file and line."""
    if path is None:
        if header:
            raise ConfigError(
                f"{origin}: department_header = {header!r}: only departments of a file count; "
                "set departments to a departments.csv that lists them"
            )
        return Departments()
    senders, controllers = Patterns(), dict[str, str]()
    found = []
    for at, cells in rows(path, _COLUMNS, ("address", "department")):
        row = (cells["address"], cells["department"], cells["controller"])
        if not row[0] or not row[1]:
            raise ConfigError(f"{at}: needs an address or pattern and a department")
        found.append(row)
        _learn(row, senders, controllers, at)
    controllers.setdefault(UNKNOWN, "")
    return Departments(header.lower(), tuple(found), senders, controllers)


def _learn(
    row: tuple[str, str, str], senders: Patterns, controllers: dict[str, str], at: str
) -> None:
    pattern, department, controller = row
    try:
        senders.add(pattern, department)
    except ValueError:
        raise ConfigError(
            f"{at}: {pattern!r} is no address, *@domain, domain or *.domain"
        ) from None
    known = controllers.setdefault(department, controller)
    if controller and known and known != controller:
        raise ConfigError(f"{at}: {department} has two controllers, {known} and {controller}")
    if controller:
        controllers[department] = controller
