"""A process that works on a store and kills itself at a named point (run by test_record_crash).

Arguments: database URL, folder with keys, point.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.config import Settings, Store
from mailfilter.model import State
from mailfilter.record.open import open_store
from mailfilter.record.sealing.keys import load_private
from tests.record.making import CANARY, Mails, count, dossier, line


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str, folder: Path, point: str) -> None:
    store = await open_store(Settings(store=Store(url=url, run=folder)), load_private(folder))
    intake, archive = store.intake, store.archive
    mail = Mails()(dossier=dossier(CANARY), body=CANARY.encode() * 200_000)

    def die_before_commit() -> None:
        event.listen(store.database.sync_engine, "commit", die)

    if point == "in-stage":
        if store.database.embedded:  # a tiny cache: pages reach the file before the commit

            async def shrink(connection: AsyncConnection) -> None:
                await connection.execute(text("PRAGMA cache_size=5"))

            await store.database.run(shrink)
        die_before_commit()
    await intake.stage(mail)
    if point == "staged":
        die()
    await intake.mark_relayed(mail.id)
    if point == "relayed":
        die()
    if point == "in-commit":
        die_before_commit()
    await intake.commit(mail.id, [count()])
    if point == "committed":
        die()
    if point == "in-act":
        die_before_commit()
    await archive.act(
        f"{mail.id}.1", [State.HELD], State.RELEASING, line("release"), parcel="release"
    )
    die()


asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
