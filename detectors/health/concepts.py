"""Concepts: what words are about, coarsely: pain, sleep, absence, invitations, things.

From → to: lower-case text → the words with the concepts that begin there; and, cheaply, how many
kinds of signs of illness a text may hold at all (`signs`). A concept groups the words of a list, so
that a model trained on few mails can weigh "orkar inte" and "sover dåligt" it has never seen.

Format of ``health_data/concepts.txt``: see its head. Invariants: linear; an entry has at most
`LONGEST` words.
Known gap: a word has the same concepts everywhere ("hund" is a thing, a guide dog, too).
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from .terms import expand, read_lines

LONGEST = 6
_WIDE = "unable"
_NONE: frozenset[str] = frozenset()
_GAP = 2  # words that "~" stands for at most
_WORD = re.compile(r"[^\W_]+")
# Words of the expressions for "unable" that many mails hold, the most usual first.
_USUAL = (
    "att för med en av till har inte bara kan får vill se ut upp sig sin vara behöver ta kunde no"
    " to can not fick hade inget endast gå komma sina haft hjälp svara svarar aldrig inga"
)
_RARITY = {word: number for number, word in enumerate(_USUAL.split())}


class _Entry(NamedTuple):
    """An expression behind its first word."""

    rest: tuple[str, ...]
    concept: str


class Table(NamedTuple):
    """The list, by first word and by beginning of the first word."""

    whole: dict[str, tuple[_Entry, ...]]
    starts: dict[str, tuple[tuple[str, tuple[_Entry, ...]], ...]]  # by two letters
    patterns: tuple[str, ...]  # of the automaton
    kinds: tuple[str, ...]  # of the patterns
    automaton: AhoCorasick


def words(text: str) -> list[str]:
    """The words of lower-case text, as entries have them."""
    return _WORD.findall(text)


def _entries() -> Iterator[tuple[str, bool, str]]:
    concept, sign = "", False
    for line in read_lines("concepts"):
        if line.startswith("["):
            concept, _, mark = line.strip("[]").partition(" ")
            sign = mark == "!"
            continue
        for part in line.split(","):
            for text in expand(part):
                if text.strip():
                    yield concept, sign, text.strip()


def _split(text: str) -> tuple[str, ...]:
    """ "kan ~ inte gå*" → ("kan", "~", "inte", "gå*")."""
    return tuple(re.findall(r"[^\W_]+\*?|~", text))


@cache
def table() -> Table:
    """The list, read once."""
    whole: dict[str, list[_Entry]] = {}
    starts: dict[str, list[_Entry]] = {}
    patterns: dict[str, str] = {}
    for concept, sign, text in _entries():
        first, *rest = _split(text) or ("",)
        if not first:
            continue
        into = starts if first.endswith("*") else whole
        into.setdefault(first.rstrip("*"), []).append(_Entry(tuple(rest), concept))
        if sign:
            patterns.setdefault(_pattern(first, rest), concept)
    return Table(
        {word: tuple(entries) for word, entries in whole.items()},
        _by_two(starts),
        tuple(patterns),
        tuple(patterns.values()),
        AhoCorasick(
            list(patterns),
            matchkind=MatchKind.Standard,
            implementation=Implementation.DFA,
        ),
    )


def _by_two(
    starts: dict[str, list[_Entry]],
) -> dict[str, tuple[tuple[str, tuple[_Entry, ...]], ...]]:
    """Beginnings of words by their first two letters."""
    found: dict[str, tuple[tuple[str, tuple[_Entry, ...]], ...]] = {}
    for start, entries in starts.items():
        found[start[:2]] = (*found.get(start[:2], ()), (start, tuple(entries)))
    return found


def _pattern(first: str, rest: Sequence[str]) -> str:
    """What must stand in the text for the entry to be there: its beginning."""
    if first.endswith("*"):
        return f" {first.rstrip('*')}"
    if rest and rest[0] != "~":
        return f" {first} {rest[0].rstrip('*')}"
    return f" {first} "


def marks() -> Iterator[bytes]:
    """Expressions for `search`, of which a text holds one if `tells` is true of it.

    Of an expression for "unable" it is the word that the fewest mails hold: "sova", not "kan".
    """
    known = table()
    for pattern, kind in zip(known.patterns, known.kinds, strict=True):
        if kind != _WIDE:
            yield pattern.encode("latin-1")
    for first, every in _unable().items():
        for needed, _ in every:
            rarest = max([first, *needed], key=lambda word: (_RARITY.get(word, len(_RARITY)), word))
            yield f" {rarest} ".encode("latin-1")


def signs(text: str) -> set[str]:
    """The kinds of signs that lower-case `text` may hold, seen from afar."""
    known = table()
    found = known.automaton.find_matches_as_indexes(f" {text} ", overlapping=True)
    return {known.kinds[index] for index, _, _ in found}


def tells(text: str) -> bool:
    """May lower-case `text` tell of illness although no listed word stands in it?

    One look by the automaton, but for "unable": its expressions begin with words of every mail
    ("kan", "har"), so they are read to their end.
    """
    kinds = signs(text)
    return bool(kinds - {_WIDE}) or (bool(kinds) and _is_unable(text))


def _is_unable(text: str) -> bool:
    """Only expressions all of whose words occur somewhere are sought: few mails hold any."""
    listed = words(text)
    present = set(listed)
    sought = {
        first: found
        for first, entries in _unable().items()
        if first in present and (found := [rest for needed, rest in entries if needed <= present])
    }
    return bool(sought) and any(
        _goes_on(listed, at + 1, rest)
        for at, word in enumerate(listed)
        for rest in sought.get(word, ())
    )


@cache
def _unable() -> dict[str, list[tuple[frozenset[str], tuple[str, ...]]]]:
    """First word → (the whole words behind it, what stands behind it)."""
    return {
        first: [(frozenset(filter(str.isalpha, entry.rest)), entry.rest) for entry in wide]
        for first, entries in table().whole.items()
        if (wide := [entry for entry in entries if entry.concept == _WIDE])
    }


def concepts(found: Sequence[str]) -> list[frozenset[str]]:
    """For each word the concepts of the expressions that begin with it."""
    known = table()
    return [
        frozenset(_begins(found, at, known))
        if word in known.whole or word[:2] in known.starts
        else _NONE
        for at, word in enumerate(found)
    ]


def _begins(found: Sequence[str], at: int, known: Table) -> Iterator[str]:
    word = found[at]
    for entry in known.whole.get(word, ()):
        if not entry.rest or _goes_on(found, at + 1, entry.rest):
            yield entry.concept
    for start, entries in known.starts.get(word[:2], ()):
        if word.startswith(start):
            for entry in entries:
                if not entry.rest or _goes_on(found, at + 1, entry.rest):
                    yield entry.concept


def _goes_on(found: Sequence[str], at: int, rest: tuple[str, ...]) -> bool:
    """Do the words from `at` fit the rest of an expression?"""
    if not rest:
        return True
    if rest[0] == "~":
        return any(_goes_on(found, at + skip, rest[1:]) for skip in range(_GAP + 1))
    if at >= len(found):
        return False
    wanted = rest[0]
    fits = found[at].startswith(wanted[:-1]) if wanted[-1] == "*" else found[at] == wanted
    return fits and _goes_on(found, at + 1, rest[1:])
