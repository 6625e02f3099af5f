"""Handed over, a message is opened by a link and by nothing that is stored."""

import itertools
from pathlib import Path

import pyrage
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from mailfilter.config.pickup import Proof
from mailfilter.errors import Permanent
from mailfilter.record.database.tables import metadata
from mailfilter.record.pickup import seal
from mailfilter.record.pickup.contract import Found
from mailfilter.record.sealing import link_secret
from tests.pickup.service import BODY, SECRET_TEXT, about, service

AGE = b"age-encryption.org/v1"


@given(st.binary(max_size=300), st.text(max_size=20))
def test_a_body_is_what_went_in_and_no_other_owners(body, owner):
    key = seal.new_key()
    chunks = seal.seal_body(key, body, "a" + owner)
    assert seal.open_body(key, chunks, "a" + owner) == body
    with pytest.raises(Permanent):
        seal.open_body(key, chunks, "b" + owner)


def test_a_long_body_cannot_be_cut_swapped_or_joined(monkeypatch):
    monkeypatch.setattr(seal.limits, "CHUNK", 10)
    key, body = seal.new_key(), bytes(range(35))
    chunks = seal.seal_body(key, body, "x")
    assert len(chunks) == 4
    assert seal.open_body(key, chunks, "x") == body
    for wrong in (
        chunks[:-1],
        chunks[1:],
        [chunks[1], chunks[0], *chunks[2:]],
        [*chunks, chunks[3]],
    ):
        with pytest.raises(Permanent):
            seal.open_body(key, wrong, "x")


def test_a_wrap_fits_one_secret_and_one_owner():
    key, secret = seal.new_key(), link_secret.new()
    wrapped = seal.wrap(key, secret, "a")
    assert seal.unwrap(wrapped, secret, "a") == key
    for other, owner in ((link_secret.new(), "a"), (secret, "b"), ("", "a"), ("x" * 5000, "a")):
        with pytest.raises(Permanent):
            seal.unwrap(wrapped, other, owner)
    with pytest.raises(Permanent):
        seal.unwrap(None, secret, "a")


def test_what_desk_reads_is_bound_to_its_row():
    identity = pyrage.x25519.Identity.generate()
    desk = seal.DeskSeal(str(identity.to_public()), str(identity))
    sealed = desk.seal({"a": 1}, "x")
    assert desk.open(sealed, "x") == {"a": 1}
    other = seal.DeskSeal(str(pyrage.x25519.Identity.generate().to_public()))
    for key, data, owner in ((desk, sealed, "y"), (other, sealed, "x"), (desk, b"?", "x")):
        with pytest.raises(Permanent):
            key.open(data, owner)


async def _rows(store) -> list[bytes]:
    """Every value of bytes that the database holds."""

    async def work(c):
        found = []
        for table in metadata.sorted_tables:
            for row in (await c.execute(select(table))).all():
                found += [bytes(value) for value in row if isinstance(value, bytes | memoryview)]
        return found

    return await store.database.run(work)


def _opened(blobs: list[bytes], identities) -> list[bytes]:
    """What the keys open of it: age by the private keys; then every secret and key of 32 bytes
    that comes out of that, and all that stands in clear, tried on everything."""
    plain, keys = [], []
    for blob in blobs:
        if blob.startswith(AGE):
            try:
                plain.append(bytes(pyrage.decrypt(blob, identities)))
            except pyrage.DecryptError:
                continue
    for text in (*plain, *blobs):
        keys += [text[n : n + 32] for n in (0, len(text) - 32, 17) if len(text[n : n + 32]) == 32]
    for key, blob in itertools.product(set(keys), blobs):
        for nonce, sealed in ((blob[:12], blob[12:]), (bytes(12), blob)):
            try:
                plain.append(AESGCM(key).decrypt(nonce, sealed, None))
            except (InvalidTag, ValueError):
                continue
    return plain


@pytest.mark.parametrize(
    "n", [5, pytest.param(1000, marks=[pytest.mark.long, pytest.mark.timeout(1500)])]
)
async def test_database_folder_and_both_keys_open_nothing(tmp_path, monkeypatch, n):
    """Desk's and the escrow's private key, every row, every byte of the folder."""
    async with service(tmp_path, monkeypatch) as s:
        for _ in range(n):
            await s.desk.keep(about("b"), BODY, "hamta")
        for _ in range(n):  # twenty rows at a time
            if not await s.box.step():
                break
        assert len(s.links("h")) == len(s.links("f")) == n
        blobs = await _rows(s.desk.archive)
        identities = [
            pyrage.x25519.Identity.from_str((tmp_path / "keys" / name).read_text().strip())
            for name in ("desk.key", "escrow.key")
        ]
        sealed_to_keys = [blob for blob in blobs if blob.startswith(AGE)]
        assert len(sealed_to_keys) == n, "whom to tell, and no key"
        texts = [bytes(pyrage.decrypt(blob, identities)) for blob in sealed_to_keys]
        secrets = [secret for _, secret in (*s.links("h"), *s.links("f"))]
        found = b"\n".join([*texts, *(_opened(blobs, identities) if n < 10 else [])])
        assert SECRET_TEXT.encode() not in found
        assert b"Zqrubrik" not in found
        stored = b"\n".join(_files(tmp_path)) + found
        assert not [secret for secret in secrets if secret.encode() in stored]
        assert SECRET_TEXT.encode() not in stored
        # the links still do
        box, secret = s.links("h")[0]
        view = await s.reading.look(box, secret)
        assert (view.found, view.proof) == (Found.OPEN, Proof.CODE)


async def test_before_the_hand_over_desk_opens_it(tmp_path, monkeypatch):
    """So the test above can fail."""
    async with service(tmp_path, monkeypatch, {"RCPT": ["450 4.2.0 later"]}) as s:
        await s.hand_over()
        blobs = await _rows(s.desk.archive)
        key = (tmp_path / "keys" / "desk.key").read_text().strip()
        identity = [pyrage.x25519.Identity.from_str(key)]
        texts = [bytes(pyrage.decrypt(blob, identity)) for blob in blobs if blob.startswith(AGE)]
        assert any(b'"secret"' in text for text in texts)
        assert await s.desk.archive.body((await s.desk.the_item()).message) == BODY


def _files(folder: Path) -> list[bytes]:
    return [one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file()]
