"""``mailfilter route``: which way would mail to this address go, and why?

From → to: an address and what a mail might hold → the recipient's class, the rule that decides, the
action, the service, and the reasons in words. The rules are those of the configuration; nothing is
read, sent or stored, and what is typed here goes nowhere.
"""

import asyncio
from datetime import date
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from detectors import Role
from detectors.levels import LEVELS, Level
from mailfilter.act.mail_hosts import ByMx, resolver
from mailfilter.commands.asking import ConfigFile, fail, settings_of
from mailfilter.commands.terminal import plain
from mailfilter.config import Settings
from mailfilter.decide import Rules, compile_rules
from mailfilter.decide.reasons import say
from mailfilter.errors import ConfigError
from mailfilter.model import Action, Envelope, Examination, Facts, Finding, Path, Verdict
from mailfilter.place import Place

WORDS = {
    "sv": {
        "class": "mottagarens klass",
        "rule": "regel som avgör",
        "action": "vad som sker",
        "connector": "tjänst",
        "why": "varför",
        "observed": "under observation",
        "unknown": "vem som tar emot domänens post gick inte att fråga",
    },
    "en": {
        "class": "class of the recipient",
        "rule": "rule that decides",
        "action": "what happens",
        "connector": "service",
        "why": "why",
        "observed": "under observation",
        "unknown": "who receives the domain's mail could not be asked",
    },
}


def route(
    address: Annotated[str, typer.Argument(help="the recipient")],
    kind: Annotated[str, typer.Option(help="what the mail holds, such as health; empty: nothing")],
    level: Annotated[str, typer.Option(help="low, medium or high")] = "high",
    sender: Annotated[str, typer.Option(help="who writes; her department may matter")] = "",
    language: Annotated[str, typer.Option(help="sv or en; default the organisation's")] = "",
    file: ConfigFile = None,
) -> None:
    """Say which way mail to an address would go, and why. Nothing is sent or stored."""
    settings = settings_of(file)
    language = language or settings.organisation.language
    if language not in WORDS:
        raise fail(f"--language {plain(language)}: must be sv or en")
    if level not in tuple(Level):
        raise fail(f"--level {plain(level)}: must be low, medium or high")
    if "@" not in address:
        raise fail(f"{plain(address)}: is no address; give one such as anna@example.org")
    try:
        rules = compile_rules(settings)
    except ConfigError as error:
        raise fail(str(error)) from error
    envelope = Envelope(_path(sender), (_path(address),))
    american, unknown = _hosts(settings, rules, envelope)
    mail = examined(kind, Level(level), address, sender)
    decision = rules.decide(mail, envelope, 1000, date.today(), american=american)
    Console().print(_shown(settings, decision.verdicts[0], language, unknown=unknown))


def examined(kind: str, level: Level, address: str, sender: str) -> Examination:
    """A mail of one line that holds one thing of this kind, or nothing."""
    facts = Facts(senders=(sender,) if sender else (), visible=(address,))
    if not kind:
        return Examination(facts)
    known = LEVELS.family(kind)
    confidence = {Level.LOW: 1, Level.MEDIUM: known.medium, Level.HIGH: known.high}[level]
    found = Finding(kind, confidence, Place(Role.BODY), "")
    return Examination(facts, (found,), persons=int(kind.partition(".")[2] != ""))


def _hosts(settings: Settings, rules: Rules, envelope: Envelope) -> tuple[frozenset[str], bool]:
    """Domains that an American service receives for, where the settings ask for that."""
    if not settings.mx.us_hosted:
        return frozenset(), False
    ask = resolver(settings.mx.servers, settings.mx.port)
    found = asyncio.run(ByMx(settings.mx.us_hosts, ask, lambda: 0.0).of(rules.domains(envelope)))
    return found.american | found.unknown, bool(found.unknown)


def _path(address: str) -> Path:
    raw = address.encode("utf-8", "replace")
    return Path(b"<" + raw + b">", raw)


def _shown(settings: Settings, verdict: Verdict, language: str, *, unknown: bool) -> Table:
    words = WORDS[language]
    rows: list[tuple[str, str]] = [
        (words["class"], verdict.recipient_class),
        (words["rule"], verdict.rule),
        (words["action"], verdict.action.value),
    ]
    if verdict.action is Action.REDIRECT:
        rows.append((words["connector"], _service(settings, verdict.connector)))
    rows += [(words["why"], say(code, language)) for code in verdict.reasons]
    rows += [(words["observed"], f"{name}: {act.value}") for name, act in verdict.observed]
    way = settings.ways.get(verdict.recipient_class)
    if way is not None and way.advice.get(language):
        rows.append((words["why"], way.advice[language]))
    if unknown:
        rows.append((words["why"], words["unknown"]))
    table = Table(show_header=False)
    for name, value in rows:
        table.add_row(name, Text(plain(value)))
    return table


def _service(settings: Settings, name: str) -> str:
    table = settings.connectors.get(name)
    if table is None:
        return name
    about = table.profile or table.type
    return f"{table.title or name} ({about})"
