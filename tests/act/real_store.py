"""A real store on SQLite for the act tests, and an outbox on it that works a step at a time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from mailfilter.model import Action, State
from mailfilter.outbox.contract import Later
from mailfilter.outbox.outbox import Outbox
from mailfilter.outbox.release import Release
from mailfilter.record.archive.archive import StoreArchive
from mailfilter.record.contract import Dossier, Filter, StagedItem
from mailfilter.record.intake.intake import StoreIntake
from mailfilter.record.open import open_store
from mailfilter.record.sealing.keys import ensure_keys, load_private
from tests.record.making import CHEAP, NOW, Mails, line, settings


class Waits:
    """The handler of rows that these tests only look at."""

    async def send(self, parcel):
        raise Later(parcel.created_at + timedelta(days=100), "not sent in this test")

    async def give_up(self, parcel, why):
        raise AssertionError("is never given up")


@dataclass
class Desk:
    """A store, a clock, and what stands in it."""

    archive: StoreArchive
    intake: StoreIntake
    mails: Mails
    now: object = NOW

    def clock(self):
        return self.now

    def later(self, **delta) -> None:
        self.now += timedelta(**delta)

    async def keep(
        self,
        dossier: Dossier,
        body: bytes,
        connector: str = "",
        recipients=None,
        reading=False,
        counts=(),
        **more,
    ) -> str:
        """A message that is held, redirected to `connector` or read on; the id of its one item."""
        action = Action.REDIRECT if connector else Action.QUARANTINE
        who = tuple(range(len(dossier.rcpts))) if recipients is None else recipients
        kept = (StagedItem(action, connector, who, reading),)
        values = {"dossier": dossier, "body": body, "notice": False, "items": kept} | more
        staged = self.mails(**values)
        await self.intake.stage(staged)
        await self.intake.commit(staged.id, list(counts))
        return f"{staged.id}.1"

    async def the_item(self):
        """The one item that there is."""
        (item,) = await self.archive.items(Filter())
        return item

    async def move(self, item: str, after: State, parcel: str, connector: str = "") -> bool:
        """A reviewer's act."""
        before = [State.HELD, State.RELEASE_FAILED]
        acted = line("release", item, self.now, reason="routine")
        return await self.archive.act(
            item, before, after, acted, parcel=parcel, connector=connector
        )

    async def step(self, *handlers, times: int = 1) -> None:
        """What is due is tried by these handlers, of ``release`` or ``handoff``."""
        rows = dict.fromkeys(("release-failed", "reviewers"), Waits())
        for handler in handlers:
            rows["release" if isinstance(handler, Release) else "handoff"] = handler
        box = Outbox(self.archive, rows, self.clock)
        for _ in range(times):
            await box.step()
            self.later(hours=2)

    async def state(self, item: str):
        """(state, receipt) of an item."""
        found = await self.archive.item(item)
        return found.state, found.receipt

    async def waiting(self) -> list[tuple[str, str, str]]:
        """(kind, item, note) of the parcels that are not done."""
        due = await self.archive.due(self.now + timedelta(days=400), 100)
        return [(parcel.kind, parcel.item, parcel.note) for parcel in due]

    async def acts(self) -> list[tuple[str, str, dict]]:
        """(actor, act, detail) of the audit log."""
        return [(one.actor, one.act, one.detail) for one in await self.archive.audit_lines()]


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Desk]:
    """The store in `folder`, made if there is none; opened again, it is what a restart finds."""
    ensure_keys(folder / "keys")
    store = await open_store(
        settings(f"sqlite:///{folder}/mailfilter.db", folder), load_private(folder / "keys"), CHEAP
    )
    try:
        yield Desk(store.archive, store.intake, Mails())
    finally:
        await store.close()
