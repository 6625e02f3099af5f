"""kill -9 at named points, then opened again: nothing acknowledged is missing, nothing
uncommitted is sent, nothing plain is on the disk (P8). Canaries: in no byte of the database (P10).
"""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from mailfilter.model import State
from mailfilter.record.contract import Filter, Joined
from mailfilter.record.database.tables import metadata
from tests.record.making import CANARY, DAY, NOW, Mails, Open, Parts, dossier, hold, line, swept

CHILD = Path(__file__).with_name("crash_child.py")
BODY = CANARY.encode() * 200_000
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory, keys: object) -> Path:
    return tmp_path_factory.getbasetemp() / "record-keys0"


async def crash(url: str, folder: Path, point: str) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(CHILD), url, str(folder), point, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await child.communicate()
    assert child.returncode == -9, errors.decode()


def files(url: str) -> list[Path]:
    """The database's files: nothing for PostgreSQL, whose rows are read instead."""
    if not url.startswith("sqlite"):
        return []
    return list(Path(url.removeprefix("sqlite:///")).parent.glob("mailfilter.db*"))


def assert_sealed(url: str) -> None:
    for file in files(url):
        assert CANARY.encode() not in file.read_bytes(), file.name


async def test_killed_while_storing(url: str, folder: Path, opening: Open, mails: Mails) -> None:
    await crash(url, folder, "in-stage")
    if url.startswith("sqlite"):
        assert max(file.stat().st_size for file in files(url) if "journal" in file.name) > 0
    assert_sealed(url)
    store = await opening()
    assert await store.intake.stage(mails(join_key=b"join-1")) == Joined("M00001")


async def test_killed_when_staged(url: str, folder: Path, opening: Open, mails: Mails) -> None:
    await crash(url, folder, "staged")
    store = await opening()
    assert await store.archive.items(Filter()) == []
    assert await store.archive.due(NOW + DAY) == []
    mails.n = 1
    assert await store.intake.stage(mails(join_key=b"join-1", at=LATER)) == Joined("M00002")


@pytest.mark.parametrize("point", ["relayed", "in-commit"])
async def test_killed_when_relayed(
    url: str, folder: Path, opening: Open, mails: Mails, point: str
) -> None:
    await crash(url, folder, point)
    store = await opening()
    assert await store.archive.items(Filter()) == []
    retry = mails(join_key=b"join-1", at=LATER)
    assert await store.intake.stage(retry) == Joined("M00001", relayed=True)
    await store.intake.commit("M00001", [])
    assert await store.archive.body("M00001") == BODY


async def test_killed_when_committed(url: str, folder: Path, opening: Open, mails: Mails) -> None:
    await crash(url, folder, "committed")
    assert_sealed(url)
    store = await opening()
    (item,) = await store.archive.items(Filter())
    assert (item.state, item.dossier) == (State.HELD, dossier(CANARY))
    assert await store.archive.body("M00001") == BODY
    assert [p.kind for p in await store.archive.due(NOW)] == ["notice"]
    assert (await store.intake.stage(mails(join_key=b"join-1"))).committed


async def test_killed_in_an_act(url: str, folder: Path, opening: Open) -> None:
    await crash(url, folder, "in-act")
    store = await opening()
    (item,) = await store.archive.items(Filter())
    assert item.state is State.HELD
    assert await store.archive.verify_audit() == (0, "")
    assert [p.kind for p in await store.archive.due(NOW)] == ["notice"]


async def test_killed_when_releasing_it_is_still_due(url: str, folder: Path, opening: Open) -> None:
    await crash(url, folder, "acted")
    store = await opening()
    (item,) = await store.archive.items(Filter())
    assert item.state is State.RELEASING
    assert await store.archive.verify_audit() == (1, "")
    assert [p.kind for p in await store.archive.due(NOW)] == ["notice", "release"]


async def test_canaries_are_in_no_byte(store: Parts, mails: Mails) -> None:
    body = f"Subject: {CANARY}\r\n\r\n{CANARY}".encode()
    for n in range(4):
        changes = {"dossier": dossier(CANARY), "body": body, "protected": n == 3}
        await hold(store, mails(**changes))
    await store.intake.notify_rejected(b"k", NOW, dossier(CANARY), "R1")
    reply = f"550 5.1.1 <{CANARY}@example.org> unknown"
    await store.archive.act("M00001.1", [State.HELD], State.RELEASING, line("release"))
    await store.archive.act(
        "M00001.1", [State.RELEASING], State.RELEASE_FAILED, line("failed"), receipt=reply
    )
    await store.archive.act("M00002.1", [State.HELD], State.DELETED, line("delete"))
    for parcel in await store.archive.due(NOW):
        assert parcel.dossier == dossier(CANARY)
        await store.archive.retry(parcel.id, NOW, reply)
    await swept(store.archive, NOW + 20 * DAY)

    async def everything(connection):  # type: ignore[no-untyped-def]
        tables = metadata.sorted_tables
        return repr([(await connection.execute(select(table))).all() for table in tables])

    stored = await store.database.run(everything)
    assert "M00001" in stored
    assert CANARY not in stored
    assert_sealed(store.url)


async def test_a_destroyed_key_leaves_no_bytes(store: Parts, mails: Mails) -> None:
    if not store.url.startswith("sqlite"):
        return  # PostgreSQL reuses the space after a vacuum; deploy/ says so
    sealed = store.intake._sealer.seal(mails(notice=False))
    joined = await store.intake.stage_sealed(sealed)
    await store.intake.commit(joined.id, [])
    (file, *_) = sorted(files(store.url))
    assert sealed.wrapped in file.read_bytes()
    await store.archive.act("M00001.1", [State.HELD], State.DELETED, line("delete"))
    assert not [f for f in files(store.url) if sealed.wrapped in f.read_bytes()]
