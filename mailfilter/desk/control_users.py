"""Accounts by the command line: who may print a link or set a password, and who hears of it.

A link or a password for somebody else's account is a way to read in her name. So a link goes to the
account's own address by mail. The command line shows one, and sets a password, only while no
account has ever logged in (somebody must be the first), and else with `emergency`, which stands in
the audit log and is told to all reviewers.
"""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from mailfilter.errors import Permanent
from mailfilter.record.contract import Archive, AuditLine, User

Now = Callable[[], datetime]
Request = dict[str, Any]
Work = Callable[[Archive, Now, Request], Awaitable[Request]]


async def add(archive: Archive, now: Now, request: Request) -> Request:
    """A new account, whose owner gets a link (`link`)."""
    departments = request.get("departments") or None
    user = User(
        request["name"],
        request["role"],
        tuple(departments) if departments else None,
        request.get("language", "sv"),
        address=request.get("address", ""),
    )
    if not user.address and not request.get("emergency") and await _in_use(archive):
        raise Permanent(
            "accounts are in use, so a login link goes by mail to its owner alone: give --address;"
            " or --emergency, which all reviewers are told of"
        )
    line = _line(now, request, "user-add", role=user.role)
    await archive.add_user(user, request["password"], line)
    return {"name": user.name}


async def link(archive: Archive, now: Now, request: Request) -> Request:
    """{"secret": of a one-time login link}, or {"mailed": True}: its owner alone gets it."""
    user = await _user(archive, request["name"])
    if await _may(archive, now, request, "link"):
        secret = await archive.new_login_link(user.name, now())
        await archive.audit(_line(now, request, "login-link", **_how(request)))
        return {"secret": secret}
    if not user.address:
        raise Permanent(
            f"{user.name} has no mail address: its owner sets one on her account page. Where she "
            "cannot log in: --emergency prints a link, and all reviewers are told"
        )
    await archive.audit(_line(now, request, "login-link", how="mail"))
    await archive.put("login-link", now(), note=json.dumps([user.name, request["actor"]]))
    return {"mailed": True}


async def password(archive: Archive, now: Now, request: Request) -> Request:
    """Set a password."""
    user = await _user(archive, request["name"])
    if not await _may(archive, now, request, "password"):
        raise Permanent(
            "accounts are in use, so nobody sets a password for somebody else: "
            f"mailfilter user link {user.name} mails its owner a link, by which she sets one; or "
            "give --emergency, which all reviewers are told of"
        )
    line = _line(now, request, "user-password", **_how(request))
    await archive.set_password(user.name, request["password"], line)
    return {"name": user.name}


async def address(archive: Archive, now: Now, request: Request) -> Request:
    """Say where the owner of an account gets mail, while she has never logged in."""
    user = await _user(archive, request["name"])
    if user.seen:
        raise Permanent(
            f"{user.name} has logged in: its owner alone changes the address, on her account page"
        )
    line = _line(now, request, "user-address")
    await archive.set_address(user.name, request["address"], line)
    return {"name": user.name}


async def disable(archive: Archive, now: Now, request: Request) -> Request:
    """Lock an account, or open it again; its sessions end."""
    disabled = bool(request["disabled"])
    line = _line(now, request, "user-disable" if disabled else "user-enable")
    if not await archive.set_disabled(request["name"], disabled, line):
        raise Permanent(f"there is no user {request['name']}")
    return {"name": request["name"]}


async def _may(archive: Archive, now: Now, request: Request, what: str) -> bool:
    """Whether it may be done here. An emergency is told before anything is done."""
    if request.get("emergency"):
        note = json.dumps([request["name"], request["actor"], what])
        await archive.put("emergency", now(), note=note)
        return True
    return not await _in_use(archive)


async def _in_use(archive: Archive) -> bool:
    return any(user.seen for user in await archive.users())


async def _user(archive: Archive, name: str) -> User:
    for user in await archive.users():
        if user.name == name:
            return user
    raise Permanent(f"there is no user {name}; add one with: mailfilter user add")


def _how(request: Request) -> dict[str, str]:
    return {"how": "emergency"} if request.get("emergency") else {}


def _line(now: Now, request: Request, act: str, **detail: str) -> AuditLine:
    return AuditLine(0, now(), request["actor"], act, request["name"], dict(detail))
