"""Loading of rules: settings → `Rules`, or a ConfigError that says what is wrong and where.

The rules are the [[rule]] tables of the settings, and behind them those of the file that ``rules``
names, or of ``default_rules.toml``. A rule that could never match as it is written (an unknown
kind, class, place or department, a level that is not below) is an error: a typing mistake in a
rule must not pass as a rule that found nothing. A bad file therefore never comes into force (P13).

Invariants: reads the named files and nothing else; the hash depends only on what was read, not on
paths, comments or the order of tables.
"""

import hashlib
import json
import tomllib
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from functools import partial
from importlib.resources import files
from typing import Any

from detectors import DETECTORS, Role
from detectors.levels import Level
from mailfilter import config
from mailfilter.config import Rule, Settings
from mailfilter.decide.addresses import Patterns, patterns, split
from mailfilter.decide.conditions import HELD, names
from mailfilter.decide.departments import UNKNOWN, Departments, read_departments
from mailfilter.decide.pages import Pages
from mailfilter.decide.rules import (
    CITIZEN,
    INTERNAL,
    MASS_MAIL,
    PROTECTED,
    US_HOSTED,
    Classes,
    Entry,
    Rules,
    Ways,
)
from mailfilter.errors import ConfigError, all_of
from mailfilter.model import Action

EXTERNAL = "external"
SHIPPED = "default_rules.toml"
_LEVELS = list(Level)
LAST = (
    Rule(name="not-examined", not_examined=tuple(sorted(HELD)), action=Action.QUARANTINE),
    Rule(name="relay", action=Action.RELAY),
)


def compile_rules(settings: Settings, origin: str = "settings") -> Rules:
    """The rules of `settings`; `origin` is the file name for messages."""
    found = _rules(settings, origin)
    rules = tuple(rule for rule, _ in found)
    departments = read_departments(settings.departments, settings.department_header, origin)
    known = _Known(settings, departments)
    all_of(
        (
            lambda: _check_names(found),
            *(step for rule, file in found for step in _checks(rule, known, file)),
            lambda: _classes(settings, origin),
            lambda: _ways(settings, known, origin),
            lambda: _check_service(settings, origin),
        )
    )
    everything = (*rules, *LAST)
    return Rules(
        entries=tuple(Entry(rule, rule.action, rule.connector) for rule in everything),
        classes=_classes(settings, origin),
        departments=departments,
        hash=_hash(everything, settings, departments),
        informed=settings.organisation.staff_informed,
        ways=_ways(settings, known, origin),
        pages=Pages.of(settings),
        mass_at=min((r.visible_external for r in rules if r.visible_external), default=MASS_MAIL),
    )


def _check_service(settings: Settings, origin: str) -> None:
    if settings.secure_service and settings.secure_service not in settings.connectors:
        listed = _listed(settings.connectors) or "none is configured"
        raise ConfigError(
            f"{origin}: secure_service = {settings.secure_service!r}: "
            f"must be the name of a [connectors] table: {listed}"
        )


def _rules(settings: Settings, origin: str) -> list[tuple[Rule, str]]:
    """The configuration's own rules, and behind them the file's or the shipped ones, each with
    the name of its file.

    Own rules go before and do not replace: who adds one rule must not lose all protection by it.
    """
    rest, name = _rest(settings)
    return [(rule, origin) for rule in settings.rule] + [(rule, name) for rule in rest]


def _rest(settings: Settings) -> tuple[tuple[Rule, ...], str]:
    if settings.rules is None:
        text = files("mailfilter.decide").joinpath(SHIPPED).read_text(encoding="utf-8")
        return _parse(text, SHIPPED), SHIPPED
    try:
        text = settings.rules.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{settings.rules}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{settings.rules}: is not UTF-8") from error
    return _parse(text, str(settings.rules)), str(settings.rules)


def _parse(text: str, origin: str) -> tuple[Rule, ...]:
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{origin}: is not valid TOML: {error}") from error
    if strange := sorted(table.keys() - {"rule"}):
        raise ConfigError(f"{origin}: {strange[0]}: a rules file has only [[rule]] tables")
    return config.validate(table, origin).rule


def _ways(settings: Settings, known: "_Known", origin: str) -> Ways:
    for name, way in settings.ways.items():
        _check_words((name,), known.classes, f"{origin}: ways")
        if name == PROTECTED:
            raise ConfigError(
                f"{origin}: ways.{name}: findings go only to the sender there, to no service"
            )
        wanted = (way.connector,) if way.connector else ()
        _check_words(wanted, known.connectors, f"{origin}: ways.{name}: connector")
    return Ways(
        settings.secure_service, {name: way.connector for name, way in settings.ways.items()}
    )


def _classes(settings: Settings, origin: str) -> Classes:
    ours = _patterns(settings.organisation.domains, f"{origin}: organisation.domains")
    order = sorted(settings.classes, key=lambda name: name != PROTECTED)  # stable: then as written
    for name in (INTERNAL, EXTERNAL):
        if name in settings.classes:
            raise ConfigError(
                f"{origin}: classes.{name}: this class is given by organisation.domains"
            )
    named = []
    for name in order:
        entries, where = settings.classes[name], f"{origin}: classes.{name}"
        named.append((name, _patterns(entries, where)))
        for entry in entries if name != PROTECTED else ():
            if not entry.startswith("*.") and ours.find(split(entry)) is not None:
                raise ConfigError(
                    f"{where}: {entry!r} is internal by organisation.domains; "
                    "only the class protected may name addresses of our own"
                )
    return Classes(ours, tuple(named))


def _patterns(entries: tuple[str, ...], where: str) -> Patterns:
    try:
        return patterns(entries, where)
    except ValueError as error:
        raise ConfigError(f"{where}: {str(error)!r} is no address, domain or *.domain") from None


def _by_mx(settings: Settings) -> set[str]:
    return {US_HOSTED} if settings.mx.us_hosted else set()


class _Known:
    """The words that conditions may name."""

    def __init__(self, settings: Settings, departments: Departments) -> None:
        self.kinds = sorted({kind for detector in DETECTORS for kind in detector.KINDS})
        self.classes = sorted(
            {INTERNAL, EXTERNAL, CITIZEN, PROTECTED, *settings.classes, *_by_mx(settings)}
        )
        self.departments = sorted({UNKNOWN, *departments.controllers})
        self.connectors = sorted(settings.connectors)
        self.places = [role.value for role in Role]


def _check_names(found: list[tuple[Rule, str]]) -> None:
    """Every name once: the statistics go by it. Own rules are blamed, not the shipped ones."""
    files: dict[str, list[str]] = {rule.name: ["the program"] for rule in LAST}
    for number, (rule, file) in enumerate(found, 1):
        if not rule.name.strip():
            raise ConfigError(f"{file}: rule {number}: name: must not be empty")
        files.setdefault(rule.name, []).append(file)
    for name, places in files.items():
        if len(places) > 1:
            ours = next(file for file in places if file != "the program")
            other = next((file for file in places if file != ours), ours)
            raise ConfigError(
                f'{ours}: rule "{name}": name: is taken by a rule of {other}; '
                "every rule needs a name of its own"
            )


def _checks(rule: Rule, known: _Known, file: str) -> Iterator[Callable[[], None]]:
    """What is asked of a rule, each a step that raises a ConfigError."""
    at = f'{file}: rule "{rule.name}"'
    for key in ("kinds", "not_kinds", "also_kinds"):
        yield partial(_check_kinds, getattr(rule, key), known.kinds, f"{at}: {key}")
    for key, words in (
        ("places", known.places),
        ("recipient_classes", known.classes),
        ("departments", known.departments),
    ):
        yield partial(_check_words, getattr(rule, key), words, f"{at}: {key}")
    connector = (rule.connector,) if rule.connector else ()
    yield partial(_check_words, connector, known.connectors, f"{at}: connector")
    yield partial(_check_action, rule, at)
    yield partial(_check_levels, rule, at)


def _check_action(rule: Rule, at: str) -> None:
    if rule.connector and rule.action is not Action.REDIRECT:
        raise ConfigError(f'{at}: connector: only a rule with action = "redirect" has one')
    if rule.action is Action.ASK and not rule.alone:
        raise ConfigError(
            f'{at}: action = "ask": needs alone = true: a sender decides by herself only where '
            "health is all that was found and everything was read"
        )


def _check_levels(rule: Rule, at: str) -> None:
    if rule.level and rule.below and _LEVELS.index(rule.level) >= _LEVELS.index(rule.below):
        raise ConfigError(f"{at}: below: must be higher than level, or the rule never matches")
    if rule.below is Level.LOW:
        raise ConfigError(f'{at}: below = "low": nothing is lower; use "medium" or "high"')


def _check_words(words: Iterable[str], known: list[str], at: str) -> None:
    if strange := [word for word in words if word not in known]:
        said = (f"{at}: {word!r} is not known; {_hint(word, known)}" for word in strange)
        raise ConfigError("\n".join(said))


def _check_kinds(words: Iterable[str], known: list[str], at: str) -> None:
    strange = [
        word
        for word in words
        if not word.startswith("register:") and not any(names((word,), kind) for kind in known)
    ]
    if strange:
        said = (f"{at}: {word!r} is no kind of finding; {_hint(word, known)}" for word in strange)
        raise ConfigError("\n".join(said))


def _hint(word: str, known: list[str]) -> str:
    close = get_close_matches(word, known, 1, 0.75)
    return f"did you mean {close[0]!r}?" if close else f"there are: {_listed(known) or 'none'}"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))


def _hash(rules: tuple[Rule, ...], settings: Settings, departments: Departments) -> str:
    """SHA-256 over all that decides, in one canonical form."""
    canonical = {
        "rules": [rule.model_dump(mode="json") for rule in rules],
        "secure_service": settings.secure_service,
        "ways": [[name, way.connector] for name, way in settings.ways.items()],
        "us-hosted": sorted(settings.mx.us_hosts) if settings.mx.us_hosted else [],
        "domains": sorted(settings.organisation.domains),
        "classes": [[name, *sorted(entries)] for name, entries in settings.classes.items()],
        "departments": departments.rows,
        "header": departments.header,
        "sender_decides": Pages.of(settings).on,
    }
    text = json.dumps(canonical, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
