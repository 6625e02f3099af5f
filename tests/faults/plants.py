"""Bugs that the harness must find. A test puts one into the running program by `Page.plant`.

None of them is in the product; they are what its authors are most afraid of. (The fifth, a store
that does not sync, is ``power_child.py`` with another `synchronous`.)
"""

import asyncio
import tempfile
from pathlib import Path

from mailfilter import replies
from mailfilter.act.carry_out import CarryOut, Case, Transaction
from mailfilter.model import Action, Outcome
from mailfilter.record.contract import Joined, Staged
from tests.faults.control import Page

EARLY, BLIND, TWICE, COPY = (
    "answer before commit",
    "relay before verdict",
    "retry that doubles",
    "plain copy",
)
TASKS: set[asyncio.Task[None]] = set()


def install(page: Page) -> None:
    """Let the program ask the page which bug it has."""
    whole, keep = CarryOut.__call__, CarryOut._keep

    async def call(self: CarryOut, case: Case, hop: Transaction) -> Outcome:
        if page.planted == BLIND and case.decision.having(Action.QUARANTINE):
            await hop.send(case.wire)  # to everybody, whatever was decided
        return await whole(self, case, hop)

    async def kept(self: CarryOut, case: Case, hop: Transaction) -> Outcome:
        match page.planted:
            case "answer before commit":
                return await _answered_early(self, case, hop)
            case "retry that doubles":
                forgetful = CarryOut(_Forgetful(self.intake), self.notice, self.notice_on_reject)
                return await keep(forgetful, case, hop)
            case "plain copy":
                Path(tempfile.gettempdir(), "last-message").write_bytes(case.data)
        return await keep(self, case, hop)

    CarryOut.__call__, CarryOut._keep = call, kept


async def _answered_early(self: CarryOut, case: Case, hop: Transaction) -> Outcome:
    await hop.abort()

    async def later() -> None:
        await asyncio.sleep(0.2)
        joined = await self.intake.stage(self._staged(case))
        await self.intake.commit(joined.id, case.counts)

    TASKS.add(asyncio.create_task(later()))
    reply = replies.filled(replies.ACCEPTED, id=case.id)
    return Outcome(reply, case.decision, stored=case.id)


class _Forgetful:
    """An intake that does not say that the others have the mail already."""

    def __init__(self, intake) -> None:
        self._intake = intake

    async def stage(self, staged: Staged) -> Joined:
        joined = await self._intake.stage(staged)
        return Joined(joined.id, joined.committed, relayed=False)

    def __getattr__(self, name: str):
        return getattr(self._intake, name)
