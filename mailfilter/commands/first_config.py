"""A first configuration: from a few answers to a commented file with only what is no default.

From → to: `Answers` → the table that `config` validates (`table`) → the text of a
``mailfilter.toml`` (`written`), a ``departments.csv`` and the systemd unit. It begins in observe
mode: four rules before the shipped ones count what those would hold, and let everything pass.

A value that cannot be is a ConfigError with check-config's own sentence (`checked`).
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mailfilter import config
from mailfilter.config.fields import Section, is_domain_name
from mailfilter.errors import ConfigError

UNREAD = ["encrypted", "broken", "ambiguous", "over-limit", "crashed", "unread"]
_NOTES = {
    "departments": "Who sends for which department.",
    "secure_service": "What the shipped rules hand sensitive mail to, once they are in force.",
    "listen": "Where your mail server sends to, and who may send.",
    "next_hop": "The server behind us, which takes what passes.",
    "store": "Database, keys and sockets. Back up keys and database apart from each other.",
    "organisation": "As notices name you. Recipients in your own domains are internal.",
    "notice": "Who gets a mail without any content when something waits, and our own address.",
    "web": "The reviewers' pages.",
    "front": "The pages on which senders finish their own mail. Put a server with https before the"
    " port, at the address of public_url.",
    "connectors": "The secure service, reached by SMTP. Its certificate is checked.",
    "rule": "Observe mode: what the shipped rules would hold is counted, nothing is stopped. To"
    "\n# begin to stop, department by department: manual, section 4. Until staff were told"
    "\n# (organisation.staff_informed = the day) no sender is stored with what is counted.",
}


@dataclass(frozen=True, slots=True)
class Answers:
    """What `init` was told. Empty: not given. Hosts may have a port: ``host:port``."""

    domains: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    next_hop: str = ""
    listen: str = ""
    hostname: str = ""
    name: str = ""
    contact: str = ""
    departments: tuple[str, ...] = ()  # NAME=PATTERN or NAME=PATTERN=CONTROLLER
    language: str = ""
    service: str = ""  # NAME=HOST[:PORT]
    front: str = ""
    reviewers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Places:
    """Where things lie: the folder of the configuration, and what the program itself makes."""

    folder: Path
    state: Path
    run: Path
    user: str = "mailfilter"

    @property
    def config(self) -> Path:
        """The configuration."""
        return self.folder / "mailfilter.toml"

    @property
    def departments(self) -> Path:
        """The table of departments."""
        return self.folder / "departments.csv"

    @property
    def unit(self) -> Path:
        """The systemd unit."""
        return self.folder / "mailfilter.service"


@dataclass(slots=True)
class _Tables:
    found: dict[str, Any] = field(default_factory=dict)

    def put(self, **tables: dict[str, Any]) -> None:
        """Each table with those of its values that say something."""
        for name, values in tables.items():
            if given := {key: value for key, value in values.items() if value not in ("", (), 0)}:
                self.found[name] = given


def table(answers: Answers, places: Places) -> dict[str, Any]:
    """The settings, as TOML would have them."""
    made = _Tables()
    if answers.departments:
        made.found["departments"] = str(places.departments)
    service, address = _named(answers.service, "--service")
    if service:
        made.found["secure_service"] = service
    made.put(
        listen={**_door(answers.listen, "--listen"), "hostname": _hostname(answers)}
        | {"networks": answers.networks},
        next_hop=_door(answers.next_hop, "--next-hop"),
        store={
            "url": f"sqlite:///{places.state / 'mailfilter.db'}",
            "keys": str(places.state / "keys"),
            "run": str(places.run),
        },
        organisation={"name": answers.name, "domains": answers.domains}
        | {"contact": answers.contact, "language": answers.language},
        notice={"reviewers": answers.reviewers},
        front=_front(answers.front),
    )
    if service:
        way = {"title": service, **_door(address, "--service")}
        made.found["connectors"] = {service: {key: value for key, value in way.items() if value}}
    made.found["rule"] = _observing()
    return _without_defaults(made.found)


def checked(answers: Answers, places: Places) -> config.Settings:
    """The settings of these answers; ConfigError says of each what would be right."""
    for line in answers.departments:
        _department(line)
    for name in answers.domains:
        if not is_domain_name(name.removeprefix("*.")):
            raise ConfigError(
                f"--domain {name}: must be a mail domain, such as kommun.example, or"
                " *.kommun.example for all below"
            )
    return config.validate(table(answers, places), str(places.config))


def _hostname(answers: Answers) -> str:
    first = next((name for name in answers.domains if not name.startswith("*.")), "")
    return answers.hostname or (f"mailfilter.{first}" if first else "")


def _door(address: str, flag: str) -> dict[str, Any]:
    """Host and port of ``host``, ``host:port`` or ``[v6]:port``."""
    host, port = address, ""
    if address.startswith("["):
        host, _, port = address[1:].partition("]")
        port = port.removeprefix(":")
    elif address.count(":") == 1:
        host, _, port = address.partition(":")
    if port and not port.isdecimal():
        raise ConfigError(f"{flag} {address}: must be a host, or host:port such as 10.1.0.5:25")
    return {"host": host, "port": int(port or 0)}


def _named(text: str, flag: str) -> tuple[str, str]:
    name, equals, rest = text.partition("=")
    if text and not (name and equals and rest):
        raise ConfigError(f"{flag} {text}: must be NAME=HOST or NAME=HOST:PORT")
    return name.strip(), rest.strip()


def _front(address: str) -> dict[str, Any]:
    if not address:
        return {}
    return {"port": 8443, "public_url": address.rstrip("/"), "behind_proxy": ("127.0.0.1",)}


def _department(line: str) -> tuple[str, str, str]:
    """Pattern, name and controller of a line of ``departments.csv``."""
    name, _, rest = line.partition("=")
    pattern, _, controller = rest.partition("=")
    if not (name.strip() and "@" in pattern) or ";" in line:
        raise ConfigError(
            f"--department {line}: must be NAME=PATTERN, such as"
            " Socialförvaltningen=*@social.kommun.example, with =CONTROLLER behind it if another"
        )
    return pattern.strip(), name.strip(), controller.strip() or name.strip()


def departments_file(answers: Answers) -> str:
    """The text of ``departments.csv``."""
    rows = (";".join(_department(line)) for line in answers.departments)
    return "\n".join(["address;department;controller", *rows]) + "\n"


def _observing() -> list[dict[str, Any]]:
    outside = {"recipient_classes": ["external"]}
    watch = {"mode": "observe", "action": "quarantine", **outside}
    return [
        {"name": "trial-findings", **watch, "level": "medium"},
        {"name": "trial-not-examined", **watch, "not_examined": UNREAD},
        {"name": "trial-passed-not-examined", "action": "relay", "not_examined": UNREAD},
        {"name": "trial-passed", "action": "relay"},
    ]


def _without_defaults(found: dict[str, Any]) -> dict[str, Any]:
    """Keys at their default left out; a table that is empty then as well."""
    plain = config.Settings()
    kept: dict[str, Any] = {}
    for name, values in found.items():
        usual = getattr(plain, name)
        if not isinstance(usual, Section):
            kept[name] = values
        elif differs := {key: v for key, v in values.items() if v != getattr(usual, key)}:
            kept[name] = differs
    return kept


def written(found: dict[str, Any]) -> str:
    """The text of the file: keys of the top first, each table with what it is for."""
    lines = [
        "# mailfilter: what is not at its default. All settings: deploy/mailfilter.toml of the",
        "# source. After a change: mailfilter check-config FILE, then systemctl restart mailfilter",
        "# (reload is enough for rules, departments and domains).",
    ]
    for name, value in found.items():
        lines += ["", f"# {_NOTES[name]}"]
        if isinstance(value, str):
            lines.append(f"{name} = {_value(value)}")
        elif isinstance(value, list):
            for n, row in enumerate(value):
                lines += [*([""] if n else []), f"[[{name}]]", *_pairs(row)]
        elif name == "connectors":
            for key, row in value.items():
                lines += [f"[connectors.{_value(key)}]", *_pairs(row)]
        else:
            lines += [f"[{name}]", *_pairs(value)]
    return "\n".join(lines) + "\n"


def _pairs(row: dict[str, Any]) -> list[str]:
    return [f"{key} = {_value(value)}" for key, value in row.items()]


def _value(value: Any) -> str:
    """As TOML writes it; its basic strings and arrays are those of JSON."""
    return json.dumps(value, ensure_ascii=False)


def unit(places: Places, program: str) -> str:
    """The systemd unit; `program` is the command as the shell would start it."""
    text = (Path(__file__).parent / "templates" / "mailfilter.service").read_text("utf-8")
    for before, after in (
        ("/opt/mailfilter/venv/bin/mailfilter", program),
        ("/etc/mailfilter/mailfilter.toml", str(places.config)),
        ("User=mailfilter", f"User={places.user}"),
        ("Group=mailfilter", f"Group={places.user}"),
    ):
        text = text.replace(before, after)
    if places.state != Path("/var/lib/mailfilter"):
        text = text.replace("=/var/lib/mailfilter\n", f"={places.state}\n")
        text = text.replace("StateDirectory=mailfilter\n", f"ReadWritePaths={places.state}\n")
        text = text.replace("StateDirectoryMode=0700\n", "")
    return text
