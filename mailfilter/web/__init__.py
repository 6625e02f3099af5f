"""The reviewers' pages: held mail, statistics, audit log, accounts.

`build` makes the application, `server.serve` runs it in desk's loop; health for machines is an
application of its own (``health.py``). One request goes through

    gate.py    host names, headers of every answer
    door.py    session, role, form token → `Visit`
    pages.py   the table: which function shows what, and to whom
    held.py find.py query.py item.py acts.py text.py weekly.py log.py users.py account.py login.py
    show.py words/ templates/ static/   how it looks and what it says

Promises: GET changes nothing but the audit log; every act is a POST with a form token and has its
audit line in the same transaction (P12); text of a mail is shown only after its purpose is
durable; protected items and other departments' items are 404; nothing personal stands in an
address, a log line or an error page (P10). Pages work without script.

Known gaps: no second factor yet (OIDC and passkeys come later), no four-eyes release, no export.
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import cast

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import ExceptionHandler

from mailfilter.config import Settings
from mailfilter.pages.gate import Gate, hosts
from mailfilter.pages.looks import environment
from mailfilter.pages.static_files import StaticFiles
from mailfilter.record.contract import Archive
from mailfilter.web import faults
from mailfilter.web.pages import PAGES
from mailfilter.web.site import MakeReport, ReadText, Site
from mailfilter.web.words import load

__all__ = ["build"]


def build(
    archive: Archive,
    settings: Settings,
    *,
    clock: Callable[[], datetime],
    read_text: ReadText,
    report: MakeReport,
    wake: Callable[[], None] = lambda: None,
    random: Callable[[], str] = secrets.token_urlsafe,
) -> Starlette:
    """The application.

    `clock` gives aware datetimes in UTC. `read_text` turns the original bytes into (place, text)
    in the order of the mail. `report` gives the HTML fragment of a week ("2026-W47") in a
    language. `wake` is called after an act, so that the outbox looks at once.
    """
    statics = StaticFiles()
    site = Site(
        archive,
        settings,
        clock,
        random,
        read_text,
        report,
        load(),
        environment(settings.organisation.name, statics),
        wake,
    )
    gate = Middleware(Gate, names=hosts(settings.web), secure=site.secure)
    app = Starlette(
        routes=[*(page.route(site) for page in PAGES), statics.route()],
        middleware=[gate],
        exception_handlers=cast("dict[type[Exception], ExceptionHandler]", faults.of_site(site)),
    )
    app.router.redirect_slashes = False  # `plain_path` answers at once
    return app
