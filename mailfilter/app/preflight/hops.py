"""The servers behind us: the next hop and each connector are greeted, and no mail is sent.

The greeting is the one that mail begins with: connect, EHLO, STARTTLS, AUTH. Who does not answer
may come back, so nothing here ends `serve`; a host that is no name is not asked.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from mailfilter.app.preflight.fault import Fault, Kind
from mailfilter.app.preflight.tried import Tried
from mailfilter.config import Settings
from mailfilter.errors import ConfigError
from mailfilter.next_hop.connect import connect
from mailfilter.next_hop.relay import hop_of
from mailfilter.next_hop.transaction import Hop, Lost
from mailfilter.outbox.hand_over import hop_of_connector

_PATIENCE = 10.0  # seconds for each step: a greeting is no mail
_WORDS = {
    "ConnectionRefusedError": "nobody listens there",
    "gaierror": "the name is not known",
    "TimeoutError": "no answer in time",
    "timeout": "no answer in time",
    "connection lost": "it hung up",
}


def names(tried: Tried) -> Iterator[Fault]:
    """Hosts that nobody could ask for."""
    for name, hop in _hops(tried.settings).items():
        for key, host in (("host", hop.host), ("server_name", hop.server_name)):
            if not _is_name(host) and (host or key == "host"):
                yield Fault(f"{name}.{key}", "is no name of a host; give one, or an address")


def _is_name(host: str) -> bool:
    try:
        return bool(host.encode("idna")) and host.isprintable() and " " not in host
    except UnicodeError:
        return False


def check(tried: Tried) -> Iterator[Fault]:
    """Those that do not answer, or not as the settings ask."""
    yield from asyncio.run(greeted(tried.settings))


async def greeted(settings: Settings) -> list[Fault]:
    """All at the same time."""
    hops = {name: hop for name, hop in _hops(settings).items() if _is_name(hop.host) and hop.port}
    asked = [_greet(name, hop, settings.max_message) for name, hop in hops.items()]
    asked += [_reach(key, url) for key, url in _services(settings).items()]
    return [fault for found in await asyncio.gather(*asked) for fault in found]


def _hops(settings: Settings) -> dict[str, Hop]:
    hostname = settings.listen.hostname
    hops = {"next_hop": hop_of(settings.next_hop, hostname)}
    for name, table in settings.connectors.items():
        if table.type == "smtp":
            try:
                hops[f"connectors.{name}"] = hop_of_connector(table, hostname)
            except ConfigError:
                continue  # its password is said elsewhere
    return hops


def _services(settings: Settings) -> dict[str, str]:
    """What pickup needs beside mail."""
    if not any(table.type == "pickup" for table in settings.connectors.values()):
        return {}
    found = {
        "pickup.sms.url": settings.pickup.sms.url,
        "pickup.eid.issuer": settings.pickup.eid.issuer,
    }
    return {key: url for key, url in found.items() if url}


async def _greet(name: str, hop: Hop, largest: int) -> list[Fault]:
    quick = replace(
        hop,
        connect_timeout=min(hop.connect_timeout, _PATIENCE),
        command_timeout=min(hop.command_timeout, _PATIENCE),
    )
    where = f"{hop.host}:{hop.port}"
    try:
        connection = await connect(quick)
    except Lost as error:
        why = str(error).removeprefix("connect: ")
        what = f"{where} cannot be used: {_WORDS.get(why, why)}; start that server, or correct"
        return [Fault(f"{name}.{_key(why)}", f"{what} [{name}]", Kind.AWAY)]
    size = connection.offers.size
    connection.quit()
    await asyncio.sleep(0)
    if name == "next_hop" and size and size < largest:
        what = f"takes {size} bytes at most, less than max_message ({largest}); raise its limit"
        return [Fault("next_hop.host", what, Kind.WARNING)]
    return []


def _key(why: str) -> str:
    """What to look at first."""
    if "gaierror" in why:
        return "host"
    return "tls" if "TLS" in why.upper() or "certificate" in why else "port"


async def _reach(key: str, url: str) -> list[Fault]:
    """Whether somebody takes connections there; nothing is asked."""
    try:
        parts = urlsplit(url.replace("{", "").replace("}", ""))
        port = parts.port or (443 if parts.scheme == "https" else 80)
        async with asyncio.timeout(_PATIENCE):
            _, writer = await asyncio.open_connection(parts.hostname, port)
    except ValueError:
        return [Fault(key, "has a port that is none; give a number up to 65535")]
    except (OSError, TimeoutError) as error:
        why = _WORDS.get(type(error).__name__, type(error).__name__)
        return [Fault(key, f"{parts.hostname}:{port} cannot be reached: {why}", Kind.AWAY)]
    writer.close()
    return []
