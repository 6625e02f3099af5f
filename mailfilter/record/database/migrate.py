"""Bring the schema to the newest step. There is no way down: restore the backup instead.

Runs at desk's start, in one transaction; on PostgreSQL under an advisory lock, so that two desks
that start at once do not meet. A schema newer than this program is refused: the older program
would not know what it destroys.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.errors import ConfigError
from mailfilter.record.database.engine import Database

_LOCK = 0x6D61696C  # "mail"


async def upgrade(
    database: Database, begin_log: Callable[[AsyncConnection], Awaitable[None]]
) -> None:
    """Make or change the tables; `begin_log` is called in the same transaction where the audit log
    was under no key before. Raises Temporary or ConfigError."""

    async def work(connection: AsyncConnection) -> None:
        if not database.embedded:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if await connection.run_sync(_upgrade):
            await begin_log(connection)

    await database.run(work)


def is_made(connection: Connection) -> bool:
    """Whether the tables are there, in any step that we know; ConfigError if in a newer one."""
    return _present(connection, _config(connection)) is not None


def schema(connection: Connection) -> str:
    """The step that the tables are in; "" where there are none. ConfigError for a newer one."""
    return _present(connection, _config(connection)) or ""


def knows(revision: str) -> bool:
    """Whether this program can read tables of that step."""
    folder = Config()
    folder.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return revision in {s.revision for s in ScriptDirectory.from_config(folder).walk_revisions()}


def make(connection: Connection, revision: str) -> None:
    """Make the tables as they were in that step."""
    command.upgrade(_config(connection), revision)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def _present(connection: Connection, config: Config) -> str | None:
    present = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if present is not None and present not in known:
        raise ConfigError(
            f"store.url: the database was made by a newer mailfilter (schema {present});"
            " start that one, or restore the backup of before"
        )
    return present


def _upgrade(connection: Connection) -> bool:
    """True if the columns that the key of the log needs were made."""
    config = _config(connection)
    present = _present(connection, config)
    if present in ScriptDirectory.from_config(config).get_heads():
        return False
    keyed = present is not None and _has_keyed(connection)
    command.upgrade(config, "head")
    return not keyed


def _has_keyed(connection: Connection) -> bool:
    return any(
        column["name"] == "keyed" for column in inspect(connection).get_columns("audit_head")
    )
