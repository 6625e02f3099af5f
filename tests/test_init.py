"""``mailfilter init``: what it writes is what check-config takes, and stops nothing yet."""

import os
import pty
import stat
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mailfilter import commands, config
from mailfilter.app import preflight
from mailfilter.commands import first_config
from mailfilter.decide import compile_rules
from tests.running import ROOT, free_port
from tests.sink import Sink

GIVEN = ("--domain", "kommun.example", "--network", "10.1.0.0/16", "--next-hop", "127.0.0.1:1")
MORE = (
    *("--department", "Socialförvaltningen=*@social.kommun.example=Socialnämnden"),
    *("--service", "saker=127.0.0.1:2", "--front", "https://epost.kommun.example"),
    *("--language", "en", "--name", 'Kommunen i "Exempel"', "--reviewer", "r@kommun.example"),
)


def init(folder: Path, *words: str) -> Result:
    """Run in this process, which has imported it all."""
    return CliRunner().invoke(commands.program(), ["init", str(folder), *words])


def read(folder: Path) -> config.Settings:
    return config.load(folder / "mailfilter.toml")


def test_only_what_differs_is_written_and_each_table_says_what_it_is_for(tmp_path):
    assert init(tmp_path / "new", *GIVEN).exit_code == 0
    text = (tmp_path / "new" / "mailfilter.toml").read_text()
    assert set(tomllib.loads(text)) == {"listen", "next_hop", "store", "organisation", "rule"}
    assert tomllib.loads(text)["listen"] == {
        "hostname": "mailfilter.kommun.example",
        "networks": ["10.1.0.0/16"],
    }
    blocks = text.split("\n\n")
    assert all(block.startswith(("# ", "[[rule]]")) for block in blocks), blocks


def test_every_answer_arrives(tmp_path):
    assert init(tmp_path, *GIVEN, *MORE).exit_code == 0
    settings = read(tmp_path)
    assert settings.organisation.name == 'Kommunen i "Exempel"'
    assert settings.organisation.language == "en"
    assert settings.connectors["saker"].port == 2
    assert settings.secure_service == "saker"
    assert settings.front.public_url == "https://epost.kommun.example"
    assert settings.notice.reviewers == ("r@kommun.example",)
    rows = (tmp_path / "departments.csv").read_text("utf-8").splitlines()
    assert rows[1] == "*@social.kommun.example;Socialförvaltningen;Socialnämnden"
    assert compile_rules(settings)


def test_keys_are_for_their_owner_alone(tmp_path):
    assert init(tmp_path, *GIVEN).exit_code == 0
    keys = tmp_path / "var" / "keys"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys.glob("*.key")} == {0o600}
    assert (keys / "escrow.key").exists()


def test_what_is_written_passes_check_config_with_the_warnings_that_init_named(tmp_path):
    with Sink() as sink:
        ports = ["--next-hop", f"127.0.0.1:{sink.port}", "--listen", f"127.0.0.1:{free_port()}"]
        told = init(tmp_path, *GIVEN, *MORE[:2], *ports)
        assert told.exit_code == 0, told.stderr
        file = tmp_path / "mailfilter.toml"
        text = file.read_text().replace(
            "[store]", f"[web]\nport = {free_port()}\nhealth_port = 0\n\n[store]"
        )
        file.write_text(text)  # the ports of the pages may be taken where tests run
        report = preflight.examined(file)
    assert preflight.status(report.faults) == 0
    assert preflight.status(report.faults, strict=True) == 1
    for fault in report.faults:
        assert fault.kind is preflight.Kind.WARNING
        assert fault.what in told.stderr
    assert "the filter is off" in told.stderr


def test_it_begins_in_observe_mode(tmp_path):
    assert init(tmp_path, *GIVEN).exit_code == 0
    rules = [rule for rule in read(tmp_path).rule if rule.mode.value == "observe"]
    assert {rule.action.value for rule in rules} == {"quarantine"}
    assert read(tmp_path).organisation.staff_informed is None or (
        read(tmp_path).organisation.staff_informed > date.today()
    )


@pytest.mark.parametrize("missing", ["--domain", "--network", "--next-hop"])
def test_without_a_terminal_a_missing_answer_is_named(tmp_path, missing):
    at = GIVEN.index(missing)
    done = init(tmp_path / "new", *GIVEN[:at], *GIVEN[at + 2 :])
    assert done.exit_code == 2
    assert missing in done.stderr
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("flag", "value", "says"),
    [
        ("--network", "10.1.2.3/16", "write 10.1.0.0/16"),
        ("--domain", "kommun example", "must be a mail domain"),
        ("--next-hop", "10.1.0.9:smtp", "host:port"),
        ("--next-hop", "10.1.0.9:99999", "65535"),
        ("--language", "de", "'sv' or 'en'"),
        ("--department", "Social", "NAME=PATTERN"),
        ("--service", "saker", "NAME=HOST"),
        ("--front", "http://epost.kommun.example", "https"),
    ],
)
def test_a_bad_answer_is_said_with_its_flag_and_writes_nothing(tmp_path, flag, value, says):
    done = init(tmp_path / "new", *GIVEN, flag, value)
    assert done.exit_code == 2
    assert flag in done.stderr
    assert says in done.stderr
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["mailfilter.toml", "departments.csv", "mailfilter.service"])
def test_nothing_is_overwritten(tmp_path, name):
    (tmp_path / name).write_text("mine")
    done = init(tmp_path, *GIVEN)
    assert done.exit_code == 2
    assert f"mv {tmp_path / name}" in done.stderr
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


def test_keys_that_are_there_stay(tmp_path):
    assert init(tmp_path / "a", *GIVEN, "--state", str(tmp_path / "var")).exit_code == 0
    before = (tmp_path / "var" / "keys" / "desk.key").read_text()
    assert init(tmp_path / "b", *GIVEN, "--state", str(tmp_path / "var")).exit_code == 0
    assert (tmp_path / "var" / "keys" / "desk.key").read_text() == before


def test_the_unit_is_that_of_the_manual_with_its_own_paths(tmp_path):
    shipped = (ROOT / "deploy" / "mailfilter.service").read_text()
    etc, state, here = Path("/etc/mailfilter"), Path("/var/lib/mailfilter"), Path("/run/mailfilter")
    places = first_config.Places(etc, state, here)
    assert first_config.unit(places, "/opt/mailfilter/venv/bin/mailfilter") == shipped
    elsewhere = first_config.Places(tmp_path, tmp_path / "var", tmp_path / "run", "filter")
    text = first_config.unit(elsewhere, "/usr/bin/mailfilter")
    assert f"ExecStart=/usr/bin/mailfilter serve -c {tmp_path}/mailfilter.toml\n" in text
    assert f"ReadWritePaths={tmp_path}/var\n" in text
    assert "User=filter\nGroup=filter\n" in text


def test_a_terminal_is_asked_and_a_bad_answer_is_asked_again(tmp_path):
    answers = ["kommun example!", "kommun.example", "10.1.2.3/16", "10.1.0.0/16", "127.0.0.1:1"]
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "mailfilter", "init", str(tmp_path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        os.write(ours, "\n".join([*answers, "", "", "", "", ""]).encode())
        told = process.communicate(timeout=60)[0].decode()
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 0, told
    assert "must be a mail domain" in told
    assert "write 10.1.0.0/16" in told
    assert read(tmp_path).next_hop.port == 1
