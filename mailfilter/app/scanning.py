"""The way to the scan workers, and the lists that all processes share."""

from pathlib import Path

from mailfilter import config
from mailfilter.pictures import Memory
from mailfilter.workers.poison import Poison
from mailfilter.workers.pool import Pool


def scan_pool(settings: config.Settings, secret: bytes) -> Pool:
    """A client of this installation's workers; `secret` keys the hashes of the poison list."""
    poison = Poison(poison_file(settings), secret)
    return Pool(scan_socket(settings), poison=poison, pictures=known_pictures())


_pictures: list[Memory] = []  # one, or none: of the family of processes


def remember_pictures() -> Memory:
    """In the supervisor, before it forks: what all processes know of pictures."""
    _pictures[:] = [Memory()]
    return _pictures[0]


def known_pictures() -> Memory | None:
    """What the supervisor made; None in a command of its own."""
    return _pictures[0] if _pictures else None


def scan_socket(settings: config.Settings) -> Path:
    """The socket of the text workers, which names those of the others."""
    return settings.store.run / "scan.sock"


def poison_file(settings: config.Settings) -> Path:
    """Beside the folder of the keys: what survives a restart, wherever the store is."""
    return settings.store.keys.parent / "poison"


def repeat_file(settings: config.Settings) -> Path | None:
    """The keys by which mail is known again, beside the folder of the keys; None where no sender
    is asked."""
    front = settings.front
    asks = front.on and front.sender_decides and settings.notice.enabled
    return settings.store.keys.parent / "repeat.keys" if asks else None
