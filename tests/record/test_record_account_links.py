"""Who gets a link of an account, and who hears of it: by the command line, and by mail."""

import json
import re
from email import message_from_bytes, policy
from functools import partial

import pytest
from sqlalchemy import update

from mailfilter.desk import control_users
from mailfilter.errors import Permanent
from mailfilter.outbox.account_mail import AccountMail
from mailfilter.outbox.notices import Post
from mailfilter.record.contract import AuditLine, User
from mailfilter.record.database.tables import user
from tests.act.office import Mailbox, settings
from tests.record.making import NOW

OWN = "rut@exempelkommun.example"


def now():
    return NOW


def asked(name="rut", **more):
    return {"name": name, "actor": "cli:eva", **more}


@pytest.fixture
async def archive(store):
    for new in (
        User("rut", "reviewer", None, address=OWN),
        User("bo", "reviewer", None),
        User("siv", "admin", None, address="siv@exempelkommun.example"),
    ):
        await store.archive.add_user(new, "x", AuditLine(0, NOW, "cli", "user-add", new.name))
    return store.archive


async def sent(archive, **notice):
    """The mails of all that the outbox holds, as (recipients, mail)."""
    box, made = Mailbox(), settings(notice=notice, web={"url": "https://granskning.example"})
    handler = AccountMail(archive, made, Post(made, box), now)
    for parcel in await archive.due(NOW):
        await handler.send(parcel)
        await archive.done(parcel.id)
    return [
        ([path.address.decode() for path in rcpts], message_from_bytes(data, policy=policy.default))
        for _, rcpts, data, _ in box.mails
    ]


async def test_while_nobody_has_logged_in_a_link_is_printed(archive):
    secret = (await control_users.link(archive, now, asked()))["secret"]
    assert (await archive.use_login_link(secret, NOW)).name == "rut"
    await control_users.password(archive, now, asked(password="y"))
    assert await archive.check_password("rut", "y", NOW)
    assert await sent(archive) == []


async def test_then_it_goes_by_mail_to_its_owner_alone(archive):
    await archive.new_session("siv", NOW)
    assert await control_users.link(archive, now, asked()) == {"mailed": True}
    ((rcpts, mail),) = await sent(archive)
    text = mail.get_body(("plain",)).get_content()
    assert rcpts == [OWN]
    assert "cli:eva bad om en länk till ditt konto rut" in " ".join(text.split())
    secret = re.search(r"https://granskning\.example/login/(\w+)", text)[1]
    assert (await archive.use_login_link(secret, NOW)).name == "rut"
    assert await archive.use_login_link(secret, NOW) is None
    assert secret not in str(await archive.audit_lines())


async def test_nor_is_a_password_set_or_an_account_made_without_an_owner(archive):
    await archive.new_session("siv", NOW)
    for refused in (
        control_users.password(archive, now, asked(password="y")),
        control_users.link(archive, now, asked("bo")),
        control_users.add(archive, now, asked("nina", role="reviewer", password="y")),
        control_users.address(archive, now, asked("siv", address="eva@example.org")),
    ):
        with pytest.raises(Permanent):
            await refused
    assert not await archive.check_password("rut", "y", NOW)
    assert len(await archive.users()) == 3
    assert await sent(archive) == []
    await control_users.address(archive, now, asked("bo", address="bo@exempelkommun.example"))
    assert await control_users.link(archive, now, asked("bo")) == {"mailed": True}


@pytest.mark.parametrize("what", ["link", "password"])
async def test_an_emergency_is_audited_and_told_to_all_reviewers(archive, what):
    await archive.new_session("siv", NOW)
    request = asked("bo", emergency=True, password="y")
    await getattr(control_users, what)(archive, now, request)
    ((rcpts, mail),) = await sent(archive, reviewers=["granskare@exempelkommun.example"])
    assert rcpts == ["granskare@exempelkommun.example", OWN]
    assert "nödläge" in mail["subject"]
    assert "cli:eva" in mail.get_body(("plain",)).get_content()
    line = (await archive.audit_lines())[-1]
    assert (line.actor, line.object, line.detail) == ("cli:eva", "bo", {"how": "emergency"})


async def test_a_link_of_an_account_that_was_locked_meanwhile_is_not_sent(archive):
    await archive.put("login-link", NOW, note=json.dumps(["rut", "siv"]))
    await archive.set_disabled("rut", True, AuditLine(0, NOW, "siv", "user-disable", "rut"))
    with pytest.raises(Permanent):
        await sent(archive)


async def test_an_address_that_was_changed_behind_our_back_is_found(store, archive):
    line = AuditLine(0, NOW, "bo", "user-address", "bo")
    await archive.set_address("bo", "bo@exempelkommun.example", line)
    assert (await archive.proof.verify()).faults == ()
    for address in ("eva@example.org", ""):
        changed = update(user).where(user.c.name == "bo").values(address=address)
        await store.database.run(partial(_execute, changed))
        (fault,) = (await archive.proof.verify()).faults
        assert fault.object == "bo"
        assert "example" not in str(fault)


async def _execute(statement, connection):
    await connection.execute(statement)


async def test_a_new_address_ends_the_links_that_are_out(archive):
    secret = await archive.new_login_link("rut", NOW, mailed=True)
    line = AuditLine(0, NOW, "rut", "user-address", "rut")
    assert await archive.set_address("rut", "r@exempelkommun.example", line)
    assert await archive.use_login_link(secret, NOW) is None
    assert not await archive.set_address("ingen", "x@example.org", line)
