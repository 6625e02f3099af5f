"""The application of front: pages, templates, catalogues, in the guard.

`build` is given the way to desk and the settings; it opens nothing.
"""

import os
from collections.abc import Callable
from datetime import datetime
from typing import cast

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import ExceptionHandler

from mailfilter.config import Settings
from mailfilter.front import faults
from mailfilter.front.asking import AskDesk
from mailfilter.front.guard import Guard
from mailfilter.front.pages import CATALOGUES, PAGES
from mailfilter.front.site import Site
from mailfilter.letters.linked import linked
from mailfilter.pages.looks import environment
from mailfilter.pages.static_files import StaticFiles
from mailfilter.web.words import Words, read

SECOND = "en"


def build(
    settings: Settings, desk: AskDesk, clock: Callable[[], datetime], key: bytes = b""
) -> Starlette:
    """The application. `key` makes the tokens of forms: a restart makes a new one, and a page that
    was open then is shown again."""
    statics = StaticFiles()
    templates = environment(settings.organisation.name, statics, "mailfilter.front")
    templates.filters["linked"] = linked
    words = completed(read(*CATALOGUES))
    readable = frozenset(page.path for page in PAGES if page.method == "GET")
    site = Site(settings, desk, clock, words, templates, key or os.urandom(32), readable)
    app = Starlette(
        routes=[*(page.route(site) for page in PAGES), statics.route()],
        middleware=[Middleware(Guard, front=settings.front, clock=clock)],
        exception_handlers=cast("dict[type[Exception], ExceptionHandler]", faults.of_site(site)),
    )
    app.router.redirect_slashes = False  # `plain_path` answers at once
    return app


def completed(words: dict[str, Words]) -> dict[str, Words]:
    """What a language does not say yet it says in English, so that a part may come before it."""
    return {
        language: Words(language, {**words[SECOND].sentences, **own.sentences})
        for language, own in words.items()
    }
