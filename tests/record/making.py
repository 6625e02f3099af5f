"""Stores, dossiers, staged messages and times for the tests of the record. No real person."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import argon2
from sqlalchemy import make_url, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from detectors import Role
from detectors.levels import LEVELS
from mailfilter.config import Settings, Store
from mailfilter.model import Action, Class, Finding, NotExamined, Verdict
from mailfilter.model import Path as Address
from mailfilter.place import Place, Step, StepKind
from mailfilter.record.archive.archive import Means, StoreArchive
from mailfilter.record.contract import AuditLine, Count, Dossier, Joined, Staged, StagedItem
from mailfilter.record.database.engine import Database
from mailfilter.record.database.tables import running
from mailfilter.record.intake.intake import StoreIntake
from mailfilter.record.open import open_store
from mailfilter.record.sealing.keys import PrivateKeys

NOW = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CANARY = "kanariefagel7319"


CHEAP = Means(hasher=argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@dataclass
class Server:
    """A running PostgreSQL."""

    url: str
    numbers: Iterator[int]
    template: str = ""

    def named(self, database: str) -> str:
        url = make_url(self.url).set(database=database, drivername="postgresql")
        return url.render_as_string(hide_password=False)

    async def sql(self, statement: str) -> None:
        url = make_url(self.url).set(drivername="postgresql+asyncpg")
        engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            await connection.execute(text(statement))
        await engine.dispose()

    async def database(self, keys: PrivateKeys) -> str:
        """The URL of a new database that has the tables."""
        if not self.template:
            await self.sql("CREATE DATABASE template_of_tests")
            store = await open_store(settings(self.named("template_of_tests"), Path()), keys)
            await store.close()
            self.template = "template_of_tests"
        name = f"test_{next(self.numbers)}"
        await self.sql(f"CREATE DATABASE {name} TEMPLATE {self.template}")
        return self.named(name)


def settings(url: str, folder: Path, **store: Any) -> Settings:
    return Settings(store=Store(url=url, keys=folder / "keys", run=folder / "run", **store))


Open = Callable[..., Any]


@dataclass(frozen=True)
class Parts:
    """An open store, taken apart."""

    intake: StoreIntake
    archive: StoreArchive
    database: Database
    url: str


def path(address: str, parameters: bytes = b"") -> Address:
    raw = address.encode()
    return Address(b"<" + raw + b">" + parameters, raw, parameters)


def dossier(word: str = "", **changes: object) -> Dossier:
    """A dossier in which `word` stands wherever text of a mail can stand."""
    place = Place(Role.ATTACHMENT, (Step(StepKind.ATTACHMENT, 1, f"{word}.docx", "docx"),))
    recipient = f"{word}b@example.org"
    values: dict[str, object] = {
        "sender": f"{word}a@kommun.example",
        "subject": f"Ang. {word}",
        "message_id": f"<{word}1@kommun.example>",
        "mail": path(f"{word}a@kommun.example", b" SIZE=12 BODY=8BITMIME"),
        "rcpts": (path(recipient), path(f"{word}c@example.org", b" NOTIFY=FAILURE")),
        "verdicts": (Verdict(recipient, Action.QUARANTINE, "high", ("kind",)),) * 2,
        "findings": (
            Finding("se.personnummer", 95, place, "191212-****", word, (word,)),
            Finding("health", LEVELS.health.medium, place, "diagnos"),
        ),
        "not_examined": (NotExamined(place, "zip-encrypted", Class.ENCRYPTED),),
        "persons": 1,
        "xforward": (f"NAME={word}".encode(),),
    }
    return Dossier(**(values | changes))  # type: ignore[arg-type]


@dataclass
class Mails:
    """Makes staged messages with ids that count up."""

    n: int = field(default=0)

    def __call__(self, **changes: object) -> Staged:
        self.n += 1
        values: dict[str, object] = {
            "id": f"M{self.n:05d}",
            "join_key": f"join-{self.n}".encode(),
            "incident_key": f"incident-{self.n}".encode(),
            "at": NOW,
            "department": "Socialförvaltningen",
            "controller": "Socialnämnden",
            "protected": False,
            "rules_hash": "f00d",
            "dossier": dossier(),
            "body": b"Subject: x\r\n\r\nHej\r\n",
            "items": (StagedItem(Action.QUARANTINE, recipients=(0, 1)),),
            "notice": True,
        }
        return Staged(**(values | changes))  # type: ignore[arg-type]


def count(**changes: object) -> Count:
    values: dict[str, object] = {
        "day": date(2026, 11, 16),
        "department": "Socialförvaltningen",
        "direction": "external",
        "kind": "se.personnummer",
        "rule": "high",
        "action": "quarantine",
        "mode": "enforce",
    }
    return Count(**(values | changes))  # type: ignore[arg-type]


def line(
    act: str = "release", object_: str = "", at: datetime = NOW, **detail: str | int
) -> AuditLine:
    return AuditLine(0, at, "anna", act, object_, detail)


async def swept(archive: StoreArchive, at: datetime, start: datetime = NOW) -> dict[str, int]:
    """A sweep at `at`, to which both clocks have gone without a step; what came before is seen at
    the time of the last, the first time at `start`."""
    before = await archive.database.run(_last)
    if before is None:
        before = start
        await archive.running.on(before, timedelta())
    await archive.sweep(before)
    await archive.running.on(at, max(at - before, timedelta()))
    return await archive.sweep(at)


async def _last(connection: AsyncConnection) -> datetime | None:
    return (await connection.execute(select(running.c.wall))).scalar_one_or_none()


async def hold(parts: Parts, staged: Staged) -> Joined:
    """Stage and commit."""
    joined = await parts.intake.stage(staged)
    await parts.intake.commit(joined.id, [count()])
    return joined


async def drop_triggers(parts: Parts, *names: str) -> None:
    """What stands between a hand at the database and the audit log."""
    await parts.database.run(lambda c: without_triggers(c, names))


async def without_triggers(connection: AsyncConnection, names: Sequence[str] = ()) -> None:
    """The same in the caller's transaction; all of them if none is named."""
    sqlite = connection.dialect.name == "sqlite"
    all_names = ("audit_no_update", "audit_no_delete") if sqlite else ("audit_no_change",)
    for name in names or (*all_names, "audit_at_its_end"):
        where = "" if sqlite else " ON audit"
        await connection.execute(text(f"DROP TRIGGER IF EXISTS {name}{where}"))
    if not sqlite:
        await connection.execute(text("DROP FUNCTION IF EXISTS audit_grows_at_its_end()"))
