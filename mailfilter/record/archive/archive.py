"""desk's side of the store: an `Archive` (see ``contract.py``) over a database.

This file only gives each promise its transaction; what happens in it is in ``items.py``,
``reading.py``, ``outbox.py``, ``audit.py``, ``counts.py``, ``retention.py`` and ``users.py``.
Decryption of bodies and comparing of passwords happen outside of transactions, in threads.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial
from typing import TypeVar

import argon2
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter import limits
from mailfilter.errors import Permanent
from mailfilter.model import State
from mailfilter.record.archive import facets, items, outbox, retention, search, users
from mailfilter.record.archive.case_number import Case
from mailfilter.record.archive.links import Links
from mailfilter.record.archive.running import RunningTime
from mailfilter.record.archive.sender_rows import SenderRows
from mailfilter.record.contract import (
    AuditLine,
    Count,
    Dossier,
    Filter,
    Item,
    Parcel,
    Reading,
    ReadOn,
    User,
)
from mailfilter.record.database.engine import Database
from mailfilter.record.database.sql import clean
from mailfilter.record.intake import reading
from mailfilter.record.ledgers import audit, audit_states, counts
from mailfilter.record.ledgers.audit_proof import Proof
from mailfilter.record.ledgers.checkpoint import Checkpoint
from mailfilter.record.ledgers.copies import Copies
from mailfilter.record.pickup.deposits import Pickups
from mailfilter.record.sealing.seal import Opener, Sealer

T = TypeVar("T")
_ROUNDS = 1000  # of a sweep, at most


@dataclass(frozen=True, slots=True)
class Means:
    """What a store takes from the world: time and randomness, and how dear a password is.

    The clock is asked only where a caller gave no time.
    """

    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    entropy: Callable[[int], bytes] = secrets.token_bytes
    hasher: argon2.PasswordHasher = field(default_factory=argon2.PasswordHasher)


class StoreArchive:
    """An `Archive`."""

    def __init__(
        self,
        database: Database,
        opener: Opener,
        sealer: Sealer,
        *,
        held_days: int = limits.HELD_DAYS,
        audit_days: int = 1830,
        search_days: int = 0,
        means: Means | None = None,
    ) -> None:
        self.database = database
        self.proof = Proof(database)
        self.copies = Copies(database)
        self._opener = opener
        self.sealer = sealer
        self._held_days = held_days
        self._audit_days = audit_days
        self._search_days = search_days
        self._means = means or Means()
        self._decoy = ""
        self.links = Links(database, opener, sealer)
        self.sender = SenderRows(database, opener, sealer)
        self.running = RunningTime(database)
        self.pickups: Pickups | None = None  # given by whoever holds desk's keys

    async def _run(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        return await self.database.run(work)

    async def close(self) -> None:
        """Close the database."""
        await self.database.close()

    # ---- lists and bodies ----

    async def items(self, filter: Filter) -> list[Item]:
        await self._see_to_index(filter)
        return await self._run(lambda c: items.listed(c, self._opener, filter))

    async def count_items(self, filter: Filter) -> int:
        await self._see_to_index(filter)
        return await self._run(lambda c: items.counted(c, self._opener, filter))

    async def _see_to_index(self, filter: Filter) -> None:
        if filter.kind or filter.level or filter.rule or filter.sought:
            await self.index()

    async def index(self) -> int:
        total, key = 0, self._opener.search_key
        for _ in range(_ROUNDS):
            rows = await self._run(search.pending)
            known = await asyncio.to_thread(search.opened, self._opener, rows) if rows else {}
            done = await self._run(partial(search.write, key=key, known=known)) if known else 0
            total += done
            if not done:
                break
        return total

    async def facets(self) -> dict[str, tuple[str, ...]]:
        return await self._run(facets.listed)

    async def item(self, id: str) -> Item | None:
        return await self._run(lambda c: items.one(c, self._opener, id))

    async def items_of(self, message: str) -> list[Item]:
        """The items of a message, in their order; of a protected one without the dossier."""
        return await self._run(lambda c: items.of_message(c, self._opener, message))

    async def case(self, wanted: Case) -> list[Item]:
        return await self._run(lambda c: items.of_case(c, self._opener, wanted))

    async def copies_of(self, message: str) -> list[str]:
        """Other messages that are the same mail, split by recipient; known for six days."""
        return await self._run(lambda c: items.copies(c, message))

    async def body(self, message: str) -> bytes:
        wrapped, chunks = await self._run(lambda c: items.sealed_body(c, message))
        return await asyncio.to_thread(self._opener.body, wrapped, chunks, message)

    # ---- acts ----

    async def act(
        self,
        id: str,
        before: Sequence[State],
        after: State,
        line: AuditLine,
        *,
        receipt: str = "",
        parcel: str = "",
        connector: str = "",
    ) -> bool:
        move = items.Move(id, tuple(before), after, line, receipt, parcel, connector)

        async def work(c: AsyncConnection) -> bool:
            message = await items.act(c, move)
            if message is not None:
                await items.last_word(c, message, line.at)
                await items.destroy_if_ended(
                    c, message, self._opener, self.sealer, self._search_days
                )
            return message is not None

        return await self._run(work)

    async def destroy(self, connection: AsyncConnection, message: str) -> bool:
        """End the content of a message of which every item has ended, in a caller's transaction."""
        return await items.destroy_if_ended(
            connection, message, self._opener, self.sealer, self._search_days
        )

    # ---- reading on ----

    async def reading(self, limit: int = 100) -> list[Reading]:
        return await self._run(lambda c: reading.listed(c, limit))

    async def dossier(self, message: str) -> Dossier:
        wrapped, sealed = await self._run(lambda c: reading.sealed_dossier(c, message))
        return self._opener.dossier(wrapped, sealed, message)

    async def settle(self, done: ReadOn) -> bool:
        return await self._run(lambda c: reading.settle(c, done, self._opener))

    # ---- outbox ----

    async def due(self, now: datetime, limit: int = 20) -> list[Parcel]:
        return await self._run(lambda c: outbox.due(c, self._opener, now, limit))

    async def put(self, kind: str, now: datetime, *, item: str = "", note: str = "") -> int:
        return await self._run(lambda c: outbox.put(c, kind, now, item, note))

    async def parcels(self) -> int:
        return await self._run(outbox.made)

    async def done(self, id: int, why: str = "") -> None:
        await self._run(lambda c: outbox.done(c, id, why))

    async def retry(self, id: int, at: datetime, why: str) -> None:
        await self._run(lambda c: outbox.retry(c, id, at, why))

    # ---- audit ----

    async def audit(self, line: AuditLine) -> None:
        async def work(c: AsyncConnection) -> None:
            if not await items.is_protected(c, line.object):
                await audit.append(c, line)

        await self._run(work)

    async def audit_lines(self, after: int = 0, limit: int = 100) -> list[AuditLine]:
        return await self._run(lambda c: audit.read(c, after, limit))

    async def audit_head(self) -> tuple[int, str]:
        return await self._run(audit.head)

    async def verify_audit(self, anchors: Sequence[tuple[int, str]] = ()) -> tuple[int, str]:
        report = await self.proof.verify(Checkpoint(*anchor) for anchor in anchors)
        return report.lines, report.faults[0].sentence if report.faults else ""

    # ---- statistics and retention ----

    async def counts(self, first: date, last: date) -> list[Count]:
        return await self._run(lambda c: counts.read(c, first, last))

    async def sweep(self, now: datetime) -> dict[str, int]:
        total: Counter[str] = Counter()
        for _ in range(_ROUNDS):  # each round is a transaction, so that mail gets in between
            done = await self._run(self._sweep_once(now))
            total.update(done)
            if not any(done[what] for what in retention.BY_ROUNDS):
                break
        return dict(total)

    def _sweep_once(self, now: datetime) -> Callable[[AsyncConnection], Awaitable[Counter[str]]]:
        return lambda c: retention.sweep(
            c, now, self._held_days, self._audit_days, self._opener, self.sealer, self._search_days
        )

    # ---- users ----

    async def add_user(self, user: User, password: str, line: AuditLine) -> None:
        password_hash = await self._hash(password)

        async def work(c: AsyncConnection) -> None:
            if await users.find(c, user.name) is not None:
                raise Permanent(f"there is a user named {user.name} already")
            await users.add(c, user, password_hash)
            await _append_account(c, user.name, line)

        await self._run(work)

    async def users(self) -> list[User]:
        return await self._run(users.listed)

    async def check_password(
        self, name: str, password: str, now: datetime | None = None
    ) -> User | None:
        at = now or self._means.clock()
        if clean(name) != name or await self.throttled(name, at) is not None:
            return None

        async def charge(c: AsyncConnection) -> tuple[User, str] | None:
            await users.failed(c, name, at)  # before comparing: many at once gain nothing
            return await users.find(c, name)

        found = await self._run(charge)
        password_hash = found[1] if found else await self._decoy_hash()
        if not await asyncio.to_thread(users.matches, self._means.hasher, password_hash, password):
            return None
        if found is None or found[0].disabled:
            return None
        await self._run(lambda c: users.succeeded(c, name))
        return found[0]

    async def throttled(self, name: str, now: datetime) -> datetime | None:
        return await self._run(lambda c: users.throttled(c, name, now))

    async def set_disabled(self, name: str, disabled: bool, line: AuditLine) -> bool:
        return await self._change(name, line, disabled=disabled)

    async def set_address(self, name: str, address: str, line: AuditLine) -> bool:
        async def work(c: AsyncConnection) -> bool:
            if changed := await users.set_address(c, name, address):
                await _append_account(c, name, line)
            return changed

        return await self._run(work)

    async def set_password(self, name: str, password: str, line: AuditLine) -> bool:
        return await self._change(name, line, password=await self._hash(password))

    async def _change(self, name: str, line: AuditLine, **values: str | bool) -> bool:
        async def work(c: AsyncConnection) -> bool:
            changed = await users.change(c, name, **values)
            if changed:
                await users.succeeded(c, name)
                await _append_account(c, name, line)
            return changed

        return await self._run(work)

    async def _hash(self, password: str) -> str:
        return await asyncio.to_thread(self._means.hasher.hash, password)

    async def _decoy_hash(self) -> str:
        """A hash that nothing fits: an unknown name takes as long as a known one."""
        if not self._decoy:
            self._decoy = await self._hash(self._means.entropy(16).hex())
        return self._decoy

    # ---- sessions and login links ----

    async def new_session(self, name: str, now: datetime) -> str:
        token = self._secret()
        await self._run(_for_user(name, lambda c: users.new_session(c, name, token, now)))
        return token

    async def session(self, token: str, now: datetime) -> User | None:
        return await self._run(lambda c: users.live(c, token, now))

    async def end_session(self, token: str) -> None:
        await self._run(lambda c: users.end_session(c, token))

    async def new_login_link(self, name: str, now: datetime, *, mailed: bool = False) -> str:
        secret = self._secret()
        until = now + (users.MAILED_LIFE if mailed else users.LINK_LIFE)
        await self._run(_for_user(name, lambda c: users.new_link(c, name, secret, until)))
        return secret

    async def use_login_link(self, secret: str, now: datetime) -> User | None:
        return await self._run(lambda c: users.use_link(c, secret, now))

    def _secret(self) -> str:
        return self._means.entropy(32).hex()


async def _append_account(connection: AsyncConnection, name: str, line: AuditLine) -> None:
    """The line of an act that has changed an account: it says what the account is now."""
    state = await audit_states.account(connection, audit.key_of(connection), name)
    await audit.append(connection, replace(line, object=name, state=state))


def _for_user(
    name: str, work: Callable[[AsyncConnection], Awaitable[None]]
) -> Callable[[AsyncConnection], Awaitable[None]]:
    async def checked(c: AsyncConnection) -> None:
        if await users.find(c, name) is None:
            raise Permanent(f"there is no user named {name}")
        await work(c)

    return checked
