"""The recipient's pages of pickup: look, prove, read, save, answer, "I cannot open it".

``/h/ID/SECRET``. GET and HEAD show who has written and how to prove who one is, and change nothing.
Everything else is a POST, and the message itself stands only in the answer to one: a seat that
proving gave goes along in hidden fields, never in an address and in no cookie. Only the way to the
broker of e-identification and back needs a cookie, for half an hour: what must come back with her.

Who has an answer waiting (a sender, in her own mailbox) needs no more proof than the link.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from mailfilter.config import Settings
from mailfilter.errors import Temporary
from mailfilter.front.door import FORM_SIZE, Page
from mailfilter.front.site import Visit, form_token
from mailfilter.pages import message
from mailfilter.rpc.contract import CALLBACK, Answer, Refused

ADDRESS = "/h/{id}/{secret}"
COOKIE = "pickup-eid"
_HALF_AN_HOUR = 1800
ANSWER_TEXT = 20_000  # characters


async def show(visit: Visit) -> Response:
    """The first page; changes nothing."""
    return _first(visit, (await visit.ask("pickup-look")).fields)


def _first(visit: Visit, told: Any, status: int = 200, **more: object) -> Response:
    pickup = visit.site.settings.pickup
    return visit.render(
        "pickup.html",
        status,
        told=told,
        address=_address(visit),
        switchboard=pickup.switchboard,
        eid=pickup.eid.title,
        said_stuck=visit.request.query_params.get("said") == "stuck",
        **({"fault": "", "left": 0, "opener_name": ""} | more),
    )


def _address(visit: Visit) -> str:
    return f"/h/{visit.part('id')}/{visit.part('secret')}"


# ---- proving -------------------------------------------------------------------------------------


async def sms(visit: Visit) -> Response:
    """A code to the mobile phone."""
    try:
        await visit.ask("pickup-sms", lang=visit.language, peer=visit.peer)
    except Refused as refusal:
        if refusal.code not in ("sms-spent", "sms-failed"):
            raise
        told = (await visit.ask("pickup-look")).fields
        return _first(visit, told, refusal.status, fault=refusal.code)
    return visit.go(_address(visit))


async def prove(visit: Visit) -> Response:
    """A code or passphrase: the message, or how many tries this visitor has left."""
    opener = visit.form.get("opener", "")
    try:
        code = visit.form.get("code", "")
        proved = await visit.ask("pickup-prove", code=code, opener=opener, peer=visit.peer)
    except Refused as refusal:
        if refusal.code != "opener":
            raise
        told = (await visit.ask("pickup-look")).fields
        return _first(visit, told, 422, fault="opener")
    return await _proved(visit, proved, opener)


async def _proved(visit: Visit, proved: Answer, opener: str) -> Response:
    if proved.fields["seat"]:
        return await _message(visit, proved.fields["seat"])
    told = (await visit.ask("pickup-look")).fields
    left, wait = proved.fields["tries_left"], proved.fields["wait"]
    spent = "tries-spent" if proved.fields["spent"] else ""
    fault = "code" if left else "wait" if wait else spent
    status = 422 if left or not fault else 429
    return _first(visit, told, status, fault=fault, left=left or wait, opener_name=opener)


# ---- e-identification ----------------------------------------------------------------------------


async def eid(visit: Visit) -> Response:
    """On the way to the broker: by a page that leads on, for a form may lead to no other site."""
    waiting = (await visit.ask("pickup-eid-start")).fields
    response = visit.render("pickup_go.html", address=waiting["address"])
    kept = "|".join(
        [visit.part("id"), visit.part("secret"), visit.language]
        + [waiting[name] for name in ("state", "nonce", "verifier")]
    )
    response.set_cookie(
        _cookie(visit), kept, max_age=_HALF_AN_HOUR, path="/", httponly=True, samesite="lax",
        secure=visit.site.settings.front.secure,
    )  # fmt: skip
    return response


async def back(visit: Visit) -> Response:
    """She comes back from the broker: a page with one button; nothing has happened yet."""
    id_, secret, language, state, _, _ = _kept(visit)
    query = visit.request.query_params
    if not state or query.get("state", "") != state:
        raise Refused("eid", 403)
    if not query.get("code"):
        raise Refused("eid-stopped", 403)
    parts = {"id": id_, "secret": secret}
    spoken = language if language in visit.site.words else visit.language
    return replace(visit, language=spoken).render(
        "pickup_back.html",
        address=f"/h/{id_}/{secret}",
        code=query["code"],
        token=form_token(visit.site.key, parts, "eid-done"),
        spoken=spoken,
    )


async def eid_done(visit: Visit) -> Response:
    """Who she is, and the message."""
    id_, secret, _, _, nonce, verifier = _kept(visit)
    if (id_, secret) != (visit.part("id"), visit.part("secret")):
        raise Refused("eid", 403)
    told = await visit.ask(
        "pickup-eid-done",
        code=visit.form.get("code", ""),
        nonce=nonce,
        verifier=verifier,
        peer=visit.peer,
    )
    response = await _proved(visit, told, "")
    response.delete_cookie(_cookie(visit), path="/")
    return response


def _cookie(visit: Visit) -> str:
    return f"__Host-{COOKIE}" if visit.site.settings.front.secure else COOKIE


def _kept(visit: Visit) -> list[str]:
    kept = visit.request.cookies.get(_cookie(visit), "").split("|")
    return kept if len(kept) == 6 else [""] * 6


# ---- reading -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Read:
    told: Any
    body: bytes
    seat: str


async def _read(visit: Visit, seat: str) -> Read:
    answer = await visit.ask("pickup-read", seat=seat)
    return Read(answer.fields, answer.body, answer.fields["seat"])


async def read(visit: Visit) -> Response:
    """The message again, or an answer for who needs no more than the link."""
    return await _message(visit, visit.form.get("seat", ""))


async def _message(visit: Visit, seat: str, status: int = 200, **more: object) -> Response:
    try:
        mail = await _read(visit, seat)
    except Refused as refusal:
        if refusal.code != "seat":
            raise
        told = (await visit.ask("pickup-look")).fields
        return _first(visit, told, 401, fault="seat")
    t = visit.words
    shown = await run_in_threadpool(
        message.show,
        mail.body,
        visit.language,
        t("pickup-read.frame"),
        t("pickup-read.file", n="{n}"),
    )
    return visit.render(
        "pickup_read.html",
        status,
        told=mail.told,
        shown=shown,
        seat=mail.seat,
        address=_address(visit),
        most=visit.site.settings.pickup.answer_size,
        longest=ANSWER_TEXT,
        **({"fault": "", "done": "", "draft": ""} | more),
    )


async def file(visit: Visit) -> Response:
    """An attachment, to be saved."""
    mail = await _read(visit, visit.form.get("seat", ""))
    n = visit.form.get("n", "")
    if not n.isdigit() or len(n) > 5:
        raise Refused("malformed", 400)
    numbered = visit.words("pickup-read.file", n="{n}")
    found = await run_in_threadpool(message.file, mail.body, int(n), numbered)
    if found is None:
        raise Refused("malformed", 400)
    return saved(*found)


async def eml(visit: Visit) -> Response:
    """The whole message with a receipt, for the recipient's own register."""
    mail = await _read(visit, visit.form.get("seat", ""))
    t, told = visit.words, mail.told
    receipt = [
        (t("receipt.case"), told["case"]),
        (t("receipt.from"), ", ".join(filter(None, (told["person"], told["unit"])))),
        (t("receipt.organisation"), visit.site.settings.organisation.name),
        (t("receipt.sent"), _moment(told["at"])),
        (t("receipt.read"), visit.now.isoformat(timespec="seconds")),
        (t("receipt.proof"), t(f"proof.{told['proof']}")),
    ]
    data = await run_in_threadpool(message.with_receipt, mail.body, receipt, visit.now)
    return saved(f"{told['case']}.eml", data)


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).isoformat(timespec="seconds")


def saved(name: str, data: bytes) -> Response:
    """Bytes that a browser saves and never shows."""
    return Response(
        data,
        media_type="application/octet-stream",
        headers={
            "content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
            "content-security-policy": "default-src 'none'; sandbox",
        },
    )


async def leave(visit: Visit) -> Response:
    """She closes it."""
    await visit.ask("pickup-leave", seat=visit.form.get("seat", ""))
    return visit.go(_address(visit))


# ---- answering -----------------------------------------------------------------------------------


async def answer(visit: Visit) -> Response:
    """Her answer, with files."""
    seat, text = visit.form.get("seat", ""), visit.form.get("text", "")
    if len(text) > ANSWER_TEXT:
        return await _message(visit, seat, 413, fault="long", draft=text)
    files = [
        (upload.filename or "", upload.content_type or "", await upload.read())
        for upload in visit.files.values()
    ]
    if not text and not files:
        return await _message(visit, seat, 422, fault="empty")
    once = _same(visit, text, files)
    if visit.site.answered.has(once, visit.now):
        return await _message(visit, seat, done="answered")
    visit.site.answered.note(once, visit.now)
    subject = visit.words("pickup-read.answer-subject")
    body = await run_in_threadpool(message.answer, text, files, subject)
    try:
        await visit.ask("pickup-answer", body, seat=seat)
    except (Refused, Temporary) as refusal:
        visit.site.answered.forget(once)
        if not isinstance(refusal, Refused) or refusal.code != "answer-size":
            raise
        return await _message(visit, seat, 413, fault="size", draft=text)
    return await _message(visit, seat, done="answered")


def _same(visit: Visit, text: str, files: list[tuple[str, str, bytes]]) -> str:
    """What is alike of two answers to one message that are the same."""
    digest = sha256(f"{visit.part('id')}|{text}".encode())
    for name, _, data in files:
        digest.update(f"|{name}|".encode() + sha256(data).digest())
    return digest.hexdigest()


async def stuck(visit: Visit) -> Response:
    """She cannot open it: the sender is told."""
    await visit.ask("pickup-stuck")
    return visit.go(_address(visit) + "?said=stuck")


_TYPED = 8 * ANSWER_TEXT  # bytes; what is longer is shown again, and she shortens it herself
ANSWERS_AT_ONCE = 4  # each is in memory some four times while a mail is made of it


async def linked(visit: Visit) -> None:
    """The link opens something: asked before a byte of an answer is read."""
    await visit.ask("pickup-look")


def _upload(settings: Settings) -> int:
    """Bytes of an answer's form: what desk takes, the text, and what lies around them."""
    return settings.pickup.answer_size + 4 * _TYPED + FORM_SIZE


PAGES = (
    Page("GET", ADDRESS, show),
    Page("POST", ADDRESS + "/sms", sms, act="sms"),
    Page("POST", ADDRESS + "/open", prove, act="open"),
    Page("POST", ADDRESS + "/eid", eid, act="eid"),
    Page("POST", ADDRESS + "/eid-done", eid_done, act="eid-done"),
    Page("POST", ADDRESS + "/read", read, act="read"),
    Page("POST", ADDRESS + "/file", file, act="file"),
    Page("POST", ADDRESS + "/eml", eml, act="eml"),
    Page(
        "POST",
        ADDRESS + "/answer",
        answer,
        act="answer",
        limit=_upload,
        before=linked,
        at_once=ANSWERS_AT_ONCE,
        busy="busy-answer",
        raw="text",
        text=4 * _TYPED,
    ),
    Page("POST", ADDRESS + "/stuck", stuck, act="stuck"),
    Page("POST", ADDRESS + "/leave", leave, act="leave"),
    Page("GET", CALLBACK, back),
)
