"""The rules in force in a process, and how it takes new ones (P13).

Each smtp process and desk have a copy. A reload compiles the whole file first; only then is it
taken, so a bad file changes nothing anywhere. The supervisor keeps what was last taken (`keep`): a
process that it forks later begins with that, and not with what a file says meanwhile.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from mailfilter import config, failpoint
from mailfilter.decide import Rules, compile_rules
from mailfilter.errors import ConfigError
from mailfilter.log import log


def compiled(settings: config.Settings, file: Path | None) -> Rules:
    """The rules of these settings, which came from `file`."""
    return compile_rules(settings, str(file) if file else "the shipped defaults")


_in_force: dict[Path | None, tuple[config.Settings, Rules]] = {}


def keep(settings: config.Settings, file: Path | None) -> None:
    """In the supervisor: processes that begin from now on begin with these."""
    _in_force[file] = (settings, compiled(settings, file))


def keep_anew(file: Path | None) -> None:
    """In the supervisor, at a reload; a bad file changes nothing, as each process says itself."""
    if file is not None:
        with suppress(ConfigError):
            keep(config.load(file), file)


def in_force(settings: config.Settings, file: Path | None) -> tuple[config.Settings, Rules]:
    """The rules of the last good reload, with their settings; of `settings` if there was none."""
    return _in_force.get(file) or (settings, compiled(settings, file))


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
