"""SDK's function addresses: the table, and whom the notice names."""

from dataclasses import replace

import pytest

from mailfilter.errors import ConfigError
from mailfilter.letters import sdk
from mailfilter.letters.notice import About, Variant, build
from mailfilter.letters.notice_words import WORDS
from mailfilter.model import Action
from tests.act.office import NOW, dossier, settings, verdict
from tests.act.test_notice import STAMP, page, text

TABLE = """\ufeffAdress;Organisation;Funktionsadress
socialtjanst@granne.example;Grannkommunen, socialtjänsten;0203:1/soc
*@granne.example;Grannkommunen;0203:1/registrator
*.region.example;Regionen;0203:2/registrator
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "sdk.csv"
    path.write_text(TABLE, encoding="utf-8")
    return sdk.load(settings(sdk_addresses=str(path)))


@pytest.mark.parametrize(
    ("who", "address"),
    [
        ("Socialtjanst@GRANNE.example", "0203:1/soc"),
        ("anna@granne.example", "0203:1/registrator"),
        ("anna@sjukhus.region.example", "0203:2/registrator"),
        ("anna@annan.example", ""),
        ("anna%granne.example@annan.example", ""),
        ("anna%annan.example@granne.example", ""),
        ("", ""),
    ],
)
def test_the_most_specific_line_holds(table, who, address):
    found = table.find(who)
    assert (found.function_address if found else "") == address


def test_the_notice_names_the_function_of_each_whose_copy_was_stopped(table):
    who = ("a@granne.example", "b@granne.example", "c@s.region.example", "d@hem.example")
    stopped = dossier(rcpts=who)
    stopped = replace(
        stopped,
        verdicts=(
            verdict(who[0]),
            verdict(who[1]),
            verdict(who[2], Action.RELAY),
            verdict(who[3]),
        ),
    )
    assert len(table.advice(stopped, WORDS["sv"])) == 1
    about = About(Variant.HELD, "K7Q2A-91ABC", NOW, stopped, sdk=table)
    made = build(about, settings(), STAMP)
    for said in (text(made), page(made)):
        assert "Funktionsadress: 0203:1/registrator" in " ".join(said.split())
        assert "Function address: 0203:1/registrator" in " ".join(said.split())
        assert "0203:2" not in said
    finnish = table.advice(stopped, WORDS["fi"])[0]
    assert "0203:1/registrator" in finnish


def test_without_a_table_nothing_is_said():
    assert sdk.load(settings()).advice(dossier(), WORDS["sv"]) == ()


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("*x*@b.example;Org;1", "is no address"),
        ("a@b.example;;1", "needs an address"),
        ("a@b.example;Org;" + "x" * 201, "needs an address"),
        ("a@b.example;Org\u2028;1", "needs an address"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path, line, fault):
    path = tmp_path / "sdk.csv"
    path.write_text(TABLE + line + "\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=f"sdk.csv: line 5: .*{fault}"):
        sdk.read(path)
