"""The rules in force in a process, and how it takes new ones (P13).

Each smtp process and desk have a copy. A reload compiles the whole file first; only then is it
taken, so a bad file changes nothing anywhere.
"""

from collections.abc import Callable
from pathlib import Path

from mailfilter import config, failpoint
from mailfilter.decide import Rules, compile_rules
from mailfilter.errors import ConfigError
from mailfilter.log import log


def compiled(settings: config.Settings, file: Path | None) -> Rules:
    """The rules of these settings, which came from `file`."""
    return compile_rules(settings, str(file) if file else "the shipped defaults")


def reload(file: Path | None, take: Callable[[config.Settings, Rules], None]) -> None:
    """Give `take` the file's settings and rules, if they can be used."""
    if file is None:
        return
    try:
        settings = config.load(file)
        rules = compiled(settings, file)
    except ConfigError as error:
        log.error("rules-kept", cause=str(error))
        return
    failpoint.reach("reload_swap")
    take(settings, rules)
    log.info("rules-reloaded", rules=rules.hash[:12])
