"""All rows of a store from one database into another, of either engine, in the same schema.

From → to: a connection that sees one state → the two files of a backup, and the reverse. The tables
are read as they are there, not as this program knows them: an older backup has fewer columns.

What opens what is stored goes into a file of its own (`APART`): wrapped keys, links in any form,
and what is sealed to desk alone. In the other file these columns are empty, so that it stays shut
even for desk's key.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    Table,
    create_engine,
    delete,
    event,
    func,
    insert,
    select,
)

from mailfilter.record.database import migrate

APART = {
    "wrapped_key": ("wrapped",),
    "request": ("sealed",),
    "pickup_detail": ("sealed",),
    "link": ("wrapped", "sealed"),
    "pickup_deposit": ("notify", "wrap", "link"),
    "pickup_box": ("wrap", "link"),
}
NOTHING_WITHOUT = ("wrapped_key", "request", "pickup_detail")  # a row is of no use without its key
PASSING = ("session", "login_link", "pickup_seat")  # whoever was logged in logs in again
_NOT_OURS = ("alembic_version", "sqlite_sequence")
_MANY, _BYTES = 500, 8 * 1024 * 1024
Row = dict[str, Any]
Progress = Callable[[int], None]  # so many rows more


def file_engine(path: Path, *, readonly: bool = False) -> Engine:
    """A file of a backup. While it is written nothing is made durable: the caller does that."""
    mode = "?mode=ro&immutable=1&uri=true" if readonly else ""
    engine = create_engine(f"sqlite+pysqlite:///{'file:' if readonly else ''}{path}{mode}")

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        if not readonly:
            connection.execute("PRAGMA journal_mode=OFF")
            connection.execute("PRAGMA synchronous=OFF")

    return engine


def tables_of(connection: Connection, names: Iterable[str] | None = None) -> list[Table]:
    """The store's tables as they are there, a table behind those that it refers to."""
    found = MetaData()
    found.reflect(connection, only=None if names is None else list(names))
    return [table for table in found.sorted_tables if table.name not in _NOT_OURS]


def counted(connection: Connection, tables: Iterable[Table]) -> dict[str, int]:
    """How many rows each has."""
    return {
        table.name: int(connection.execute(select(func.count()).select_from(table)).scalar_one())
        for table in tables
    }


def batches(connection: Connection, table: Table) -> Iterator[list[Row]]:
    """The rows of a table in its order, some at a time, by their number and by their bytes."""
    some = 8 if "chunk" in table.name else _MANY  # of a server's cursor
    streaming = connection.execution_options(stream_results=True, yield_per=some)
    batch: list[Row] = []
    size = 0
    for found in streaming.execute(select(table).order_by(*table.primary_key)).mappings():
        row = dict(found)
        batch.append(row)
        size += sum(len(value) for value in row.values() if isinstance(value, bytes))
        if len(batch) >= _MANY or size >= _BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


# ---- into the files ------------------------------------------------------------------------------


def write(source: Connection, mail: Path, keys: Path, progress: Progress) -> dict[str, int]:
    """Write both files from what `source` sees; how many rows each table has."""
    written = {}
    revision = migrate.schema(source)
    for path in (mail, keys):
        path.touch(mode=0o600)
    with file_engine(mail).begin() as into, file_engine(keys).begin() as apart:
        migrate.make(into, revision)
        targets = {table.name: table for table in tables_of(into)}
        for table in targets.values():
            into.execute(delete(table))  # a step may have made a row of its own
        for table in tables_of(source, targets):
            target = targets[table.name]
            closed = _make_apart(apart, target)
            written[table.name] = 0
            for batch in batches(source, table):
                if closed is not None:
                    apart.execute(insert(closed), [_only(row, closed) for row in batch])
                into.execute(insert(target), [_emptied(row, target) for row in batch])
                written[table.name] += len(batch)
                progress(len(batch))
    return written


def _columns(table: Table) -> list[str]:
    return [name for name in APART.get(table.name, ()) if name in table.c]


def _make_apart(connection: Connection, table: Table) -> Table | None:
    names = [*(column.name for column in table.primary_key), *_columns(table)]
    if not _columns(table):
        return None
    made = Table(table.name, MetaData(), *(_column(table.c[name]) for name in names))
    made.create(connection)
    return made


def _column(column: Column[Any]) -> Column[Any]:
    return Column(column.name, column.type, primary_key=column.primary_key)


def _only(row: Row, table: Table) -> Row:
    return {column.name: row[column.name] for column in table.c}


def _emptied(row: Row, table: Table) -> Row:
    return row | {name: None if table.c[name].nullable else b"" for name in _columns(table)}


# ---- out of the files ----------------------------------------------------------------------------


def read(mail: Connection, keys: Connection | None, target: Connection, progress: Progress) -> None:
    """Write all into empty tables of the same schema; without `keys` what they open stays shut."""
    closed = {table.name: table for table in tables_of(keys)} if keys is not None else {}
    targets = {table.name: table for table in tables_of(target)}
    for table in reversed(targets.values()):
        if table.name != "audit":
            target.execute(delete(table))
    for table in tables_of(mail):
        for batch in batches(mail, table):
            progress(len(batch))
            if table.name in PASSING or (keys is None and table.name in NOTHING_WITHOUT):
                continue
            if keys is not None and table.name in closed:
                _opened(keys, closed[table.name], batch)
            target.execute(insert(targets[table.name]), batch)
    _go_on_counting(target, targets)


def _opened(keys: Connection, closed: Table, batch: list[Row]) -> None:
    """Put into each row what was kept apart."""
    (primary,) = closed.primary_key
    wanted = select(closed).where(primary.in_([row[primary.name] for row in batch]))
    known = {row[primary.name]: dict(row) for row in keys.execute(wanted).mappings()}
    for row in batch:
        row.update(known[row[primary.name]])


def _go_on_counting(target: Connection, tables: dict[str, Table]) -> None:
    """New numbers begin behind those that were brought; SQLite sees to that itself."""
    if target.dialect.name == "sqlite":
        return
    for name in ("outbox", "pickup_opening"):
        if name in tables:
            highest = func.coalesce(func.max(tables[name].c.id), 0) + 1
            sequence = func.pg_get_serial_sequence(name, "id")
            target.execute(select(func.setval(sequence, highest, False)))
