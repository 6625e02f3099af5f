"""A look at a database: could desk open it? Nothing is made, changed or written.

``check-config`` asks before the first start and beside a change; opening it as desk does would
bring the schema up to date, which an older program that runs could not undo.
"""

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.errors import ConfigError, Temporary
from mailfilter.record.database.engine import Database, check_durable, connect, file_of
from mailfilter.record.database.migrate import is_made

_BROKEN = (
    "damaged",
    "read-only",
    "cannot be opened",
)  # of a file: nobody mends it but the operator


async def look(url: str, desk: str | None) -> None:
    """ConfigError where only an edit helps, Temporary where it may come back. `desk` is our public
    key: "" if there is none yet, None if it is not known."""
    file = file_of(url)
    if file is not None and not file.exists():
        return
    if file is not None and not file.is_file():
        raise ConfigError(f"store.url: {file} is no file; name one, or one that is not there yet")
    database = connect(url)
    try:
        await check_durable(database)
        await database.run(lambda connection: _look(connection, database, desk))
    except Temporary as error:
        if file is not None and any(word in str(error) for word in _BROKEN):
            raise ConfigError(f"store.url: {file}: {error}; restore it from backup") from error
        raise
    finally:
        await database.close()


async def _look(connection: AsyncConnection, database: Database, desk: str | None) -> None:
    made = await connection.run_sync(is_made)
    if not database.embedded:
        await _may_write(connection, made=made)
    if made and desk is not None:
        query = text("SELECT value FROM meta WHERE name = 'desk.pub'")
        known = (await connection.execute(query)).scalar_one_or_none()
        if known is not None and known != desk:
            raise ConfigError(OTHER_KEY)


async def _may_write(connection: AsyncConnection, *, made: bool) -> None:
    """Of a server: a standby is read-only, and a new user may not make tables."""
    readonly = (await connection.execute(text("SHOW transaction_read_only"))).scalar_one()
    if readonly == "on":
        raise Temporary("store: the database is read-only (a standby, or set so for this user)")
    if made:
        return
    may = text("SELECT has_schema_privilege(current_schema(), 'CREATE')")
    try:
        allowed = (await connection.execute(may)).scalar_one()
    except SQLAlchemyError:
        allowed = False
    if not allowed:
        raise Temporary(
            "store: this user may not make tables; run GRANT CREATE ON SCHEMA public for it"
        )


OTHER_KEY = (
    "store.keys: this database was sealed to another desk.pub; restore the keys that belong to it"
    " from backup, or begin with a new database"
)
