"""The door of every page: in which language, and did the form come from our own page.

From → to: a request and its `Page` → `Visit` → the page's answer.

Invariants: GET and HEAD change nothing, count nothing and never show what a mail says (mail
scanners follow links): a page that acts or opens is a POST. A POST carries the token of its own
form, made for its act and its message, and comes from our own site as far as the browser says where
it comes from. No cookie is needed for that: who has the link has the secret.

Uploads stay in memory: plaintext of a mail never reaches a disk.
"""

import asyncio
import hmac
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, replace

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailfilter.config import Settings
from mailfilter.front.site import Site, Visit
from mailfilter.rpc.contract import Refused
from mailfilter.web.door import from_here, vouch

_ODD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
FORM_SIZE = 32 * 1024
FORM_FIELDS = 40
FILES = 20


@dataclass(frozen=True, slots=True)
class Page:
    """One row of the table of pages. `act`: what the token of its form is made for; where the
    address has a part ``{act}``, that. `most`: bytes of a form, files included.

    For big forms: `before` says who may send one, before anything of it is read; `at_once` so many
    are read at a time, who comes then is told so; `raw` is a field that is content, of up to `text`
    bytes and any characters; `spared` bytes are read also of who is not logged in (any more), and
    `show` finds the refusal in `Visit.refusal`, so that the page can keep what she wrote.
    """

    method: str
    path: str
    show: Callable[[Visit], Awaitable[Response]]
    act: str = ""
    most: int = FORM_SIZE
    limit: Callable[[Settings], int] | None = None  # a setting that says it, instead of `most`
    before: Callable[[Visit], Awaitable[None]] | None = None
    at_once: int = 0  # 0: as many as come
    busy: str = "busy"  # what is said to who comes then
    raw: str = ""
    text: int = FORM_SIZE
    spared: int = 0

    def route(self, site: Site) -> Route:
        """The page as a route of the site."""
        room = asyncio.Semaphore(self.at_once) if self.at_once else None

        async def answer(request: Request) -> Response:
            return await _enter(self, site, request, room)

        return Route(self.path, answer, methods=[self.method])


async def _enter(
    page: Page, site: Site, request: Request, room: asyncio.Semaphore | None
) -> Response:
    request.state.page = page.path
    visit = greet(site, request)
    request.state.visit = visit
    if page.before is not None:
        try:
            await page.before(visit)
        except Refused as refusal:
            return await _spared(page, visit, refusal)
        vouch(request)
    if room is None:
        return await _answered(page, visit)
    if room.locked():
        raise HTTPException(503, page.busy)
    async with room:
        return await _answered(page, visit)


async def _spared(page: Page, visit: Visit, refusal: Refused) -> Response:
    """A small form of who is not logged in is a form like any other, with a refusal."""
    told = visit.request.headers.get("content-length", "")
    if refusal.status != 401 or not told.isdecimal() or int(told) > page.spared:
        raise refusal
    page = replace(page, most=page.spared, limit=None)
    return await _answered(page, replace(visit, refusal=refusal))


async def _answered(page: Page, visit: Visit) -> Response:
    if page.method == "POST":
        visit = await _with_form(visit, page)
        visit.request.state.visit = visit
    return await page.show(visit)


def greet(site: Site, request: Request, asked: str = "") -> Visit:
    """The visit, in the language asked for, else the browser's, else the organisation's."""
    wishes = (asked or request.query_params.get("lang", ""), *_accepted(request))
    ours = site.settings.organisation.language
    language = next((wish for wish in wishes if wish in site.words), ours)
    return Visit(site, request, site.clock(), language)


def _accepted(request: Request) -> list[str]:
    """The browser's languages in its order; all of them send the heaviest first."""
    told = request.headers.get("accept-language", "")[:200]
    return [entry.strip()[:2].lower() for entry in told.split(",")]


async def _with_form(visit: Visit, page: Page) -> Visit:
    if not from_here(visit.request):
        raise HTTPException(403, "form")
    form, files = await _read(visit, page)
    act = page.act or str(visit.request.path_params.get("act", ""))
    given = form.get("form_token", "")
    if not act or not hmac.compare_digest(given.encode(), visit.token(act).encode()):
        raise HTTPException(403, "form")
    spoken = greet(visit.site, visit.request, form.get("lang", ""))
    return replace(spoken, form=form, files=files, refusal=visit.refusal)


async def _read(visit: Visit, page: Page) -> tuple[dict[str, str], dict[str, UploadFile]]:
    """The fields, and the files by the name of their field with a number behind it."""
    request = visit.request
    most = page.limit(visit.site.settings) if page.limit else page.most
    if page.limit and int(request.headers.get("content-length", "0")) > most:
        raise HTTPException(413, "size")  # said before it is read
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    stream = _limited(request, most)
    try:
        if kind == "multipart/form-data":
            parser = MultiPartParser(
                request.headers,
                stream,
                max_files=FILES,
                max_fields=FORM_FIELDS,
                max_part_size=page.text,
            )
            parser.spool_max_size = most + 1  # never to a disk
            given = await parser.parse()
        else:
            given = await FormParser(request.headers, stream).parse()
    except (MultiPartException, UnicodeDecodeError) as error:
        raise HTTPException(400, "form") from error
    form = {  # browsers send a line break as two signs, which no limit on a page counts
        name: value.replace("\r\n", "\n").strip()
        for name, value in given.multi_items()
        if isinstance(value, str)
    }
    uploads = [
        (name, value) for name, value in given.multi_items() if isinstance(value, UploadFile)
    ]
    files = {f"{name}.{n}": value for n, (name, value) in enumerate(uploads) if value.filename}
    typed = [value for name, value in form.items() if name != page.raw]
    if len(form) > FORM_FIELDS or not all(map(_is_text, typed)):
        raise HTTPException(400, "form")
    return form, files


def _is_text(value: str) -> bool:
    """No control characters, and nothing that turns the order of what is shown around it. Signs
    that this Python does not know, joined emoji and odd spaces are what people paste."""
    return _ODD.search(value) is None


async def _limited(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    seen = 0
    async for chunk in request.stream():
        seen += len(chunk)
        if seen > most:
            raise HTTPException(413, "size")
        yield chunk
