"""Record: what must outlive a process. Held mail, outbox, audit chain, statistics, users.

==============  =========================================================================
``contract.py``  what the store promises to the other rooms: read this first
``open.py``      which parts a process gets, by its keys and by the engine
``sealing/``     the keys, made once; encryption of bodies and dossiers
``database/``    transactions, group commit, tables and their migrations
``intake/``      the smtp side: staging, keeping, answers
``socket/``      the smtp side where desk alone opens the database (SQLite), over a socket
``archive/``     desk's side: items, outbox, search, links, users, retention
``ledgers/``     the audit log with its proofs and checkpoints; the counters
``pickup/``      the store of pickup
``backup/``      backups, and what a restore brings back
==============  =========================================================================

Known gaps: audit lines are never dropped; one desk only (its outbox rows are not claimed); a
reviewer's reason is stored in clear, so it must not name persons; on SQLite blocks that the file
system freed may keep old journal pages, which are as sealed as the file.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mailfilter.record.open import (
        Store,
        open_archive,
        open_desk_server,
        open_intake,
        open_store,
    )

__all__ = ["Store", "open_archive", "open_desk_server", "open_intake", "open_store"]


def __getattr__(name: str) -> Any:
    """What opens a store brings SQLAlchemy: not for who wants a key or a contract only."""
    if name not in __all__:
        raise AttributeError(name)
    from mailfilter.record import open as opening

    return getattr(opening, name)
