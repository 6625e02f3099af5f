"""Where a key stands in a TOML file: path of a key → line.

tomllib gives values without places. A file is a row of statements (a table's heading, or a key
with its value), and each is valid TOML by itself; so lines are gathered until they are, and what
tomllib makes of them says which keys they hold. A path is a tuple of names, with numbers for the
tables of an array: ``("rule", 0, "kinds")``.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Key = tuple[str | int, ...]
_ENDS = ('"""', "'''", "]", "}")  # a statement of several lines ends on a line with one of these
_SHOWN = 80  # characters of a value in a sentence
_PASSWORD = re.compile(r"(?<=://)([^:/@]*):[^@]*(?=@)")


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a file's keys, and the values that stand there; empty if it cannot be read."""

    lines: Mapping[Key, int] = field(default_factory=dict)
    table: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def of(file: Path) -> "Lines":
        """Those of a file."""
        try:
            text = file.read_text(encoding="utf-8")
            table = tomllib.loads(text)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            return Lines()
        return Lines(dict(_read(text)), table)

    def line(self, key: str) -> int:
        """The line of a dotted key, or of the table that holds it; 0 if it is not in the file."""
        path = self._path(key)
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)

    def value(self, key: str) -> str:
        """What the file says for a key, as a sentence may show it; "" if it says nothing."""
        at: Any = self.table
        for part in self._path(key):
            try:
                at = at[part]
            except (KeyError, IndexError, TypeError):
                return ""
        if isinstance(at, dict | list):
            return ""
        plain = isinstance(at, str | bool | int | float)
        text = _PASSWORD.sub(r"\1:...", json.dumps(at, ensure_ascii=False) if plain else f"{at}")
        return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."

    def _path(self, key: str) -> Key:
        """A key of a sentence (``rule "name": kinds``, ``rule 2: name``, ``listen.port``)."""
        if named := re.match(r'(rule|override) (?:"(.*?)"|(\d+))(?:: )?', key):
            kind, name, number = named.groups()
            rows = self.table.get(kind, ())
            at = int(number) - 1 if number else _place(rows, name)
            return (kind, at, *_parts(key[named.end() :]))
        return _parts(key)


def _place(rows: Sequence[Mapping[str, Any]], name: str) -> int:
    return next((n for n, row in enumerate(rows) if row.get("name") == name), 0)


def _parts(dotted: str) -> Key:
    return tuple(int(part) if part.isdigit() else part for part in dotted.split(".") if part)


def _read(text: str) -> Iterator[tuple[Key, int]]:
    table: Key = ()
    counts: dict[Key, int] = {}  # of arrays of tables: how many came so far
    for number, statement in _statements(text):
        read = tomllib.loads(statement)
        if not statement.lstrip().startswith("["):
            yield from ((table + path, number) for path in _within(read))
            continue
        names = _spine(read)
        if statement.lstrip().startswith("[["):
            above = _counted(names[:-1], counts)
            whole = (*above, names[-1])
            counts[whole] = counts.get(whole, -1) + 1
        table = _counted(names, counts)
        yield from ((table[: n + 1], number) for n in range(len(table)))


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each statement with the number of its first line."""
    gathered: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not gathered and (not line.strip() or line.lstrip().startswith("#")):
            continue
        gathered.append(line)
        if len(gathered) > 1 and not any(end in line for end in _ENDS):
            continue
        try:
            tomllib.loads("\n".join(gathered))
        except tomllib.TOMLDecodeError:
            continue
        yield number - len(gathered) + 1, "\n".join(gathered)
        gathered = []


def _spine(read: Any) -> tuple[str, ...]:
    """The names of a heading."""
    names: list[str] = []
    while read:
        if isinstance(read, list):
            read = read[0]
            continue
        name, read = next(iter(read.items()))
        names.append(name)
    return tuple(names)


def _counted(names: Sequence[str | int], counts: Mapping[Key, int]) -> Key:
    """The path of a table: behind the name of an array stands the number of its newest."""
    path: Key = ()
    for name in names:
        path = (*path, name)
        if path in counts:
            path = (*path, counts[path])
    return path


def _within(read: Any) -> Iterator[Key]:
    """The paths of all keys of a value."""
    rows = read.items() if isinstance(read, dict) else enumerate(read)
    for name, value in rows:
        yield (name,)
        if isinstance(value, dict | list):
            yield from ((name, *rest) for rest in _within(value))
