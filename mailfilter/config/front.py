"""Settings of the pages that the world reaches: the sender's pages and pickup (``front/``).

The rules of the front's door stand here, so that ``check-config`` says them: a public address
needs HTTPS of its own or a named proxy that has it, and links are https.
"""

from datetime import date
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from detectors.levels import Level
from mailfilter.config.fields import Address, Line, Pattern, Port, Section, is_loopback


def _is_network(value: str) -> str:
    try:
        ip_network(value, strict=False)
    except ValueError:
        raise ValueError("must be an address or network, such as 10.0.0.5 or 10.0.0.0/24") from None
    return value


def _is_web_address(value: str) -> str:
    parts = urlsplit(value)
    if value and not (parts.scheme in ("http", "https") and parts.hostname):
        raise ValueError("must be an address such as https://kommunen.example/personuppgifter")
    return value


WebAddress = Annotated[Line, AfterValidator(_is_web_address)]
Act = Literal["secure", "review", "false-alarm", "withdraw", "quote"]
Network = Annotated[str, AfterValidator(_is_network)]


class Front(Section):
    """The pages that the world reaches. Off while `port` is 0."""

    host: str = "127.0.0.1"
    port: Port = 0  # 0 = no such pages
    public_url: str = ""  # as links in mails have it: https://...
    certificate: Path | None = None  # read again when the file changes
    key: Path | None = None
    behind_proxy: tuple[Network, ...] = ()  # only these may connect, and their word is believed
    link_days: Annotated[int, Field(ge=1, le=365)] = 45
    sender_decides: bool = True  # rules with action "ask" leave a mail to its sender
    # kind of finding or class not examined → what its sender may not do herself
    not_offered: dict[str, tuple[Act, ...]] = Field(default={})
    check_address: Address = ""  # a draft sent there is answered and dropped
    check_networks: tuple[Network, ...] = ()  # from here /kontrollera needs no login
    privacy_url: WebAddress = ""  # the operator's text on personal data, linked on every page
    accessibility_url: WebAddress = ""  # the accessibility statement, likewise

    @property
    def on(self) -> bool:
        return self.port != 0

    @property
    def url(self) -> str:
        """The address that links begin with, without a slash at its end."""
        if self.public_url:
            return self.public_url.rstrip("/")
        scheme = "https" if self.certificate else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"

    def link(self, purpose: str, id: str, secret: str) -> str:
        """The address of a page: purpose "m" is the sender's, "h" a recipient's."""
        return f"{self.url}/{purpose}/{id}/{secret}"

    @property
    def texts_missing(self) -> tuple[str, ...]:
        """The settings of texts that every page should link to and that are empty; for a warning,
        since the pages work without."""
        texts = {"privacy_url": self.privacy_url, "accessibility_url": self.accessibility_url}
        return tuple(name for name, url in texts.items() if self.on and not url)

    @property
    def secure(self) -> bool:
        """Whether browsers reach us by https."""
        return self.url.startswith("https://")

    @model_validator(mode="after")
    def _door_is_safe(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together: give both or none")
        if not self.on:
            return self
        if not is_loopback(self.host) and not self.certificate and not self.behind_proxy:
            raise ValueError(
                f"host {self.host} can be reached from outside, and nothing encrypts there: give "
                "certificate and key, or name the proxy that has them in behind_proxy"
            )
        return self

    @model_validator(mode="after")
    def _links_are_safe(self) -> Self:
        parts = urlsplit(self.public_url)
        whole = parts.scheme in ("http", "https") and parts.hostname
        if self.public_url and not (whole and not parts.query and not parts.fragment):
            raise ValueError("public_url must be an address such as https://epost.kommunen.example")
        if self.on and parts.scheme != "https" and not is_loopback(parts.hostname or self.host):
            raise ValueError(
                "links must be https: give public_url, such as https://epost.kommunen.example"
            )
        return self


class Override(Section):
    """Who may send what as it is, with a reason: how many a week, until when.

    Conditions that are not named do not matter, but somebody must be named. A finding of high level
    is sent only where the policy says ``level = "high"``.
    """

    name: Line
    departments: tuple[str, ...] = ()
    senders: tuple[Address, ...] = ()
    kinds: Annotated[tuple[Pattern, ...], Field(min_length=1)]  # "se.*" is a pattern
    level: Level = Level.MEDIUM  # at most
    recipient_classes: tuple[str, ...] = ()
    per_week: Annotated[int, Field(ge=1, le=1000)] = 5  # of one sender, in seven days
    until: date  # this day is the last

    @model_validator(mode="after")
    def _somebody_is_named(self) -> Self:
        if not self.departments and not self.senders:
            raise ValueError("an override names who may use it: give departments or senders")
        return self
