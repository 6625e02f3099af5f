"""deploy/mailfilter.toml says every key of config.py, each at its default."""

import re
import tomllib
from pathlib import Path

import pytest

from mailfilter import config
from mailfilter.config import pickup
from mailfilter.decide import compile_rules

REFERENCE = Path(__file__).parents[1] / "deploy" / "mailfilter.toml"
_KEY = re.compile(r"^#(?=[a-z_]+ = |\[)", re.MULTILINE)


@pytest.fixture(scope="module")
def everything():
    """The reference with every key uncommented."""
    return tomllib.loads(_KEY.sub("", REFERENCE.read_text("utf-8")))


def defaults(section):
    return {name: field.default for name, field in section.model_fields.items()}


def compared(section, table):
    """Keys whose documented value is not the default; keys without a default are examples."""
    said = section.model_validate(table)
    return {
        name: (getattr(said, name), default)
        for name, default in defaults(section).items()
        if default is not None
        and not isinstance(default, config.Section)
        and getattr(said, name) != default
        and not section.model_fields[name].is_required()
    }


TABLES = {
    "listen": config.Listen,
    "next_hop": config.NextHop,
    "store": config.Store,
    "web": config.Web,
    "front": config.Front,
    "pickup": config.Pickup,
    "pickup.sms": pickup.Sms,
    "pickup.eid": pickup.Eid,
    "organisation": config.Organisation,
    "notice": config.Notice,
    "report": config.Report,
}


def of(everything, name):
    match name:
        case "connector":
            return everything["connectors"]["saker"], config.Connector
        case "rule":
            return everything["rule"][0], config.Rule
        case "override":
            return everything["override"][0], config.Override
        case _:
            table = everything
            for part in name.split("."):
                table = table[part]
            return table, TABLES[name]


# Three keys that must be given together cannot all stand at a default and be read
TOGETHER = {"dkim_key", "certificate", "key", "password_file", "secret_file", "client_secret_file"}


@pytest.mark.parametrize("name", [*TABLES, "connector", "rule", "override"])
def test_every_key_is_documented_at_its_default(everything, name):
    table, section = of(everything, name)
    assert table.keys() == section.model_fields.keys()
    left = {k: v for k, v in table.items() if name == "listen" or k not in TOGETHER}
    left.pop("below", None)
    wrong = compared(section, left)
    if name == "override":
        wrong.pop("departments")  # somebody must be named
    assert wrong == {}


def test_every_key_of_the_top_is_documented(everything):
    assert everything.keys() == config.Settings.model_fields.keys()
    top = {k: v for k, v in everything.items() if not isinstance(v, dict | list)}
    assert compared(config.Settings, top) == {}


def test_every_key_has_words_before_it_or_a_neighbour_that_has():
    lines = REFERENCE.read_text("utf-8").splitlines()
    for number, line in enumerate(lines):
        if _KEY.match(line):
            assert lines[number - 1].strip(), f"line {number + 1}: {line}: says nothing"


def test_the_reference_as_it_is_gives_the_defaults():
    settings = config.load(REFERENCE)
    assert settings == config.Settings()
    assert compile_rules(settings).hash == compile_rules(config.Settings()).hash


def test_what_a_header_or_template_may_not_be():
    for bad in ("{address:>9}@x.se", "{address!r}", "{0}", "{x}@y", "{local}", "a b@x.se", "{"):
        with pytest.raises(ValueError, match=r"may hold only|must give"):
            config.Connector(envelope_recipient=bad)
    with pytest.raises(ValueError, match="one line"):
        config.Connector(subject_prefix="a\r\nBcc: x@y.example")
    with pytest.raises(ValueError, match="name of a header"):
        config.Connector(add_headers={"X:": "y"})
