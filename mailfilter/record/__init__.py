"""Record: what must outlive a process. Held mail, outbox, audit chain, statistics, users.

==================  =========================================================================
``contract.py``     what the store promises to the other rooms: read this first
``open.py``         which parts a process gets, by its keys and by the engine
``looking.py``      could desk open this database? Nothing is made or changed
``keys.py``         the keys, made once
``seal.py``         encryption of bodies and dossiers (``dossier.py`` is their JSON)
``tables.py``       the tables; ``migrations/`` makes them, ``migrate.py`` runs it
``database.py``     transactions, group commit; ``faults.py`` says in words what failed
``intake.py``       the smtp side; ``staging.py`` its rows
``desk_link.py``    the smtp side where desk alone opens the database (SQLite), over a socket:
                    ``frames.py`` what crosses it, ``desk_server.py`` desk's end
``archive.py``      desk's side; its parts are ``items.py`` (with ``states.py``), ``outbox.py``,
                    ``reading.py``, ``audit.py``, ``counts.py``, ``users.py``, ``retention.py``
                    (with ``ending.py``, ``running.py``)
==================  =========================================================================

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
