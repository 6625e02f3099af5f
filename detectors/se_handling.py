"""Numbers of Swedish identity documents: passport, identity card, asylum seeker's LMA card.

From → to: all texts of a message → `Match`es of the kinds ``se.passnummer`` and ``se.lma-nummer``.

They have no check digit, so a word must stand before them, and even then they are low findings:
counted, shown to whoever asks, and stopped only where a rule names the kind (``kinds =
["se.passnummer"]``, ``level = "low"``). That is how they are off by default.

Invariants: as any detector; a text without the words costs a search for short strings.
Sources: polisen.se (nine characters since 2022-01-01, eight digits before); Migrationsverket
(``NN-NNNNNN``, the card with ``/1``).
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from .contract import Match, Sign, Source
from .evidence import TEXTS, Code
from .search.pieces import ask

KINDS: tuple[str, ...] = ("se.passnummer", "se.lma-nummer")
EVIDENCE = TEXTS
PERSONAL = True
STARS = "******-****"
NEEDS = Sign.NUMBER
CONFIDENCE = 45  # low, and above what is merely doubtful
_NUMBER = r"(?:n(?:umme)?r|nummer|number|no)(?:et|s)?"
_BETWEEN = r"(?:[\s.:#=]|är|is|\t|;){1,8}"
_FORMS = (
    (
        KINDS[0],
        ask(("pass", "id-kort", "idkort", "id card", "identitetskort")),
        re.compile(
            r"\b(?:pass(?:et|ets|port)?|id(?:entitets|entity)?[- ]?(?:kort|card)(?:et|ets)?)"
            rf"[-. ]?{_NUMBER}{_BETWEEN}"
            r"(?P<number>[0-9]{8}|(?=[a-z0-9]{0,3}[0-9]{6})[a-z]{1,3}[0-9]{6,8})(?![0-9a-z])"
        ),
    ),
    (
        KINDS[1],
        ask(("lma", "dossier")),
        re.compile(
            rf"\b(?:lma(?:[- ]?kort(?:et|ets)?)?|dossier)[-. ]?(?:{_NUMBER})?{_BETWEEN}"
            r"(?P<number>[0-9]{2}-[0-9]{6}(?:/[0-9])?|[0-9]{8})(?![0-9a-z-])"
        ),
    ),
)


# Of a match, before the six digits that every such number holds side by side, and from them on.
_BEFORE, _AFTER = 90, 20


def find(sources: Sequence[Source], today: date) -> Iterator[Match]:  # noqa: ARG001
    """All matches, overlapping ones included."""
    for index, source in enumerate(sources):
        if source.islands is not None and not source.sixes:
            continue
        for kind, words, form in _FORMS:
            if any(source.pieces.of(words)):
                for found in _matches(form, source):
                    span = source.folded.span(*found.span("number"))
                    number = re.sub(r"[^0-9a-z]", "", found["number"])
                    value = f"{kind}:{number[:8] if kind == KINDS[1] else number}"
                    evidence = (Code.KEYWORD,)
                    yield Match(index, *span, kind, CONFIDENCE, evidence, value, "*" * len(number))


def _matches(form: re.Pattern[str], source: Source) -> Iterator[re.Match[str]]:
    """What the form finds, sought only where digits stand if they are few."""
    text = source.folded.text
    if source.islands is None:
        yield from form.finditer(text)
        return
    done = 0
    for at in source.sixes:
        if at >= done and (found := form.search(text, max(at - _BEFORE, done), at + _AFTER)):
            done = found.end()
            yield found
