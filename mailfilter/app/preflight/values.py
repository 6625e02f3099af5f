"""Values that are valid each by itself, and that mail would fail by: sizes, ports, loops, days."""

from collections.abc import Iterator
from datetime import date
from itertools import combinations

from mailfilter import limits
from mailfilter.app import clock
from mailfilter.app.preflight.beside import doors_of, port_key
from mailfilter.app.preflight.fault import Fault, Kind
from mailfilter.app.preflight.tried import Tried
from mailfilter.config.fields import is_loopback

LEAST_MESSAGE = 256 * limits.KIB  # an ordinary mail with a logo and a history
LEAST_BUDGET = 8 * limits.MIB
_ANY = {"0.0.0.0", "::", ""}  # noqa: S104 - compared with, never bound


def sizes(tried: Tried) -> Iterator[Fault]:
    """Too small for ordinary mail."""
    for key, least in (("max_message", LEAST_MESSAGE), ("memory_budget", LEAST_BUDGET)):
        if getattr(tried.settings, key) < least:
            yield Fault(key, f"is too small for ordinary mail; give {least} bytes at least")
    if tried.settings.max_sessions < 1:
        yield Fault("max_sessions", "nobody could send; give 1 at least, such as 200")
    if tried.settings.max_message > tried.settings.memory_budget:
        what = "is more than memory_budget, which bounds it; raise that, or lower this"
        yield Fault("max_message", what, Kind.WARNING)


def ports(tried: Tried) -> Iterator[Fault]:
    """Ports that two have, or nobody."""
    settings = tried.settings
    doors = doors_of(settings)
    for name, (_, port) in doors.items():
        if not port:
            yield Fault(port_key(name), "must be a port from 1 to 65535: 0 is a new one each time")
    for (one, first), (other, second) in combinations(doors.items(), 2):
        if first[1] and _meets(first, second):
            yield Fault(port_key(other), f"is the port of [{one}] as well; give each its own")
    listen = doors["listen"]
    ways = {"next_hop": (settings.next_hop.host, settings.next_hop.port)}
    for name, table in settings.connectors.items():
        if table.type == "smtp":
            ways[f"connectors.{name}"] = (table.host, table.port)
    for name, way in ways.items():
        if not way[1]:
            yield Fault(f"{name}.port", "must be a port from 1 to 65535")
        elif _meets(way, listen, listening=False):
            yield Fault(f"{name}.port", "leads to [listen], so that mail would go in circles; "
                        "give the port of the server behind us")  # fmt: skip


def _meets(one: tuple[str, int], other: tuple[str, int], *, listening: bool = True) -> bool:
    if one[1] != other[1]:
        return False
    hosts = {one[0], other[0]}
    if listening:
        return len(hosts) == 1 or bool(hosts & _ANY)
    return (
        len(hosts) == 1
        or (other[0] in _ANY and is_loopback(one[0]))
        or all(map(is_loopback, hosts))
    )


def doors_are_open(tried: Tried) -> Iterator[Fault]:
    """Who may send, and how reviewers come in."""
    listen, web = tried.settings.listen, tried.settings.web
    if not (listen.networks or listen.shared_networks or listen.client_ca):
        yield Fault("listen.networks", "names nobody, so that no mail comes in; name your servers")
    wide = [name for name in listen.networks if name.endswith("/0")]
    if wide:
        yield Fault(
            "listen.networks",
            f"{wide[0]} is everybody: this would be an open relay; name your own servers",
        )
    if listen.client_ca and not (listen.client_names or listen.shared_client_names):
        what = "no certificate is let in by it; give listen.client_names"
        yield Fault("listen.client_ca", what, Kind.WARNING)
    if web.url.startswith("https://") and not web.secure_cookie:
        yield Fault("web.secure_cookie", "web.url is https; set this to true", Kind.WARNING)


def says_who_we_are(tried: Tried) -> Iterator[Fault]:
    """Without domains nobody is internal, and notices have no sender of ours."""
    organisation = tried.settings.organisation
    if not organisation.domains:
        yield Fault(
            "organisation.domains",
            "is empty: every recipient counts as external, and whoever sends gets notices; name"
            " your own domains",
            Kind.WARNING,
        )


def witnesses_are_elsewhere(tried: Tried) -> Iterator[Fault]:
    """Checkpoints of the audit log that go back with the disk show no roll-back."""
    if not tried.settings.audit.elsewhere:
        yield Fault(
            "audit",
            "checkpoints of the audit log stay on this machine, where who puts back its disk puts"
            " them back, too; set audit.syslog to another machine or audit.mail",
            Kind.WARNING,
        )


def texts_are_linked(tried: Tried) -> Iterator[Fault]:
    """What a visitor of front has a right to read."""
    for name in tried.settings.front.texts_missing:
        what = "is empty, so that no page links to that text; give its address"
        yield Fault(f"front.{name}", what, Kind.WARNING)


def days(tried: Tried) -> Iterator[Fault]:
    """What ends by a day."""
    until, today = tried.settings.fail_open_until, clock.today()
    if until is not None:
        yield Fault("fail_open_until", _said(until, today), Kind.WARNING)
    for override in tried.settings.override:
        if override.until < today:
            what = "is over, so that nobody may use it; give a later day, or take it away"
            yield Fault(f'override "{override.name}": until', what, Kind.WARNING)


def _said(until: date, today: date) -> str:
    if until < today:
        return "is over; take it away"
    return "until then mail that we fail to inspect is relayed unread; take it away when you can"
