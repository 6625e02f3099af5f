"""Settings of the checkpoints of the audit log: where they go, each hour."""

import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from mailfilter.config.fields import Address, Section

_SYSLOG = re.compile(r"(?:udp|tcp)://(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):\d{1,5}")
_MOST_PORTS = 65535


def _is_syslog(value: str) -> str:
    if not value or value.startswith("/"):
        return value
    if not _SYSLOG.fullmatch(value) or not 0 < int(value.rpartition(":")[2]) <= _MOST_PORTS:
        raise ValueError(
            "must be a socket of this machine, such as /dev/log, or udp://log.kommun.example:514"
            " or tcp://log.kommun.example:514"
        )
    return value


class Audit(Section):
    """Where the head of the audit log is written down: at least in a file of this machine."""

    file: Path | None = None  # default audit.checkpoints beside the folder of store.keys
    syslog: Annotated[str, AfterValidator(_is_syslog)] = ""  # /dev/log, udp://…, tcp://…
    mail: tuple[Address, ...] = ()  # who gets a mail with each, when the log has grown

    @model_validator(mode="after")
    def _addresses_are_there(self) -> Self:
        if not all(self.mail):
            raise ValueError("audit.mail must hold addresses, such as revisor@kommun.example")
        return self

    @property
    def elsewhere(self) -> bool:
        """Whether checkpoints leave this machine."""
        return bool(self.mail) or "://" in self.syslog
