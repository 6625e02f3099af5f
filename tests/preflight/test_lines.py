"""The line of a key is the one that a person would point at."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailfilter.app.preflight.lines import Lines

TEXT = '''\
# a comment
max_message = 5
"odd key" = { a = 1, "b.c" = [1, 2] }

[listen]
port = 25  # 25
networks = [
  "10.0.0.0/8",  # ]
  "::1",
]
hostname = """
a]
"""
[[rule]]
name = "one"
kinds = ["x"]
[[rule]]
name = "two"
  kinds = ["y"]
[pickup]
least = [{ proof = "sms" }, { proof = "eid" }]
[connectors.saker]
host = "a"
[store]
url = "postgresql://user:secret@host/name"
'''
PLACES = {
    "max_message": 2,
    "listen": 5,
    "listen.port": 6,
    "listen.networks": 7,
    "listen.networks.1": 7,
    "listen.hostname": 11,
    "listen.missing": 5,
    'rule "one": kinds': 16,
    'rule "two": kinds': 19,
    'rule "two"': 17,
    "rule 2: name": 18,
    'rule "nobody"': 14,
    "pickup.least.1.proof": 21,
    "connectors.saker.host": 23,
    "front.port": 0,
}


@pytest.mark.parametrize("key", PLACES)
def test_line(key, tmp_path):
    file = tmp_path / "c.toml"
    file.write_text(TEXT)
    assert Lines.of(file).line(key) == PLACES[key]


def test_values_are_shown_without_passwords(tmp_path):
    file = tmp_path / "c.toml"
    file.write_text(TEXT)
    lines = Lines.of(file)
    assert lines.value("listen.port") == "25"
    assert lines.value('rule "two": name') == '"two"'
    assert lines.value("listen.networks") == ""
    assert lines.value("store.url") == '"postgresql://user:...@host/name"'


def test_a_file_that_is_no_toml_has_no_lines(tmp_path):
    file = tmp_path / "c.toml"
    file.write_text("[listen\n")
    assert Lines.of(file).line("listen") == 0
    assert Lines.of(tmp_path / "nowhere").line("listen") == 0


NAMES = st.sampled_from(["a", "b", '"c d"'])
VALUES = st.sampled_from(["1", '"x]"', "[1,\n 2]", '"""\n[y]\n"""', "{ z = 1 }", "'''\n#'''"])


@given(st.lists(st.tuples(st.sampled_from(["[%s]", "[[%s]]", "%s = "]), NAMES, VALUES)))
def test_every_key_that_tomllib_reads_has_a_line_of_its_own_text(rows):
    """Invariant: whatever tomllib takes, each key has a line, and its name stands on it."""
    text = "".join(
        f"{form % name}{value if form.endswith('= ') else ''}\n" for form, name, value in rows
    )
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    from mailfilter.app.preflight.lines import _read

    found = dict(_read(text))
    lines = text.split("\n")
    for name in table:
        assert name in lines[found[(name,)] - 1]
