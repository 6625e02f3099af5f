"""Sealing and keys: what is sealed opens only whole, with the right key, in its own place."""

import os
import stat
from dataclasses import replace
from pathlib import Path

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailfilter import limits
from mailfilter.errors import ConfigError, Permanent
from mailfilter.model import Path as Address
from mailfilter.record.archive import dossier as codec
from mailfilter.record.contract import Dossier
from mailfilter.record.sealing.keys import PrivateKeys, ensure_keys, load_private, load_public
from mailfilter.record.sealing.seal import Opener, Sealer
from tests.record.making import Mails, dossier


@pytest.fixture
def sealer(keys: PrivateKeys) -> Sealer:
    return Sealer((keys.public.desk, keys.public.escrow))


@pytest.fixture
def opener(keys: PrivateKeys) -> Opener:
    return Opener(keys.identity)


@pytest.mark.parametrize("size", [0, 1, limits.CHUNK - 1, limits.CHUNK, limits.CHUNK + 1])
def test_bodies_come_back(sealer: Sealer, opener: Opener, size: int) -> None:
    body = b"x" * size
    sealed = Sealer.seal(sealer, Mails()(body=body))
    assert len(sealed.chunks) == max(1, -(-size // limits.CHUNK))
    assert opener.body(sealed.wrapped, sealed.chunks, sealed.id) == body
    assert opener.dossier(sealed.wrapped, sealed.dossier, sealed.id) == dossier()


def test_escrow_opens_too(sealer: Sealer) -> None:
    identity = pyrage.x25519.Identity.generate()
    two = Sealer((str(pyrage.x25519.Identity.generate().to_public()), str(identity.to_public())))
    sealed = two.seal(Mails()())
    assert Opener(str(identity)).body(sealed.wrapped, sealed.chunks, sealed.id)
    with pytest.raises(Permanent, match="another key"):
        Opener(str(pyrage.x25519.Identity.generate())).key(sealed.wrapped, sealed.id)


def test_chunks_cannot_be_moved_cut_or_changed(sealer: Sealer, opener: Opener) -> None:
    sealed = sealer.seal(Mails()(body=b"x" * (3 * limits.CHUNK)))
    a, b, c = sealed.chunks
    flipped = bytes([a[0] ^ 1]) + a[1:]
    for chunks in ([b, a, c], [a, b], [a, c], [a, b, c, c], [flipped, b, c], [a], []):
        if chunks:
            with pytest.raises(Permanent, match="damaged"):
                opener.body(sealed.wrapped, chunks, sealed.id)
    other = sealer.seal(Mails()(body=b"x" * limits.CHUNK))
    with pytest.raises(Permanent):
        opener.body(sealed.wrapped, other.chunks, sealed.id)


def test_a_key_belongs_to_one_message(sealer: Sealer, opener: Opener) -> None:
    sealed = sealer.seal(Mails()())
    with pytest.raises(Permanent, match="another message"):
        opener.body(sealed.wrapped, sealed.chunks, "M99999")


def test_a_dossier_is_no_chunk(sealer: Sealer, opener: Opener) -> None:
    sealed = sealer.seal(Mails()())
    with pytest.raises(Permanent):
        opener.body(sealed.wrapped, [sealed.dossier], sealed.id)
    with pytest.raises(Permanent):
        opener.dossier(sealed.wrapped, sealed.chunks[0], sealed.id)


def test_two_seals_of_one_mail_share_nothing(sealer: Sealer) -> None:
    one, two = sealer.seal(Mails()()), sealer.seal(Mails()())
    assert one.id == two.id
    assert not {one.wrapped, one.dossier, *one.chunks} & {two.wrapped, two.dossier, *two.chunks}


def test_a_protected_mail_hides_its_department(sealer: Sealer) -> None:
    assert sealer.seal(Mails()(protected=True)).department == ""


TEXT = st.text(st.characters(codec=None), max_size=20)
BYTES = st.binary(max_size=20)


@given(TEXT, BYTES, BYTES)
def test_any_dossier_survives_json(text: str, raw: bytes, parameters: bytes) -> None:
    made: Dossier = dossier(sender=text, subject=text)
    made = replace(
        made, mail=Address(raw, raw, parameters), xforward=(raw,), internal_domains=(text,)
    )
    assert codec.from_bytes(codec.to_bytes(made)) == made


# ---- keys ----------------------------------------------------------------------------------


def test_a_first_start_makes_keys(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    notes = ensure_keys(folder)
    assert any("escrow.key" in note and "off this machine" in note for note in notes)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {f.name for f in folder.iterdir()} == {
        "desk.key",
        "desk.pub",
        "escrow.key",
        "escrow.pub",
        "join.key",
        "audit.key",
        "audit.pub",
    }
    assert {stat.S_IMODE(f.stat().st_mode) for f in folder.iterdir()} == {0o600}
    before = {f.name: f.read_bytes() for f in folder.iterdir()}
    assert ensure_keys(folder) == []
    assert {f.name: f.read_bytes() for f in folder.iterdir()} == before
    keys = load_private(folder)
    assert keys.public == load_public(folder)
    assert len(keys.public.join) == 32
    assert keys.identity not in repr(keys)
    assert len(keys.audit.secret) == 32
    assert repr(keys.audit.secret) not in repr(keys)


def test_an_escrow_key_of_ones_own(tmp_path: Path) -> None:
    public = str(pyrage.x25519.Identity.generate().to_public())
    (tmp_path / "escrow.pub").write_text(public)
    notes = ensure_keys(tmp_path)
    assert not (tmp_path / "escrow.key").exists()
    assert not any("escrow.key" in note for note in notes)
    assert load_public(tmp_path).escrow == public


def test_a_first_start_that_was_killed_is_taken_up_again(tmp_path: Path) -> None:
    ensure_keys(tmp_path)
    before = load_private(tmp_path)
    (tmp_path / "desk.pub").unlink()
    (tmp_path / "join.key").unlink()
    ensure_keys(tmp_path)
    after = load_private(tmp_path)
    assert (after.identity, after.public.escrow) == (before.identity, before.public.escrow)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda f: (f / "desk.key").unlink(), "desk.key is missing; restore it from backup"),
        (lambda f: (f / "escrow.pub").unlink(), "escrow.pub is missing"),
        (lambda f: (f / "join.key").unlink(), "join.key is missing"),
        (lambda f: (f / "join.key").write_text("zz"), "no hexadecimal"),
        (lambda f: (f / "join.key").write_text("00"), "shorter than 32"),
        (lambda f: (f / "desk.pub").write_text("hej"), "no age public key"),
        (lambda f: (f / "desk.key").write_text("hej"), "no age identity"),
        (lambda f: (f / "desk.key").write_bytes(b"\xff"), "holds no key"),
        (lambda f: (f / "desk.key").chmod(0o640), "chmod 600"),
        (
            lambda f: (f / "desk.key").write_text(str(pyrage.x25519.Identity.generate())),
            "are no pair",
        ),
    ],
)
def test_unusable_keys_are_named(tmp_path: Path, spoil, sentence: str) -> None:
    ensure_keys(tmp_path)
    spoil(tmp_path)
    with pytest.raises(ConfigError, match=sentence):
        ensure_keys(tmp_path)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        ensure_keys(tmp_path / "file" / "keys")
    assert os.listdir(tmp_path) == ["file"]  # noqa: PTH208 - names are enough
