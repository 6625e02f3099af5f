"""Checkpoints each hour: into a file, to a syslog by socket, UDP and TCP, by mail."""

import socket
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from mailfilter.app.anchoring import Anchoring, send
from mailfilter.config import Audit, Settings, Store, validate
from mailfilter.errors import ConfigError
from mailfilter.log import log
from mailfilter.record.ledgers.checkpoint import found
from mailfilter.record.open import checkpoint_file, open_store
from mailfilter.record.sealing.keys import ensure_keys, load_private
from tests.record.making import CHEAP, NOW, line

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def made(folder: Path, **audit: object) -> Settings:
    store = Store(url=f"sqlite:///{folder}/db", keys=folder / "keys", run=folder)
    return Settings(store=store, audit=Audit.model_validate(audit))


@pytest.fixture
async def archive(tmp_path):
    ensure_keys(tmp_path / "keys")
    store = await open_store(made(tmp_path), load_private(tmp_path / "keys"), CHEAP)
    yield store.archive
    await store.close()


def kept(folder: Path) -> list[int]:
    key = load_private(folder / "keys").audit
    lines = (folder / "audit.checkpoints").read_text("ascii").splitlines()
    good, bad = found(key, lines)
    assert bad == 0
    return [one.seq for one in good]


async def test_one_an_hour_in_the_file(tmp_path, archive):
    anchoring = Anchoring(archive, made(tmp_path))
    for minutes in range(0, 125, 5):
        await archive.audit(line())
        await anchoring.tick(NOW + minutes * MINUTE)
    assert kept(tmp_path) == [1, 13, 25]
    assert checkpoint_file(made(tmp_path)).stat().st_mode & 0o777 & ~0o640 == 0
    assert (await archive.proof.verify()).checkpoints == 3


async def test_a_restart_makes_no_further_one(tmp_path, archive):
    for _ in range(3):
        await Anchoring(archive, made(tmp_path)).tick(NOW)
    assert kept(tmp_path) == [0]


async def test_a_clock_that_was_put_back_makes_one(tmp_path, archive):
    anchoring = Anchoring(archive, made(tmp_path))
    await anchoring.tick(NOW)
    await anchoring.tick(NOW - 3 * HOUR)
    assert len(kept(tmp_path)) == 2


async def test_a_file_elsewhere(tmp_path, archive):
    await Anchoring(archive, made(tmp_path, file=tmp_path / "other")).tick(NOW)
    assert "mailfilter-checkpoint" in (tmp_path / "other").read_text("ascii")
    assert not (tmp_path / "audit.checkpoints").exists()


async def test_a_way_that_fails_stops_no_other(tmp_path, archive, monkeypatch):
    said = []
    monkeypatch.setattr(log, "error", lambda event, **more: said.append((event, more["way"])))
    settings = made(
        tmp_path,
        file=tmp_path / "nowhere" / "x",
        syslog=str(tmp_path / "no.sock"),
        mail=("revisor@kommun.example",),
    )
    await Anchoring(archive, settings).tick(NOW)
    assert said == [("audit-checkpoint", "file"), ("audit-checkpoint", "syslog")]
    assert [parcel.kind for parcel in await archive.due(NOW)] == ["checkpoint"]


async def test_mail_goes_when_the_log_has_grown_or_a_day_is_over(tmp_path, archive):
    anchoring = Anchoring(archive, made(tmp_path, mail=("revisor@kommun.example",)))
    for hours in range(26):
        if hours == 2:
            await archive.audit(line())
        await anchoring.tick(NOW + hours * HOUR)
    parcels = [parcel.created_at for parcel in await archive.due(NOW + 30 * HOUR, limit=100)]
    assert parcels == [NOW, NOW + 2 * HOUR]
    await anchoring.tick(NOW + 27 * HOUR)
    assert len(await archive.due(NOW + 30 * HOUR, limit=100)) == 3


def test_a_socket_of_this_machine(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(tmp_path / "log"))
        send(str(tmp_path / "log"), "LINE", NOW, "host")
        said = server.recv(2000).decode()
    assert said.startswith("<109>mailfilter[")
    assert said.endswith("]: LINE")


def test_a_syslog_by_udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)
        send(f"udp://127.0.0.1:{server.getsockname()[1]}", "LINE", NOW, "host")
        said = server.recv(2000).decode()
    assert said.startswith("<109>1 2026-11-16T08:00:00+00:00 host mailfilter ")
    assert said.endswith(" audit - LINE")


def test_a_syslog_by_tcp():
    got = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def take() -> None:
            with server.accept()[0] as client:
                while data := client.recv(2000):
                    got.append(data)

        thread = threading.Thread(target=take)
        thread.start()
        send(f"tcp://127.0.0.1:{server.getsockname()[1]}", "LINE", NOW, "host")
        thread.join(10)
    assert b"".join(got).endswith(b" audit - LINE\n")


@pytest.mark.parametrize("value", ["/dev/log", "udp://log.kommun.example:514", "tcp://[::1]:6514"])
def test_where_a_syslog_may_be(value):
    assert validate({"audit": {"syslog": value}}, "f").audit.syslog == value


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"syslog": "log.kommun.example"}, "must be a socket of this machine, such as /dev/log"),
        ({"syslog": "udp://log.kommun.example"}, "must be a socket"),
        ({"syslog": "tcp://log.kommun.example:70000"}, "must be a socket"),
        ({"mail": ["revisor"]}, "must be one mail address"),
        ({"mail": [""]}, "must hold addresses"),
    ],
)
def test_what_cannot_be_is_said(table, said):
    with pytest.raises(ConfigError, match=said):
        validate({"audit": table}, "f")
