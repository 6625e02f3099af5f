"""The desk process: the private key, the store, the outbox, the pages, the schedule."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from mailfilter import config, limits
from mailfilter.app import clock
from mailfilter.app.metrics import Metrics
from mailfilter.app.posting import Outbox, outbox
from mailfilter.app.preflight import waiting
from mailfilter.app.preflight.beside import door, doors_of, mark
from mailfilter.app.reading import Reader
from mailfilter.app.scanning import poison_file, scan_pool, scan_socket
from mailfilter.app.schedule import Schedule
from mailfilter.app.supervisor import keep_beating
from mailfilter.desk.control import ControlServer, Desk
from mailfilter.desk.front_side import FrontServer
from mailfilter.desk.parts import DeskParts
from mailfilter.desk.verbs import table
from mailfilter.errors import Temporary
from mailfilter.examine import Job, searching
from mailfilter.letters import sdk
from mailfilter.log import log
from mailfilter.meters import Page
from mailfilter.next_hop.relay import hop_of
from mailfilter.not_examined import explain
from mailfilter.outbox.release import deliver_all
from mailfilter.pages.server import serve
from mailfilter.record import open_archive, open_desk_server
from mailfilter.record.contract import Archive, AuditLine
from mailfilter.record.database.engine import free_bytes
from mailfilter.record.sealing.keys import load_private, load_public
from mailfilter.report import fragment, render
from mailfilter.rpc.contract import SOCKET
from mailfilter.web import build, health
from mailfilter.workers.poison import Poison
from mailfilter.workers.pool import Pool

STANDSTILL = 1.0  # seconds between two looks
GRACE = 20.0  # seconds for what is being sent, in an orderly stop; shorter than the role's patience


def run(settings: config.Settings, file: Path | None, counted: Page) -> None:
    """Serve until SIGTERM; SIGHUP reloads the rules of `file`. `counted` is what the smtp processes
    count."""
    asyncio.run(_serve(settings, file, counted))


@asynccontextmanager
async def opened(settings: config.Settings) -> AsyncIterator[Desk]:
    """The archive and what verbs need, without servers: for one command."""
    archive = await open_archive(
        settings, load_private(settings.store.keys, settings.store.desk_key)
    )
    try:
        yield Desk(archive, clock.now, _reporting(archive), poison=Poison(poison_file(settings)))
    finally:
        await archive.close()


async def _serve(settings: config.Settings, file: Path | None, counted: Page) -> None:
    keep_beating()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    async with AsyncExitStack() as stack:
        archive = await waiting.opened(settings, stop)
        if archive is None:
            return  # told to stop before the store could be opened
        stack.push_async_callback(archive.close)
        if link := open_desk_server(settings, archive):
            await link.start()
            stack.push_async_callback(link.close)
        await _say_fail_open(archive, settings)
        if await archive.copies.stands_still():
            log.warning("standstill")
        posting = outbox(archive, settings)
        poison = Poison(poison_file(settings))
        metrics = Metrics(scan_socket(settings), poison, settings)
        metrics.registry.register(counted)
        schedule = Schedule(archive, settings, clock.now, posting.wake, metrics, clock.Stopwatch())
        desk = Desk(
            *(archive, clock.now, _reporting(archive), posting.wake, poison),
            standing=partial(_standing, archive, settings),
        )
        control = ControlServer(desk, settings.store.run / "control.sock")
        pool = scan_pool(settings, load_public(settings.store.keys).join)
        reader = Reader(archive, settings, file, pool, posting.wake)
        loop.add_signal_handler(signal.SIGHUP, reader.reload)
        others = waiting.Others(settings)
        web = [_web(archive, settings, (posting, pool), stop)]
        if settings.web.health_port:
            web.append(_health(archive, settings, (metrics, pool, others), stop))
        if settings.front.on:
            parts = DeskParts(
                archive,
                settings,
                clock.now,
                posting.wake,
                judge=reader.judge,
                check=reader.check,
                view=_whole_text(settings, pool),
                deliver=partial(deliver_all, hop_of(settings.next_hop, settings.listen.hostname)),
                sdk=sdk.load(settings),
            )
            serving = FrontServer(settings.store.run / SOCKET, parts, table())
            web.append(_fronted(archive, serving))
            stack.push_async_callback(serving.close)
        await _together(stop, posting, [schedule.run(), reader.run(), others.run(), *web], control)


async def _fronted(archive: Archive, serving: FrontServer) -> None:
    """Answer the world's pages; after a restore not before the operator lets it go, for they send,
    too."""
    while await archive.copies.stands_still():  # noqa: ASYNC110 - another process may end it
        await asyncio.sleep(STANDSTILL)
    await serving.start()
    await asyncio.Event().wait()


async def _standing(archive: Archive, settings: config.Settings) -> dict[str, Any]:
    """What `check-config` beside us must not take for somebody else's."""
    try:
        stored = await _answers(archive)
    except Temporary:
        stored = False
    doors = [door(*at) for at in doors_of(settings).values()]
    return {"doors": doors, "store": mark(settings.store.url), "stored": stored}


async def _say_fail_open(archive: Archive, settings: config.Settings) -> None:
    """Fail-open is allowed for a time: that stands in the audit log from each start on (P4)."""
    if settings.fail_open_until and settings.fail_open_until >= clock.today():
        until: dict[str, str | int] = {"until": settings.fail_open_until.isoformat()}
        await archive.audit(AuditLine(0, clock.now(), "system", "fail-open", "", until))


async def _together(
    stop: asyncio.Event,
    posting: Outbox,
    work: list[Coroutine[Any, Any, None]],
    control: ControlServer,
) -> None:
    """Run `work` until `stop`; if any of it ends by itself, that is a failure of desk. What the
    outbox is sending is finished first, else it would be sent again after the next start."""
    tasks = [asyncio.create_task(one) for one in (posting.run(), *work)]
    waiting = asyncio.create_task(stop.wait())
    await control.start()
    log.info("desk-up")
    done, _ = await asyncio.wait([*tasks, waiting], return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    await control.stop()
    posting.finish()
    await asyncio.wait(tasks[:1], timeout=GRACE)
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
    if waiting not in done:
        raise OSError("a part of desk ended by itself")


async def _web(
    archive: Archive,
    settings: config.Settings,
    beside: tuple[Outbox, Pool],
    stop: asyncio.Event,
) -> None:
    posting, pool = beside
    language = settings.organisation.language
    key = os.urandom(32)

    async def read_text(data: bytes) -> list[tuple[str, str]]:
        job = searching(Job(key, clock.today()), settings)
        texts, unread = await pool.view(data, job, language)
        return [*texts, *((place, explain(reason, language)) for place, reason, _ in unread)]

    app = build(
        archive,
        settings,
        clock=clock.now,
        read_text=read_text,
        report=fragment(archive),
        wake=posting.wake,
    )
    await serve(app, settings.web.host, settings.web.port, stop)


async def _health(
    archive: Archive,
    settings: config.Settings,
    beside: tuple[Metrics, Pool, waiting.Others],
    stop: asyncio.Event,
) -> None:
    metrics, pool, others = beside

    async def checks() -> dict[str, bool]:
        return {
            "store": await _answers(archive),
            "disk": _has_room(settings),
            "scan": await pool.reachable(),
            "others": others.were_there,
        }

    app = health.build(checks, metrics.registry)
    await serve(app, health.HOST, settings.web.health_port, stop)


def _whole_text(
    settings: config.Settings, pool: Pool
) -> Callable[[bytes], Awaitable[list[tuple[str, str]]]]:
    """The whole text of a mail by place, in Swedish, read in a worker."""
    job = searching(Job(os.urandom(32), clock.today()), settings)

    async def read(data: bytes) -> list[tuple[str, str]]:
        texts, unread = await pool.view(data, job, "sv", whole=True)
        return [*texts, *((place, "") for place, _, _ in unread)]

    return read


def _reporting(archive: Archive) -> Callable[[str, str, str], Awaitable[str]]:
    async def make(week: str, form: str, language: str) -> str:
        return await render(archive, week, form, language)

    return make


def _has_room(settings: config.Settings) -> bool:
    """Whether the largest mail could be held, what the database writes beside it included."""
    free = free_bytes(settings.store.url)
    return free is None or free >= limits.MESSAGE_SIZE * 3 // 2


async def _answers(archive: Archive) -> bool:
    return await archive.audit_head() is not None
