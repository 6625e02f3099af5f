"""Settings of pickup, the embedded secure transfer (``connectors/pickup.py``).

`least` answers the one question that must never be answered too low: which proof of the recipient
does a message with these kinds, from this department, need.
"""

from collections.abc import Iterable
from datetime import timedelta
from enum import IntEnum
from fnmatch import fnmatchcase
from ipaddress import ip_address
from pathlib import Path
from string import Formatter
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from mailfilter.config.fields import Address, HeaderName, Line, Section

_SMS_FIELDS = {"number", "text", "secret"}


class Proof(IntEnum):
    """How the recipient shows who she is; a higher one is stronger."""

    LINK = 0  # the mailbox alone: only for an answer, inside the organisation
    CODE = 1  # a code that the sender reads out, or an agreed passphrase
    SMS = 2  # the link, and a code to a mobile number
    EID = 3  # e-identification of level of assurance 3

    @property
    def word(self) -> str:
        return self.name.lower()


ProofName = Literal["code", "sms", "eid"]


def _is_sms_template(value: str) -> str:
    try:
        names = {name for _, name, _, _ in Formatter().parse(value) if name is not None}
    except ValueError:
        names = {""}
    if not names <= _SMS_FIELDS:
        raise ValueError(
            "may hold only {number}, {text} and {secret}; a brace of its own is written {{ or }}"
        )
    return value


def _is_safe_url(value: str) -> str:
    """https, or plain http to this machine."""
    if not value:
        return value
    parts = urlsplit(value.replace("{", "").replace("}", ""))
    try:
        near = parts.hostname == "localhost" or ip_address(parts.hostname or "").is_loopback
    except ValueError:
        near = False
    if not parts.hostname or (parts.scheme != "https" and not (parts.scheme == "http" and near)):
        raise ValueError("must be an address that begins with https://")
    return value


SafeUrl = Annotated[Line, AfterValidator(_is_safe_url)]
SmsTemplate = Annotated[str, AfterValidator(_is_sms_template)]


class Sms(Section):
    """An SMS gateway that is reached by HTTP. Off while `url` is empty."""

    url: Annotated[SafeUrl, AfterValidator(_is_sms_template)] = ""
    body: SmsTemplate = '{{"to": "{number}", "text": "{text}"}}'
    content_type: Literal["application/json", "application/x-www-form-urlencoded"] = (
        "application/json"
    )
    headers: dict[HeaderName, Annotated[Line, AfterValidator(_is_sms_template)]] = Field(default={})
    secret_file: Path | None = None  # fills in {secret}
    accepted: Line = ""  # a word that the answer must hold; empty: any 2xx
    country: Annotated[str, Field(pattern=r"^\+[1-9]\d{0,2}$")] = "+46"  # of a number with a 0


class Eid(Section):
    """A broker of e-identification that speaks OpenID Connect. Off while `issuer` is empty."""

    issuer: SafeUrl = ""
    client_id: Line = ""
    client_secret_file: Path | None = None
    scope: Line = "openid"
    acr: tuple[Line, ...] = ("http://id.elegnamnden.se/loa/1.0/loa3", "loa3")  # any of these
    algorithms: tuple[Literal["RS256", "PS256", "ES256", "ES384"], ...] = (
        "RS256", "PS256", "ES256",
    )  # fmt: skip
    name_claim: Line = "name"
    title: Line = "BankID"  # as the page names it

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.issuer and not (self.client_id and self.acr and self.algorithms):
            raise ValueError("issuer, client_id, acr and algorithms belong together: give all")
        return self


class Least(Section):
    """A least proof; conditions that are not named do not matter. The strongest that fits holds."""

    proof: ProofName
    kinds: tuple[str, ...] = ()  # "se.*" is a pattern
    departments: tuple[str, ...] = ()


class Pickup(Section):
    """The embedded secure transfer: ``type = "pickup"`` under ``[connectors.NAME]``."""

    proof: ProofName = "code"  # where nothing demands more
    least: tuple[Least, ...] = ()
    care_providers: tuple[str, ...] = ()  # departments: health from them needs "eid"
    days: Annotated[int, Field(ge=1, le=365)] = 30  # then it is destroyed
    seat_minutes: Annotated[int, Field(ge=20, le=240)] = 60  # reading without a word from her
    switchboard: Line = ""  # a telephone number that anybody finds on the organisation's own site
    unit: Line = ""  # the unit in the mail, where the department is not to be named
    mail_sender: Address = ""  # From of the mail with the link; default that of notices
    return_address: Address = ""  # bounces go to name+TOKEN@domain; must lead back to us
    shared: tuple[str, ...] = ()  # function mailboxes: addresses, @domain
    answer_size: Annotated[int, Field(ge=1024, le=100 * 1024 * 1024)] = 25 * 1024 * 1024
    sms: Sms = Sms()
    eid: Eid = Eid()

    @property
    def kept(self) -> timedelta:
        return timedelta(days=self.days)

    def needed(self, kinds: Iterable[str], department: str) -> Proof:
        """The least proof for these kinds from this department; never lowered afterwards."""
        kinds = tuple(kinds)
        found = [Proof[self.proof.upper()]]
        if "health" in kinds and department in self.care_providers:
            found.append(Proof.EID)
        for one in self.least:
            kind = not one.kinds or any(fnmatchcase(k, p) for k in kinds for p in one.kinds)
            if kind and (not one.departments or department in one.departments):
                found.append(Proof[one.proof.upper()])
        return max(found)

    def is_shared(self, address: str) -> bool:
        """Whether an address is a function mailbox with several openers."""
        lower = address.lower()
        return any(
            lower == name.lower() or (name.startswith("@") and lower.endswith(name.lower()))
            for name in self.shared
        )
