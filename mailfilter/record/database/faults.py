"""What the database says when it fails, in words of ours (P3, P10).

Every failure of the store is temporary: the client keeps the mail and the operator mends the disk.
The words are constants: a driver's own text may quote a statement or a value.
"""

import sqlite3

import asyncpg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

FAULTS = (SQLAlchemyError, OSError, sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError)

_UNDONE = ("40P01", "40001")  # SQLSTATE
_LOCKED = "the database is locked by another program"
_SILENT = "the database did not answer in time"
# looked for in the driver's text, lower case; the first hit names the cause
_CAUSES = (
    ("disk is full", "the disk is full"),
    ("no space left", "the disk is full"),
    ("disk full", "the disk is full"),
    ("is locked", _LOCKED),
    ("readonly", "the database is read-only"),
    ("read-only", "the database is read-only"),
    ("unable to open", "the database file cannot be opened"),
    ("no such table", "the database has no tables yet"),
    ("does not exist", "the database has no tables yet"),
    ("malformed", "the database file is damaged"),
    ("not a database", "the database file is damaged"),
    ("disk i/o error", "the disk reports an error"),
    ("deadlock", "two transactions waited for each other"),
    ("too many", "the database takes no more connections"),
)


def words(error: BaseException) -> str:
    """The cause of a storage failure, in a sentence's half."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    text = str(cause).lower()
    for sign, meaning in _CAUSES:
        if sign in text:
            return meaning
    if isinstance(error, PoolTimeout | TimeoutError):
        return _SILENT
    if isinstance(error, ConnectionError | OSError) or "connect" in text:
        return "the database cannot be reached"
    return f"the database failed ({type(cause).__name__})"


def is_undone(error: BaseException | None) -> bool:
    """Whether the server has ended the transaction for the sake of another one (deadlock, failed
    serialisation): nothing of it was done, and it may be run again as it is."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) in _UNDONE


def in_vain(error: BaseException | None) -> bool:
    """Whether the work waited for a lock or a server until its time was over."""
    return error is not None and words(error) in (_LOCKED, _SILENT)
