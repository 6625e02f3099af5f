"""The few places where the two engines speak differently, and the cleaning of text columns."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Column, Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def insert(connection: AsyncConnection, table: Table) -> Any:
    """An INSERT that knows ON CONFLICT; both engines spell it alike, SQLAlchemy does not."""
    return sqlite.insert(table) if is_sqlite(connection) else postgresql.insert(table)


def by_engine(table: Table, finish: Callable[[Any], Any]) -> dict[bool, Any]:
    """Such an INSERT made once for each engine, by `is_sqlite`."""
    return {True: finish(sqlite.insert(table)), False: finish(postgresql.insert(table))}


class Rows:
    """Rows into `table`, many at once, made for those that every held mail brings.

    SQLAlchemy prepares each statement and each row anew, which costs three times what SQLite does
    with them. For SQLite the SQL is made once, from the columns of the first row that comes; each
    has them all. Values go through the types of their columns, and missing ones have the column's
    default, as always. `finish` may add what happens on conflict.
    """

    def __init__(self, table: Table, finish: Callable[[Any], Any] = lambda new: new) -> None:
        self._table = table
        self._statements = by_engine(table, finish)
        self._sql = ""
        self._fields: list[tuple[str, Any, Callable[[Any], Any]]] = []

    async def put(self, connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> int:
        """Insert `rows`; how many were, which SQLite alone tells of more than one."""
        if not is_sqlite(connection):
            return int((await connection.execute(self._statements[False], rows)).rowcount)
        if not self._sql:
            self._prepare(connection.dialect, rows[0])
        fields = self._fields
        values = [
            tuple([made(row.get(name, default)) for name, default, made in fields]) for row in rows
        ]
        return int((await connection.exec_driver_sql(self._sql, values)).rowcount)

    def _prepare(self, dialect: Dialect, row: dict[str, Any]) -> None:
        columns = [c for c in self._table.columns if c.name in row or c.default is not None]
        compiled = self._statements[True].compile(
            dialect=dialect, column_keys=[c.name for c in columns]
        )
        by_name = {c.name: c for c in columns}
        self._fields = [_field(by_name[name], dialect) for name in compiled.positiontup]
        self._sql = str(compiled)


def _field(column: Column[Any], dialect: Dialect) -> tuple[str, Any, Callable[[Any], Any]]:
    """(name, default, what makes a value one of the driver's)."""
    default = getattr(column.default, "arg", None)
    made = column.type.dialect_impl(dialect).bind_processor(dialect)
    return column.name, default, made or _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


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
