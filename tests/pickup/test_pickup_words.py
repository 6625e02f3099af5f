"""Every language says the same things of the same values; a missing one falls back."""

import re
import tomllib
from importlib.resources import files

import pytest

from mailfilter.pickup.mails import in_order
from mailfilter.record.pickup.contract import Told

PACKAGES = ("mailfilter.pickup.words", "mailfilter.front.pickup_words")


def flat(table, before=""):
    found = {}
    for name, value in table.items():
        if isinstance(value, dict):
            found |= flat(value, f"{before}{name}.")
        else:
            found[before + name] = sorted(set(re.findall(r"{(\w+)}", value)))
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_all_languages_have_the_same_sentences(package):
    tables = {
        one.name: flat(tomllib.loads(one.read_text("utf-8")))
        for one in files(package).iterdir()
        if one.name.endswith(".toml")
    }
    assert {"sv.toml", "en.toml", "fi.toml"} <= set(tables)
    for name, table in tables.items():
        assert table == tables["sv.toml"], name


def test_everything_that_can_be_told_has_words():
    table = tomllib.loads(files(PACKAGES[0]).joinpath("sv.toml").read_text("utf-8"))
    assert {told.value for told in Told} - {"link"} <= set(table)


def test_the_language_of_the_mail_first_and_then_one_that_most_can_read():
    assert [words.language for words in in_order("sv")] == ["sv", "en"]
    assert [words.language for words in in_order("fi")] == ["fi", "sv"]
    assert [words.language for words in in_order("no")] == ["sv", "en"]
