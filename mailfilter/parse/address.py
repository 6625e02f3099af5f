"""Address lists: the value of From, To, Cc ... → addresses, and the words that stand beside them.

From → to: raw field value → `People`: `addresses` as text, `words` are display names, comments and
group names, for the detectors.

Invariants: one pass, no recursion, never raises; at most `MOST` addresses (`People.more` says that
there were more). Comments may nest; what is broken becomes words, so nothing is lost to the
detectors. Source: RFC 5322 3.4, RFC 6532.
"""

import re
from dataclasses import dataclass, field

from mailfilter.parse.header import unfold
from mailfilter.parse.words import text_of

MOST = 2000  # in one field; twice limits.RECIPIENTS

_TOKEN = re.compile(
    rb'"((?:[^"\\]++|\\.)*+)"?'  # 1: quoted; unclosed, it takes all: no byte is read twice
    rb"|<([^<>]*+)>"  # 2: angle
    rb"|([,;:()])"  # 3: mark
    rb'|([^",;:()<]++)'  # 4: words
    rb"|.",  # an unclosed angle
    re.DOTALL,
)
_PLAIN = re.compile(rb'[^"():;\\]*+')
_PAIR = re.compile(rb"\\(.)", re.DOTALL)


@dataclass(slots=True)
class People:
    """Addresses of one field, and its words."""

    addresses: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    more: bool = False


def read(value: bytes) -> People:
    """The addresses and words of a field's value."""
    value = unfold(value)
    people = People()
    if _PLAIN.fullmatch(value):
        _read_plain(value, people)
    else:
        _read_tokens(value, people)
    return people


def _read_plain(value: bytes, people: People) -> None:
    """Without quotes, comments and groups: a split at commas."""
    pieces = value.split(b",", MOST)
    if len(pieces) > MOST:
        people.more = True
        people.words.append(text_of(pieces.pop()))
    for piece in pieces:
        name, angle, rest = piece.partition(b"<")
        if angle:
            address, _, tail = rest.partition(b">")
            _add(people, address, name + tail)
        else:
            _add(people, *_bare(piece))


def _bare(words: bytes) -> tuple[bytes, bytes]:
    """(address, words) of a piece without angle brackets."""
    words = words.strip()
    return (words, b"") if b"@" in words and b" " not in words else (b"", words)


def _read_tokens(value: bytes, people: People) -> None:
    depth = 0
    words: list[bytes] = []
    comment: list[bytes] = []
    angle: bytes | None = None
    for count, token in enumerate(_TOKEN.finditer(value)):
        if count > 4 * MOST or len(people.addresses) >= MOST:
            people.more = True
            words.append(value[token.start() :])
            break
        mark = token[3]
        if mark == b"(":
            depth += 1
        elif mark == b")" and depth:
            depth -= 1
        elif depth:
            comment.append(token[0])
        elif mark in (b",", b";", b":"):
            _finish(people, words, angle, comment)
            words, angle, comment = [], None, []
        elif token[2] is not None:
            if angle is not None:
                words.append(angle)
            angle = token[2]
        else:
            words.append(_PAIR.sub(rb"\1", token[1]) if token[1] is not None else token[0])
    _finish(people, words, angle, comment)


def _finish(people: People, words: list[bytes], angle: bytes | None, comment: list[bytes]) -> None:
    joined = b"".join(words)
    if comment:
        people.words.append(text_of(b"".join(comment)))
    if angle is None:
        _add(people, *_bare(joined))
    else:
        _add(people, angle, joined)


def _add(people: People, address: bytes, words: bytes) -> None:
    address = address.strip()
    if address:
        people.addresses.append(text_of(address))
    if words := words.strip():
        people.words.append(text_of(words))
