"""What kind of writing a passage is: a note among colleagues, a letter, a story, advice to anybody.

From → to: a stretch of `Plain` → features ``f:...``, 0 to 1. Encyclopaedias, news and novels have
no greeting, no "I" that signs, no "tomorrow"; mail about one person nearly always has one of them.

Invariant: linear; each expression is sought once.
"""

import re

from .genre import generic
from .plain import Plain

_LENGTHS = (60, 120, 250, 500, 1000)
_SIGNED = re.compile(r"(?:^|\s)/ ?[A-ZÅÄÖ][\wåäö-]+\s*$", re.MULTILINE)
_QUOTES, _DASHES = frozenset('"”»'), frozenset("–—")
_SPOKEN = re.compile(r"(?:\A|\n)\s*[–—]\s")
# A word of these, or something that fits, makes a feature of that name.
_WORDS = {
    "closes": frozenset(
        {"mvh", "vh", "hälsningar", "hälsn", "hälsar", "vänligen", "kram", "tack", "hilsen"}
        | {"regards", "terveisin"}
    ),
    "you": frozenset({"du", "dig", "din", "ditt", "dina", "you", "your"}),
    "i": frozenset({"jag", "mig", "min", "mitt", "mina", "my", "jeg", "minä", "minu"}),
    "we": frozenset({"vi", "oss", "vår", "vårt", "våra", "we", "our"}),
    "one": frozenset({"man", "ens"}),
    "may": frozenset({"kan", "bör", "ska", "får", "måste"}),
}
_MARKS = {
    "greets": re.compile(r"\A\s*(?:hej|hejsan|god morgon|tjena|hi|hei|dear|kära|kære|bästa)\b"),
    "anybody": re.compile(
        r"\b(?:den som|de som|personer (?:som|med)|han eller hon|hon eller han|honom eller henne"
        r"|henne eller honom|patienten|den (?:sjuke?a?|drabbade))\b"
    ),
    "old": re.compile(r"\b1[5-9]\d\d\b"),
    "past": re.compile(r"\b(?:\w{3,}ades?|var|hade|kom|fick|sade?|gick|blev)\b"),
    "now": re.compile(
        r"\b(?:i ?dag|i ?morgon|imorrn|ikväll|i natt|måndag|tisdag|onsdag|torsdag|fredag|lördag"
        r"|söndag|v \d|vecka \d|kl \d|tillbaka|nästa|just nu|today|tomorrow)\b"
    ),
}
_OF_MAIL = frozenset({"greets", "closes", "you", "i", "we", "now", "signed"})


def features(plain: Plain, start: int, end: int, words: set[str]) -> dict[str, float]:
    """The marks of mail and of other writing in a passage and its words."""
    text, cased = plain.text[start:end], plain.cased[start:end]
    marks = {name for name, mark in _MARKS.items() if mark.search(text)}
    marks |= {name for name, listed in _WORDS.items() if not listed.isdisjoint(words)}
    if "?" in text:
        marks.add("asks")
    if not _QUOTES.isdisjoint(text):
        marks.add("quotes")
    if "/" in text and _SIGNED.search(cased):
        marks.add("signed")
    if not _DASHES.isdisjoint(text) and _SPOKEN.search(cased):
        marks.add("spoken")
    if cased[:1].islower():
        marks.add("small")
    if _OF_MAIL.isdisjoint(marks):
        marks.add("prose")
    found = dict.fromkeys(("f:" + mark for mark in marks), 1.0)
    found["f:length"] = min(len(text), _LENGTHS[-1]) / _LENGTHS[-1]
    for length in _LENGTHS:
        if len(text) < length:
            found[f"f:under:{length}"] = 0.5
    if generic(text):
        found["f:general"] = 1.0
    return found
