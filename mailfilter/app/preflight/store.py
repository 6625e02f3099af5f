"""The store: its keys, the organisation's own lists, and whether desk could open the database.

Beside a running `serve` desk is asked, and the database not opened a second time.
"""

import asyncio
from collections.abc import Iterator

from mailfilter import registers
from mailfilter.app import key_place
from mailfilter.app.preflight.beside import mark
from mailfilter.app.preflight.fault import Fault, Kind, of_error
from mailfilter.app.preflight.folders import unusable
from mailfilter.app.preflight.tried import Tried
from mailfilter.errors import ConfigError, Temporary
from mailfilter.record.database.engine import file_of
from mailfilter.record.database.looking import look
from mailfilter.record.sealing.keys import load_private

_CURE = "start it, or correct store.url; until then what must be held is answered with 451"


def check(tried: Tried) -> Iterator[Fault]:
    """Keys, lists, database."""
    keys, elsewhere = tried.settings.store.keys, tried.settings.store.desk_key
    for key, said in key_place.warnings(tried.settings):
        yield Fault(key, said, Kind.WARNING)
    desk: str | None = None if (elsewhere or keys / "desk.key").exists() else ""
    try:
        if (keys / "desk.pub").exists():
            desk = load_private(keys, elsewhere).public.desk
        registers.of(tried.settings)
    except ConfigError as error:
        yield from of_error(error, tried.file, "store.keys")
        return
    yield from _database(tried, desk)


def _database(tried: Tried, desk: str | None) -> Iterator[Fault]:
    beside, url = tried.beside, tried.settings.store.url
    if beside.answers and beside.store == mark(url):
        if not beside.stored:
            yield Fault("store.url", f"desk says that it does not answer; {_CURE}", Kind.AWAY)
        return
    if beside.runs and not beside.answers:
        what = "serve runs and does not answer, and its database is not opened beside it; ask again"
        yield Fault("store.url", f"{what} in a minute", Kind.AWAY)
        return
    try:
        file = file_of(url)
        if file is not None and not file.exists() and (why := unusable(file.parent)):
            yield Fault("store.url", f"{why}; give a file in a folder of the service's own")
            return
        asyncio.run(look(url, desk))
    except ConfigError as error:
        yield from of_error(error, tried.file, "store.url")
    except Temporary as error:
        yield Fault("store.url", f"{str(error).removeprefix('store: ')}; {_CURE}", Kind.AWAY)
