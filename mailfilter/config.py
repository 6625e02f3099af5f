"""Settings: read from TOML, validated once, frozen.

An error names file, key, value and what would be right. Nothing listens beyond loopback unless
the file says so; there are no default passwords. Every key is explained in
``deploy/mailfilter.toml``, which a test compares with this file.
"""

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mailfilter import limits
from mailfilter.errors import ConfigError
from mailfilter.model import Action, Class, Level, Mode

Port = Annotated[int, Field(ge=0, le=65535)]


class Section(BaseModel):
    """A table of the file: unknown keys are errors, nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TenantMark(Section):
    """The header that a shared platform puts on our tenant's mail, and the value that is ours."""

    header: str
    value: str


class Listen(Section):
    host: str = "127.0.0.1"
    port: Port = 10025
    hostname: str = "localhost"  # what we call ourselves in banner and EHLO
    processes: Annotated[int, Field(ge=0, le=64)] = 0  # 0 = one a core
    networks: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    shared_networks: tuple[str, ...] = ()  # of many customers: the mail must carry the tenant mark
    certificate: Path | None = None
    key: Path | None = None
    client_ca: Path | None = None  # verified client certificates count as an allowed network
    client_names: tuple[str, ...] = ()  # of those, the subject names that may send
    shared_client_names: tuple[str, ...] = ()  # likewise, but of many customers
    require_tls: bool = False
    tenant_mark: TenantMark | None = None
    sender_domains: tuple[str, ...] = ()  # accepted in MAIL (for <> in From) where shared
    xforward: bool = True
    trace_header: bool = False  # smart-host mode: add one Received field


class NextHop(Section):
    host: str = "127.0.0.1"
    port: Port = 10026
    tls: Literal["none", "opportunistic", "encrypt", "verify"] = "none"
    ca: Path | None = None
    server_name: str = ""  # for verify; default host
    connections: Annotated[int, Field(ge=1, le=1000)] = 50  # kept open, at most


class Store(Section):
    url: str = "sqlite:///var/mailfilter.db"  # or postgresql://user@host/name
    keys: Path = Path("var/keys")  # desk.key (private), desk.pub, escrow.pub
    run: Path = Path("var/run")  # sockets and pid
    held_days: Annotated[int, Field(ge=1, le=365)] = limits.HELD_DAYS
    audit_days: Annotated[int, Field(ge=30)] = 1830


class Web(Section):
    host: str = "127.0.0.1"
    port: Port = 8025
    url: str = ""  # as reviewers see it; default http://host:port
    secure_cookie: bool = False  # True behind https


class Organisation(Section):
    name: str = "Kommunen"
    domains: tuple[str, ...] = ()  # ours: recipients there are internal
    contact: str = ""  # whom a sender reaches: phone or address, printed in notices
    guideline_url: str = ""
    language: Literal["sv", "en"] = "sv"
    staff_informed: date | None = None  # until then observe mode keeps no sender


class Notice(Section):
    enabled: bool = True
    sender: str = ""  # From of notices; default mailfilter@first domain
    on_reject: bool = False  # True behind Exchange Online, which hides our reply
    reviewers: tuple[str, ...] = ()  # get a content-free mail when something waits
    reviewers_minutes: Annotated[int, Field(ge=1)] = 15
    per_hour: Annotated[int, Field(ge=1)] = 20  # notices to one sender
    dkim_domain: str = ""
    dkim_selector: str = ""
    dkim_key: Path | None = None
    system_senders: dict[str, str] = {}  # scanner@… → the human owner who gets its notices


class Report(Section):
    recipients: tuple[str, ...] = ()
    weekday: Annotated[int, Field(ge=1, le=7)] = 1
    hour: Annotated[int, Field(ge=0, le=23)] = 7


class Connector(Section):
    """A secure transfer service reached by SMTP; see ``connectors/smtp_handoff.py``."""

    type: Literal["smtp"] = "smtp"
    title: str = ""  # as the notice names it
    host: str = "127.0.0.1"
    port: Port = 25
    tls: Literal["none", "opportunistic", "encrypt", "verify"] = "verify"
    ca: Path | None = None
    server_name: str = ""
    certificate: Path | None = None
    key: Path | None = None
    username: str = ""
    password_file: Path | None = None
    envelope_recipient: str = "{address}"  # "{address}.s", "{local}%{domain}@service.example"
    header_recipients: Literal["keep", "rewrite"] = "keep"
    original_recipient_header: str = ""
    subject_prefix: str = ""
    subject_replace: str = ""  # the subject is readable outside the secure service
    add_headers: dict[str, str] = {}
    remove_headers: tuple[str, ...] = ()
    sender: str = ""  # envelope sender; default the original one
    size_limit: int = 50 * limits.MIB
    loop_header: str = "X-Mailfilter-Handoff"
    split: bool = False  # one transaction for each recipient
    instructions_sv: str = ""  # a sentence of the notice
    instructions_en: str = ""


class Rule(Section):
    """One rule; conditions that are not named do not matter (design 4.4)."""

    name: str
    mode: Mode = Mode.ENFORCE
    action: Action
    connector: str = ""
    kinds: tuple[str, ...] = ()  # "se.*" and "*" are patterns
    not_kinds: tuple[str, ...] = ()
    level: Level | None = None  # at least
    below: Level | None = None  # findings under this level only
    also_kinds: tuple[str, ...] = ()  # a finding of these must be there as well
    persons: Annotated[int, Field(ge=0)] = 0  # at least
    places: tuple[str, ...] = ()  # role names: quote, signature, attachment, ...
    not_examined: tuple[Class, ...] = ()
    departments: tuple[str, ...] = ()
    recipient_classes: tuple[str, ...] = ()
    external_recipients: Annotated[int, Field(ge=0)] = 0  # at least, in the envelope
    internal_recipients: Annotated[int, Field(ge=0)] = 0
    visible_external: Annotated[int, Field(ge=0)] = 0  # at least, in To and Cc: mass mail
    visible: bool | None = None  # this recipient stands in To or Cc (True), or not (False: Bcc)
    labels: tuple[str, ...] = ()
    size: Annotated[int, Field(ge=0)] = 0  # at least, bytes
    automatic: bool | None = None  # auto-replies, bounces


class Settings(Section):
    """The whole file."""

    listen: Listen = Listen()
    next_hop: NextHop = NextHop()
    store: Store = Store()
    web: Web = Web()
    organisation: Organisation = Organisation()
    notice: Notice = Notice()
    report: Report = Report()
    classes: dict[str, tuple[str, ...]] = {}  # recipient class → addresses, domains, *.domains
    departments: Path | None = None  # departments.csv
    department_header: str = ""  # trusted header that names the department
    allow_list: tuple[str, ...] = ()  # reserved: numbers that are not a leak; empty in production
    connectors: dict[str, Connector] = {}
    secure_service: str = ""  # the connector that the default rules redirect to
    rules: Path | None = None  # a file of [[rule]]; default the shipped rules
    rule: tuple[Rule, ...] = ()  # or in this file
    cloud_links: Path | None = None
    max_message: int = limits.MESSAGE_SIZE
    memory_budget: int = limits.MEMORY_BUDGET
    max_sessions: int = limits.SESSIONS
    workers: Annotated[int, Field(ge=0, le=64)] = 0  # scan workers; 0 = one a core
    fail_open_until: date | None = None  # our own failures relay until this day, counted (P4)


def load(path: Path | None) -> Settings:
    """The settings of `path`, or the shipped defaults; relative paths are as the file says them."""
    if path is None:
        return Settings()
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from error
    return validate(table, str(path))


def validate(table: dict[str, Any], origin: str) -> Settings:
    """Settings of a parsed table; a ConfigError lists every fault, one a line."""
    try:
        return Settings.model_validate(table)
    except ValidationError as error:
        raise ConfigError("\n".join(_sentence(origin, fault) for fault in error.errors())) from error


def _sentence(origin: str, fault: Any) -> str:
    key = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"{origin}: {key}: this key is not known; see deploy/mailfilter.toml for all keys"
    return f"{origin}: {key} = {fault['input']!r}: {fault['msg'][0].lower()}{fault['msg'][1:]}"
