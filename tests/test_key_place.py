"""desk.key on another disk, or as a credential of systemd; and what is said of the default."""

import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from mailfilter import config
from mailfilter.app.key_place import warnings
from mailfilter.errors import ConfigError
from mailfilter.record.sealing.keys import ensure_keys, load_private, load_public
from tests.running import Gateway, wait_until
from tests.sink import Sink

MAIL = (
    b"From: maj@exempelkommun.example\r\nTo: anna@medborgare.example\r\nSubject: x\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\nPersonnummer: 19121212-1212.\r\n"
)


def settings(folder: Path, **store):
    given = {"url": f"sqlite:///{folder}/mailfilter.db", "keys": str(folder / "keys"), **store}
    return config.validate({"store": given}, "t.toml")


@pytest.fixture
def elsewhere(tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir(mode=0o700)
    return folder


def test_a_first_start_makes_the_private_key_where_it_shall_lie(tmp_path, elsewhere):
    keys, private = tmp_path / "keys", elsewhere / "desk.key"
    assert ensure_keys(keys, private)
    assert not (keys / "desk.key").exists()
    assert load_private(keys, private).public == load_public(keys)
    assert ensure_keys(keys, private) == []
    with pytest.raises(ConfigError, match=r"keys/desk\.key is missing"):
        load_private(keys)


def test_a_disk_that_is_not_there_gets_no_new_key(tmp_path, elsewhere):
    keys, private = tmp_path / "keys", elsewhere / "away" / "desk.key"
    with pytest.raises(ConfigError, match="mount the disk"):
        ensure_keys(keys, private)
    assert not (keys / "desk.pub").exists()
    ensure_keys(keys, elsewhere / "desk.key")
    (elsewhere / "desk.key").unlink()
    ensure_keys(keys, elsewhere / "desk.key")
    assert not (elsewhere / "desk.key").exists(), "a new one would open nothing"
    with pytest.raises(ConfigError, match=r"elsewhere/desk\.key is missing"):
        load_private(keys, elsewhere / "desk.key")


def test_a_credential_has_the_rights_that_systemd_gives_it(tmp_path, elsewhere, monkeypatch):
    keys, private = tmp_path / "keys", elsewhere / "desk.key"
    ensure_keys(keys, private)
    private.chmod(0o440)  # the mask of its ACL stands where the group's rights do
    with pytest.raises(ConfigError, match="can be read by others"):
        load_private(keys, private)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(elsewhere))
    assert load_private(keys, private)
    private.chmod(0o444)
    with pytest.raises(ConfigError, match="can be read by others"):
        load_private(keys, private)


def test_the_default_is_warned_of_and_another_disk_is_not(tmp_path):
    ((_, said),) = warnings(settings(tmp_path))
    assert "same disk" in said
    assert "section 14b" in said
    other = Path(tempfile.mkdtemp(dir="/dev/shm"))
    try:
        if other.stat().st_dev == tmp_path.stat().st_dev:
            pytest.skip("this machine has one disk only")
        assert warnings(settings(tmp_path, keys=str(other / "keys"))) == []
        assert warnings(settings(tmp_path, desk_key=str(other / "desk.key"))) == []
        ensure_keys(tmp_path / "keys")
        ((_, said),) = warnings(settings(tmp_path, desk_key=str(other / "desk.key")))
        assert "still lies there" in said
    finally:
        shutil.rmtree(other)


@pytest.mark.system
def test_held_mail_is_opened_by_the_key_that_lies_elsewhere(tmp_path, elsewhere):
    private = elsewhere / "desk.key"
    with Sink() as sink:
        gateway = Gateway(tmp_path, sink.port)
        config_text = gateway.write_config
        gateway.write_config = lambda: _with_key(config_text(), private)
        with gateway:
            assert (
                gateway.send(MAIL, "maj@exempelkommun.example", ["anna@medborgare.example"])[0]
                == 250
            )
            (item,) = wait_until(lambda: gateway.items("held"), "the mail is held")
            assert not (tmp_path / "keys" / "desk.key").exists()
            gateway.command("quarantine", "release", item["id"], "--reason", "wrong")
            wait_until(lambda: sink.to("anna@medborgare.example"), "it is released")


def _with_key(file: Path, private: Path) -> Path:
    text = file.read_text()
    file.write_text(
        text.replace("[store]\n", f"[store]\ndesk_key = {json.dumps(os.fspath(private))}\n")
    )
    return file


def test_of_a_database_without_a_url_the_store_speaks(tmp_path):
    given = {"url": "nothing", "keys": str(tmp_path)}
    assert warnings(config.validate({"store": given}, "t.toml")) == []
