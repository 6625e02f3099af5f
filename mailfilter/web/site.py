"""What every page is given: the site's collaborators, and the visit it answers.

`Site` is made once by `build`; `Visit` is made by the door for each request, after session, role
and form token have been checked. A page is an async function from `Visit` to a response.
"""

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from mailfilter.config import Settings
from mailfilter.pages.dates import ZONE
from mailfilter.pages.recent import Kept, Recent, Throttle
from mailfilter.record.contract import Archive, AuditLine, User
from mailfilter.web.query import Query
from mailfilter.web.words import Words

ReadText = Callable[[bytes], Awaitable[Sequence[tuple[str, str]]]]
MakeReport = Callable[[str, str], Awaitable[str]]

WINDOW = timedelta(minutes=15)
LIST = re.compile(r"/(?:find/[\w-]{1,80})?(?:\?[^#\\]{0,1000})?")  # the address of a list
SEARCHED = timedelta(minutes=30)  # so long a query is kept


@dataclass(frozen=True, slots=True)
class Site:
    """The collaborators of all pages. `random` makes secrets, `clock` says the time in UTC."""

    archive: Archive
    settings: Settings
    clock: Callable[[], datetime]
    random: Callable[[], str]
    read_text: ReadText
    report: MakeReport
    words: Mapping[str, Words]
    templates: Environment
    wake: Callable[[], None] = lambda: None  # the outbox looks at once
    by_peer: Throttle = field(default_factory=lambda: Throttle(30, WINDOW))
    viewed: Recent = field(
        default_factory=lambda: Recent(WINDOW)
    )  # (user, object) in the audit log
    searches: Kept[Query] = field(default_factory=lambda: Kept(SEARCHED))
    by_link: Recent = field(default_factory=lambda: Recent(WINDOW))  # sessions opened by a link

    @property
    def secure(self) -> bool:
        """Whether browsers reach us by https only."""
        return self.settings.web.secure_cookie

    def cookie(self, name: str) -> str:
        """The name of a cookie; behind https it is bound to our host by its prefix."""
        return f"__Host-mailfilter-{name}" if self.secure else f"mailfilter-{name}"


@dataclass(frozen=True, slots=True)
class Visit:
    """One request. `token` is the session's secret; `key` is what the form token is made from."""

    site: Site
    request: Request
    now: datetime
    language: str
    user: User | None = None
    token: str = ""
    key: str = ""
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def who(self) -> User:
        """The user of a page that needs one."""
        assert self.user is not None, "the door lets nobody in without a role"
        return self.user

    @property
    def words(self) -> Words:
        return self.site.words[self.language]

    @property
    def peer(self) -> str:
        return self.request.client.host if self.request.client else ""

    @property
    def form_token(self) -> str:
        return form_token(self.key)

    @property
    def back(self) -> str:
        """The address of this page for a GET; that of a form's answer is the page above it."""
        url = self.request.url
        if self.request.method == "POST":
            return url.path if url.path == "/login" else url.path.rsplit("/", 1)[0] or "/"
        kept = [
            (name, value) for name, value in self.request.query_params.items() if name != "said"
        ]
        return url.path + (f"?{urlencode(kept)}" if kept else "")

    @property
    def list(self) -> str:
        """The list that the visitor comes from, with its filter, tab and page, as the address of
        this page or its form names it; nothing of it is personal."""
        named = self.form.get("list") or self.ask("list")
        return named if LIST.fullmatch(named) else "/"

    def within(self, path: str, come_from: str = "", **wishes: str) -> str:
        """The address of a page of ours from which the list `come_from` (that of
        this page) is one step back."""
        kept = {"list": come_from or self.list} | wishes
        told = urlencode({name: value for name, value in kept.items() if value not in ("", "/")})
        return path + (f"?{told}" if told else "")

    @property
    def keys(self) -> bool:
        """Whether single letters act on pages; switched off in the account, for this browser."""
        return self.request.cookies.get(self.site.cookie("keys"), "") != "off"

    @property
    def open_until(self) -> str:
        """The last day on which our own failures let mail pass; empty if that is over (P4)."""
        until = self.site.settings.fail_open_until
        return until.isoformat() if until and self.now.astimezone(ZONE).date() <= until else ""

    def line(self, act: str, object: str, **detail: str | int) -> AuditLine:
        """An audit line by this user; empty details are left out. Codes and counts only."""
        kept = {name: value for name, value in detail.items() if value != ""}
        return AuditLine(0, self.now, self.who.name, act, object, kept)

    def ask(self, name: str) -> str:
        """A value of the query in printable characters; empty if it is not there."""
        value = self.request.query_params.get(name, "")
        return "".join(sign for sign in value if sign.isprintable()).strip()

    def render(self, template: str, status: int = 200, **values: object) -> Response:
        """A page made of a template; `said` in the query names a sentence to begin with."""
        said = values.pop("said", "") or self.ask("said")
        html = self.site.templates.get_template(template).render(
            visit=self,
            user=self.user,
            t=self.words,
            lang=self.language,
            said=self.words.code("said", str(said))
            if f"said.{said}" in self.words.sentences
            else "",
            path=self.request.url.path,
            **values,
        )
        return HTMLResponse(html, status)


def form_token(key: str) -> str:
    """The token of all forms of one session: made from its secret, so nothing need be stored."""
    return hmac.new(key.encode(), b"mailfilter form", hashlib.sha256).hexdigest()


def go(path: str) -> Response:
    """Answer a form: look at `path` now (303), so that reloading does not send the form again."""
    return RedirectResponse(path, 303)
