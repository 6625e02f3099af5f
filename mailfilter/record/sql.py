"""The few places where the two engines speak differently, and the cleaning of text columns."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def insert(connection: AsyncConnection, table: Table) -> Any:
    """An INSERT that knows ON CONFLICT; both engines spell it alike, SQLAlchemy does not."""
    return sqlite.insert(table) if is_sqlite(connection) else postgresql.insert(table)


def by_engine(table: Table, finish: Callable[[Any], Any]) -> dict[bool, Any]:
    """Such an INSERT made once for each engine, by `is_sqlite`."""
    return {True: finish(sqlite.insert(table)), False: finish(postgresql.insert(table))}


def is_sqlite(connection: AsyncConnection) -> bool:
    """True for the embedded engine."""
    return connection.dialect.name == "sqlite"


def clean(text: str, most: int = 500) -> str:
    """Text that both engines store: no NUL, no control characters, no lone surrogates."""
    if text.isprintable():  # nearly all: nothing to take out
        return text[:most].strip()
    short = text[:most].encode("utf-8", "replace").decode()
    return "".join(" " if ord(char) < 32 or ord(char) == 127 else char for char in short).strip()


def without_addresses(text: str, most: int = 500) -> str:
    """A reply of another server, ASCII, without the addresses that it may repeat (P10)."""
    ascii_text = text[: 4 * most].encode("ascii", "replace").decode()
    words = ("<...>" if "@" in word else word for word in ascii_text.split())
    return clean(" ".join(words), most)
