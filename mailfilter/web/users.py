"""The accounts, for administrators: who there is, a new one, a new link, lock and unlock.

Nobody chooses a password for somebody else, and nobody sees a link of somebody else: who had it
could read in her name. A one-time link, good for a day, goes by mail to the owner of the account.
Once she has logged in, she alone changes her address. Administrators see no mail.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from mailfilter.config.fields import is_address
from mailfilter.record.contract import User
from mailfilter.web.site import Visit, go

NAME = re.compile(r"[a-z][a-z0-9._@-]{1,63}")
ROLES = ("reviewer", "auditor", "admin")
TAKEN = frozenset({"system"})  # actors of the audit log that are nobody's account
DEPARTMENTS = 1000


async def show(visit: Visit) -> Response:
    """The list, and the form for a new account."""
    return await _page(visit)


async def add(visit: Visit) -> Response:
    """A new account, and its first link, by mail to its owner."""
    user = _asked(visit)
    if fault := _fault(user, await visit.site.archive.users(), visit):
        return await _page(visit, 422, fault=fault, asked=user)
    line = visit.line("user-add", user.name, role=user.role)
    await visit.site.archive.add_user(user, visit.site.random(), line)
    return await _mailed(visit, user)


async def link(visit: Visit) -> Response:
    """A new one-time link, by mail to the owner of the account and to nobody else."""
    name = visit.form.get("name", "")
    users = await visit.site.archive.users()
    user = next((user for user in users if user.name == name and not user.disabled), None)
    if user is None:
        return await _page(visit, 422, fault="unknown")
    if not user.address:
        return await _page(visit, 422, fault="no-address")
    return await _mailed(visit, user)


async def lock(visit: Visit) -> Response:
    """Lock an account, which ends its sessions, or unlock it; never one's own."""
    name, locked = visit.form.get("name", ""), visit.form.get("locked") == "yes"
    if name == visit.who.name:
        return await _page(visit, 422, fault="own")
    line = visit.line("user-disable" if locked else "user-enable", name)
    if not await visit.site.archive.set_disabled(name, locked, line):
        return await _page(visit, 422, fault="unknown")
    return go(f"/users?said={'locked' if locked else 'unlocked'}")


async def _mailed(visit: Visit, user: User) -> Response:
    """The mail says who asked for the link (``outbox/account_mail.py``)."""
    await visit.site.archive.audit(visit.line("login-link", user.name, how="mail"))
    note = json.dumps([user.name, visit.who.name])
    await visit.site.archive.put("login-link", visit.now, note=note)
    visit.site.wake()
    return await _page(visit, mailed=user.name)


async def _page(visit: Visit, status: int = 200, **more: object) -> Response:
    users = sorted(await visit.site.archive.users(), key=lambda user: user.name)
    given: dict[str, Any] = {"fault": "", "asked": None, "mailed": ""} | more
    return visit.render("users.html", status, users=users, roles=ROLES, **given)


def _asked(visit: Visit) -> User:
    form = visit.form
    names = (name.strip() for name in form.get("departments", "")[:DEPARTMENTS].split(","))
    departments = tuple(dict.fromkeys(name for name in names if name))
    language = form.get("language", "")
    return User(
        form.get("name", "").lower(),
        form.get("role", ""),
        departments or None,
        language if language in visit.site.words else visit.language,
        address=form.get("address", ""),
    )


def _fault(user: User, users: Sequence[User], visit: Visit) -> str:
    if not NAME.fullmatch(user.name) or user.name in TAKEN:
        return "name"
    if not is_address(user.address):
        return "address"
    if user.role not in ROLES:
        return "role"
    if user.departments is None and user.role == "reviewer" and visit.form.get("all") != "yes":
        return "departments"
    return "taken" if any(other.name == user.name for other in users) else ""
