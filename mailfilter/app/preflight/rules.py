"""Rules, and the files beside them: can each be read, is each rule reached, is the filter on?"""

from collections.abc import Callable, Iterator
from functools import partial

from detectors.health import judge
from mailfilter.app.preflight.fault import Fault, Kind, of_error
from mailfilter.app.preflight.tried import Tried
from mailfilter.config import Settings
from mailfilter.decide import Rules, compile_rules
from mailfilter.decide.reach import remarks
from mailfilter.errors import ConfigError
from mailfilter.letters import notice_template, sdk
from mailfilter.pickup import dns
from mailfilter.registers import SUFFIX, folder_of


def check(tried: Tried) -> Iterator[Fault]:
    """Faults of the rules and of departments."""
    settings, file = tried.settings, tried.file
    others = {str(settings.rules): "rules", str(settings.departments): "departments"}
    try:
        rules = compile_rules(settings, str(file))
    except ConfigError as error:
        yield from of_error(error, file, "rules", others)
        return
    yield from _odd(settings, rules)


def _odd(settings: Settings, rules: Rules) -> Iterator[Fault]:
    own = {rule.name: "" for rule in settings.rule}
    if settings.rules:
        names = (entry.rule.name for entry in rules.entries)
        own |= {name: str(settings.rules) for name in names if name not in own}
    for remark in remarks(rules, own.keys()):
        key = f'rule "{remark.rule}"' if remark.rule else "rules"
        yield Fault(key, remark.what, Kind.WARNING, own.get(remark.rule, ""))
    for entry in rules.entries:
        if entry.rule.name in own:
            for key, what in _never(settings, rules, entry.rule.name):
                yield Fault(key, what, Kind.WARNING, own[entry.rule.name])


def _never(settings: Settings, rules: Rules, name: str) -> Iterator[tuple[str, str]]:
    """Conditions that nothing here can fulfil."""
    rule = next(entry.rule for entry in rules.entries if entry.rule.name == name)
    at = f'rule "{name}"'
    if rule.alone and not rules.pages.on:
        what = "is never reached: no sender has a page; give front.port, or take the rule away"
        yield f"{at}: alone", what
    if rule.size > settings.max_message:
        yield f"{at}: size", "is never reached: is more than max_message; give less"
    folder = folder_of(settings)
    for kind in rule.kinds:
        register = kind.removeprefix("register:")
        if register not in (kind, "*") and not (folder / f"{register}{SUFFIX}").exists():
            what = f"{kind} is not there; make it: mailfilter register add"
            yield f"{at}: kinds", f"is never reached: {what}"


def files(tried: Tried) -> Iterator[Fault]:
    """The operator's own words, and the table of SDK."""
    loads: dict[str, Callable[[], object]] = {
        "notice.templates": partial(notice_template.load, tried.settings),
        "sdk_addresses": partial(sdk.load, tried.settings),
    }
    others = {str(tried.settings.sdk_addresses): "sdk_addresses"}
    for key, load in loads.items():
        try:
            load()
        except ConfigError as error:
            yield from of_error(error, tried.file, key, others)


def advice(tried: Tried) -> Iterator[Fault]:
    """What works, and less well than it could."""
    for sentence in dns.unfinished(tried.settings):
        key, _, what = sentence.partition(": ")
        yield Fault(key, what, Kind.WARNING)
    if why := judge.missing():
        yield Fault("", why, Kind.WARNING)
