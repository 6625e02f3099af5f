"""Bring the schema to the newest step. There is no way down: restore the backup instead.

Runs at desk's start, in one transaction; on PostgreSQL under an advisory lock, so that two desks
that start at once do not meet. A schema newer than this program is refused: the older program
would not know what it destroys.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.errors import ConfigError
from mailfilter.record.database import Database

_LOCK = 0x6D61696C  # "mail"


async def upgrade(database: Database) -> None:
    """Make or change the tables. Raises Temporary or ConfigError."""

    async def work(connection: AsyncConnection) -> None:
        if not database.embedded:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        await connection.run_sync(_upgrade)

    await database.run(work)


def is_made(connection: Connection) -> bool:
    """Whether the tables are there, in any step that we know; ConfigError if in a newer one."""
    return _present(connection, _config(connection)) is not None


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


def _upgrade(connection: Connection) -> None:
    config = _config(connection)
    present = _present(connection, config)
    if present not in ScriptDirectory.from_config(config).get_heads():
        command.upgrade(config, "head")
