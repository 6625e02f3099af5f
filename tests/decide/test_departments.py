"""departments.csv and the trusted header; patterns over addresses."""

import pytest

from mailfilter.decide import compile_rules
from mailfilter.decide.addresses import Patterns, split
from mailfilter.decide.departments import read_departments
from mailfilter.errors import ConfigError
from tests.decide.cases import TODAY, envelope, examination, settings

TABLE = """address;department;controller
*@social.kommun.example;Socialförvaltningen;Socialnämnden
*.skola.kommun.example;Skolan;
anna.berg@kommun.example;Skolan;Barnnämnden
soc-*@kommun.example;Socialförvaltningen;
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "departments.csv"
    path.write_text(TABLE, encoding="utf-8-sig")
    return path


@pytest.mark.parametrize(
    ("sender", "department", "controller"),
    [
        ("Anna.Berg@kommun.example", "Skolan", "Barnnämnden"),
        ("x@social.kommun.example", "Socialförvaltningen", "Socialnämnden"),
        ("x@norra.skola.kommun.example", "Skolan", "Barnnämnden"),
        ("soc-jour@kommun.example", "Socialförvaltningen", "Socialnämnden"),
        ("soc@kommun.example", "övriga", ""),
        ("", "övriga", ""),
    ],
)
def test_senders(table, sender, department, controller):
    departments = read_departments(table, "")
    assert departments.of(envelope(sender), examination().facts) == (department, controller)


def test_the_author_counts_where_the_return_path_is_empty(table):
    facts = examination(senders=("x@social.kommun.example",)).facts
    assert read_departments(table, "").of(envelope(""), facts)[0] == "Socialförvaltningen"


@pytest.mark.parametrize(
    ("marks", "department"),
    [
        ((("x-avd", "Socialförvaltningen"),), "Socialförvaltningen"),
        ((("x-avd", "Barn 191212121212"),), "Skolan"),  # not a department: not counted
        ((("x-avd", "Socialförvaltningen"), ("x-avd", "Skolan")), "Skolan"),  # somebody added one
        ((), "Skolan"),
    ],
)
def test_a_trusted_header_may_name_only_known_departments(table, marks, department):
    rules = compile_rules(settings(departments=str(table), department_header="X-Avd"))
    decision = rules.decide(examination(marks=marks), envelope(), 1, TODAY)
    assert decision.department == department


def test_swedish_headings_and_commas(tmp_path):
    path = tmp_path / "d.csv"
    path.write_text("Förvaltning,Adress\nVård,*@vard.example\n\n", encoding="utf-8")
    departments = read_departments(path, "")
    assert departments.of(envelope("a@vard.example"), examination().facts) == ("Vård", "")


def test_the_most_specific_pattern_wins():
    patterns = Patterns()
    for value in ("*.x.example", "*.a.x.example", "b.a.x.example", "s*@b.a.x.example"):
        patterns.add(value, value)
    patterns.add("s@b.a.x.example", "s")
    assert patterns.find(split("s@b.a.x.example")) == "s"
    assert patterns.find(split("st@b.a.x.example")) == "s*@b.a.x.example"
    assert patterns.find(split("t@b.a.x.example")) == "b.a.x.example"
    assert patterns.find(split("t@c.a.x.example")) == "*.a.x.example"
    assert patterns.find(split("t@c.x.example")) == "*.x.example"
    assert patterns.find(split("t@x.example")) is None
    assert patterns.find(split("t@notx.example")) is None


def test_international_domains_are_one_in_both_spellings():
    patterns = Patterns()
    patterns.add("*@kommunen-åäö.example", "ja")
    assert patterns.find(split("a@KOMMUNEN-ÅÄÖ.example")) == "ja"
    assert patterns.find(split("a@xn--kommunen--32ak9r.example")) == "ja"


@pytest.mark.parametrize("bad", ["", "*", "a b.example", "@", "a*b*@x.example", "*.", "@x.example"])
def test_what_is_no_pattern(bad):
    with pytest.raises(ValueError, match=r"^[^\n]*$"):
        Patterns().add(bad, "x")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a;b\n", "line 1: must be the heading"),
        ("", "line 1: must be the heading"),
        ("address;department\n*@x.example;\n", "line 2: needs an address"),
        ("address;department\na*b*c;D\n", "line 2: 'a*b*c' is no address"),
        ("address;department;controller\na@x.se;D;N1\nb@x.se;D;N2\n", "line 3: D has two"),
    ],
)
def test_faults_name_file_and_line(tmp_path, text, sentence):
    path = tmp_path / "d.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_departments(path, "")
    assert str(caught.value).startswith(f"{path}: {sentence}")
