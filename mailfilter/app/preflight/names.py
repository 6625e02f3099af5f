"""DNS: what the settings ask of it, asked once."""

import asyncio
from collections.abc import Iterator

from mailfilter.act import mail_hosts
from mailfilter.app.preflight.fault import Fault, Kind
from mailfilter.app.preflight.tried import Tried
from mailfilter.config import Settings
from mailfilter.pickup import dns


def check(tried: Tried) -> Iterator[Fault]:
    """What DNS does not answer, and what it says of the mail with a link."""
    yield from asyncio.run(answered(tried.settings))
    for sentence in dns.faults(tried.settings, dns.resolver()):
        key, _, what = sentence.partition(": ")
        yield Fault(key, what, Kind.WARNING)


async def answered(settings: Settings) -> list[Fault]:
    """Whether a question on mail servers is answered, where a class of recipients needs it."""
    mx, domains = settings.mx, settings.organisation.domains
    if not mx.us_hosted:
        return []
    ask = mail_hosts.resolver(mx.servers, mx.port)
    try:
        await ask(domains[0].removeprefix("*.") if domains else "se")
    except OSError:
        what = "DNS does not answer; start it, or correct mx.servers. Until then mail whose verdict"
        return [Fault("mx.us_hosted", f"{what} depends on it is answered with 451", Kind.AWAY)]
    return []
