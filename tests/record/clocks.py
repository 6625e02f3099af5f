"""Clocks that jump, stand, are put back and put right: nothing may end early, or never.

``make clocks`` plays 100 seeds: desk's own schedule and outbox on a real store, under two clocks
that are moved as the seed says. A ledger knows how long desk has truly run since each mail, stage
and pickup came, and what the next hop has accepted; after each look the store is held against it:

- *early*: expired before ``held_days`` of running time, or before its sender was told although
  seven days had not passed; a stage or a pickup that is gone before its time
- *destroyed*: a key gone before its item expired, or less than a day of running time after
- *late*: still there long after its time, with a next hop that takes mail
"""

import argparse
import asyncio
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from mailfilter.app.clock import Stopwatch
from mailfilter.app.metrics import Metrics
from mailfilter.app.schedule import Schedule
from mailfilter.config.pickup import Proof
from mailfilter.errors import Permanent, Temporary
from mailfilter.model import State
from mailfilter.outbox.outbox import Outbox
from mailfilter.record.archive.running import RunningTime
from mailfilter.record.contract import Parcel
from mailfilter.record.database.tables import item, message, wrapped_key
from mailfilter.record.open import Store, open_store
from mailfilter.record.pickup.contract import NewBox, NewDeposit
from mailfilter.record.pickup.tables import box, deposit
from mailfilter.record.sealing.keys import ensure_keys, load_private
from mailfilter.workers.poison import Poison
from tests.record.making import CHEAP, DAY, Mails, Parts, settings

START = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
HELD, WEEK, STAGE, PICKUP = 14 * DAY, 7 * DAY, 6 * DAY, 30 * DAY
LOOK = timedelta(hours=6)  # between two looks; desk's own are a minute apart
SLACK = 2 * DAY  # looks that a late end may take
KINDS = ("notice", "not-sent", "reviewers", "report", "done", "pickup")


@dataclass
class Ledger:
    """What has truly happened. Times are running time."""

    came: dict[str, timedelta] = field(default_factory=dict)  # held items
    told: dict[str, timedelta] = field(default_factory=dict)  # the end was accepted
    expired: dict[str, timedelta] = field(default_factory=dict)
    stages: dict[str, timedelta] = field(default_factory=dict)
    pickups: dict[str, timedelta] = field(default_factory=dict)
    wrong: Counter[str] = field(default_factory=Counter)


class World:
    """One installation under moving clocks."""

    def __init__(self, store: Store | Parts, folder: Path, seed: int, look: timedelta):
        self.random, self.look = random.Random(seed), look
        self.wall, self.ran, self.monotonic = START, timedelta(), 1000.0
        self.store, self.settings, self.folder = store, settings("sqlite:///x", folder), folder
        self.mails, self.ledger = Mails(), Ledger()
        self.taken = True  # whether the next hop takes mail
        self.back: list[timedelta] = []  # steps that will be put right
        self.outbox = Outbox(store.archive, dict.fromkeys(KINDS, self), lambda: self.wall)
        self.start()

    def start(self) -> None:
        """desk begins: all that it knew is what stands in the store."""
        self.store.archive.running = RunningTime(self.store.database)
        scan, poison = self.folder / "scan.sock", Poison(self.folder / "poison")
        metrics = Metrics(scan, poison, self.settings)
        watch = Stopwatch(lambda: self.monotonic, self.look * 1.5)
        self.schedule = Schedule(
            self.store.archive, self.settings, lambda: self.wall, lambda: None, metrics, watch
        )

    # ---- the next hop: a handler of the outbox ----

    async def send(self, parcel: Parcel) -> None:
        if not self.taken:
            raise self.random.choice((Temporary("451"), Temporary("451"), Permanent("550")))
        if parcel.kind == "not-sent" and parcel.note == "14":
            self.ledger.told.setdefault(parcel.item, self.ran)

    async def give_up(self, parcel: Parcel, why: str) -> None:
        """The outbox says so itself."""

    # ---- what happens ----

    async def passes(self) -> None:
        """A while goes by, and desk looks."""
        self.wall, self.ran = self.wall + self.look, self.ran + self.look
        self.monotonic += self.look.total_seconds()
        await self.schedule.tick()
        await self.outbox.step()
        await self.judge()

    async def happens(self) -> None:
        """Something, or nothing, between two looks."""
        what: dict[Callable[[], Awaitable[None] | None], int] = {
            self.come: 4, self.jump: 2, self.put_right: 2, self.leap: 1, self.creep: 1,
            self.suspend: 1, self.stop: 1, self.hop: 2, lambda: None: 12,
        }  # fmt: skip
        (one,) = self.random.choices([*what], [*what.values()])
        if (done := one()) is not None:
            await done

    def jump(self) -> None:
        step = self.random.uniform(-30, 30) * DAY
        self.back.append(-step)
        self.wall += step

    def put_right(self) -> None:
        if self.back:
            self.wall += self.back.pop()

    def leap(self) -> None:
        self.wall += timedelta(seconds=self.random.choice((-1, 1)))

    def creep(self) -> None:
        """Less than what is called a step."""
        self.wall += timedelta(minutes=self.random.uniform(-59, 59))

    def suspend(self) -> None:
        """The machine sleeps. On some the other clock goes on, or jumps with the first."""
        slept = self.random.uniform(0, 14) * DAY
        self.wall += slept
        if self.random.random() < 0.5:
            self.monotonic += slept.total_seconds()
            self.ran += self.look * 0.5  # so much of it is taken for running: no more than a lap

    def stop(self) -> None:
        """Switched off, or begun anew at once; the other clock begins anew, too."""
        self.wall += self.random.choice((0, self.random.uniform(0, 14))) * DAY
        self.monotonic = self.random.uniform(0, 1e6)
        self.start()

    def hop(self) -> None:
        self.taken = not self.taken

    async def come(self) -> None:
        """Held mail, a stage that nobody commits, or a pickup, dated by the clock of the moment."""
        kind = self.random.choice(("held", "held", "protected", "stage", "pickup"))
        staged = self.mails(at=self.wall, protected=kind == "protected")
        await self.store.intake.stage(staged)
        if kind == "stage":
            self.ledger.stages[staged.id] = self.ran
            return
        await self.store.intake.commit(staged.id, [])
        self.ledger.came[f"{staged.id}.1"] = self.ran
        if kind == "pickup":
            await self._deposit(f"{staged.id}.1")

    async def _deposit(self, of: str) -> None:
        pickups = self.store.archive.pickups
        assert pickups is not None
        new = NewDeposit(
            item=of, case="M", department="", body=b"x", sender="a@kommun.example", person="A",
            unit="", language="sv", boxes=(NewBox(0, "b@example.org", Proof.CODE),),
        )  # fmt: skip
        await pickups.stage(new, self.wall)
        query = (select(box.c.id, deposit.c.id).join(deposit, deposit.c.id == box.c.deposit)).where(
            deposit.c.item == of
        )
        ((box_id, deposit_id),) = await self._rows(query)
        link = await pickups.link(box_id)
        assert link is not None
        await pickups.sent(link, self.wall)
        self.ledger.pickups[deposit_id] = self.ran

    # ---- the store against the ledger ----

    async def _rows(self, query):  # type: ignore[no-untyped-def]
        async def work(connection):  # type: ignore[no-untyped-def]
            return (await connection.execute(query)).all()

        return await self.store.database.run(work)

    async def judge(self) -> None:
        known, now = self.ledger, self.ran
        keys = {row.owner for row in await self._rows(select(wrapped_key.c.owner))}
        states = await self._rows(select(item.c.id, item.c.state, item.c.message))
        for row in states:
            if row.id not in known.came:
                continue
            if row.state == State.EXPIRED and row.id not in known.expired:
                known.expired[row.id] = now
                self._expired(row.id)
            since = known.expired.get(row.id)
            gone = row.message not in keys
            known.wrong["destroyed"] += gone and (since is None or now - since < DAY)
            late = now - known.came[row.id] > HELD + WEEK + DAY + SLACK
            known.wrong["late"] += late and not gone
        await self._others()

    def _expired(self, id_: str) -> None:
        known, lived = self.ledger, self.ran - self.ledger.came[id_]
        heard = id_ in known.told or lived >= HELD + WEEK
        known.wrong["early"] += lived < HELD or not heard

    async def _others(self) -> None:
        known = self.ledger
        there = {row.id for row in await self._rows(select(message.c.id))}
        for id_, came in known.stages.items():
            known.wrong["early"] += id_ not in there and self.ran - came < STAGE
            known.wrong["late"] += id_ in there and self.ran - came > STAGE + SLACK
        for row in await self._rows(select(deposit.c.id, deposit.c.ended)):
            lived = self.ran - known.pickups[row.id]
            known.wrong["early"] += bool(row.ended) and lived < PICKUP
            known.wrong["late"] += not row.ended and lived > PICKUP + WEEK + SLACK


async def play(
    parts: Store | Parts, folder: Path, seed: int, look: timedelta = LOOK, days: int = 24
) -> Ledger:
    """`days` in which things happen, and then quiet ones until all must have ended."""
    world = World(parts, folder, seed, look)
    while world.ran < days * DAY:
        await world.happens()
        await world.passes()
    world.taken = True
    while world.ran < (days + 24) * DAY:
        await world.passes()
    return world.ledger


async def alone(folder: Path, seed: int) -> Ledger:
    """The same on a store of its own."""
    ensure_keys(folder / "keys")
    made = settings(f"sqlite:///{folder}/clocks.db", folder)
    store = await open_store(made, load_private(folder / "keys"), CHEAP)
    try:
        return await play(store, folder, seed)
    finally:
        await store.close()


def main() -> int:
    """Play the seeds, say what went wrong."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--seeds", type=int, default=100)
    asked.add_argument("--first", type=int, default=0)
    wanted = asked.parse_args()
    total: Counter[str] = Counter()
    for seed in range(wanted.first, wanted.first + wanted.seeds):
        with tempfile.TemporaryDirectory(prefix="mailfilter-clocks-") as folder:
            ledger = asyncio.run(alone(Path(folder), seed))
        wrong = +ledger.wrong
        total += wrong + Counter(
            mails=len(ledger.came), expired=len(ledger.expired), stages=len(ledger.stages),
            pickups=len(ledger.pickups),
        )  # fmt: skip
        print(f"seed {seed}: {dict(wrong) or 'nothing early, nothing late'}", flush=True)
    failures = {name: total[name] for name in ("destroyed", "early", "late")}
    print(f"{wanted.seeds} seeds, {dict(total - Counter(failures))}: {failures}")
    return int(any(failures.values()))


if __name__ == "__main__":
    sys.exit(main())
