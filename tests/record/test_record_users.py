"""Accounts, throttled passwords, sessions, login links."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from mailfilter.errors import Permanent
from mailfilter.record.contract import User
from mailfilter.record.database.tables import metadata
from tests.record.making import NOW, Parts, line

ANNA = User("anna", "reviewer", ("Skola", "Vård"))
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def desk(store: Parts) -> Parts:
    await store.archive.add_user(ANNA, "rätt häst", line("add-user", "anna"))
    await store.archive.add_user(User("bo", "admin", None, "en"), "b", line("add-user", "bo"))
    return store


async def test_users_come_back(desk: Parts) -> None:
    assert await desk.archive.users() == [ANNA, User("bo", "admin", None, "en")]
    with pytest.raises(Permanent, match="already"):
        await desk.archive.add_user(ANNA, "x", line())
    assert [one.object for one in await desk.archive.audit_lines()] == ["anna", "bo"]


async def test_passwords(desk: Parts) -> None:
    check = desk.archive.check_password
    assert await check("anna", "rätt häst") == ANNA
    assert await check("anna", "fel") is None
    assert await check("ingen", "rätt häst") is None
    assert await check("an\0na", "rätt häst") is None
    assert await desk.archive.set_password("anna", "ny", line("set-password", "anna"))
    assert await check("anna", "rätt häst") is None
    assert await check("anna", "ny") == ANNA
    assert not await desk.archive.set_password("ingen", "ny", line())


@pytest.mark.parametrize("name", ["anna", "ingen"])
async def test_wrong_passwords_make_the_name_wait(desk: Parts, name: str) -> None:
    archive = desk.archive
    for _ in range(5):
        assert await archive.check_password(name, "fel", NOW) is None
    assert await archive.throttled(name, NOW) == NOW + timedelta(seconds=1)
    assert await archive.check_password(name, "rätt häst", NOW) is None
    later = NOW + timedelta(seconds=2)
    await archive.check_password(name, "fel", later)
    assert await archive.throttled(name, later) == later + timedelta(seconds=2)
    found = await archive.check_password(name, "rätt häst", later + MINUTE)
    assert found == (ANNA if name == "anna" else None)
    assert await archive.throttled("bo", NOW) is None


async def test_a_session_ends(desk: Parts) -> None:
    token = await desk.archive.new_session("anna", NOW)
    session = desk.archive.session
    assert await session(token, NOW + 29 * MINUTE) == replace(ANNA, seen=True)
    assert await session(token, NOW + 58 * MINUTE) == replace(ANNA, seen=True)  # touched
    assert await session(token, NOW + 89 * MINUTE) is None  # idle for half an hour
    assert await session("guess", NOW) is None
    long = await desk.archive.new_session("anna", NOW)
    for quarter in range(1, 40):
        assert await session(long, NOW + quarter * 15 * MINUTE) == replace(ANNA, seen=True)
    assert await session(long, NOW + 600 * MINUTE) is None
    out = await desk.archive.new_session("anna", NOW)
    await desk.archive.end_session(out)
    assert await session(out, NOW) is None


async def test_disabled_users_are_out(desk: Parts) -> None:
    token = await desk.archive.new_session("anna", NOW)
    link = await desk.archive.new_login_link("anna", NOW)
    assert await desk.archive.set_disabled("anna", True, line("disable", "anna"))
    assert await desk.archive.session(token, NOW) is None
    assert await desk.archive.use_login_link(link, NOW) is None
    assert await desk.archive.check_password("anna", "rätt häst") is None
    assert not await desk.archive.set_disabled("ingen", True, line())


async def test_a_login_link_works_once(desk: Parts) -> None:
    link = await desk.archive.new_login_link("bo", NOW)
    user = await desk.archive.use_login_link(link, NOW + 14 * MINUTE)
    assert user is not None
    assert user.name == "bo"
    assert await desk.archive.use_login_link(link, NOW) is None
    late = await desk.archive.new_login_link("bo", NOW)
    assert await desk.archive.use_login_link(late, NOW + 15 * MINUTE) is None
    for make in (desk.archive.new_login_link, desk.archive.new_session):
        with pytest.raises(Permanent, match="no user"):
            await make("ingen", NOW)


async def test_no_secret_is_stored(desk: Parts) -> None:
    secrets = {
        await desk.archive.new_session("anna", NOW),
        await desk.archive.new_login_link("anna", NOW),
        "rätt häst",
    }

    async def everything(connection):  # type: ignore[no-untyped-def]
        tables = metadata.sorted_tables
        return str([(await connection.execute(select(table))).all() for table in tables])

    stored = await desk.database.run(everything)
    assert "anna" in stored
    assert not [secret for secret in secrets if secret in stored]
