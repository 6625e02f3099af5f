"""The reference configuration at work in a folder, and a thousand ways to spoil it.

`reference` is ``deploy/mailfilter.toml`` with every key in force, on files and ports that are
there. `mutated(seed, table)` changes one thing and says what: the same seed changes the same thing
in any copy of the reference. `dumped` writes a table as TOML.
"""

import json
import random
import re
import shutil
import tomllib
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

from tests.certificates import Authority
from tests.connectors.dkim_key import KEY
from tests.running import ROOT, free_port

REFERENCE = ROOT / "deploy" / "mailfilter.toml"
_KEY = re.compile(r"^#(?=[a-z_]+ = |\[)", re.MULTILINE)
_NONE = {
    "": ("fail_open_until",),
    "connectors.saker": ("username", "password_file"),
    "store": ("desk_key",),  # of systemd
}
Key = tuple[Any, ...]


@dataclass
class Files:
    """What a configuration names, in a folder of its own. Ports are drawn once."""

    folder: Path
    sink: int
    listen: int = field(default_factory=free_port)
    web: int = field(default_factory=free_port)
    front: int = field(default_factory=free_port)
    health: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        authority = Authority(self.folder)
        pair = authority.issue("a.example")
        self.tls = {"certificate": str(pair.certificate), "key": str(pair.key)}
        self.ca = str(authority.ca)
        (self.folder / "dkim.key").write_bytes(KEY.pem)
        (self.folder / "notices").mkdir()
        (self.folder / "departments.csv").write_text(
            "address;department;controller\n"
            "*@exempelkommun.example;Socialförvaltningen;Socialnämnden\n",
            "utf-8",
        )
        (self.folder / "sdk.csv").write_text(
            "address;organisation;function_address\n*@granne.example;Grannen;0203:1/x\n", "utf-8"
        )
        rules = files("mailfilter.decide").joinpath("default_rules.toml").read_text("utf-8")
        (self.folder / "rules.toml").write_text(rules, "utf-8")

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def empty_store(self) -> None:
        """As before the first start."""
        for name in ("keys", "run"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        for path in self.folder.glob("x.db*"):
            path.unlink()


def reference(at: Files) -> dict[str, Any]:
    """Every key of the reference, in force on these files."""
    table = tomllib.loads(_KEY.sub("", REFERENCE.read_text("utf-8")))
    changes: dict[str, dict[str, Any]] = {
        "": {
            "secure_service": "saker",
            "rules": at.path("rules.toml"),
            "departments": at.path("departments.csv"),
            "department_header": "X-Dept",
            "sdk_addresses": at.path("sdk.csv"),
            "workers": 1,
        },
        "listen": {
            **at.tls,
            "port": at.listen,
            "processes": 1,
            "client_ca": at.ca,
            "client_names": ["client.example"],
        },
        "next_hop": {**at.tls, "port": at.sink, "ca": at.ca},
        "store": {
            "url": f"sqlite:///{at.path('x.db')}",
            "keys": at.path("keys"),
            "run": at.path("run"),
        },
        "web": {"port": at.web, "health_port": at.health},
        "front": {
            **at.tls,
            "port": at.front,
            "public_url": "https://epost.exempelkommun.example",
            "check_address": "kontroll@exempelkommun.example",
        },
        "pickup": {"switchboard": "0000-000 00"},
        "organisation": {"domains": ["exempelkommun.example"], "contact": "0000-000 00"},
        "notice": {
            "templates": at.path("notices"),
            "dkim_domain": "exempelkommun.example",
            "dkim_selector": "s",
            "dkim_key": at.path("dkim.key"),
            "reviewers": ["granskare@exempelkommun.example"],
        },
        "audit": {"file": at.path("checkpoints"), "syslog": "udp://127.0.0.1:9", "mail": []},
        "mx": {"servers": ["127.0.0.1"]},
        "connectors.saker": {**at.tls, "port": at.sink, "tls": "none", "ca": at.ca},
    }
    for name, given in changes.items():
        within(table, name).update(given)
    for name, gone in _NONE.items():
        for key in gone:
            within(table, name).pop(key)
    del table["pickup"]["sms"]["secret_file"], table["pickup"]["eid"]["client_secret_file"]
    rule = {"name": "example", "action": "quarantine", "kinds": ["se.*"], "level": "high"}
    table["rule"] = [rule | {"persons": 10, "recipient_classes": ["external"]}]
    table["override"][0]["until"] = date(2099, 1, 31)
    return table


def within(table: dict[str, Any], name: str) -> dict[str, Any]:
    """The table of a dotted name."""
    for part in filter(None, name.split(".")):
        table = table[part]
    return table


# ---- writing -----------------------------------------------------------------------------------


def dumped(table: dict[str, Any]) -> str:
    """As TOML."""
    return "\n".join(_lines(table, ()))


def _lines(table: dict[str, Any], at: tuple[str, ...]) -> Iterator[str]:
    for name, value in table.items():
        if not _is_table(value):
            yield f"{_name(name)} = {_value(value)}"
    for name, value in table.items():
        if _is_table(value):
            path = (*at, name)
            heading = ".".join(map(_name, path))
            for row in value if isinstance(value, list) else [value]:
                yield f"[[{heading}]]" if isinstance(value, list) else f"[{heading}]"
                yield from _lines(row, path)


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)
    )


def _name(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)


def _value(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


# ---- spoiling ----------------------------------------------------------------------------------

_STRINGS = (
    *("", " ", "a b", "x\ny", "ö", "/nowhere/x", "0.0.0.0", "a" * 300, "..", "a..b", "x@y@z"),
    *(
        "http://x",
        "-",
        "none",
        "127.0.0.1",
        "10.0.0.1/8",
        "mysql://a/b",
        "{x}",
        "\x7f",
        "*",
        "$HOME",
    ),
)
_NUMBERS = (-1, 0, 1, 2, 25, 65_535, 65_536, 10**6, 2**31, 2**63)
_OTHERS: tuple[Any, ...] = ("yes", 7, -7, 1.5, True, [], ["x"], date(2020, 2, 30 - 1))


@dataclass(frozen=True)
class Mutation:
    """`what` in words; `key` is what a sentence about it must name, one of these at least."""

    what: str
    names: tuple[str, ...]
    text: str


def leaves(table: Any, at: Key = ()) -> Iterator[Key]:
    """The paths of all keys whose value is no table."""
    rows = table.items() if isinstance(table, dict) else enumerate(table)
    for name, value in rows:
        if _is_table(value):
            yield from leaves(value, (*at, name))
        else:
            yield (*at, name)


def mutated(seed: int, table: dict[str, Any]) -> Mutation:
    """The reference with one thing changed."""
    chance = random.Random(seed)
    spoilt = deepcopy(table)
    key = chance.choice(sorted(leaves(spoilt), key=str))
    way = chance.choice(WAYS)
    return way(chance, spoilt, key)


def _holder(table: dict[str, Any], key: Key) -> Any:
    for part in key[:-1]:
        table = table[part]
    return table


def _names(key: Key) -> tuple[str, ...]:
    """A key, and the tables that a sentence may name in its stead."""
    return tuple(str(part) for part in key if isinstance(part, str))


def _changed(table: dict[str, Any], key: Key, value: Any, how: str) -> Mutation:
    _holder(table, key)[key[-1]] = value
    return Mutation(f"{how}: {'.'.join(map(str, key))} = {value!r:.60}", _names(key), dumped(table))


def _value_of_its_type(chance: random.Random, table: dict[str, Any], key: Key) -> Mutation:
    value = _holder(table, key)[key[-1]]
    if isinstance(value, bool):
        return _changed(table, key, not value, "turned")
    if isinstance(value, int):
        return _changed(table, key, chance.choice(_NUMBERS), "number")
    if isinstance(value, list):
        rows = chance.choice([[], [""], ["x y"], ["10.0.0.1/8"], ["*"], value * 2, [7], ["a@b"]])
        return _changed(table, key, rows, "list")
    if isinstance(value, str) and value.startswith("/"):
        return _file(chance, table, key)
    return _changed(table, key, chance.choice(_STRINGS), "string")


def _file(chance: random.Random, table: dict[str, Any], key: Key) -> Mutation:
    """Another file, or none."""
    value = Path(_holder(table, key)[key[-1]])
    others = ["nowhere", ".", "a.example.key", "a.example.crt", "dkim.key", "c.toml", "sdk.csv"]
    name = chance.choice(others)
    return _changed(table, key, str(value.parent / name), "file")


def _value_of_another_type(chance: random.Random, table: dict[str, Any], key: Key) -> Mutation:
    return _changed(table, key, chance.choice(_OTHERS), "type")


def _typing_mistake(chance: random.Random, table: dict[str, Any], key: Key) -> Mutation:
    holder = _holder(table, key)
    if not isinstance(holder, dict):
        return _value_of_another_type(chance, table, key)
    name = str(key[-1])
    at = chance.randrange(len(name))
    wrong = chance.choice([name[:at] + name[at + 1 :], name[:at] + name[at] * 2 + name[at + 1 :]])
    wrong = wrong or "x"
    holder[wrong] = holder.pop(key[-1])
    return Mutation(f"typing mistake: {name} as {wrong}", (wrong,), dumped(table))


def _elsewhere(chance: random.Random, table: dict[str, Any], key: Key) -> Mutation:
    """The key in another table."""
    holder = _holder(table, key)
    if not isinstance(holder, dict):
        return _value_of_another_type(chance, table, key)
    tables = ["", "listen", "store", "web", "organisation", "report"]
    to = chance.choice([name for name in tables if within(table, name) is not holder])
    within(table, to)[key[-1]] = holder.pop(key[-1])
    return Mutation(f"moved: {'.'.join(map(str, key))} to [{to}]", _names(key), dumped(table))


def _taken_away(chance: random.Random, table: dict[str, Any], key: Key) -> Mutation:
    holder = _holder(table, key)
    del holder[key[-1]]
    return Mutation(f"taken away: {'.'.join(map(str, key))}", _names(key), dumped(table))


def _same_port(chance: random.Random, table: dict[str, Any], key: Key) -> Mutation:
    ports = ["listen", "web", "front", "next_hop"]
    one, other = chance.sample(ports, 2)
    table[one]["port"] = table[other]["port"]
    return Mutation(f"the port of {other} for {one}", ("port",), dumped(table))


def _torn_text(chance: random.Random, table: dict[str, Any], key: Key) -> Mutation:
    """A slip in the file itself; what is still TOML may be good."""
    lines = dumped(table).split("\n")
    at = chance.randrange(len(lines))
    line = lines[at]
    slips: list[Callable[[str], str]] = [
        lambda text: text.replace('"', "", 1),
        lambda text: text.replace("=", ":", 1),
        lambda text: text.replace("]", "", 1),
        lambda text: f"{text}\n{text}",
        lambda text: text[: len(text) // 2],
        lambda text: f"#{text}",
        lambda text: f"{text} x",
    ]
    lines[at] = chance.choice(slips)(line)
    named = re.match(r"[\w-]+", lines[at])
    return Mutation(f"torn: {lines[at]!r:.60}", (named[0],) if named else ("",), "\n".join(lines))


WAYS = (
    *(_value_of_its_type, _value_of_its_type, _value_of_its_type, _value_of_another_type),
    *(_typing_mistake, _elsewhere, _taken_away, _same_port, _torn_text),
)
