"""Registers: the organisation's own lists (protected identities, own registers, test persons).

From → to: rows of a list → keyed hashes (`hash_number`, `hash_person`), sorted into one block of
bytes (`pack`); that block and a text → `Match`es of the kind ``register:NAME``.

Only hashes are kept: HMAC-SHA-256 under a key of the installation, cut to 16 bytes. A block may be
shared between processes as it is, since it is searched by halving and never unpacked.

Two things are known of a person: a number (the last ten digits of a Swedish one, all of any other)
and a name with a birth date (first given name and last family name, in either order).

Invariants: linear; what `pack` got is found in every spelling that `find_candidates` reads;
a register that holds no persons by name costs one look-up a candidate and nothing else.
Cost: some 10 µs a date where a list holds persons, 3 µs a candidate or token otherwise.
Known gaps: a name whose parts stand more than a line apart from the date; names without capitals.
"""

import hmac
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from .contract import Match, Source
from .search.text import fold

SIZE = 16  # bytes of a hash
SURE = 99
EVIDENCE = {"register": "står i ett av organisationens egna register"}
NEAR = 60  # characters between a name and its birth date
_NAMES = "jan|feb|mar|apr|maj|jun|jul|aug|sep|okt|nov|dec"
_MONTHS = {name: at + 1 for at, name in enumerate(_NAMES.split("|"))}
_DATE = re.compile(
    r"(?<!\d)(?:(?P<y>(?:19|20)?\d\d)(?P<s>[-/.]?)(?P<m>\d\d)(?P=s)(?P<d>\d\d)"
    r"|(?P<d2>\d{1,2})[/.](?P<m2>\d{1,2})[/ .-]+(?P<y2>(?:19|20)\d\d)"
    rf"|(?P<d3>\d{{1,2}}) (?P<mon>{_NAMES})\w* "
    r"(?P<y3>(?:19|20)\d\d))(?!\d)"
)
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_TOKEN = re.compile(r"[a-z0-9]+(?:[-/.][a-z0-9]+)*")
_SIGNS = re.compile(r"[^a-z0-9]+")


def hash_number(key: bytes, number: str) -> bytes:
    """The hash of a number as it is written in a list: 10 or 12 digits, or any other token."""
    token = _SIGNS.sub("", fold(number).text)
    if token.isdigit() and len(token) in (10, 12):
        return _hash(key, f"number:{token[-10:]}")
    return _hash(key, f"other:{token}")


def hash_name(key: bytes, name: str) -> bytes:
    """The hash of a name alone; ValueError if it is not two words at least."""
    return _hash(key, _pair_of(name))


def hash_person(key: bytes, name: str, born: date) -> bytes:
    """The hash of a name and a birth date; ValueError if `name` is not two words at least."""
    return _hash(key, f"{_pair_of(name)}:{born.isoformat()}")


def _pair_of(name: str) -> str:
    words = _WORD.findall(fold(name).text)
    if len(words) < 2:
        raise ValueError("a name needs a given name and a family name")
    return _pair(words[0], words[-1])


def _pair(first: str, second: str) -> str:
    return f"person:{' '.join(sorted((first, second)))}"


def _hash(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")[:SIZE]


def pack(hashes: Iterable[bytes]) -> bytes:
    """Hashes as one block: sorted, each once."""
    return b"".join(sorted(set(hashes)))


@dataclass(frozen=True, slots=True)
class Register:
    """One list. `allow`: its numbers are harmless, and findings of them are dropped.

    The blocks are made by `pack`: hashes of Swedish numbers, of other numbers, of names, and of
    names with birth dates. A name alone is no finding: its block only spares looking further.
    """

    name: str
    numbers: bytes | memoryview = b""
    others: bytes | memoryview = b""
    names: bytes | memoryview = b""
    persons: bytes | memoryview = b""
    allow: bool = False


@dataclass(frozen=True, slots=True)
class Registers:
    """All lists of an installation and the key of their hashes; satisfies `Detector`."""

    key: bytes
    lists: tuple[Register, ...]
    KINDS: tuple[str, ...] = field(init=False)
    EVIDENCE: dict[str, str] = field(init=False, default_factory=lambda: EVIDENCE)

    def __post_init__(self) -> None:
        kinds = tuple(f"register:{each.name}" for each in self.lists if not each.allow)
        object.__setattr__(self, "KINDS", kinds)

    def find(self, sources: Sequence[Source], today: date) -> Iterator[Match]:
        """What stands in a list that is no allow list."""
        del today
        lists = [each for each in self.lists if not each.allow]
        for number, source in enumerate(sources):
            seen: set[tuple[int, int, str]] = set()
            for start, end, digest, block in self._candidates(source, lists):
                for each in lists:
                    if not _holds(getattr(each, block), digest):
                        continue
                    if (start, end, each.name) not in seen:
                        seen.add((start, end, each.name))
                        yield _match(number, source, (start, end), each.name, digest)

    def allows(self, match: Match) -> bool:
        """Whether a finding is of a number on an allow list."""
        if not match.value.startswith("se:"):
            return False
        digest = hash_number(self.key, match.value[3:])
        return any(each.allow and _holds(each.numbers, digest) for each in self.lists)

    def _candidates(
        self, source: Source, lists: Sequence[Register]
    ) -> Iterator[tuple[int, int, bytes, str]]:
        """(start, end, hash, block to look in) of all that may stand in a list."""
        if any(each.numbers for each in lists):
            for candidate in source.numbers:
                if len(candidate.digits) in (10, 12) and candidate.digits.isdigit():
                    yield (
                        *(candidate.start, candidate.end),
                        *(hash_number(self.key, candidate.digits), "numbers"),
                    )
        if any(each.others for each in lists):
            for start, end in _tokens(source.folded.text):
                text = source.folded.text[start:end]
                yield start, end, hash_number(self.key, text), "others"
        if any(each.persons for each in lists):
            names = tuple(each.names for each in lists)
            for start, end, words in _persons(source.folded.text, _Names(self.key, names)):
                yield start, end, _hash(self.key, words), "persons"


NO_REGISTERS = Registers(b"", ())


def _tokens(text: str) -> Iterator[tuple[int, int]]:
    """Words that hold a digit, alone and with the word before them ("SKY 0071")."""
    last = -1  # where the word before began, if one space parts the two
    end = -2
    for token in _TOKEN.finditer(text):
        begins = last if token.start() == end + 1 and text[end] == " " else -1
        last, end = token.span()
        if any(character.isdigit() for character in token[0]):
            yield token.span()
            if begins >= 0:
                yield begins, end


@dataclass(slots=True)
class _Names:
    """Which pairs of words are names on a list; asked once for each pair."""

    key: bytes
    blocks: tuple[bytes | memoryview, ...]
    known: dict[str, bool] = field(default_factory=dict)

    def listed(self, pair: str) -> bool:
        if pair not in self.known:
            digest = _hash(self.key, pair)
            self.known[pair] = any(_holds(block, digest) for block in self.blocks)
        return self.known[pair]


def _persons(text: str, names: _Names) -> Iterator[tuple[int, int, str]]:
    """Names on a list with each birth date near them."""
    for found in _DATE.finditer(text):
        line = max(text.rfind("\n", max(found.start() - NEAR, 0), found.start()) + 1, 0)
        line = max(line, found.start() - NEAR)
        stop = text.find("\n", found.end(), found.end() + NEAR)
        end = stop if stop >= 0 else min(found.end() + NEAR, len(text))
        words = [*_WORD.finditer(text, line, end)]
        for at, first in enumerate(words):
            for second in words[at + 1 : at + 4]:  # middle names between
                pair = _pair(first[0], second[0])
                if names.listed(pair):
                    start = min(first.start(), found.start())
                    for born in _dates(found):
                        yield start, max(second.end(), found.end()), f"{pair}:{born.isoformat()}"


def _dates(found: re.Match[str]) -> Iterator[date]:
    year = found["y"] or found["y2"] or found["y3"]
    month = _MONTHS[found["mon"]] if found["mon"] else int(found["m"] or found["m2"])
    day = int(found["d"] or found["d2"] or found["d3"])
    for full in (year,) if len(year) == 4 else (f"19{year}", f"20{year}"):
        try:
            yield date(int(full), month, day)
        except ValueError:
            continue


def _holds(block: bytes | memoryview, digest: bytes) -> bool:
    """Whether a sorted block of hashes holds `digest`."""
    count = len(block) // SIZE
    at = bisect_left(range(count), digest, key=lambda i: bytes(block[i * SIZE : (i + 1) * SIZE]))
    return at < count and bytes(block[at * SIZE : (at + 1) * SIZE]) == digest


def _match(number: int, source: Source, span: tuple[int, int], name: str, digest: bytes) -> Match:
    start, end = source.folded.span(*span)
    value = f"register:{digest.hex()}"
    return Match(number, start, end, f"register:{name}", SURE, ("register",), value, "******")
