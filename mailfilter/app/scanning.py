"""The way to the scan workers, and the poison list that all processes share."""

from pathlib import Path

from mailfilter import config
from mailfilter.workers.poison import Poison
from mailfilter.workers.pool import Pool


def scan_pool(settings: config.Settings, secret: bytes) -> Pool:
    """A client of this installation's workers; `secret` keys the hashes of the poison list."""
    return Pool(scan_socket(settings), poison=Poison(poison_file(settings), secret))


def scan_socket(settings: config.Settings) -> Path:
    """The socket of the text workers, which names those of the others."""
    return settings.store.run / "scan.sock"


def poison_file(settings: config.Settings) -> Path:
    """Beside the folder of the keys: what survives a restart, wherever the store is."""
    return settings.store.keys.parent / "poison"
