"""An smtp process: listener → pipeline → next hop. Holds public keys only."""

import asyncio
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from detectors.health import judge
from mailfilter import config, limits, meters
from mailfilter.act.carry_out import CarryOut
from mailfilter.act.counting import CountBuffer
from mailfilter.act.heard import Heard
from mailfilter.act.mail_hosts import ByMx, resolver
from mailfilter.app import clock, rules
from mailfilter.app.checking import check_mailbox
from mailfilter.app.examining import Examiner
from mailfilter.app.scanning import scan_pool
from mailfilter.app.supervisor import keep_beating
from mailfilter.config.ways import Mx
from mailfilter.decide import Rules
from mailfilter.next_hop.relay import Relay
from mailfilter.own_addresses.check_mailbox import CheckRelay
from mailfilter.own_addresses.returned_link import ReturnRelay, Returns, TakesReturns, WayOut
from mailfilter.pipeline import Pipeline
from mailfilter.receive.contract import Deliver
from mailfilter.receive.server import Listener
from mailfilter.receive.share import Share
from mailfilter.record import open_intake
from mailfilter.record.sealing.keys import load_public


def run(
    settings: config.Settings,
    file: Path | None,
    sock: socket.socket,
    shares: "memoryview[int]",
    counted: meters.Page,
    place: int,
) -> None:
    """Serve on `sock` until SIGTERM; then drain. All smtp processes share it, and `shares` and
    `counted`, in which this one has its `place`."""
    judge.unload()  # a passage is judged by a worker only (P11)
    asyncio.run(_serve(settings, file, sock, Share(shares, place), counted.row(place)))


async def _serve(
    settings: config.Settings,
    file: Path | None,
    sock: socket.socket,
    share: Share,
    counted: meters.Meters,
) -> None:
    keep_beating()
    stop = asyncio.Event()
    keys = load_public(settings.store.keys)
    intake = await open_intake(settings, keys)
    counter = CountBuffer(intake, limits.COUNTER_FLUSH)
    latest, in_force = rules.in_force(settings, file)
    examiner = Examiner(scan_pool(settings, keys.join), latest)
    pipeline = Pipeline(
        examine=lambda data: examiner(data, clock.today()),
        rules=in_force,
        carry_out=CarryOut(
            intake,
            settings.notice.enabled,
            settings.notice.on_reject,
            frozenset(n for n, one in settings.connectors.items() if one.type == "pickup"),
        ),
        counter=counter,
        secret=keys.join,
        new_id=clock.new_id,
        now=clock.now,
        today=clock.today,
        fail_open=lambda: bool(
            settings.fail_open_until and clock.today() <= settings.fail_open_until
        ),
        drafts=check_mailbox(settings, intake),
        check=lambda data: examiner.hurried(data, clock.today()),
        hosts=_hosts(settings.mx),
        meters=counted,
    )
    relay = Relay(settings.next_hop, settings.listen.hostname)
    way: WayOut = relay
    deliver: Deliver = pipeline
    if returns := Returns.of(settings):
        way = ReturnRelay(way, returns)
        deliver = TakesReturns(pipeline, returns, intake, clock.now, clock.new_id)
    if address := settings.front.check_address:
        way = CheckRelay(way, address)  # the outermost: the pipeline asks its ways
    listener = Listener(settings, way, deliver, sock=sock, share=share)
    listener.meters = counted
    listener.heard = heard = Heard(intake)
    _obey_signals(stop, lambda: _reload(pipeline, examiner, file))
    counting = asyncio.create_task(counter.run())
    await listener.start()
    await stop.wait()
    await listener.stop()
    counting.cancel()
    with suppress(asyncio.CancelledError):
        await counting
    await counter.flush()
    await heard.close()
    await relay.close()
    await intake.close()


def _obey_signals(stop: asyncio.Event, reload: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, lambda: None)  # the terminal's; the supervisor decides
    loop.add_signal_handler(signal.SIGHUP, reload)


def _hosts(settings: Mx) -> ByMx | None:
    """Questions about mail servers, where a class of recipients depends on them."""
    if not settings.us_hosted:
        return None
    return ByMx(settings.us_hosts, resolver(settings.servers, settings.port), time.monotonic)


def _reload(pipeline: Pipeline, examiner: Examiner, file: Path | None) -> None:
    """Take the file's rules and what they need of a mail; a bad file changes nothing (P13)."""

    def take(settings: config.Settings, new: Rules) -> None:
        pipeline.rules = new
        examiner.look_for(settings)

    rules.reload(file, take)
