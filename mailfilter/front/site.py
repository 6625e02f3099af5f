"""What every page of front is given: its collaborators, and the visit it answers.

`Site` is made once by `build`; a `Visit` is made by the door for each request. A page is an async
function from `Visit` to a response.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from jinja2 import Environment
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from mailfilter.config import Settings
from mailfilter.front.asking import AskDesk
from mailfilter.pages.recent import Recent
from mailfilter.rpc.contract import Answer, Refused
from mailfilter.web.words import Words

TWICE = timedelta(minutes=2)  # the same answer again within it was one tap too many


@dataclass(frozen=True, slots=True)
class Site:
    """The collaborators of all pages. `key` makes form tokens of pages without a secret."""

    settings: Settings
    desk: AskDesk
    clock: Callable[[], datetime]
    words: Mapping[str, Words]
    templates: Environment
    key: bytes
    readable: frozenset[str] = frozenset()  # patterns of the pages that a GET may ask for
    answered: Recent = field(default_factory=lambda: Recent(TWICE))


@dataclass(frozen=True, slots=True)
class Visit:
    """One request. `form` holds what a POST brought, `files` what was uploaded with it."""

    site: Site
    request: Request
    now: datetime
    language: str
    form: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, UploadFile] = field(default_factory=dict)
    refusal: Refused | None = None  # of who may not do this, whose form was read all the same

    @property
    def words(self) -> Words:
        return self.site.words[self.language]

    @property
    def path(self) -> str:
        return self.request.url.path

    @property
    def readable(self) -> str:
        """Where this page can be looked at: the answer to a form stands at an address that a GET
        may not ask for, and its page is the one above."""
        page = getattr(self.request.state, "page", "")
        if self.request.method == "GET" or page in self.site.readable:
            return ""
        return self.path.rpartition("/")[0]

    @property
    def peer(self) -> str:
        return str(getattr(self.request.state, "peer", ""))

    def part(self, name: str) -> str:
        """A part of the address, such as ``id`` or ``secret``."""
        return str(self.request.path_params[name])

    def token(self, act: str) -> str:
        """The token of one form: good for this act of this address's message alone."""
        return form_token(self.site.key, self.request.path_params, act)

    async def ask(
        self, verb: str, body: bytes = b"", given: Mapping[str, str] | None = None, **fields: Any
    ) -> Answer:
        """Ask desk; `given` is what a form brought, and nothing in it can take the place of our
        own `fields` or of the id and secret of the address."""
        known = {name: self.part(name) for name in self.request.path_params if name != "act"}
        return await self.site.desk(verb, {**(given or {}), **fields, **known}, body)

    def render(self, template: str, status: int = 200, **values: object) -> Response:
        """A page made of a template."""
        html = self.site.templates.get_template(template).render(
            visit=self,
            t=self.words,
            lang=self.language,
            languages=tuple(self.site.words.values()),
            said=values.pop("said", ""),
            front=self.site.settings.front,
            contact=self.site.settings.organisation.contact,
            **values,
        )
        return HTMLResponse(html, status)

    def go(self, path: str) -> Response:
        """Answer a form: look at `path` now (303), in the language of this visit."""
        mark = "&" if "?" in path else "?"
        return RedirectResponse(f"{path}{mark}lang={self.language}", 303)


def form_token(key: bytes, parts: Mapping[str, Any], act: str) -> str:
    """Made of the address's own parts, so nothing need be stored, and no other page can make it."""
    about = "|".join([act, *(f"{name}={parts[name]}" for name in sorted(parts) if name != "act")])
    return hmac.digest(key, about.encode(), "sha256").hex()[:32]
