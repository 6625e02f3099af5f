"""Each check: what it must refuse, with file, line, key and cure; and what it must let be."""

import datetime
import socket
from pathlib import Path

import pytest
import typer
from cryptography.hazmat.primitives.serialization import Encoding
from typer.testing import CliRunner

from mailfilter import commands
from mailfilter.app import preflight
from mailfilter.app.preflight.folders import unusable
from mailfilter.record.sealing.keys import ensure_keys
from tests.certificates import Authority
from tests.preflight.place import ONE_DISK, Place
from tests.running import free_port
from tests.sink import Sink


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def one(said):
    assert len(said) == 1, said
    return said[0]


def test_a_good_one_leaves_nothing_behind(place):
    assert place.says() == (0, [])
    assert sorted(path.name for path in place.folder.iterdir()) == ["c.toml"]


REFUSED = {
    "a network with host bits": ({"in_listen": 'networks = ["10.0.0.1/8"]'}, 4, "10.0.0.0/8"),
    "a network that is none": ({"in_listen": 'networks = ["10.0.0.0/33"]'}, 4, "10.0.0.5"),
    "everybody": ({"in_listen": 'networks = ["0.0.0.0/0"]'}, 4, "open relay"),
    "nobody": ({"in_listen": "networks = []"}, 4, "name your servers"),
    "a key alone": ({"in_listen": 'key = "/x.key"'}, 2, "give certificate"),
    "an odd name": ({"in_listen": 'hostname = "a b"'}, 4, "mailfilter.kommun.example"),
    "small mail": ({"top": "max_message = 1000"}, 1, "262144"),
    "a small budget": ({"top": "memory_budget = 1000"}, 1, "8388608"),
    "no session": ({"top": "max_sessions = 0"}, 1, "such as 200"),
    "pages for all": ({"in_web": 'host = "0.0.0.0"'}, 8, "https://"),
    "an address of others": ({"in_listen": 'host = "192.0.2.1"'}, 4, "127.0.0.1"),
    "a name with an empty part": ({"in_next_hop": 'host = "a..b"'}, 7, "an address"),
    "a database of others": ({"url": "mysql://a@b/c"}, 12, "sqlite:///"),
    "a file that cannot be": ({"url": "sqlite:////proc/nowhere/x.db"}, 12, "folder"),
    "a device": ({"url": "sqlite:////dev/null"}, 12, "is no file"),
    "a key below a table": ({"in_web": "max_message = 300000"}, 10, "above the first [table]"),
    "a key of another table": ({"in_web": "networks = []"}, 10, "below [listen]"),
    "name servers by name": ({"tables": '[mx]\nservers = ["dns.example"]'}, 18, "10.0.0.53"),
    "a password file": (
        {"tables": '[connectors.s]\nusername = "a"\npassword_file = "/nowhere"'}, 19, "alone",
    ),
    "checkpoints of nowhere": ({"tables": '[audit]\nfile = "/proc/x/y"'}, 18, "may write to"),
    "notices of nowhere": ({"tables": '[notice]\ntemplates = "/nowhere"'}, 18, "no folder"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what, place):
    more, line, cure = REFUSED[what]
    status, said = place.says(**more)
    sentence = one([sentence for sentence in said if cure in sentence])
    assert status == 2
    assert f"c.toml:{line}: " in sentence or f"c.toml:{line - 1}: " in sentence, sentence


def test_all_faults_are_said_at_once(place):
    status, said = place.says(
        '[[rule]]\nname = "r"\naction = "reject"\nkinds = ["x", "y"]\nplaces = ["z"]',
        top="max_message = 1\nsecure_service = 'x'",
        in_listen="networks = ['10.0.0.1/8']",
        url="mysql://x/y",
    )
    assert status == 2
    for key in ("max_message", "secure_service", "listen.networks.0", "store.url"):
        assert any(f": {key}" in sentence for sentence in said), key
    assert len([sentence for sentence in said if 'rule "r": kinds' in sentence]) == 2
    assert any('rule "r": places' in sentence for sentence in said)


def test_what_hangs_on_a_broken_table_is_not_guessed(place):
    _, said = place.says('[connectors.s]\nport = "x"', top='secure_service = "s"')
    assert "connectors.s.port" in one(said)


def test_equal_ports(place):
    place.web = place.listen
    status, said = place.says()
    assert status == 2
    assert "web.port" in one(said)
    assert "[listen]" in one(said)


def test_texts_that_the_pages_do_not_lead_to(place):
    front = f"[front]\nport = {free_port()}\n"
    status, said = place.says(front)
    assert status != 2
    for key in ("front.privacy_url", "front.accessibility_url"):
        assert any(key in sentence and "is empty" in sentence for sentence in said), said
    texts = 'privacy_url = "https://k.example/a"\naccessibility_url = "https://k.example/b"'
    assert not any("front." in sentence for sentence in place.says(front + texts)[1])


def test_a_next_hop_that_is_ourselves(place):
    place.next_hop = place.listen
    status, said = place.says()
    assert status == 2
    assert "in circles" in one(said)


def test_a_port_of_another_program(place):
    with socket.create_server(("127.0.0.1", place.listen)):
        status, said = place.says()
    assert status == 2
    assert f"listen.port = {place.listen}" in one(said)
    assert "another program" in one(said)


@pytest.mark.parametrize("key", ["run", "keys"])
def test_a_folder_that_is_a_file(place, key):
    (place.folder / key).write_text("x")
    status, said = place.says()
    assert status == 2
    assert any(f"store.{key}" in sentence and "is a file" in sentence for sentence in said)


def test_a_folder_that_cannot_be_made():
    assert "cannot be made" in unusable(Path("/proc/nowhere/run"))
    assert unusable(Path("/tmp/nowhere/run")) == ""
    assert not Path("/tmp/nowhere").exists()


def test_a_folder_too_deep_for_sockets(tmp_path):
    deep = tmp_path / ("a" * 90)
    deep.mkdir()
    status, said = Place(deep).says()
    assert status == 2
    assert "too long for sockets" in one(said)


def test_keys_that_others_can_read(place):
    ensure_keys(place.folder / "keys")
    (place.folder / "keys" / "desk.key").chmod(0o644)
    status, said = place.says()
    assert status == 2
    assert "chmod 600" in one(said)


async def _make_store(settings):
    from mailfilter.record import open_store
    from mailfilter.record.sealing.keys import load_private

    ensure_keys(settings.store.keys)
    store = await open_store(settings, load_private(settings.store.keys))
    await store.close()


async def test_a_database_of_other_keys(place):
    from mailfilter import config

    settings = config.load(place.write())
    await _make_store(settings)
    before = (place.folder / "x.db").read_bytes()
    (place.folder / "keys").rename(place.folder / "other")
    import asyncio

    status, said = await asyncio.to_thread(place.says)
    assert status == 2
    assert "another desk.pub" in one(said)
    ensure_keys(place.folder / "keys")
    status, said = await asyncio.to_thread(place.says)
    assert "another desk.pub" in one(said)
    assert (place.folder / "x.db").read_bytes() == before


def test_a_file_that_is_no_database(place):
    (place.folder / "x.db").write_text("no database at all" * 500)
    status, said = place.says()
    assert status == 2
    assert "damaged" in one(said)


def test_postgresql_that_is_away_may_come_back(place):
    status, said = place.says(url=f"postgresql://a:geheim@127.0.0.1:{free_port()}/x")
    assert status == 3
    assert "cannot be reached" in one(said)
    assert "451" in one(said)
    assert "geheim" not in one(said)


def test_departments_with_commas_inside(place):
    table = place.folder / "departments.csv"
    table.write_text("address,department,controller\n*@a.example,Barn, unga,Nämnden\n")
    status, said = place.says(top=f'departments = "{table}"')
    assert status == 2
    assert "departments.csv: line 2" in one(said)
    assert "quotation marks" in one(said)


# ---- certificates ------------------------------------------------------------------------------


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


def tls(certificate, key):
    return f'certificate = "{certificate}"\nkey = "{key}"'


def test_a_pair_is_good(place, authority):
    pair = authority.issue("a.example")
    status, said = place.says(in_listen=tls(pair.certificate, pair.key))
    assert status == 1  # it runs out tomorrow
    assert "runs out on" in one(said)


@pytest.mark.parametrize("table", ["in_listen", "in_next_hop"])
def test_no_pair(place, authority, table):
    first, second = authority.issue("a.example"), authority.issue("b.example")
    status, said = place.says(**{table: tls(first.certificate, second.key)})
    assert status == 2
    assert "are no pair" in one(said)
    assert f"{table.removeprefix('in_')}.certificate" in one(said)


def test_missing_empty_and_locked(place, authority):
    pair = authority.issue("a.example")
    status, said = place.says(in_listen=tls(pair.certificate, "/nowhere.key"))
    assert status == 2
    assert "listen.key" in one(said)
    empty = place.folder / "empty"
    empty.write_text("")
    assert "is empty" in one(place.says(in_listen=tls(empty, pair.key))[1])
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(pair.key.read_bytes(), None)
    locked = place.folder / "locked.key"
    locked.write_bytes(
        key.private_bytes(
            Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"x"),
        )
    )
    assert "has a password" in one(place.says(in_listen=tls(pair.certificate, locked))[1])


def test_run_out_is_a_fault_that_serve_starts_with(place, authority, monkeypatch):
    pair = authority.issue("a.example")
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=2)
    monkeypatch.setattr("mailfilter.app.clock.now", lambda: later)
    file = place.write(in_listen=tls(pair.certificate, pair.key))
    report = preflight.read(file, preflight.HERE)
    assert preflight.status(report.faults) == 2
    stale = [fault for fault in report.faults if fault.kind is not preflight.Kind.WARNING]
    assert [fault.kind for fault in stale] == [preflight.Kind.STALE]
    assert "ran out on" in one(list(preflight.sentences(stale, file)))


def test_a_ca_without_certificates(place, authority):
    pair = authority.issue("a.example")
    status, said = place.says(in_next_hop=f'tls = "verify"\nca = "{pair.key}"')
    assert status == 2
    assert "next_hop.ca" in one(said)


# ---- others --------------------------------------------------------------------------------------


def test_the_next_hop_is_greeted_and_gets_no_mail(place):
    with Sink() as hop:
        place.next_hop = hop.port
        assert place.says(checks=preflight.AFAR) == (0, [])
        assert hop.mails == []


def test_who_does_not_answer_may_come_back(place):
    connector = f'[connectors.s]\nport = {free_port()}\ntls = "none"'
    status, said = place.says(connector, checks=preflight.AFAR)
    assert status == 3
    assert len(said) == 2
    assert all("nobody listens there" in sentence for sentence in said)
    assert "connectors.s.port" in said[1]


def test_a_next_hop_without_the_tls_that_is_asked_for(place):
    with Sink() as hop:
        place.next_hop = hop.port
        status, said = place.says(checks=preflight.AFAR, in_next_hop='tls = "encrypt"')
    assert status == 3
    assert "next_hop.tls" in one(said)
    assert "STARTTLS is not offered" in one(said)


def test_dns_that_is_silent(place):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent, Sink() as hop:
        silent.bind(("127.0.0.1", 0))
        place.next_hop = hop.port
        mx = f'[mx]\nus_hosted = true\nservers = ["127.0.0.1"]\nport = {silent.getsockname()[1]}'
        status, said = place.says(mx, checks=preflight.AFAR)
    assert status == 3
    assert "mx.us_hosted" in one(said)


# ---- the command ---------------------------------------------------------------------------------


def command(*words):
    """What the command says, in this process."""
    app = typer.Typer()
    commands.register(app)
    return CliRunner().invoke(app, list(map(str, words)))


def test_the_command_and_its_statuses(place):
    assert command("--version").stdout.startswith("mailfilter ")
    with Sink() as hop:
        place.next_hop = hop.port
        file = place.write()
        done = command("check-config", file)
        assert done.exit_code == 0
        assert all(ONE_DISK in line for line in done.stderr.splitlines())
        assert "good; rules" in done.stdout
        assert command("check-config", "-c", file).exit_code == 0
        warned = place.write('[[rule]]\nname = "all"\naction = "relay"')
        done = command("check-config", warned)
        assert done.exit_code == 0
        assert "warning: " in done.stderr
        assert "the filter is off" in done.stderr
        assert command("check-config", "--strict", warned).exit_code == 1
        assert command("check-config", place.write(top="max_message = 1")).exit_code == 2
    place.next_hop = free_port()
    assert command("check-config", place.write()).exit_code == 3
    assert command("check-config").exit_code == 2
