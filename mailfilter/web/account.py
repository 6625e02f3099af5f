"""One's own account: a new password, the address that links go to, single letters on pages.

The present password is asked for, except shortly after a login by a one-time link: that is how a
new user, or one who has forgotten hers, gets one.
All sessions of the user end with the old password; this browser gets a new one.
"""

from starlette.responses import Response

from mailfilter.config.fields import is_address
from mailfilter.web.door import keep
from mailfilter.web.login import PASSWORD_LENGTH, with_session
from mailfilter.web.site import Visit, go

SHORTEST = 12


async def show(visit: Visit) -> Response:
    """The form."""
    return _page(visit, 200, "")


async def set_password(visit: Visit) -> Response:
    """Take a new password."""
    fault = await _fault(visit)
    if fault:
        return _page(visit, 429 if fault == "throttled" else 422, fault)
    name, password = visit.who.name, visit.form["password"]
    archive = visit.site.archive
    await archive.set_password(name, password, visit.line("user-password", name))
    visit.site.by_link.forget(visit.token)
    token = await archive.new_session(name, visit.now)
    return with_session(visit, go("/account?said=password"), token)


async def set_address(visit: Visit) -> Response:
    """Take the address to which links go from now on: who has it can set a password."""
    address, name = visit.form.get("address", "")[:254], visit.who.name
    if not is_address(address):
        return _page(visit, 422, "address", address)
    fault = "" if _by_link(visit) else await _present(visit, name)
    if fault:
        throttled = fault == "throttled"
        return _page(visit, 429 if throttled else 422, fault if throttled else f"{fault}-address")
    await visit.site.archive.set_address(name, address, visit.line("user-address", name))
    return go("/account?said=address")


async def set_keys(visit: Visit) -> Response:
    """Whether single letters act in this browser."""
    response = go("/account")
    if visit.form.get("keys") in ("on", "off"):
        keep(visit.site, response, "keys", visit.form["keys"], 365 * 24 * 3600)
    return response


def _page(visit: Visit, status: int, fault: str, address: str = "") -> Response:
    return visit.render(
        "account.html",
        status,
        fault=fault,
        by_link=_by_link(visit),
        shortest=SHORTEST,
        address=address or visit.who.address,
    )


def _by_link(visit: Visit) -> bool:
    return visit.site.by_link.has(visit.token, visit.now)


async def _fault(visit: Visit) -> str:
    password, name = visit.form.get("password", ""), visit.who.name
    if not SHORTEST <= len(password) <= PASSWORD_LENGTH:
        return "length"
    if password != visit.form.get("password_again"):
        return "different"
    if name in password.lower() or len(set(password)) < 5:
        return "weak"
    return "" if _by_link(visit) else await _present(visit, name)


async def _present(visit: Visit, name: str) -> str:
    archive = visit.site.archive
    if await archive.throttled(name, visit.now):
        return "throttled"
    present = visit.form.get("password_present", "")[:PASSWORD_LENGTH]
    return "" if await archive.check_password(name, present, visit.now) else "present"
