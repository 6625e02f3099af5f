"""Connectors: secure transfer services that held mail can be handed over to.

A connector is one file and one line in `TYPES`; ``contract.py`` says what it promises.
"""

from collections.abc import Callable

from mailfilter import config
from mailfilter.connectors.contract import Connector, HandOver, Kind, Result, Send
from mailfilter.connectors.signing import Signer
from mailfilter.connectors.smtp_handoff import SmtpHandoff, loop_token

Make = Callable[[config.Connector, Send, str, Signer | None], Connector]

TYPES: dict[str, Make] = {
    "smtp": SmtpHandoff,
}


def make(settings: config.Connector, send: Send, token: str, signer: Signer | None) -> Connector:
    """The connector of a ``[connectors.NAME]`` table."""
    return TYPES[settings.type](settings, send, token, signer)


__all__ = [
    "TYPES",
    "Connector",
    "HandOver",
    "Kind",
    "Result",
    "Send",
    "Signer",
    "loop_token",
    "make",
]
