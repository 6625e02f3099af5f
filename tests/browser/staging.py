"""A site as a reviewer meets it on a Wednesday morning, and a thread that serves it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from detectors import Role
from mailfilter.config import Web
from mailfilter.model import Class, Finding, NotExamined, State
from mailfilter.pages.server import serve
from mailfilter.place import Place, Step, StepKind
from mailfilter.record.contract import Count
from mailfilter.report import fragment
from tests.web.mails import BODY, HEALTH, LOCKED, NUMBER, dossier, item
from tests.web.office import REVIEWER, Office

LETTER_BODY = """Hej!

Här kommer underlaget till mötet på torsdag. Eleven (19121212-1212) har fått sin
diagnos bekräftad, och vi behöver planera stödet tillsammans med vårdnadshavaren.

Listan över klassen ligger i bilagan.

Hälsningar
Anna Berg
Skolförvaltningen"""
LETTER = (
    ("ämnesraden", "Inför mötet på torsdag"),
    ("mejltexten", LETTER_BODY),
    ("bilaga 2 (xlsx), blad 7B", "Namn\tPersonnr\tKommentar\nTolvan\t121212-1212\tspecialkost\n"),
)
PHONE = Finding("se.personnummer", 35, Place(Role.SIGNATURE), "121212-****")
QUOTED = Finding("se.samordningsnummer", 85, Place(Role.QUOTE), "121272-****")
LINK = Finding("cloud-link", 40, BODY, "dropbox")
IMAGE = NotExamined(
    Place(Role.ATTACHMENT, (Step(StepKind.ATTACHMENT, 1, form="pdf"),)),
    "pdf-without-text",
    Class.UNSUPPORTED,
)


def staged() -> tuple[Office, str]:
    """The office, and the secret of a login link."""
    office = Office(now=datetime.now(UTC), texts=LETTER)
    office.settings = office.settings.model_copy(update={"web": Web()})
    keep = office.archive.keep
    school = "Skolförvaltningen"
    letter = dossier(
        findings=(NUMBER, NUMBER, HEALTH, PHONE, LINK),
        not_examined=(IMAGE,),
        relayed=("rektor@kommunen.example", "elevhalsa@kommunen.example"),
        persons=1,
    )
    mails = [
        ("K7Q2A-91ABC", letter, school, 0.4, State.HELD),
        ("M3T8P-20QRS", dossier("ove.lind@kommunen.example", ("kansli@forening.example",), (QUOTED,)), "Socialförvaltningen", 1.2, State.HELD),  # noqa: E501
        ("R9W4E-77TUV", dossier("skanner@kommunen.example", ("konsult@byra.example", "ekonomi@byra.example", "chef@byra.example"), (), not_examined=(LOCKED,), persons=0), "Socialförvaltningen", 3, State.HELD),  # noqa: E501
        ("H2X6N-55WXY", dossier("lisa.ek@kommunen.example", tuple(f"foralder{n}@post.example" for n in range(26)), (NUMBER, HEALTH), persons=24), school, 20, State.HELD),  # noqa: E501
        ("B5V1J-13DEF", dossier("bo.ahl@kommunen.example", ("pasient@helse.example",), (replace(HEALTH, confidence=88, masked="läkemedel"),), persons=0), "Socialförvaltningen", 150, State.HELD),  # noqa: E501
        ("D8Y3C-66GHJ", dossier("karin.o@kommunen.example"), school, 30, State.RELEASED),
        ("F4Z9S-42KLM", dossier("per.s@kommunen.example"), school, 26, State.RELEASE_FAILED),
    ]  # fmt: skip
    for name, contents, department, hours, state in mails:
        made = item(name, contents=contents, department=department, state=state)
        at = office.now - timedelta(hours=hours)
        receipt = "550 5.1.1 <per@post.example>: no such user" if "failed" in state else ""
        keep(replace(made, at=at, expires_at=at + (made.expires_at - made.at), receipt=receipt))
    office.archive.counted = list(_counts(office.now))
    office.report = fragment(office.archive)
    office.archive.links["engangslank"] = (REVIEWER.name, datetime(9999, 1, 1, tzinfo=UTC))
    return office, "engangslank"


def _counts(now: datetime) -> Iterator[Count]:
    """This week's numbers and those of the week before."""
    for back, factor in ((0, 3), (7, 2)):
        day = (now - timedelta(days=back)).date()
        for department, n in (("Socialförvaltningen", 40), ("Skolförvaltningen", 25)):
            yield Count(day, department, "external", "", "", "relay", "enforce", n * 30 * factor)
            for rule, action, kind in (
                ("numbers-out", "quarantine", "se.personnummer"),
                ("health-out", "redirect", "health"),
            ):
                for what in ("", kind):
                    yield Count(
                        day, department, "external", what, rule, action, "enforce", n * factor, n
                    )


def deliver(office: Office) -> None:
    """What the outbox does: what is being released has reached the next hop."""
    for name, kept in list(office.archive.stored.items()):
        if kept.state is State.RELEASING:
            office.archive.stored[name] = replace(
                kept, state=State.RELEASED, dossier=None, receipt="250 2.0.0 Ok: queued as 4Zq"
            )


@contextmanager
def served(office: Office) -> Iterator[str]:
    """The address of the site, served by a thread of its own until the end of the block."""
    started: threading.Event = threading.Event()
    kept: dict[str, object] = {}

    async def run() -> None:
        loop = asyncio.get_running_loop()
        stop, ready = asyncio.Event(), loop.create_future()
        running = asyncio.create_task(serve(office.app(), "127.0.0.1", 0, stop, ready=ready))
        kept.update(loop=loop, stop=stop, port=await ready)
        started.set()
        await running

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield f"http://127.0.0.1:{kept['port']}"
    finally:
        kept["loop"].call_soon_threadsafe(kept["stop"].set)
        thread.join(10)
