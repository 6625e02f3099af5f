"""Receive, pipeline, relay and store in one process, for trouble that is counted in thousands.

`Inside` is one store and any number of chains; a chain is a listener, the real pipeline and
`CarryOut`, and a way to a next hop of the test's own. Mails are of three kinds, by who may get
them; `verdict` of a chain's mail is what the ledger's rules say about it.
"""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from mailfilter import config
from mailfilter.act.carry_out import CarryOut
from mailfilter.act.counting import CountBuffer
from mailfilter.app import clock
from mailfilter.config import Settings
from mailfilter.decide import compile_rules
from mailfilter.examine import Job, examine_small
from mailfilter.pipeline import Pipeline
from mailfilter.record.contract import Joined, Staged
from mailfilter.record.intake.intake import StoreIntake
from mailfilter.record.open import Store, open_store
from mailfilter.record.sealing.keys import PrivateKeys, ensure_keys, load_private
from tests.record.making import CHEAP, settings
from tests.smtp_client import Client, Gate, gateway

CITIZEN, COLLEAGUE = b"<anna@medborgare.example>", b"<bo@exempelkommun.example>"
CLEAN, HELD, MIXED = "clean", "held", "mixed"
KINDS = (CLEAN, HELD, MIXED)
QUICK = {"command_timeout": 0.4, "data_timeout": 0.8, "connect_timeout": 2.0}
_ORGANISATION = config.Organisation(domains=("exempelkommun.example",))
_RULES = compile_rules(Settings(organisation=_ORGANISATION), "the shipped rules")


@dataclass(frozen=True)
class Letter:
    """A mail of a kind; no two alike."""

    n: int
    kind: str

    @property
    def id(self) -> bytes:
        return b"<%d@exempelkommun.example>" % self.n

    @property
    def rcpts(self) -> list[bytes]:
        return [CITIZEN, COLLEAGUE] if self.kind == MIXED else [CITIZEN]

    @property
    def relayed(self) -> list[bytes]:
        """Those who get it from the next hop at once."""
        return {CLEAN: [CITIZEN], HELD: [], MIXED: [COLLEAGUE]}[self.kind]

    @property
    def wire(self) -> bytes:
        text = b"Hej" if self.kind == CLEAN else b"Personnummer: 191212121212"
        return b"Message-ID: %b\r\nSubject: hej\r\n\r\n%b\r\n" % (self.id, text)


@dataclass
class Inside:
    """See the module. Made by `inside`."""

    store: Store
    keys: PrivateKeys
    numbers: itertools.count = field(default_factory=itertools.count)
    ids: dict[bytes, set[str]] = field(default_factory=dict)  # of a letter: rows that were staged

    def letter(self, kind: str) -> Letter:
        return Letter(next(self.numbers), kind)

    def pipeline(self) -> Pipeline:
        return Pipeline(
            examine=_examine,
            rules=_RULES,
            carry_out=CarryOut(_Noting(self.store.intake, self.ids)),
            counter=CountBuffer(self.store.intake, 1e9),
            secret=self.keys.public.join,
            new_id=clock.new_id,
            now=clock.now,
            today=clock.today,
            fail_open=lambda: False,
        )

    @contextlib.asynccontextmanager
    async def chain(self, hop, timers: dict | None = None) -> AsyncIterator[Gate]:
        """A gateway in front of `hop`, which needs only a `port`."""
        async with gateway(
            hop, self.pipeline(), hop_settings=QUICK if timers is None else timers
        ) as gate:
            yield gate

    async def rows(self, letter: Letter) -> int:
        """How many committed items a letter has."""
        found = [await self.store.archive.item(f"{id}.1") for id in self.ids.get(letter.id, ())]
        return sum(item is not None for item in found)


class _Noting:
    """The store's intake; it notes which letter became which row."""

    def __init__(self, intake: StoreIntake, ids: dict[bytes, set[str]]) -> None:
        self._intake, self._ids = intake, ids

    async def stage(self, staged: Staged) -> Joined:
        joined = await self._intake.stage(staged)
        self._ids.setdefault(staged.dossier.message_id.encode(), set()).add(joined.id)
        return joined

    async def keep(self, staged: Staged, counts) -> Joined:
        joined = await self._intake.keep(staged, counts)
        self._ids.setdefault(staged.dossier.message_id.encode(), set()).add(joined.id)
        return joined

    def __getattr__(self, name: str):
        return getattr(self._intake, name)


async def _examine(data: bytes):
    found = examine_small(data, Job(b"k" * 32, clock.today()))
    assert found is not None, "every mail here is a small one"
    return found


@contextlib.asynccontextmanager
async def inside(folder: Path) -> AsyncIterator[Inside]:
    ensure_keys(folder / "keys")
    keys = load_private(folder / "keys")
    store = await open_store(settings(f"sqlite:///{folder}/mailfilter.db", folder), keys, CHEAP)
    try:
        yield Inside(store, keys)
    finally:
        await store.close()


async def transact(client: Client, letter: Letter, *, greeted: bool = False) -> str:
    """Try to send it; the reply that ended the transaction, empty if the gateway hung up."""
    if not greeted:
        for answer in (await client.reply(), await client.ask("EHLO client.example")):
            if answer[:1] != "2":
                return answer
    lines = [b"MAIL FROM:<maj@exempelkommun.example>", *(b"RCPT TO:" + r for r in letter.rcpts)]
    for line in [*lines, b"DATA"]:
        answer = await client.ask(line)
        if answer[:1] not in ("2", "3"):
            return answer
    return await client.ask(letter.wire + b".")


async def send(gate: Gate, letter: Letter) -> str:
    """Try to send it over a connection of its own."""
    async with gate.client() as client:
        return await transact(client, letter)


async def until_rest() -> None:
    """Let everything that can run without the world run."""
    for _ in range(5):
        await asyncio.sleep(0.01)
