"""Links: one secret a mail, only its mark is stored, and it opens its message alone."""

import sqlite3
from datetime import timedelta

import asyncpg
import pytest

from mailfilter.errors import Permanent
from mailfilter.model import State
from mailfilter.record.archive.links import Mailed
from mailfilter.record.contract import AuditLine
from mailfilter.record.sealing import link_secret
from tests.record.making import NOW, swept

NOTICE = Mailed("m", "M00001", "notice")
LATER = NOW + timedelta(days=14)


async def held(store, mails):
    staged = mails()
    await store.intake.stage(staged)
    await store.intake.commit(staged.id, [])
    return staged


async def test_a_mail_that_is_sent_again_has_the_same_link(store, mails):
    await held(store, mails)
    first = await store.archive.links.ensure(NOTICE, NOW, LATER)
    assert first is not None
    assert len(first) == link_secret.LENGTH
    assert await store.archive.links.ensure(NOTICE, NOW, LATER) == first


async def test_after_the_mail_was_taken_not_even_desk_knows_the_secret(store, mails):
    await held(store, mails)
    secret = await store.archive.links.ensure(NOTICE, NOW, LATER)
    await store.archive.links.posted(NOTICE)
    assert await store.archive.links.ensure(NOTICE, NOW, LATER) == ""
    assert await store.archive.links.good("m", "M00001", secret, NOW)


async def test_a_link_is_good_for_its_message_its_purpose_and_its_time(store, mails):
    await held(store, mails)
    links = store.archive.links
    secret = await links.ensure(NOTICE, NOW, LATER)
    assert await links.good("m", "M00001", secret, NOW)
    assert not await links.good("h", "M00001", secret, NOW)
    assert not await links.good("m", "M00002", secret, NOW)
    assert not await links.good("m", "M00001", secret[:-1] + "_", NOW)
    assert not await links.good("m", "M00001", secret, LATER)


async def test_the_secret_opens_the_message(store, mails):
    staged = await held(store, mails)
    secret = await store.archive.links.ensure(NOTICE, NOW, LATER)
    assert await store.archive.links.body("m", "M00001", secret, NOW) == staged.body
    assert (await store.archive.links.dossier("m", "M00001", secret, NOW)).sender == (
        staged.dossier.sender
    )
    with pytest.raises(Permanent):
        await store.archive.links.body("m", "M00001", link_secret.new(), NOW)


async def test_the_end_of_the_message_is_the_end_of_what_the_link_opens(store, mails):
    await held(store, mails)
    links = store.archive.links
    secret = await links.ensure(NOTICE, NOW, LATER)
    line = AuditLine(0, NOW, "sender", "withdraw", "M00001.1")
    await store.archive.act("M00001.1", [State.HELD], State.DELETED, line)
    assert await links.good("m", "M00001", secret, NOW)  # she may still read what became of it
    with pytest.raises(Permanent):
        await links.key("m", "M00001", secret, NOW)
    assert await links.ensure(Mailed("m", "M00001", "parcel:9"), NOW, LATER) is None


async def test_an_expired_link_opens_nothing_and_still_says_whose_it_was(store, mails):
    await held(store, mails)
    mailed = Mailed("m", "M00001", "notice", "Maj@exempelkommun.example")
    secret = await store.archive.links.ensure(mailed, NOW, NOW + timedelta(hours=1))
    assert (await swept(store.archive, NOW + timedelta(hours=2)))["links"] == 1
    with pytest.raises(Permanent):
        await store.archive.links.key("m", "M00001", secret, NOW)
    assert await store.archive.sender.messages_of("maj@exempelkommun.example") == ["M00001"]
    assert await store.archive.sender.messages_of("rut@exempelkommun.example") == []


def test_a_wrap_fits_one_secret_one_purpose_one_owner():
    secret, key = link_secret.new(), bytes(range(32))
    wrapped = link_secret.wrap(secret, "m", "A", key)
    assert link_secret.unwrap(secret, "m", "A", wrapped) == key
    for other in [("m", "B"), ("h", "A")]:
        with pytest.raises(Permanent):
            link_secret.unwrap(secret, *other, wrapped)
    with pytest.raises(Permanent):
        link_secret.unwrap(link_secret.new(), "m", "A", wrapped)


def test_the_mark_tells_nothing_without_the_key():
    secret = link_secret.new()
    assert link_secret.mark(b"1", "m", "A", secret) != link_secret.mark(b"2", "m", "A", secret)


async def test_no_secret_stands_in_the_database(tmp_path, store, mails):
    await held(store, mails)
    secret = await store.archive.links.ensure(NOTICE, NOW, LATER)
    stored = (await everything(store.url)).lower()
    assert "m00001" in stored
    assert secret.lower() not in stored
    assert secret.encode().hex() not in stored


async def everything(url: str) -> str:
    """All rows of all tables as text; bytes in hexadecimal digits."""
    if url.startswith("sqlite"):
        with sqlite3.connect(url.partition("///")[2]) as connection:
            return "\n".join(connection.iterdump())
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch(
            "SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'"
        )
        rows = [
            row[0]
            for table in tables
            for row in await connection.fetch(f"SELECT t::text FROM {table['name']} t")
        ]
        return "\n".join(rows)
    finally:
        await connection.close()
