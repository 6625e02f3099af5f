"""Registers on disk: the organisation's own lists, kept as keyed hashes only.

From → to: a CSV file → `Built` (hashes, and the rows that could not be used, by number);
a `Register` → a file ``NAME.register`` in the folder of keys, and back; all of them → one block of
bytes for the processes that read mail (`bundle`, `unbundle`).

The file has a heading: ``personnummer`` (or pnr, nummer, id) and, or, ``namn`` (or förnamn and
efternamn) with ``född``. One column without a heading is taken for numbers. Comma, semicolon or
tab; UTF-8, or what a Swedish Excel writes.

Invariants: nothing of the CSV file is kept or printed but hashes and numbers of rows; a register
is replaced whole; the key is derived from the installation's join key, so that a copy of a
register without it tells nothing. Sources: K1; NIST SP 800-107 on cut HMACs.
"""

import csv
import hmac
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from detectors.registers import (
    NO_REGISTERS,
    SIZE,
    Register,
    Registers,
    hash_name,
    hash_number,
    hash_person,
    pack,
)
from mailfilter.config import Settings
from mailfilter.errors import ConfigError
from mailfilter.record.sealing.keys import load_public

FOLDER = "registers"  # in the folder of keys
SUFFIX = ".register"
_NAME = re.compile(r"[a-z0-9åäö][a-z0-9åäö_-]{0,31}")
_BLOCKS = ("numbers", "others", "names", "persons")
_LEAST = 5  # letters and digits of a number that is no personnummer
_COLUMNS = {
    "number": ("personnummer", "pnr", "nummer", "nr", "id", "number", "samordningsnummer"),
    "name": ("namn", "name"),
    "given": ("förnamn", "given", "firstname"),
    "family": ("efternamn", "family", "lastname"),
    "born": ("född", "födelsedatum", "born", "birthdate"),
}


@dataclass(frozen=True, slots=True)
class Built:
    """A register made of a file: how many rows are in it, and the rows that are not."""

    register: Register
    rows: int
    unusable: tuple[int, ...]  # numbers of rows, the first of the file is 1


def key_of(join: bytes) -> bytes:
    """The key of the hashes, from the installation's join key."""
    return hmac.digest(join, b"registers", "sha256")


def folder_of(settings: Settings) -> Path:
    """Where the organisation's own lists lie, as hashes."""
    return settings.store.keys / FOLDER


def of(settings: Settings) -> Registers:
    """The organisation's own lists; ConfigError names one that is damaged."""
    folder = folder_of(settings)
    if not folder.is_dir():
        return NO_REGISTERS
    return load(folder, key_of(load_public(settings.store.keys).join))


def check_name(name: str) -> str:
    """`name`; ConfigError unless it may stand in a kind ("register:NAME") and in a file name."""
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f'register name "{name}": small letters, digits, hyphens and underscores, at most 32'
        )
    return name


def build(path: Path, name: str, key: bytes, *, allow: bool = False) -> Built:
    """The register that a CSV file holds; ConfigError if it cannot be read or holds nothing."""
    lines = _rows(path)
    if not lines:
        raise ConfigError(f"{path} holds no rows")
    columns = _columns(lines[0])
    start = 1 if columns else 0
    columns = columns or {"number": 0}
    found: dict[str, list[bytes]] = {block: [] for block in _BLOCKS}
    unusable = []
    for at, cells in enumerate(lines[start:], start + 1):
        hashes = list(_hashes(cells, columns, key))
        if not hashes and any(cell.strip() for cell in cells):
            unusable.append(at)
        for block, digest in hashes:
            found[block].append(digest)
    if not any(found.values()):
        raise ConfigError(
            f"{path} holds nothing to find: it needs a heading with pnr, or with namn and född"
        )
    blocks = {block: pack(hashes) for block, hashes in found.items()}
    rows = len(lines) - start - len(unusable)
    return Built(Register(check_name(name), **blocks, allow=allow), rows, tuple(unusable))


def _rows(path: Path) -> list[list[str]]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    head = text.partition("\n")[0]
    separator = max(";\t,", key=head.count)
    return [row for row in csv.reader(text.splitlines(), delimiter=separator) if row]


def _columns(heading: Sequence[str]) -> dict[str, int]:
    """Which column is what; empty if the first row is no heading."""
    names = [cell.strip().lower() for cell in heading]
    return {
        what: names.index(name)
        for what, spellings in _COLUMNS.items()
        for name in spellings
        if name in names
    }


def _hashes(cells: list[str], columns: dict[str, int], key: bytes) -> Iterator[tuple[str, bytes]]:
    row = {what: cells[at].strip() for what, at in columns.items() if at < len(cells)}
    number = re.sub(r"\W", "", row.get("number", ""))
    if number.isdigit() and len(number) in (10, 12):
        yield "numbers", hash_number(key, number)
    elif len(number) >= _LEAST and any(character.isdigit() for character in number):
        yield "others", hash_number(key, row["number"])
    name = row.get("name") or f"{row.get('given', '')} {row.get('family', '')}"
    born = _born(row.get("born", ""), number)
    if born and len(name.replace(",", " ").split()) > 1:
        yield "names", hash_name(key, name)
        yield "persons", hash_person(key, name, born)


def _born(written: str, number: str) -> date | None:
    """A date as a register writes it, or the one in a personnummer of twelve digits."""
    digits = re.sub(r"\D", "", written) or (number[:8] if len(number) == 12 else "")
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None


# ---- files and blocks -----------------------------------------------------------------------


def save(folder: Path, register: Register) -> None:
    """Write it whole, readable by us alone; ConfigError if that cannot be."""
    path = folder / f"{check_name(register.name)}{SUFFIX}"
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123 - the mode must hold from the start
            file.write(_pack((register,), b""))
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error


def remove(folder: Path, name: str) -> None:
    """Forget a register; ConfigError if there is none of that name."""
    try:
        (folder / f"{check_name(name)}{SUFFIX}").unlink()
    except FileNotFoundError as error:
        raise ConfigError(f'there is no register "{name}"') from error


def load(folder: Path, key: bytes) -> Registers:
    """All registers of a folder; ConfigError names a file that is damaged."""
    lists: list[Register] = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            [one] = unbundle(path.read_bytes()).lists
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"{path} is damaged; add the register anew") from error
        lists.append(replace(one, name=path.name.removesuffix(SUFFIX)))
    return Registers(key, tuple(lists))


def bundle(registers: Registers) -> bytes:
    """All registers and their key as one block, for a process that reads mail."""
    return _pack(registers.lists, registers.key)


def _pack(lists: Sequence[Register], key: bytes) -> bytes:
    head = {
        "key": key.hex(),
        "lists": [
            {
                "name": one.name,
                "allow": one.allow,
                "sizes": [len(getattr(one, block)) for block in _BLOCKS],
            }
            for one in lists
        ],
    }
    text = json.dumps(head).encode()
    blocks = (bytes(getattr(one, block)) for one in lists for block in _BLOCKS)
    return b"".join((len(text).to_bytes(4, "big"), text, *blocks))


def unbundle(data: bytes | memoryview) -> Registers:
    """The reverse of `bundle`, without a copy; raises ValueError, KeyError or TypeError."""
    view = memoryview(data)
    size = int.from_bytes(view[:4], "big")
    head = json.loads(bytes(view[4 : 4 + size]))
    at = 4 + size
    lists = []
    for one in head["lists"]:
        blocks = {}
        for block, length in zip(_BLOCKS, one["sizes"], strict=True):
            if length % SIZE or at + length > len(view):
                raise ValueError("a block of hashes is cut")
            blocks[block] = view[at : at + length]
            at += length
        lists.append(Register(str(one["name"]), **blocks, allow=bool(one["allow"])))
    if at != len(view):
        raise ValueError("bytes behind the last block")
    return Registers(bytes.fromhex(head["key"]), tuple(lists))
