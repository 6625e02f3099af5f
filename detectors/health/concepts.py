"""Concepts: what words are about, coarsely: pain, sleep, absence, invitations, things.

From → to: words of lower-case text → the concepts of the expressions among them; and, cheaply,
which kinds of signs of illness a text may hold at all (`signs`). A concept groups the words of a
list, so that a model trained on few mails can weigh "orkar inte" that it has never seen.

Format of ``health_data/concepts.txt``: see its head. Invariants: linear; an entry has at most
`LONGEST` words.
Known gap: a word has the same concepts everywhere ("hund" is a thing, a guide dog, too).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from .terms import expand, read_lines

LONGEST = 6
_WIDE = "unable"
_KEY = 3  # letters that a beginning has at the least
_GAP = 2  # words that "~" stands for at most
_WORD = re.compile(r"[^\W_]+")
# Words of the expressions for "unable" that many mails hold, the most usual first.
_USUAL = (
    "att för med en av till har inte bara kan får vill se ut upp sig sin vara behöver ta kunde no"
    " to can not fick hade inget endast gå komma sina haft hjälp svara svarar aldrig inga"
)
_RARITY = {word: number for number, word in enumerate(_USUAL.split())}


@dataclass(slots=True)
class _Node:
    """What may follow the words of an expression so far; `concepts` if it may end here."""

    concepts: frozenset[str] = frozenset()
    whole: "dict[str, _Node]" = field(default_factory=dict)
    starts: "dict[str, _Node]" = field(default_factory=dict)  # beginnings of words
    gap: "_Node | None" = None  # up to `_GAP` words may stand between

    def child(self, wanted: str) -> "_Node":
        """The node behind a further word of an entry."""
        if wanted == "~":
            self.gap = self.gap or _Node()
            return self.gap
        if wanted.endswith("*"):
            return self.starts.setdefault(wanted[:-1], _Node())
        return self.whole.setdefault(wanted, _Node())


_Starts = tuple[tuple[str, _Node], ...]


class Table(NamedTuple):
    """The list, as a tree of words, and what is sought from afar."""

    whole: dict[str, _Node]
    starts: dict[str, _Starts]  # by their first `_KEY` letters
    keys: frozenset[str]  # with which any word or start of the list begins
    unable: tuple[tuple[str, ...], ...]  # the expressions for it, but for those that begin with a*
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
    root = _Node()
    unable: list[tuple[str, ...]] = []
    patterns: dict[str, str] = {}
    shared: dict[frozenset[str], frozenset[str]] = {}
    for concept, sign, text in _entries():
        entry = _split(text)
        if not entry:
            continue
        node = root
        for wanted in entry:
            node = node.child(wanted)
        merged = node.concepts | {concept}
        node.concepts = shared.setdefault(merged, merged)
        if concept == _WIDE and not entry[0].endswith("*"):
            unable.append(entry)
        if sign:
            patterns.setdefault(_pattern(entry[0], entry[1:]), concept)
    starts: dict[str, _Starts] = {}
    for start, node in root.starts.items():
        if len(start) < _KEY:
            raise ValueError(f"concepts.txt: {start}* stands in too many words")
        starts[start[:_KEY]] = (*starts.get(start[:_KEY], ()), (start, node))
    automaton = AhoCorasick(
        list(patterns), matchkind=MatchKind.Standard, implementation=Implementation.DFA
    )
    kinds = tuple(patterns.values())
    keys = frozenset({*starts, *(word[:_KEY] for word in root.whole)})
    return Table(root.whole, starts, keys, tuple(unable), tuple(patterns), kinds, automaton)


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
    for entry in known.unable:
        needed = [*filter(str.isalpha, entry)] or [entry[0]]
        rarest = max(needed, key=lambda word: (_RARITY.get(word, len(_RARITY)), word))
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
    wide = _unable()
    sought = {
        first
        for first in present & wide.keys()
        if any(needed <= present for needed, _ in wide[first])
    }
    known = table().whole
    return any(
        word in sought and _WIDE in _begun(known[word], listed, at + 1)
        for at, word in enumerate(listed)
    )


@cache
def _unable() -> dict[str, list[tuple[frozenset[str], tuple[str, ...]]]]:
    """First word → (the whole words behind it, what stands behind it)."""
    found: dict[str, list[tuple[frozenset[str], tuple[str, ...]]]] = {}
    for first, *rest in table().unable:
        needed = frozenset(filter(str.isalpha, rest))
        found.setdefault(first, []).append((needed, tuple(rest)))
    return found


def concepts(found: Sequence[str]) -> set[str]:
    """The concepts of the expressions that stand among the words."""
    known = table()
    whole, starts, keys = known.whole, known.starts, known.keys
    kinds: set[str] = set()
    for at, word in enumerate(found):
        key = word[:_KEY]
        if key not in keys:
            continue
        if node := whole.get(word):
            _add(node, found, at + 1, kinds)
        for start, node in starts.get(key, ()):
            if word.startswith(start):
                _add(node, found, at + 1, kinds)
    return kinds


def _begun(node: _Node, found: Sequence[str], at: int) -> set[str]:
    kinds: set[str] = set()
    _add(node, found, at, kinds)
    return kinds


def _add(node: _Node, found: Sequence[str], at: int, kinds: set[str]) -> None:
    """The concepts of the expressions that go on from `node` with the words from `at`."""
    kinds |= node.concepts
    if node.gap is not None:
        for skip in range(_GAP + 1):
            _add(node.gap, found, at + skip, kinds)
    if at >= len(found) or not (node.whole or node.starts):
        return
    word = found[at]
    if further := node.whole.get(word):
        _add(further, found, at + 1, kinds)
    for start, further in node.starts.items():
        if word.startswith(start):
            _add(further, found, at + 1, kinds)
