"""Where the key lies that opens held mail: beside the database it is stolen with the disk.

From → to: settings → sentences for the operator, none where the key lies elsewhere: on another
disk, or given by systemd from a TPM (`store.desk_key`). Told by ``check-config``; no fault, for it
is what the first start makes.

Known gap: of PostgreSQL we do not know on which disk it writes.
"""

from pathlib import Path

from mailfilter.config import Settings
from mailfilter.errors import ConfigError
from mailfilter.record.database.engine import file_of


def warnings(settings: Settings) -> list[tuple[str, str]]:
    """(setting, what is unwise about the place of desk's key)."""
    beside = settings.store.keys / "desk.key"
    key = settings.store.desk_key or beside
    told = []
    if key != beside and beside.exists():
        said = (
            f"{beside} still lies there; once the new place works, copy it to your backup of keys"
            f" and remove it: shred -u {beside}"
        )
        told.append(("store.desk_key", said))
    try:
        database = file_of(settings.store.url)
    except ConfigError:  # the check of the store says so, and what to do
        return told
    if database is not None and _disk(key) == _disk(database):
        said = (
            f"{key} lies on the same disk as the database, so whoever takes that disk opens held"
            " mail; put the keys on another disk, or have systemd decrypt the key by the machine's"
            " TPM (store.desk_key; manual, section 14b)"
        )
        told.append(("store.keys", said))
    return told


def _disk(path: Path) -> int:
    """The device on which a file lies, or would lie."""
    found = path.absolute()
    while not found.exists():
        found = found.parent
    return found.stat().st_dev
