"""What the settings are made of: kinds of values, each with the sentence that says what is right.

From → to: a value of the file → the same value, or ValueError with a sentence that `config` puts
file and key before.
"""

import re
from ipaddress import ip_address, ip_network
from string import Formatter
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from mailfilter import limits

Port = Annotated[int, Field(ge=0, le=65535)]
_HEADER_NAME = re.compile(r"[A-Za-z0-9_-]{1,76}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]")
_ADDRESS = re.compile(r"[^\s<>@\x00-\x1f\x7f]+@[^\s<>@\x00-\x1f\x7f]+")
_HOST = re.compile(r"(?:\*\.)?[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")
_OWN_NAME = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*|\[[0-9A-Fa-f:.]+\]"
)
_DOMAIN = re.compile(r"(?=.{1,253}\Z)[\w-]{1,63}(?:\.[\w-]{1,63})*")
_TEMPLATE_FIELDS = {"address", "local", "domain"}


def _is_header_name(value: str) -> str:
    if value and not _HEADER_NAME.fullmatch(value):
        raise ValueError("must be the name of a header: letters, digits and hyphens, no colon")
    return value


def _is_one_line(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("must be one line without control characters")
    return value


def is_address(value: str) -> bool:
    """Whether it looks like one mail address."""
    return _ADDRESS.fullmatch(value) is not None


def _is_address(value: str) -> str:
    if value and not is_address(value):
        raise ValueError("must be one mail address, such as name@kommun.example")
    return value


def _is_template(value: str) -> str:
    try:
        parsed = [part[1:] for part in Formatter().parse(value) if part[1] is not None]
        fields = {"".join(filter(None, part)) for part in parsed}
        if not fields <= _TEMPLATE_FIELDS:
            raise KeyError
        made = value.format(address="a@b.example", local="a", domain="b.example")
    except (ValueError, KeyError, IndexError, AttributeError):
        raise ValueError("may hold only {address}, {local} and {domain}") from None
    if not _ADDRESS.fullmatch(made):
        raise ValueError("must give an address, such as {address}.s or {local}@service.example")
    return value


def _is_pattern(value: str) -> str:
    if not value.strip("* ") or len(value) > limits.LABEL_LENGTH:
        raise ValueError(f"must say something, in at most {limits.LABEL_LENGTH} characters")
    return value


def _is_host(value: str) -> str:
    if len(value) > 253 or not _HOST.fullmatch(value):
        raise ValueError(
            "must be the name of a host, such as kommunen.sharepoint.com, "
            "or *.kommunen.example for all below: no https://, port or path"
        )
    return value.lower()


def _is_strict_network(value: str) -> str:
    try:
        ip_network(value)
    except ValueError as error:
        try:
            right = f"write {ip_network(value, strict=False)} for all of it"
        except ValueError:
            right = "right is for instance 10.0.0.0/8 or 10.0.0.5"
        raise ValueError(f"must be a network, or one address: {error}; {right}") from None
    return value


def _is_ip(value: str) -> str:
    try:
        ip_address(value)
    except ValueError:
        raise ValueError(
            "must be an address, such as 10.0.0.53: a name would have to be asked for first"
        ) from None
    return value


def _is_own_name(value: str) -> str:
    if not _OWN_NAME.fullmatch(value):
        raise ValueError(
            "must be the name of this machine, such as mailfilter.kommun.example (letters, digits,"
            " hyphens and dots), or an address in brackets"
        )
    return value


def is_domain_name(value: str) -> bool:
    """Whether it can be a name in DNS."""
    return _DOMAIN.fullmatch(value) is not None


def _is_domain_name(value: str) -> str:
    if value and not is_domain_name(value):
        raise ValueError(
            "must be a name in DNS, such as kommun.example: letters, digits, hyphens and dots"
        )
    return value


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


HeaderName = Annotated[str, AfterValidator(_is_header_name)]
Line = Annotated[str, AfterValidator(_is_one_line)]
Address = Annotated[str, AfterValidator(_is_address)]
Template = Annotated[str, AfterValidator(_is_template)]
Pattern = Annotated[str, AfterValidator(_is_pattern)]
Host = Annotated[str, AfterValidator(_is_host)]
StrictNetwork = Annotated[str, AfterValidator(_is_strict_network)]
Ip = Annotated[str, AfterValidator(_is_ip)]
DomainName = Annotated[str, AfterValidator(_is_domain_name)]
OwnName = Annotated[str, AfterValidator(_is_own_name)]


class Section(BaseModel):
    """A table of the file: unknown keys are errors, nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True)
