"""Folders and files: can what `serve` makes be made, and what it reads be read?

Nothing stays behind: a folder that is missing is tried for by a nameless one beside it.
"""

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mailfilter.app.preflight.fault import Fault
from mailfilter.app.preflight.tried import Tried
from mailfilter.record.open import checkpoint_file

_SOCKETS = ("control.sock", "desk.sock", "front.sock", "scan.sock.document")  # the longest counts
_LONGEST = 107  # bytes of a Unix socket's path (sun_path, unix(7))


def check(tried: Tried) -> Iterator[Fault]:
    """The folders of [store], and where checkpoints of the audit log are written."""
    store, checkpoints = tried.settings.store, checkpoint_file(tried.settings)
    if checkpoints.is_dir() or unusable(checkpoints.parent):
        what = (
            f"{checkpoints} cannot be written; give a file in a folder that the user of the service"
            " may write to"
        )
        yield Fault("audit.file", what)
    for key, folder in (("store.run", store.run), ("store.keys", store.keys)):
        if why := unusable(folder):
            yield Fault(key, f"{why}; give a folder that the user of the service may write to")
    longest = max(len(os.fsencode((store.run / name).absolute())) for name in _SOCKETS)
    if longest > _LONGEST:
        what = f"is {longest - _LONGEST} bytes too long for sockets; give a shorter path"
        yield Fault("store.run", what)
    elif store.run.is_dir() and (why := _no_socket(store.run)):
        yield Fault("store.run", f"no socket can be made there: {why}; give a local folder")


def unusable(folder: Path) -> str:
    """Why a folder cannot be made or written to; "" if it can."""
    there = folder
    while not there.exists():
        if there == there.parent:
            return f"{folder} cannot be made"
        there = there.parent
    if not there.is_dir():
        return f"{folder} cannot be made: {there} is a file"
    try:
        with tempfile.TemporaryDirectory(prefix=".check-", dir=there):
            pass
    except OSError as error:
        what = "cannot be written to" if there == folder else "cannot be made"
        return f"{folder} {what}: {error.strerror}"
    return ""


def _no_socket(folder: Path) -> str:
    path = folder / f".check-{os.getpid()}"
    try:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.bind(str(path))
    except OSError as error:
        return str(error.strerror)
    finally:
        with suppress(OSError):
            path.unlink()
    return ""


def secrets(tried: Tried) -> Iterator[Fault]:
    """Files that hold a secret alone: there, and not empty."""
    settings = tried.settings
    named = {
        f"connectors.{name}.password_file": table.password_file
        for name, table in settings.connectors.items()
    }
    named["pickup.sms.secret_file"] = settings.pickup.sms.secret_file
    named["pickup.eid.client_secret_file"] = settings.pickup.eid.client_secret_file
    for key, path in named.items():
        if path is not None and (why := _no_secret(path)):
            yield Fault(key, f"{path}: {why}; a file that holds the secret alone is expected")


def _no_secret(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        return "is no text"
    if not text:
        return "is empty"
    return "has more than one line" if "\n" in text else ""
