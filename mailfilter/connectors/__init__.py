"""Connectors: secure transfer services that held mail can be handed over to.

A connector is one file and one line in `TYPES`; ``contract.py`` says what it promises.
"""

from collections.abc import Callable
from dataclasses import dataclass

from mailfilter import config
from mailfilter.connectors.contract import Connector, HandOver, Kind, Result, Send
from mailfilter.connectors.pickup import Pickup
from mailfilter.connectors.signing import Signer
from mailfilter.connectors.smtp_handoff import SmtpHandoff, loop_token


@dataclass(frozen=True, slots=True)
class Means:
    """What connectors work with; each takes what it needs. `send` is the way to the service."""

    send: Send
    token: str = ""
    signer: Signer | None = None
    pickup: Pickup | None = None  # the embedded one is made once, whatever it is called


def _pickup(_: config.Connector, means: Means) -> Connector:
    assert means.pickup is not None, "desk makes it"
    return means.pickup


def _smtp(settings: config.Connector, means: Means) -> Connector:
    return SmtpHandoff(settings, means.send, means.token, means.signer)


TYPES: dict[str, Callable[[config.Connector, Means], Connector]] = {
    "pickup": _pickup,
    "smtp": _smtp,
}


def make(settings: config.Connector, means: Means) -> Connector:
    """The connector of a ``[connectors.NAME]`` table."""
    return TYPES[settings.type](settings, means)


__all__ = [
    "TYPES",
    "Connector",
    "HandOver",
    "Kind",
    "Means",
    "Pickup",
    "Result",
    "Send",
    "Signer",
    "loop_token",
    "make",
]
