"""What somebody typed into the search field, understood.

From → to: text → `Query`, or `Unanswerable` with the code of a sentence that says what can be asked
instead. In this order: a case number (whoever asks tries it first, for a word may look like one), a
whole address, words of the subject or of file names.

The store compares keyed hashes of whole addresses and whole words (``record/archive/search.py``).
Part of one, and signs that stand for any letter, cannot be answered, and that is said instead of
finding nothing. Identity numbers are not searched for: they are what the mail was stopped for,
and a search by one is a disclosure.
"""

import re
from dataclasses import dataclass

from mailfilter.record.archive import case_number
from mailfilter.record.archive.case_number import Case
from mailfilter.record.archive.search import address, folded, words
from mailfilter.record.contract import Clue, Way

LONGEST = 200
CASE, ADDRESS, WORDS, REVIEWER = "case", "address", "words", "reviewer"
PERSONAL = frozenset({ADDRESS, REVIEWER})  # a search by person: a purpose is asked for
_NUMBER = re.compile(r"(?<!\d)(?:\d\d)?\d{6}[-+a-f ]?\d{3}[\da-z](?![\da-z])")
_WHOLE = re.compile(r"[^\s@*?%\"<>(),;]+@[^\s@*?%\"<>(),;.]+(?:\.[^\s@*?%\"<>(),;.]+)*")
_NAMED = re.compile(r"<([^<>]+)>\s*$")  # "Anna Berg <anna@...>"
_WILD = re.compile(r"[*?%]")


class Unanswerable(Exception):
    """`code` names a sentence: ``find.no-<code>``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Query:
    """A search as it is kept for its asker. `how` is a code for the audit log; `text` never
    leaves this process but to her own page."""

    text: str
    how: str
    ways: tuple[Way, ...] = ()
    case: Case | None = None
    found: str = ""  # the item or case that a case number led to
    purpose: str = ""

    @property
    def personal(self) -> bool:
        return self.how in PERSONAL

    @property
    def ready(self) -> bool:
        """Whether it may be answered."""
        return bool(self.purpose) or not self.personal


def understand(text: str, *, by_sender: bool) -> Query:
    """The query of a search field; `by_sender`: mail may be searched by its sender as well."""
    _check(text)
    if "@" in text:
        return _of_address(text, by_sender=by_sender)
    if _WILD.search(text):
        raise Unanswerable("part")
    found = tuple(words(text[:LONGEST]))
    if not found:
        raise Unanswerable("nothing")
    return Query(text, WORDS, (Way(Clue.SUBJECT, found), Way(Clue.FILE, found)))


def _of_address(text: str, *, by_sender: bool) -> Query:
    named = _NAMED.search(text)
    wanted = address(named[1] if named else text)
    if not _WHOLE.fullmatch(wanted):
        raise Unanswerable("address")
    clues = (Clue.RECIPIENT, Clue.SENDER) if by_sender else (Clue.RECIPIENT,)
    return Query(text, ADDRESS, tuple(Way(clue, (wanted,)) for clue in clues))


def of_case(text: str) -> Query | None:
    """The query by the case number that `text` may be."""
    _check(text)
    wanted = case_number.read(text)
    return Query(text, CASE, case=wanted) if wanted else None


def of_reviewer(name: str) -> Query:
    """The query for what a reviewer decided."""
    return Query(name, REVIEWER, (Way(Clue.DECIDED, (name,)),))


def _check(text: str) -> None:
    if _NUMBER.search(folded(text)):
        raise Unanswerable("number")
