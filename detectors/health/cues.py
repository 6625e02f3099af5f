"""All cues to persons in a stretch of text.

From → to: a stretch of `Plain` and its words → list of `Cue`, sorted; names in the mail's frame
(greeting, header lines, sign-off) are left out.

Invariant: linear.
"""

import re

from .naming import is_labelled, name_at
from .people import IDENTITY, WORDS, Cue, Kind, Token
from .plain import Plain
from .pointing import POINTER_ENDS, POINTERS, word_at
from .units import Frame

_INITIALS = re.compile(r"\b[A-ZÅÄÖ]\.? ?[A-ZÅÄÖ]\.(?!\w)")


def cues_in(plain: Plain, words: list[Token], span: tuple[int, int], frame: Frame) -> list[Cue]:
    """All cues of a stretch and its words, sorted; names in the mail's frame are left out."""
    start, end = span
    found = [Cue(m.start(), Kind.IDENTITY) for m in IDENTITY.finditer(plain.cased, start, end)]
    skip = -1
    for number, token in enumerate(words):
        if number <= skip:
            continue
        if token.word[0].isupper():
            name = name_at(plain, words, number)
            if name is not None:
                two = name is Kind.FULL_NAME and number + 1 < len(words)
                if two and frame.holds(token.start) and not frame.holds(words[number + 1].start):
                    two = False  # "Hej Mette, Karsten har ...": the second is another person
                skip = number + two
                if not frame.holds(token.start):
                    found.append(Cue(token.start, name, is_labelled(plain.text, token.start)))
                continue
        low = token.low
        if not (low in POINTERS or low.endswith(POINTER_ENDS)):
            continue  # most words
        if kind := word_at(plain, words, number):
            yours = kind is Kind.RELATIVE and number > 0 and words[number - 1].low in WORDS["your"]
            found.append(Cue(token.start, kind, yours=yours))
    found.extend(
        Cue(m.start(), Kind.NAME)
        for m in _INITIALS.finditer(plain.cased, start, end)
        if not frame.holds(m.start())
    )
    return sorted(found, key=lambda cue: cue.at)
