"""Coming in and going out: by name and password, or by a one-time link.

The link's page shows a button and does nothing by itself, because mail scanners open every link;
only the button's form uses the link up. Failures are throttled by name (in the store) and by
client (here); the page says how long to wait, and never whether the name exists.

Known gap: behind a reverse proxy all clients share one address, so only the throttle by name
tells people apart.
"""

from datetime import timedelta

from starlette.exceptions import HTTPException
from starlette.responses import Response

from mailfilter.record.contract import AuditLine, User
from mailfilter.web.door import HOMES, drop, keep, local
from mailfilter.web.site import Visit, go

NAME_LENGTH, PASSWORD_LENGTH = 64, 200


async def show(visit: Visit) -> Response:
    """The form."""
    if visit.user:
        return go(HOMES.get(visit.user.role, "/"))
    return visit.render(
        "login.html", next=local(visit.ask("next"), ""), name="", fault="", minutes=0
    )


async def by_password(visit: Visit) -> Response:
    """Name and password."""
    name, password = visit.form.get("name", "").lower(), visit.form.get("password", "")
    if wait := await _wait(visit, name):
        return _again(visit, 429, "throttled", name, minutes=max(-(-wait.seconds // 60), 1))
    fits = 0 < len(name) <= NAME_LENGTH and 0 < len(password) <= PASSWORD_LENGTH
    archive = visit.site.archive
    user = await archive.check_password(name, password, visit.now) if fits else None
    if user is None or user.disabled:
        await _failed(visit, name)
        return _again(visit, 401, "wrong", name)
    return await _let_in(visit, user, "password")


async def show_link(visit: Visit) -> Response:
    """The button that uses a one-time link; the link itself is not looked at."""
    return visit.render("link.html", secret=str(visit.request.path_params["secret"]))


async def by_link(visit: Visit) -> Response:
    """Use a one-time link up."""
    if visit.site.by_peer.take(visit.peer, visit.now):
        raise HTTPException(429, "throttled")
    secret = visit.form.get("secret", "")[:PASSWORD_LENGTH]
    user = await visit.site.archive.use_login_link(secret, visit.now) if secret else None
    if user is None or user.disabled:
        return _again(visit, 403, "link", "")
    return await _let_in(visit, user, "link")


async def leave(visit: Visit) -> Response:
    """End the session."""
    await visit.site.archive.end_session(visit.token)
    visit.site.searches.forget(visit.who.name)
    await visit.site.archive.audit(visit.line("logout", visit.who.name))
    response = go("/login?said=left")
    drop(visit.site, response, "session")
    return response


async def speak(visit: Visit) -> Response:
    """Choose the language of this browser."""
    response = go(local(visit.form.get("back", "/")))
    if visit.form.get("language") in visit.site.words:
        keep(visit.site, response, "language", visit.form["language"], 365 * 24 * 3600)
    return response


async def _wait(visit: Visit, name: str) -> timedelta:
    """How long to wait: after many tries from one client, or wrong passwords for one name."""
    if wait := visit.site.by_peer.take(visit.peer, visit.now):
        return wait
    until = await visit.site.archive.throttled(name[:NAME_LENGTH], visit.now)
    return until - visit.now if until else timedelta()


def _again(visit: Visit, status: int, fault: str, name: str, minutes: int = 0) -> Response:
    wanted = local(visit.form.get("next", ""), "")
    return visit.render(
        "login.html", status, next=wanted, name=name[:NAME_LENGTH], fault=fault, minutes=minutes
    )


async def _failed(visit: Visit, name: str) -> None:
    """Only names that exist are written down: people type passwords into the wrong field."""
    if name in {user.name for user in await visit.site.archive.users()}:
        await visit.site.archive.audit(AuditLine(0, visit.now, "system", "login-failed", name))


async def _let_in(visit: Visit, user: User, how: str) -> Response:
    """A new session, whatever the browser had before (no fixation)."""
    archive = visit.site.archive
    if visit.token:
        await archive.end_session(visit.token)
    token = await archive.new_session(user.name, visit.now)
    await archive.audit(AuditLine(0, visit.now, user.name, "login", user.name, {"how": how}))
    home = HOMES.get(user.role, "/")
    wanted = local(visit.form.get("next", ""), "") or home
    if how == "link":
        visit.site.by_link.note(token, visit.now)
        wanted = f"{home}?said=by-link"
    return with_session(visit, go(wanted), token)


def with_session(visit: Visit, response: Response, token: str) -> Response:
    """The response, with the session's secret for the browser to keep."""
    keep(visit.site, response, "session", token)
    drop(visit.site, response, "form")
    return response
