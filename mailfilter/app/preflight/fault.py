"""What a check says: a fault by its key, what is wrong there, and the cure.

From → to: `Fault`s and the file's `Lines` → sentences ``FILE:LINE: KEY = VALUE: what; cure``, and
one exit status for all of them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from mailfilter.app.preflight.lines import Lines
from mailfilter.config import Settings
from mailfilter.errors import ConfigError

GOOD, WARNED, FAULTY, UNKNOWN = 0, 1, 2, 3


class Kind(Enum):
    """What it means for `serve`: which of them end it, and which it waits for."""

    FAULT = "fault"  # only an edit cures it: serve ends
    STALE = "stale"  # a renewal cures it, perhaps by itself, and mail goes on: serve starts
    AWAY = "away"  # may come back: serve starts, is not ready, and tries again
    WARNING = "warning"  # works, and is most likely not what is wanted


@dataclass(frozen=True, slots=True)
class Fault:
    """`key` as a sentence has it: ``listen.port``, ``rule "name": kinds``; "" for the whole file.
    `what` names cause and cure. `file` is another one than the configuration, such as a file of
    rules."""

    key: str
    what: str
    kind: Kind = Kind.FAULT
    file: str = ""


_SENTENCE = re.compile(
    r"""((?:(?:rule|override)\ (?:"[^"\n]*"|\d+)(?::\ )?)?  # the rule that the key is of
        (?:[A-Za-z_][\w-]*(?:\.[\w*@-]+)*)?)                # the key
        (?:\ =\ (?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\n]*?))?:\ (?=\S)""",
    re.VERBOSE,
)
_TOP = re.compile(r"[a-z_]+")


def of_error(
    error: ConfigError, file: Path, key: str = "", others: Mapping[str, str] | None = None
) -> list[Fault]:
    """The faults that an error names, one a line; `key` where a line names none. `others`: files
    that the configuration names, with the key that names them."""
    return [_of_line(line, file, key, others or {}) for line in str(error).splitlines()]


def _of_line(line: str, file: Path, key: str, others: Mapping[str, str]) -> Fault:
    other = next((name for name in others if line.startswith(f"{name}: ")), "")
    sentence = line.removeprefix(f"{other or file}: ")
    match = _SENTENCE.match(sentence)
    top = _TOP.match(sentence)
    known = top and top[0] in (*Settings.model_fields, "rule", "override")
    if match and (known or sentence[match.end() :].startswith("this key is not known")):
        return Fault(match[1].removesuffix(": "), sentence[match.end() :], file=other)
    return Fault(others[other], line) if other else Fault(key, sentence)


def sentences(faults: Iterable[Fault], file: Path) -> Iterator[str]:
    """Each fault as one line, none twice."""
    known: dict[str, Lines] = {}
    said = set()
    for fault in faults:
        name = fault.file or str(file)
        lines = known.setdefault(name, Lines.of(Path(name)))
        sentence = _sentence(fault, name, lines)
        if sentence not in said:
            said.add(sentence)
            yield sentence


def _sentence(fault: Fault, name: str, lines: Lines) -> str:
    if not fault.key:
        return _torn(fault.what, name)
    line, value = lines.line(fault.key), lines.value(fault.key)
    place = f"{name}:{line}" if line else name
    return f"{place}: {fault.key}{' = ' + value if value else ''}: {fault.what}"


def _torn(what: str, name: str) -> str:
    """What is wrong with the file as a whole; of a line that is no TOML with the key that it begins
    with."""
    broken = re.search(r"\(at line (\d+), column \d+\)", what)
    if not broken:
        return f"{name}: {what}"
    number = int(broken[1])
    lines = Path(name).read_text("utf-8", "replace").split("\n")
    key = re.match(r"[\s\[]*([\w.-]+)", lines[number - 1]) if number <= len(lines) else None
    return f"{name}:{number}: {key[1] + ': ' if key else ''}{what}"


def status(faults: Iterable[Fault], *, strict: bool = False) -> int:
    """The exit status: 0 good, 1 warnings if they count, 2 a fault, 3 cannot tell."""
    kinds = {fault.kind for fault in faults}
    if kinds & {Kind.FAULT, Kind.STALE}:
        return FAULTY
    if Kind.AWAY in kinds:
        return UNKNOWN
    return WARNED if strict and kinds else GOOD
