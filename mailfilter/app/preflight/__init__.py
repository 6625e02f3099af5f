"""What can be known before the start is said before the start: ``check-config``, and `serve`.

==================  ==========================================================================
``values.py``       sizes, ports that two have, loops, who may send, what ends by a day
``sockets.py``      each port can be had
``folders.py``      folders, sockets in them, files with a secret
``store.py``        keys, own lists, the database (beside a running desk: by asking it)
``certificates.py`` there, a pair, in force
``rules.py``        rules and departments, rules that no mail reaches, a filter that is off
``hops.py``         the next hop and connectors are greeted; nothing is mailed
``names.py``        DNS
==================  ==========================================================================

A check is a function `Tried` → `Fault`s and a line in `HERE` (this machine) or `AFAR` (others, who
may be away). ``lines.py`` finds the line of a key, ``beside.py`` who runs already; ``waiting.py``
is desk's side: what was away at the start is tried again.

`serve` makes the checks of `HERE` in a child, so that the supervisor stays without threads,
connections and keys, and those of `AFAR` in desk while it starts: mail does not wait for them.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from mailfilter import config
from mailfilter.app.preflight import (
    certificates,
    folders,
    hops,
    names,
    rules,
    sockets,
    store,
    values,
)
from mailfilter.app.preflight.beside import NOBODY, Beside, look
from mailfilter.app.preflight.fault import Fault, Kind, of_error, sentences, status
from mailfilter.app.preflight.tried import Check, Tried
from mailfilter.decide import Rules, compile_rules
from mailfilter.errors import ConfigError
from mailfilter.log import log

__all__ = ["Fault", "Kind", "Report", "before", "examined", "read", "sentences", "status"]

_ROUTES = ("next_hop", "connectors", "listen")
_RULES = (
    *("rule", "rules", "override", "classes", "ways", "mx", "connectors", "organisation"),
    *("departments", "department_header", "secure_service", "front", "notice", "store", "levels"),
)


def _check(run: Callable[[Tried], Iterator[Fault]], *needs: str) -> Check:
    return Check(run, frozenset(needs))


READ: tuple[Check, ...] = (
    _check(values.sizes, "max_message", "memory_budget", "max_sessions"),
    _check(values.ports, "listen", "web", "front", "next_hop", "connectors"),
    _check(values.doors_are_open, "listen", "web"),
    _check(hops.names, *_ROUTES),
    _check(rules.check, *_RULES),
    _check(rules.files, "notice", "sdk_addresses", "organisation"),
)
HERE: tuple[Check, ...] = (
    *READ,
    _check(values.says_who_we_are, "organisation"),
    _check(values.texts_are_linked, "front"),
    _check(values.days, "fail_open_until", "override"),
    _check(values.witnesses_are_elsewhere, "audit"),
    _check(rules.advice, "pickup", "front", "connectors"),
    _check(certificates.check, "listen", "front", "next_hop", "connectors", "notice"),
    _check(folders.secrets, "connectors", "pickup"),
    _check(folders.check, "store", "audit"),
    _check(sockets.check, "listen", "web", "front", "store"),
    _check(store.check, "store"),
)
AFAR: tuple[Check, ...] = (
    _check(hops.check, *_ROUTES, "pickup"),
    _check(names.check, "mx", "organisation", "connectors", "pickup", "notice"),
)


@dataclass(frozen=True, slots=True)
class Report:
    """What was found of a file; `settings` only if all of it can be read."""

    faults: tuple[Fault, ...]
    settings: config.Settings | None = None
    file: Path | None = None

    @property
    def rules(self) -> Rules | None:
        """The rules, if they can be read."""
        if self.settings is None:
            return None
        return compile_rules(self.settings, str(self.file))


def read(file: Path, checks: tuple[Check, ...] = READ, beside: Beside | None = None) -> Report:
    """The faults of a file by these checks, all at once. `beside`: None is looked for."""
    try:
        table = config.parsed(file)
    except ConfigError as error:
        return Report(tuple(of_error(error, file)))
    faults: list[Fault] = []
    try:
        config.validate(table, str(file))
    except ConfigError as error:
        faults += of_error(error, file)
    settings, broken = config.understood(table)
    if beside is None:
        beside = NOBODY if "store" in broken else look(settings.store.run)
    tried = Tried(file, settings, broken, beside)
    for check in checks:
        faults += check.of(tried)
    return Report(tuple(faults), None if broken else settings, file)


def examined(file: Path) -> Report:
    """All that can be known of a file; disturbs nobody who runs."""
    return read(file, (*HERE, *AFAR))


def before(file: Path) -> config.Settings:
    """The settings with which `serve` may start; ConfigError with all that only an edit cures."""
    report = _in_child(lambda: _alone(file))
    ends = [fault for fault in report.faults if fault.kind is Kind.FAULT]
    if ends:
        raise ConfigError("\n".join(sentences(ends, file)))
    for fault in report.faults:
        [said] = sentences([fault], file)
        tell = log.warning if fault.kind is Kind.WARNING else log.error
        tell("preflight", kind=fault.kind.value, key=fault.key, cause=said)
    return config.load(file)


def _alone(file: Path) -> Report:
    """As `serve` sees it, which shares its folder and ports with nobody."""
    report = read(file, (), NOBODY)
    if report.settings and _is_held(lock := report.settings.store.run / "lock"):
        what = f"another mailfilter is running with {lock.parent}; end it first"
        return replace(report, faults=(Fault("store.run", what),))
    return read(file, HERE, NOBODY)


def _is_held(lock: Path) -> bool:
    """Whether another program has the lock; taken for a moment, which only `serve` may do."""
    try:
        with lock.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # not there yet, or said with the folders
    return False


def _in_child(work: Callable[[], Report]) -> Report:
    """The faults that `work` finds in a process of its own."""
    reading, writing = os.pipe()
    if not (pid := os.fork()):
        status = 1
        try:
            os.close(reading)
            found = [asdict(fault) | {"kind": fault.kind.value} for fault in work().faults]
            with os.fdopen(writing, "w") as pipe:
                json.dump(found, pipe)
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    _, ended = os.waitpid(pid, 0)
    if os.waitstatus_to_exitcode(ended):
        raise ConfigError("the checks before the start ended by a fault of the program; report it")
    return Report(tuple(Fault(**row | {"kind": Kind(row["kind"])}) for row in json.loads(text)))
