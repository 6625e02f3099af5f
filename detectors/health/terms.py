"""The lexicon: which words speak of health, of which class, and how strongly.

From → to: `Plain` → `Seen`: `Hit`s, sorted by start, and whether one of the `marks` stands there
that others asked for, from one pass of `search`.

Format of the lists in ``health_data/``: ``[class weight]`` opens a section; ``[class weight self]``
marks expressions in which the writer speaks of herself or her own child. Terms are separated by
commas; ``{a|b}`` stands for either. ``term`` may carry an ordinary inflection (-en, -erna, -ade
...), ``term=`` may not, ``term*`` may be followed and ``*term`` preceded by any letters
(compounds), ``TERM=`` matches only in capitals. Weights: 3 says health by itself, 2 says it beside
a person, 1 only adds to others, 0 takes away what stands in it (figures of speech).

Known gaps: a compound whose head is not listed is not found.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import starmap
from pathlib import Path
from typing import NamedTuple

from .plain import Plain
from .search import WINDOW, Begun, Place, Search

DATA = Path(__file__).parent.parent / "health_data"
LISTS = (
    "diagnoses",
    "symptoms",
    "medicines",
    "care",
    "social",
    "wider",
    "lay",
    "nordic",
    "finnish",
    "english",
    "everyday",
    "neighbours",
    "phrases",
    "metaphors",
)
_SECTION = re.compile(r"\[(.+) (\d)( self| stem)?\]")
_TAIL = re.compile(r"[^\W\d_]{0,40}")
_HEAD = re.compile(r"[^\W\d_]{0,40}\Z")

_SHORT = 4
# Of a stretch of 256 characters so many expressions are looked at: more say nothing new.
_STRETCH_BITS = 8
_MOST_KEPT = 12
_MOST_TRIED = 64
_FRONTS = " \t\n(/-,;|=:\"'>*"
_ICD = re.compile(r"[A-T]\d\d(?:\.\d[A-Z0-9]{0,2})(?!\w|\.\w)")
_TEMPERATURE = re.compile(
    r"(?<![\d.,])(?:37[.,][5-9]|3[89][.,]\d|4[01][.,]\d)"
    r"(?!\d|[.,]\d| ?(?:%|kr|kg|[mh]\b|tim|km|cm|mkr|tkr|kvm|procent|mil|:-))"
)
_ILL = re.compile(
    "temp|feber|grad|°|sjuk|hämta|frös|frys|hängi|hemma|host|snuv|näs|febr|fever|kuume"
)
_BEFORE = " abcdefghijklmnopqrstuvwxyzåäö"  # of a temperature: "t38,5"
_DEGREES = [f"{front}{whole}." for whole in range(37, 42) for front in _BEFORE]
_ICD_LETTERS = "abcdefghijklmnorst"


def read_lines(name: str) -> Iterator[str]:
    """The lines of a list without comments and blank ones."""
    for line in (DATA / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line


ENDINGS = frozenset(" ".join(read_lines("endings")).split())


class Term(NamedTuple):
    """One listed expression, without its marks. (A tuple: there are many.)"""

    text: str
    group: str  # the Swedish class
    weight: int
    front: bool = False  # any letters may precede
    back: bool = False  # any letters may follow
    exact: bool = False
    capitals: bool = False
    own: bool = False  # the writer speaks of herself


@dataclass(frozen=True, slots=True)
class Hit:
    """One expression in a text; offsets in `Plain`."""

    start: int
    end: int
    group: str
    weight: float
    own: bool = False
    disguised: bool = False
    code: bool = False


class Seen(NamedTuple):
    """What one pass over a text has found."""

    stretches: list[Hit]  # expressions, and the figures of speech with weight 0
    marked: bool


def _latin(text: str) -> bytes:
    return text.encode("latin-1", "replace")


def _parse(mark: str, group: str, weight: int, own: bool) -> Term:
    text = mark.strip("*=")
    capitals = text.isupper()
    return Term(
        text=text.lower(),
        group=group,
        weight=weight,
        front=mark.startswith("*"),
        back=mark.endswith("*"),
        exact=mark.endswith("=") or capitals,
        capitals=capitals,
        own=own,
    )


def _load() -> Iterator[Term]:
    for name in LISTS:
        group, weight, own = "", 0, False
        for line in read_lines(name):
            if section := _SECTION.fullmatch(line):
                group, weight, own = section[1], int(section[2]), section[3] == " self"
                continue
            marks = (mark.strip() for part in line.split(",") for mark in expand(part))
            yield from (_parse(mark, group, weight, own) for mark in marks if mark)


def expand(text: str) -> list[str]:
    """ "{a|b} c" → "a c", "b c"."""
    before, brace, rest = text.partition("{")
    if not brace:
        return [text]
    inner, _, behind = rest.partition("}")
    return [f"{before}{one}{more}" for one in inner.split("|") for more in expand(behind)]


def _key(term: Term) -> str:
    """A short word is searched only behind one of `_FRONTS`: "kol" stands in too many words."""
    return term.text if len(term.text) > _SHORT or term.front else f" {term.text}"


def _sought(key: str, terms: list[Term]) -> bytes:
    """The expression, with a blank before it if it must begin a word."""
    inside = not key[0].isalnum() or any(term.front for term in terms)
    return _latin(key if inside else f" {key}")


class Lexicon:
    """All terms and the search that finds them."""

    def __init__(self, marks: Iterable[bytes] = ()) -> None:
        self._terms: dict[str, list[Term]] = {}
        for term in _load():
            self._terms.setdefault(_key(term), []).append(term)
        codes = [f" {c}{n:02}." for c in _ICD_LETTERS for n in range(100)]
        codes += _DEGREES
        self._by_number = [*self._terms.values(), *([] for _ in codes)]
        self._whole = [bool(terms) and all(map(_is_whole, terms)) for terms in self._by_number]
        sought = [*starmap(_sought, self._terms.items()), *map(_latin, codes)]
        self._search = Search(sought, marks)
        words = " ".join(read_lines("not_health")).split()
        self._not_health = frozenset(words)
        self._not_heads = tuple(word[1:] for word in words if word.startswith("-"))

    def words(self) -> Iterator[Term]:
        """Strong single words, for the search of disguised ones."""
        for terms in self._terms.values():
            yield from (t for t in terms if t.weight >= 2 and " " not in t.text)

    def places(self, text: str) -> int:
        """How many expressions stand in a text, seen from afar: what `hits` would look at."""
        return self._search.count(_latin(text.lower()))

    def is_other(self, word: str) -> bool:
        """Is `word` listed as one that is not about health?"""
        return word in self._not_health or word.endswith(self._not_heads)

    def hits(self, plain: Plain) -> list[Hit]:
        """All expressions; overlapping ones are reduced to the heaviest and longest."""
        [seen] = self.seen([plain])
        return [hit for hit in seen.stretches if hit.weight > 0]

    def begun_within(self, plains: Sequence[Plain], most: int) -> list[Begun] | None:
        """What begins in each text; None if that is more than `most` expressions."""
        return self._search.begun_within([plain.latin for plain in plains], most)

    def seen(self, plains: Sequence[Plain], begun: Sequence[Begun] = ()) -> list[Seen]:
        """Hits and figures of speech of each text, and whether a mark stands there.

        `begun` is what `begun_within` has told of them, if it was asked.
        """
        latins = [plain.latin for plain in plains]
        if sum(map(len, latins)) > WINDOW:
            return [self._seen(plain, self._search.look(plain.latin)) for plain in plains]
        looks = map(self._search.found, begun or self._search.begun(latins))
        return [self._seen(plain, (look,)) for plain, look in zip(plains, looks, strict=True)]

    def _seen(self, plain: Plain, looks: Iterable[tuple[list[Place], bool]]) -> Seen:
        hits: list[Hit] = []
        marked = False
        for expressions, told in looks:
            if expressions:
                hits += self._verified(plain, expressions)
            marked = marked or told
        hits.sort(key=lambda hit: hit.start)
        return Seen(_disjoint(hits), marked)

    def _verified(self, plain: Plain, expressions: list[Place]) -> list[Hit]:
        found: list[Hit] = []
        text = plain.text
        stretch = tried = kept = 0
        for end, _start, number in expressions:
            if (end + 1) >> _STRETCH_BITS != stretch:
                stretch, tried, kept = (end + 1) >> _STRETCH_BITS, 0, 0
            tried += 1
            if kept >= _MOST_KEPT or tried > _MOST_TRIED:
                continue
            if self._whole[number] and text[end : end + 1].isalpha():
                continue  # the commonest end: "kol" in "kollega"
            terms = self._by_number[number]
            if text[end - 1] not in (terms[0].text[-1] if terms else ".,"):
                continue  # and in tables: "11-" for "112", a time of day for a temperature
            hit = self._verify(plain, end, terms)
            if hit:
                kept += 1
                found.append(hit)
        return found

    def _verify(self, plain: Plain, end: int, terms: list[Term]) -> Hit | None:
        if not terms:
            return _temperature(plain, end - 3) or _code(plain, end - 4)
        start = end - len(terms[0].text)
        text = plain.text
        if text[start:end].replace("\n", " ") != terms[0].text:
            return None
        if end - start <= _SHORT and not terms[0].front and text[start - 1 : start] not in _FRONTS:
            return None
        if _in_number(text, start, end):
            return None
        rest = ""
        if text[end : end + 1].isalpha():
            tail = _TAIL.match(text, end)
            rest = tail.group() if tail else ""
        front = start > 0 and text[start - 1].isalpha()
        best = _heaviest(terms, rest, front, plain.cased[start:end])
        if best is None:
            return None
        if front:
            head = _HEAD.search(text, max(0, start - 40), start)
            start = head.start() if head else start
        word = text[start : end + len(rest)]
        if word in self._not_health or (rest and word.endswith(self._not_heads)):
            return None
        return Hit(start, end + len(rest), best.group, best.weight, best.own)


def _is_whole(term: Term) -> bool:
    """Whether no letter may follow the term."""
    return term.exact and not term.back


def _in_number(text: str, start: int, end: int) -> bool:
    """Do the digits of an expression go on outside it? "112" is no part of a longer number."""
    behind = text[end - 1].isdigit() and text[end : end + 1].isdigit()
    return behind or (start > 0 and text[start].isdigit() and text[start - 1].isdigit())


def _heaviest(terms: list[Term], rest: str, front: bool, cased: str) -> Term | None:
    best: Term | None = None
    for term in terms:
        if _fits(term, rest, front, cased) and (best is None or term.weight > best.weight):
            best = term
    return best


def _fits(term: Term, rest: str, front: bool, cased: str) -> bool:
    if front and not term.front:
        return False
    if term.capitals and not cased.isupper():
        return False
    return not rest or term.back or (not term.exact and rest in ENDINGS)


def _code(plain: Plain, start: int) -> Hit | None:
    """An ICD-10 code with a dot; a letter and digits alone are rooms, roads and classes."""
    found = _ICD.match(plain.cased, start)
    if not found or (start > 0 and plain.cased[start - 1].isalnum()):
        return None
    return Hit(start, found.end(), "diagnos", 2, code=True)


def _temperature(plain: Plain, start: int) -> Hit | None:
    """A body's temperature in company: "38,7" beside "hämtad", "feber", "hemma"."""
    found = _TEMPERATURE.match(plain.text, start)
    if not found or not _ILL.search(plain.text, max(0, start - 60), start + 40):
        return None
    return Hit(start, found.end(), "symptom", 2)


def _disjoint(hits: list[Hit]) -> list[Hit]:
    kept: list[Hit] = []
    for hit in hits:
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
            continue
        last = kept[-1]
        if last.weight == 0:
            continue
        if hit.weight == 0 or (hit.weight, hit.own, hit.end - hit.start) > (
            last.weight,
            last.own,
            last.end - last.start,
        ):
            kept[-1] = hit
    return kept
