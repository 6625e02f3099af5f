"""Office files with a password: new ones (an encrypted package in a compound file) and old ones.

From → to: a compound file, candidates → the open file, by msoffcrypto-tool. Excel itself locks
files whose structure alone is protected with a password of its own, which is tried first.

The cost of a try is what the file says its key costs ("spinCount"); the old formats go through
Python byte by byte, and are paid for.

Invariants: raises nothing but `Unreadable` for a spent budget; no temporary file: the library
wants one for the old formats and is given memory instead, since a confined worker has no files.

Errors: those of msoffcrypto and olefile, and what they do with fields that lie.
Sources: MS-OFFCRYPTO. Known gaps: "extensible" encryption, rights management.
"""

import io
import logging
import re
import struct
from functools import cache
from typing import Any
from xml.parsers.expat import ExpatError

from mailfilter.extract.kit.budget import Budget
from mailfilter.extract.locked.tries import Tries

BUILT_IN = "VelvetSweatshop"
_SPIN = re.compile(rb"spinCount=[\"'](\d{1,9})[\"']")
_STANDARD = 50_000  # rounds that the older scheme always does
ROUNDS = 2  # in a microsecond
_TRY = 4000  # microseconds for a try without rounds


def unlock(data: bytes, tries: Tries, budget: Budget) -> bytes | None:
    """The file without its password, or None."""
    info = _info(data)
    if info is None or b"<!" in info:  # broken, or entities
        return None
    packed = bool(info)
    spins = [int(count) for count in _SPIN.findall(info)]
    cost = _TRY + max([*spins, _STANDARD]) // ROUNDS if packed else _TRY
    for password in dict.fromkeys((BUILT_IN, *tries.passwords)):
        tries.take(cost)
        if (key := _key(data, password, packed=packed)) is not None:
            tries.take(cost + len(data) // 100 if packed else len(data))
            budget.take_bytes(len(data))
            return _plain(key)
    return None


def _info(data: bytes) -> bytes | None:
    """What an encrypted package says of its cipher; empty for old formats, None if it is broken."""
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as compound:
            if not compound.exists("EncryptionInfo"):
                return b""
            found: bytes = compound.openstream("EncryptionInfo").read()
    except _errors():
        return None
    return found


@cache
def library() -> Any:
    """msoffcrypto, silent, and with memory in place of temporary files."""
    import msoffcrypto
    from msoffcrypto.format import doc97, ooxml, ppt97, xls97

    for module in (doc97, ppt97, xls97):
        module.tempfile = _Memory
    for name in ("msoffcrypto", "olefile"):  # they name streams, sizes and keys
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    del ooxml
    return msoffcrypto


class _Memory:
    """What the library asks of `tempfile`."""

    TemporaryFile = io.BytesIO


def _errors() -> tuple[type[Exception], ...]:
    problems = library().exceptions
    return (
        *(problems.FileFormatError, problems.ParseError, problems.DecryptionError, ExpatError),
        *(OSError, EOFError, struct.error, ValueError, TypeError, LookupError, AttributeError),
        *(AssertionError, ArithmeticError, RuntimeError, MemoryError),
    )


def _key(data: bytes, password: str, *, packed: bool) -> Any:
    """The file with its key set, or None if the password is wrong."""
    try:
        office = library().OfficeFile(io.BytesIO(data))
        if packed and office.type == "agile":  # the library would make the key twice
            if not _agile(office.info, password):
                return None
            office.load_key(password=password)
        elif packed:
            office.load_key(password=password, verify_password=True)
        else:
            office.load_key(password=password)
    except _errors():
        return None
    return office


def _agile(info: Any, password: str) -> bool:
    """Whether the password fits, for the cost of one key."""
    from msoffcrypto.method.ecma376_agile import ECMA376Agile

    fits = ECMA376Agile.verify_password(
        password,
        info["passwordSalt"],
        info["passwordHashAlgorithm"],
        info["encryptedVerifierHashInput"],
        info["encryptedVerifierHashValue"],
        info["spinValue"],
        info["passwordKeyBits"],
    )
    return bool(fits)


def _plain(office: Any) -> bytes | None:
    """The open file; None for a cipher that the library knows and does not undo."""
    out = io.BytesIO()
    try:
        office.decrypt(out)
    except _errors():
        return None
    return out.getvalue()
