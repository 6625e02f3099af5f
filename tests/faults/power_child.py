"""Processes that store mail until their disk loses power; run by ``power_run.py``.

Each line of input, "database URL, folder of the keys, file of what was acknowledged, `synchronous`"
with tabs between, forks one, so that the imports are paid once. First it proves that nothing of
that is missing or damaged, by the product's own archive. Then it stages and commits mails, several
at a time, and says each on its output once it is acknowledged. If `synchronous` is not FULL, the
product's refusal of a server that does not sync is left out.
"""

import asyncio
import hashlib
import itertools
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from mailfilter.config import Settings, Store
from mailfilter.errors import Temporary
from mailfilter.model import State
from mailfilter.record.contract import Filter
from mailfilter.record.database import engine, tables
from mailfilter.record.open import open_store
from mailfilter.record.sealing.keys import load_private
from tests.record.making import CHEAP, Mails, count, line

SIDE_BY_SIDE = 6
ALIVE = [state for state in State if state is not State.STAGED]


async def verify(store, known: dict[str, str]) -> None:
    """AssertionError if something acknowledged is lost, or the database or its chain is damaged."""

    async def check(connection) -> str:
        if store.database.embedded:
            return str((await connection.execute(text("PRAGMA integrity_check"))).scalar_one())
        for table in tables.metadata.tables:  # reads all pages, each has a checksum
            await connection.execute(text(f"SELECT count(*) FROM {table}"))
        return "ok"

    damage = await store.database.run(check)
    assert damage == "ok", f"DAMAGED {damage}"
    items = {i.message: i for i in await store.archive.items(Filter(states=ALIVE, limit=100_000))}
    for id, digest in known.items():
        assert id in items, f"LOST {id}"
        assert items[id].dossier is not None, f"LOST dossier of {id}"
        body = await store.archive.body(id)
        assert hashlib.sha256(body).hexdigest() == digest, f"DAMAGED body of {id}"
    lines, fault = await store.archive.verify_audit()
    assert not fault, f"DAMAGED audit chain at {lines}: {fault}"


async def _anything(_database) -> None:
    pass


async def main(url: str, keys: Path, acks: Path, synchronous: str) -> None:
    engine._PRAGMAS = tuple(
        f"synchronous={synchronous}" if pragma.startswith("synchronous") else pragma
        for pragma in engine._PRAGMAS
    )
    settings = Settings(store=Store(url=url, keys=keys, run=keys))
    if synchronous != "FULL":
        sys.modules[open_store.__module__].check_durable = _anything
    store = await open_store(settings, load_private(keys), CHEAP)
    known = dict(row.split() for row in acks.read_text().splitlines())
    await verify(store, known)
    print("verified", len(known), flush=True)
    numbers = itertools.count(int(max(known, default="M0")[1:]) + 1000)
    mails = Mails()

    async def client() -> None:
        while True:
            n = next(numbers)
            mails.n = n
            body = f"Subject: {n}\r\n\r\n".encode() + bytes([n % 256]) * (500 + n * 7919 % 60_000)
            at = datetime.now(UTC)
            mail = mails(body=body, id=f"M{n:09d}", join_key=b"j%d" % n, at=at)
            try:
                await store.intake.stage(mail)
                await store.intake.commit(mail.id, [count()])
            except Temporary:
                await asyncio.sleep(0.01)
                continue
            print("ack", mail.id, hashlib.sha256(body).hexdigest(), flush=True)
            if not n % 5:
                try:
                    await store.archive.audit(line("view-item", f"{mail.id}.1", at))
                except Temporary:
                    continue

    await asyncio.gather(*(client() for _ in range(SIDE_BY_SIDE)))


def child(words: list[str]) -> None:
    """One life; how it ended is the last line but one."""
    print("pid", os.getpid(), flush=True)
    try:
        asyncio.run(main(words[0], Path(words[1]), Path(words[2]), words[3]))
    except BaseException as error:
        print("failed", " ".join(str(error).split())[:300] or type(error).__name__, flush=True)
    finally:
        os._exit(0)


if __name__ == "__main__":
    for asked in sys.stdin:
        pid = os.fork()
        if not pid:
            child(asked.rstrip("\n").split("\t"))
        os.waitpid(pid, 0)
        print("gone", flush=True)
