"""Settings: read from TOML, validated once, frozen.

An error names file, key, value and what would be right. Nothing listens beyond loopback unless
the file says so; there are no default passwords. Every key is explained in
``deploy/mailfilter.toml``, which a test compares with this file.
"""

import tomllib
from collections.abc import Sequence
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from detectors.levels import LEVELS, Level, Levels, Thresholds
from mailfilter import limits
from mailfilter.config.audit import Audit
from mailfilter.config.fields import (
    Address,
    DomainName,
    HeaderName,
    Host,
    Line,
    OwnName,
    Pattern,
    Port,
    Section,
    StrictNetwork,
    Template,
    is_loopback,
)
from mailfilter.config.front import Front, Override
from mailfilter.config.pickup import Pickup
from mailfilter.config.profiles import filled
from mailfilter.config.ways import Mx, Way
from mailfilter.errors import ConfigError
from mailfilter.model import Action, Class, Mode

Language = Literal["sv", "en", "fi"]  # a notice can be written in


class TenantMark(Section):
    """The header that a shared platform puts on our tenant's mail, and the value that is ours."""

    header: Annotated[HeaderName, Field(min_length=1)]
    value: str


class Listen(Section):
    host: str = "127.0.0.1"
    port: Port = 10025
    hostname: OwnName = "localhost"  # what we call ourselves in banner and EHLO
    processes: Annotated[int, Field(ge=0, le=64)] = 0  # 0 = one a core
    networks: tuple[StrictNetwork, ...] = ("127.0.0.0/8", "::1/128")
    shared_networks: tuple[
        StrictNetwork, ...
    ] = ()  # of many customers: the mail must carry the tenant mark
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

    @model_validator(mode="after")
    def _has_what_tls_needs(self) -> Self:
        if self.key is not None and self.certificate is None:
            raise ValueError("key belongs to a certificate: give certificate, or neither")
        if self.client_ca is not None and self.certificate is None:
            raise ValueError("client_ca asks for certificates by STARTTLS: give our certificate")
        return self


class NextHop(Section):
    host: str = "127.0.0.1"
    port: Port = 10026
    tls: Literal["none", "opportunistic", "encrypt", "verify"] = "none"
    ca: Path | None = None
    server_name: str = ""  # for verify; default host
    certificate: Path | None = None  # shown to the next hop, which may know us by it
    key: Path | None = None
    connections: Annotated[int, Field(ge=1, le=1000)] = 50  # kept open, at most

    @model_validator(mode="after")
    def _certificate_has_its_key(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together: give both or none")
        return self


class Store(Section):
    url: str = "sqlite:///var/mailfilter.db"  # or postgresql://user@host/name
    keys: Path = Path("var/keys")  # desk.key (private), desk.pub, escrow.pub
    desk_key: Path | None = None  # desk.key elsewhere: another disk, a credential of systemd
    run: Path = Path("var/run")  # sockets and pid
    held_days: Annotated[int, Field(ge=1, le=365)] = limits.HELD_DAYS
    audit_days: Annotated[int, Field(ge=30, le=36_500)] = 1830  # bare rows of ended messages
    search_days: Annotated[int, Field(ge=0, le=1830)] = 90  # beside the bare row
    backup_days: Annotated[int, Field(ge=1, le=3660)] = 30
    backup_key_days: Annotated[int, Field(ge=1, le=365)] = 7  # what opens held mail in a backup

    @model_validator(mode="after")
    def _keys_go_first(self) -> Self:
        if self.backup_key_days > self.backup_days:
            raise ValueError(
                f"backup_key_days ({self.backup_key_days}) is more than backup_days"
                f" ({self.backup_days}): keys are of no use without what they open"
            )
        return self


class Web(Section):
    host: str = "127.0.0.1"
    port: Port = 8025
    health_port: Port = 8027  # of /livez, /readyz, /metrics, on loopback alone; 0 = none
    url: str = ""  # as reviewers see it; default http://host:port
    secure_cookie: bool = False  # True behind https

    @model_validator(mode="after")
    def _door_is_safe(self) -> Self:
        if not is_loopback(self.host) and not self.url.startswith("https://"):
            raise ValueError(
                f"host {self.host} can be reached from outside, and nothing encrypts there: put a"
                " server with https before it and give url, such as https://filter.kommun.example"
            )
        return self


class Organisation(Section):
    name: Line = "Kommunen"
    domains: tuple[str, ...] = ()  # ours: recipients there are internal
    cloud_hosts: Annotated[tuple[Host, ...], Field(max_length=100)] = ()  # our own file stores
    contact: Line = ""  # whom a sender reaches: phone or address, printed in notices
    guideline_url: Line = ""  # printed in notices
    language: Literal["sv", "en"] = "sv"
    staff_informed: date | None = None  # until then observe mode keeps no sender


class Notice(Section):
    enabled: bool = True
    sender: Address = ""  # From of notices; default mailfilter@first domain
    on_reject: bool = False  # True behind Exchange Online, which hides our reply
    reviewers: tuple[Address, ...] = ()  # get a content-free mail when something waits
    reviewers_minutes: Annotated[int, Field(ge=1, le=10_080)] = 15
    per_hour: Annotated[int, Field(ge=1, le=10_000)] = 20  # notices to one sender; then one digest
    languages: Annotated[tuple[Language, ...], Field(min_length=1)] = ("sv", "en")
    templates: Path | None = None  # a folder of own words, see letters/notice_template.py
    dkim_domain: DomainName = ""
    dkim_selector: DomainName = ""
    dkim_key: Path | None = None
    # scanner@… → the human owner who gets its notices
    system_senders: dict[str, Address] = Field(default={})

    @model_validator(mode="after")
    def _dkim_is_whole(self) -> Self:
        given = (bool(self.dkim_domain), bool(self.dkim_selector), self.dkim_key is not None)
        if any(given) and not all(given):
            raise ValueError("dkim_domain, dkim_selector and dkim_key belong together: give all")
        return self


class Report(Section):
    recipients: tuple[Address, ...] = ()
    weekday: Annotated[int, Field(ge=1, le=7)] = 1
    hour: Annotated[int, Field(ge=0, le=23)] = 7


class Connector(Section):
    """A secure transfer service reached by SMTP; see ``connectors/smtp_handoff.py``."""

    type: Literal["smtp", "pickup"] = "smtp"  # pickup has only type, title and instructions
    profile: str = ""  # a row of ``profiles.py``: defaults for what the table leaves out
    title: Line = ""  # as the notice names it
    host: str = "127.0.0.1"
    port: Port = 25
    tls: Literal["none", "opportunistic", "encrypt", "verify"] = "verify"
    ca: Path | None = None
    server_name: str = ""
    certificate: Path | None = None
    key: Path | None = None
    username: str = ""
    password_file: Path | None = None
    envelope_recipient: Template = "{address}"  # "{address}.s", "{local}%{domain}@service.example"
    header_recipients: Literal["keep", "rewrite"] = "keep"
    original_recipient_header: HeaderName = ""
    subject_prefix: Line = ""
    subject_replace: Line = ""  # the subject is readable outside the secure service
    add_headers: dict[HeaderName, Line] = Field(default={})
    remove_headers: tuple[HeaderName, ...] = ()
    sender: Address = ""  # envelope sender; default the original one
    size_limit: Annotated[int, Field(ge=1)] = 50 * limits.MIB
    loop_header: Annotated[HeaderName, Field(min_length=1)] = "X-Mailfilter-Handoff"
    stop_headers: tuple[HeaderName, ...] = ()  # set by the service on what it has handled
    split: bool = False  # one transaction for each recipient
    instructions_sv: Line = ""  # a sentence of the notice
    instructions_en: Line = ""

    @model_validator(mode="before")
    @classmethod
    def _as_its_profile_says(cls, table: Any) -> Any:
        return filled(table) if isinstance(table, dict) else table

    @model_validator(mode="after")
    def _pairs_are_whole(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together: give both or none")
        if bool(self.username) != (self.password_file is not None):
            raise ValueError("username and password_file belong together: give both or none")
        if self.subject_prefix and self.subject_replace:
            raise ValueError("subject_prefix and subject_replace exclude each other: give one")
        return self


class LevelSettings(Section):
    """From which confidence a finding is medium or high; 0: as shipped."""

    health_medium: Annotated[int, Field(ge=0, le=100)] = 0
    health_high: Annotated[int, Field(ge=0, le=100)] = 0
    identity_medium: Annotated[int, Field(ge=0, le=100)] = 0
    identity_high: Annotated[int, Field(ge=0, le=100)] = 0

    @property
    def in_force(self) -> Levels:
        """The thresholds, those of the program where none is given."""
        health, identity = LEVELS.health, LEVELS.identity
        return Levels(
            Thresholds(self.health_medium or health.medium, self.health_high or health.high),
            Thresholds(
                self.identity_medium or identity.medium, self.identity_high or identity.high
            ),
        )

    @model_validator(mode="after")
    def _high_is_above_medium(self) -> Self:
        levels = self.in_force
        for name, family in (("health", levels.health), ("identity", levels.identity)):
            if family.high < family.medium:
                raise ValueError(
                    f"{name}_high ({family.high}) is under {name}_medium ({family.medium}): what"
                    " is high is medium, too"
                )
        return self


class Rule(Section):
    """One rule; conditions that are not named do not matter (V4)."""

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
    labels: tuple[Pattern, ...] = ()  # information classes; "*" stands for anything
    made_by: tuple[Pattern, ...] = ()  # programs that made the mail or a document of it
    opened_by_password: bool = False  # a password in the mail itself opened an attachment
    size: Annotated[int, Field(ge=0)] = 0  # at least, bytes
    automatic: bool | None = None  # auto-replies, bounces
    alone: bool = False  # health and nothing else, all read, and the sender has a page to decide on


class Settings(Section):
    """The whole file."""

    listen: Listen = Listen()
    next_hop: NextHop = NextHop()
    store: Store = Store()
    audit: Audit = Audit()
    web: Web = Web()
    front: Front = Front()
    pickup: Pickup = Pickup()
    organisation: Organisation = Organisation()
    notice: Notice = Notice()
    report: Report = Report()
    # recipient class → addresses, domains, *.domains
    classes: dict[str, tuple[str, ...]] = Field(default={})
    ways: dict[str, Way] = Field(default={})  # recipient class → way
    mx: Mx = Mx()
    departments: Path | None = None  # departments.csv
    department_header: str = ""  # trusted header that names the department
    sdk_addresses: Path | None = None  # a table, see letters/sdk.py
    connectors: dict[str, Connector] = Field(default={})
    secure_service: str = ""  # the connector that the default rules redirect to
    rules: Path | None = None  # a file of [[rule]]; default the shipped rules
    rule: tuple[Rule, ...] = ()  # of this file; they go before those
    override: tuple[Override, ...] = ()  # who may send as it is
    levels: LevelSettings = LevelSettings()
    max_message: int = limits.MESSAGE_SIZE
    memory_budget: int = limits.MEMORY_BUDGET
    max_sessions: int = limits.SESSIONS
    workers: Annotated[int, Field(ge=0, le=64)] = 0  # scan workers; 0 = one a core
    fail_open_until: date | None = None  # our own failures relay until this day, counted (P4)

    @model_validator(mode="after")
    def _check_knows_its_own(self) -> Self:
        if self.front.check_address and not self.organisation.domains:
            raise ValueError(
                "organisation.domains: front.check_address answers people of these only: give them"
            )
        return self


def load(path: Path | None) -> Settings:
    """The settings of `path`, or the shipped defaults; relative paths are as the file says them."""
    return Settings() if path is None else validate(parsed(path), str(path))


def parsed(path: Path) -> dict[str, Any]:
    """The table of a file, of which nothing is known yet."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from error


def validate(table: dict[str, Any], origin: str) -> Settings:
    """Settings of a parsed table; a ConfigError lists every fault, one a line."""
    try:
        return Settings.model_validate(table)
    except ValidationError as error:
        faults = [_sentence(origin, fault, table) for fault in error.errors()]
        raise ConfigError("\n".join(dict.fromkeys(faults))) from error


def understood(table: dict[str, Any]) -> tuple[Settings, frozenset[str]]:
    """The settings as far as they can be read, and the names of the keys and tables at the top that
    cannot: those are as if they were not there."""
    broken: set[str] = set()
    while True:
        rest = {name: value for name, value in table.items() if name not in broken}
        try:
            return Settings.model_validate(rest), frozenset(broken)
        except ValidationError as error:
            named = {str(fault["loc"][0]) for fault in error.errors() if fault["loc"]}
            broken |= named or set(rest)


def _sentence(origin: str, fault: Any, table: dict[str, Any]) -> str:
    """One fault: file, key, value, and what would be right."""
    if not fault["loc"]:  # two sections that do not fit together
        return f"{origin}: {fault['msg'].removeprefix('Value error, ')}"
    where, key = _where(fault["loc"], table)
    at = f"{origin}: {where}"
    if fault["type"] == "extra_forbidden":
        return f"{at}{key}: this key is not known; {_hint(fault['loc'])}"
    if fault["type"] == "missing":
        return f"{at}{key}: must be given"
    message = fault["msg"].removeprefix("Value error, ").removeprefix("Input ")
    value = fault["input"]
    shown = "" if isinstance(value, dict | list) else f" = {_shown(value)}"
    return f"{at}{key}{shown}: {message[:1].lower()}{message[1:]}"


def _where(loc: Sequence[Any], table: dict[str, Any]) -> tuple[str, str]:
    """The rule that the fault is in, by name, and the key as the file has it."""
    parts = [str(part) for part in loc if part != "[key]"]
    if parts[0] not in ("rule", "override") or len(parts) < 2:
        return "", ".".join(parts)
    kind = parts[0]
    try:
        name = f'"{table[kind][int(parts[1])]["name"]}"'
    except (KeyError, TypeError, IndexError):
        name = str(int(parts[1]) + 1)
    rest = ".".join(parts[2:])
    return (f"{kind} {name}: ", rest) if rest else ("", f"{kind} {name}")


def _shown(value: Any) -> str:
    text = f"{value!r}"
    return text if len(text) <= 80 else f"{text[:77]}..."


def _hint(loc: Sequence[Any]) -> str:
    """What was meant by a key that is not known there."""
    *above, key = [str(part) for part in loc if not isinstance(part, int)]
    top = Settings.model_fields
    if above and key in top and not _is_table(key):
        return (
            f"{key} belongs above the first [table]: TOML counts a key to the table that it stands"
            " below, so move the line up"
        )
    tables = [name for name in top if key in _keys_of(name)]
    if len(tables) == 1 and tables != above[:1]:
        return f"{key} belongs below [{tables[0]}]: move the line there"
    own = _keys_of(above[0]) if above else set(top)
    everywhere = {name for section in Section.__subclasses__() for name in section.model_fields}
    for known in (own, everywhere):
        if close := get_close_matches(key, sorted(known), 1, 0.75):
            return f"did you mean {close[0]}?"
    return "see deploy/mailfilter.toml for all keys"


def _is_table(name: str) -> bool:
    """Whether a key of the top is written as a table."""
    default = Settings.model_fields[name].default
    return isinstance(default, Section | dict) or name in ("rule", "override")


def _keys_of(table: str) -> set[str]:
    """The keys of a table of the top, where it has a list of its own."""
    if table in ("rule", "override", "connectors"):
        tables: dict[str, type[Section]] = {
            "rule": Rule,
            "override": Override,
            "connectors": Connector,
        }
        return set(tables[table].model_fields)
    field = Settings.model_fields.get(table)
    default = field.default if field else None
    return set(type(default).model_fields) if isinstance(default, Section) else set()
