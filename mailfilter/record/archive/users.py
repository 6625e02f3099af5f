"""Local accounts, sessions and login links.

Passwords are Argon2id. Of session tokens and login secrets (256 random bits) only the SHA-256 is
stored. Five wrong passwords for a name make it wait, longer each time, whether or not there is
such a user; the count is in the database, so a restart does not forgive. Names are kept as hashes
there, because people type passwords into the name field. A user who is disabled or gets a new
password loses every session and link.

Comparing a password takes about 50 ms on purpose and is done in a thread, outside of any
transaction.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import argon2
from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.record.contract import User
from mailfilter.record.database.sql import insert as upsert
from mailfilter.record.database.tables import login_failure, login_link, session, user

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=10)
LINK_LIFE = timedelta(minutes=15)
MAILED_LIFE = timedelta(days=1)  # it waits in the mailbox of its owner
FREE_TRIES = 5
LONGEST_WAIT = timedelta(minutes=15)
_TOUCH = timedelta(seconds=60)  # how exactly a session's last use is known
Entropy = Callable[[int], bytes]


def hashed(secret: str) -> bytes:
    """What is stored of a token, secret or name."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


# ---- accounts ------------------------------------------------------------------------------


async def add(connection: AsyncConnection, new: User, password_hash: str) -> None:
    """Raises IntegrityError if there is such a user."""
    await connection.execute(
        insert(user).values(
            name=new.name,
            role=new.role,
            departments=None if new.departments is None else json.dumps(new.departments),
            language=new.language,
            disabled=new.disabled,
            password=password_hash,
            address=new.address,
        )
    )


async def listed(connection: AsyncConnection) -> list[User]:
    """All users by name."""
    return [_user(row) for row in (await connection.execute(select(user).order_by(user.c.name)))]


async def find(connection: AsyncConnection, name: str) -> tuple[User, str] | None:
    """(user, password hash)."""
    row = (await connection.execute(select(user).where(user.c.name == name))).one_or_none()
    return None if row is None else (_user(row), row.password)


async def change(connection: AsyncConnection, name: str, **values: Any) -> bool:
    """Change columns of a user; False if there is none. Sessions and links end."""
    changed = await connection.execute(update(user).where(user.c.name == name).values(**values))
    await connection.execute(delete(session).where(session.c.user == name))
    await connection.execute(delete(login_link).where(login_link.c.user == name))
    return bool(changed.rowcount)


async def set_address(connection: AsyncConnection, name: str, address: str) -> bool:
    """Where the owner gets mail; False if there is no such user. Links that are out end."""
    statement = update(user).where(user.c.name == name).values(address=address)
    await connection.execute(delete(login_link).where(login_link.c.user == name))
    return bool((await connection.execute(statement)).rowcount)


def _user(row: Row[Any]) -> User:
    departments = None if row.departments is None else tuple(json.loads(row.departments))
    return User(row.name, row.role, departments, row.language, row.disabled, row.address, row.seen)


# ---- passwords -----------------------------------------------------------------------------


def matches(hasher: argon2.PasswordHasher, password_hash: str, password: str) -> bool:
    """True for the right password. Slow: call it in a thread."""
    try:
        return hasher.verify(password_hash, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


async def throttled(connection: AsyncConnection, name: str, now: datetime) -> datetime | None:
    """Until when no password is tried for this name, or None."""
    query = select(login_failure.c.until).where(
        login_failure.c.name == hashed(name), login_failure.c.until > now
    )
    return (await connection.execute(query)).scalar_one_or_none()


async def failed(connection: AsyncConnection, name: str, now: datetime) -> None:
    """Count a wrong password: from the fifth on the name waits 1, 2, 4, … seconds."""
    query = select(login_failure.c.failures).where(login_failure.c.name == hashed(name))
    failures = ((await connection.execute(query)).scalar_one_or_none() or 0) + 1
    values = {"failures": failures, "until": now + _wait(failures)}
    statement = upsert(connection, login_failure).values(name=hashed(name), **values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def _wait(failures: int) -> timedelta:
    if failures < FREE_TRIES:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(failures - FREE_TRIES, 20)), LONGEST_WAIT)


async def succeeded(connection: AsyncConnection, name: str) -> None:
    """Forget the wrong passwords."""
    await connection.execute(delete(login_failure).where(login_failure.c.name == hashed(name)))


# ---- sessions and links --------------------------------------------------------------------


async def new_session(connection: AsyncConnection, name: str, token: str, now: datetime) -> None:
    """Store a session of a user, who has logged in by that."""
    first = (user.c.name == name) & user.c.seen.is_(False)
    await connection.execute(update(user).where(first).values(seen=True))
    await connection.execute(
        insert(session).values(token=hashed(token), user=name, created_at=now, touched_at=now)
    )


async def live(connection: AsyncConnection, token: str, now: datetime) -> User | None:
    """The user of a session that has not ended; touches it."""
    query = (
        select(user, session.c.touched_at)
        .join(session, session.c.user == user.c.name)
        .where(
            session.c.token == hashed(token),
            session.c.touched_at > now - IDLE,
            session.c.created_at > now - LONGEST,
            user.c.disabled.is_(False),
        )
    )
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    if row.touched_at < now - _TOUCH:
        touch = update(session).where(session.c.token == hashed(token)).values(touched_at=now)
        await connection.execute(touch)
    return _user(row)


async def end_session(connection: AsyncConnection, token: str) -> None:
    """Log out."""
    await connection.execute(delete(session).where(session.c.token == hashed(token)))


async def new_link(connection: AsyncConnection, name: str, secret: str, until: datetime) -> None:
    """Store a login link of a user, good until then."""
    await connection.execute(
        insert(login_link).values(secret=hashed(secret), user=name, expires_at=until)
    )


async def use_link(connection: AsyncConnection, secret: str, now: datetime) -> User | None:
    """The user of a link, which is used up; None if it is unknown, used or too old."""
    link = delete(login_link).where(login_link.c.secret == hashed(secret))
    row = (
        await connection.execute(link.returning(login_link.c.user, login_link.c.expires_at))
    ).one_or_none()
    if row is None or row.expires_at <= now:
        return None
    found = await find(connection, row.user)
    return None if found is None or found[0].disabled else found[0]


async def sweep(connection: AsyncConnection, now: datetime) -> int:
    """Drop sessions that have ended; how many. Links and old failures go with them."""
    ended = (session.c.touched_at <= now - IDLE) | (session.c.created_at <= now - LONGEST)
    dropped = await connection.execute(delete(session).where(ended))
    await connection.execute(delete(login_link).where(login_link.c.expires_at <= now))
    forgiven = login_failure.c.until <= now - timedelta(days=1)
    await connection.execute(delete(login_failure).where(forgiven))
    return int(dropped.rowcount)
