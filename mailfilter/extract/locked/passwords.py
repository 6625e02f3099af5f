"""Passwords that a mail tells beside the file they open.

From → to: the texts of a message → at most `MOST` candidates, the likeliest first. Staff write them
in the mail itself: "Lösenord: Sommar2026", "lösenordet till filen är Sommar2026", "pwd=abc", the
word on one line and the password on the next, in the subject, in the quoted mail, in an attached
text. What stands behind a colon or "är" counts most, then what does not look like a word, then the
next line, then the rest of the line as a phrase; last, a few words of the mail itself that look
like a password though nothing calls them so ("Sommar2026" alone on a line, or in brackets).

Invariants: pure and linear: each text is looked through once for a word, and not further than
`REACH` characters behind it; no more than `LOOKED` characters of a message. Candidates stay in the
process that reads the mail: they are never shown, stored, logged or part of an exception.

Known gaps: passwords that are told in another mail, or as a riddle ("samma som sist"), and without
such a word where they look like any other word.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from detectors import Role
from mailfilter.model import Text

MOST = 40
LOOKED = 2_000_000  # characters of a message
REACH = 160  # characters behind a word
WORDS = 200  # places in a text where such a word stands
LONGEST = 64
LONELY = 6  # candidates that nothing calls a password: each costs a tenth of a second with Office

_WORD = re.compile(
    r"(?<!\w)(?:lösen(?:ord|kod|fras)?(?:et|en)?|losenord(?:et)?|password|passwd|passphrase|passcode"
    r"|passord(?:et)?|adgangskode(?:n)?|salasana|pwd|psw|pw|pass|pin(?:-?kod)?(?:en)?"
    r"|(?:fil|zip|öppnings)?kod(?:en|ord|ordet)?|krypterings(?:kod|nyckel)(?:en|n)?|nyckel(?:n)?)(?!\w)",
    re.IGNORECASE,
)
_GIVEN = re.compile(  # "är", a colon, an equals sign, a dash, and what follows to the next blank
    r"(?:\s(?:är|blir|lyder|is|er|on|=|-|–|—)[ \t]*:?|[:=])[ \t]*(\S{1,64})", re.IGNORECASE
)
_BEFORE = re.compile(r"(?<!\S)(\S{1,64})\s(?:är|blir|is)\s(?:the\s)?\Z", re.IGNORECASE)
_QUOTED = re.compile("[\"'”“»«`´‘’]([^\"'”“»«`´‘’\n]{1,64})[\"'”“»«`´‘’]")
_LONELY = re.compile(
    r"^[ \t>]{0,9}((?=[^\W\d_]{0,32}[\d!?#%&+*$_-])(?=\S{0,32}[^\W\d_])[^\s@/:<>]{6,32})"
    r"[ \t]{0,9}\r?$"
    r"|\(((?=[^\W\d_]{0,32}[\d!?#%&+*$_-])(?=[^\s()]{0,32}[^\W\d_])[^\s@/:<>()]{6,32})\)",
    re.MULTILINE,
)
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}\Z")
_ROUND = "\"'”“»«`´‘’()[]{}<>*_,;:!?."
_FIRST = (Role.SUBJECT, Role.BODY, Role.QUOTE, Role.SIGNATURE, Role.HEADER)


def candidates(texts: Iterable[Text]) -> tuple[str, ...]:
    """The candidates of a message; those of the mail itself before those of attachments."""
    ranked: dict[str, tuple[int, int]] = {}
    looked = 0
    for text in texts:
        content = text.content[: LOOKED - looked]
        looked += len(content)
        outside = int(text.places[0][1].role not in _FIRST)
        if text.places[0][1].role is Role.NAME:
            content = _ENDING.sub("", content)
        for rank, written in chain(_in(content), () if outside else _lonely(content)):
            found = "".join(filter(str.isprintable, written))
            if 0 < len(found) <= LONGEST:
                ranked[found] = min(ranked.get(found, (9, 9)), (rank, outside))
    return tuple(sorted(ranked, key=lambda found: ranked[found])[:MOST])


def _in(content: str) -> Iterator[tuple[int, str]]:
    """(rank, candidate) of one text."""
    for n, word in enumerate(_WORD.finditer(content)):
        if n == WORDS:
            return
        if before := _BEFORE.search(content, max(0, word.start() - REACH), word.start()):
            yield from _spellings(before[1], 1)
        line, _, rest = content[word.end() : word.end() + REACH].partition("\n")
        yield from _behind(line.rstrip("\r"))
        following = next((each for each in rest.split("\n")[:3] if each.strip(" \t>\r")), "")
        for rank, found in _alone(following.strip(" \t>\r")):
            yield (rank if not line.strip(" \t\r:=*_.") else rank + 3), found


def _behind(line: str) -> Iterator[tuple[int, str]]:
    """What stands on the same line behind the word."""
    for given in _GIVEN.finditer(line):
        yield from _spellings(given[1], 0)
        yield from _spellings(line[given.start(1) :], 3)
    for quoted in _QUOTED.finditer(line):
        yield 0, quoted[1]
    for token in line.split():
        yield from _spellings(token, 1 if _unlike_a_word(token.strip(_ROUND)) else 5)


def _lonely(content: str) -> Iterator[tuple[int, str]]:
    """Words with letters and digits or signs, alone on a line or in brackets."""
    for found in islice(_LONELY.finditer(content), LONELY):
        yield 8, found[1] or found[2]


def _alone(line: str) -> Iterator[tuple[int, str]]:
    """A line that is a password as a whole, or begins with one."""
    words = line.split(maxsplit=1)  # none, too, in a line of signs such as U+001F
    if words:
        yield from _spellings(line, 1)
        yield from _spellings(words[0], 2)


def _spellings(token: str, rank: int) -> Iterator[tuple[int, str]]:
    """As it stands, without the point that ends the sentence, without quotes and brackets."""
    token = token.strip()
    yield rank, token.rstrip(".,;") or token
    yield rank + 1, token
    yield rank + 1, token.strip(_ROUND)


def _unlike_a_word(token: str) -> bool:
    letters = token.isalpha() and token[1:] == token[1:].lower()
    return len(token) >= 3 and not letters
