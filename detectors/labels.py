"""What a word beside a number says about it: labels, as Swedes and their neighbours write them.

From → to: one folded word, or the text before or after a number → `Label`. Swedish compounds are
read by their end: any word in -nummer, -nr or -id that is not about persons labels something else.

Words and their sources: `label_data/labels.txt`.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from itertools import islice

from .lists import read_sections


class Label(Enum):
    """What a label is about."""

    PERSON = auto()  # personnummer, fødselsnummer, ...
    BIRTH = auto()  # född, födelsedatum
    LAST = auto()  # sista fyra, suffix
    HUMAN = auto()  # a word for a person: sökande, elev
    ORGANISATION = auto()  # organisationsnummer, VAT
    PHONE = auto()
    OTHER = auto()  # any other number
    NOUN = auto()  # a thing that is often numbered: order, faktura
    NEUTRAL = auto()  # nummer, nr, id
    FUNCTION = auto()  # small words that may stand between a label and its number


_NUMBER = r"(?:n(?:umme)?r|nummer|nummret|numret|numren|nummern?|no|numbers?|numero)"


_SECTIONS = read_sections("label_data/labels.txt")


def _read_labels() -> str:
    """One pattern of named groups, in the order of `Label`."""
    words = {name: "|".join(entries).replace("{n}", _NUMBER) for name, entries in _SECTIONS.items()}
    return "|".join(f"(?P<{label.name}>{words[label.name.lower()]})" for label in Label)


_CLASSIFY = re.compile(_read_labels())
_QUALIFIERS = frozenset(_SECTIONS["qualifier"])
# "fakturan till 121212-1212": the number is the person's, not the invoice's.
_OWNING = frozenset(
    [
        "för",
        "till",
        "från",
        "av",
        "hos",
        "med",
        "om",
        "gäller",
        "avser",
        "vid",
        "på",
        "for",
        "from",
        "to",
        "of",
    ]
)
_ZEROES = str.maketrans("123456789", "0" * 9)
TOKEN = re.compile(
    r"(?P<number>\d[\d.:/+\-]*)|(?P<word>[^\W\d_]+(?:[.\-/&][^\W\d_]+)*)|(?P<stop>[.!?](?=\s)|\n)"
)

_LETTER = re.compile(r"[^\W\d_]")  # with which each word begins
# What ends a clause: a label before it has had its say. A colon leads on to the number.
_CLAUSE = re.compile(r"[,;()?!]|\s-\s|(?<=\w{5})\.\s")
_CLOSES = re.compile(r"\)|\W*(?:$|\n)")
_ABOUT = frozenset(("gäller", "avser", "rör", "angående", "beträffande"))
_MOST_WORDS = 6  # looked back over for the thing that "nr" behind a comma counts


def classify(word: str) -> Label | None:
    """The label that one folded word is, by the whole of it, or by the last part of several."""
    match = _CLASSIFY.fullmatch(word)
    if match and match.lastgroup:
        return Label[match.lastgroup]
    _, sign, last = word.replace("/", "-").rpartition("-")
    if not sign or not (match := _CLASSIFY.fullmatch(last)) or not match.lastgroup:
        return None
    label = Label[match.lastgroup]
    if label is Label.FUNCTION:
        return None
    return Label.OTHER if label is Label.NEUTRAL else label  # "K-nummer", "Teams-mötes-ID"


@dataclass(frozen=True, slots=True)
class Reading:
    """The nearest label of a number and how sure it is that it belongs to it."""

    label: Label | None
    near: bool
    adjacent: bool = False  # nothing but small words between
    apart: bool = False  # in another clause, or what follows it owns the number


NOTHING = Reading(None, near=False)


def read_before(before: str, shape: str, wanted: frozenset[Label] | None = None) -> Reading:
    """The label that governs a number, from the text before it; `shape` is the number with 0 for
    each digit: an earlier number of the same shape shares its label ("art.nr A men fick B")."""
    if not _LETTER.search(before):  # as in a table of numbers
        return NOTHING
    tokens = list(TOKEN.finditer(before))[-24:]
    words = 0  # content words passed since the number
    crossed = shared = owned = False
    led = before.rstrip()[-1:] == ":"  # "Kortnr på kopiatorn: 930414-2384"
    at = len(tokens) - 1
    while at >= 0:
        token = tokens[at]
        at -= 1
        if stop := token["stop"]:
            crossed = crossed or stop == "\n" or not _is_short(tokens, at)
        elif number := token["number"]:
            if number.rstrip(".:/+-").translate(_ZEROES) == shape:
                shared, words = True, 0
            else:
                at = _skip_label(tokens, at)
                words += 1
        else:
            label = classify(token["word"])
            if label is Label.NEUTRAL and (token["word"][0] == "n" or token["word"] == "id"):
                label = _qualified(before, tokens, at)
            if label is Label.NOUN and (words > 0 or owned or (crossed and not shared)):
                label = None
            owned = owned or token["word"] in _OWNING
            if label not in (None, Label.FUNCTION) and (wanted is None or label in wanted):
                near = not crossed and words <= 2
                apart = (owned and words > 0 and not crossed and not led) or _CLAUSE.search(
                    before, token.end()
                ) is not None
                return Reading(label, near, not crossed and words == 0, apart)
            words += label is None
    return NOTHING


def _is_short(tokens: list[re.Match[str]], at: int) -> bool:
    """Whether a full stop ends an abbreviation, such as "kt.", and no sentence."""
    word = tokens[at]["word"] if at >= 0 else None
    return word is not None and len(word) <= 4


def _skip_label(tokens: list[re.Match[str]], at: int) -> int:
    """Past the label that an earlier, other number has used up ("Diarienummer: SN 2025-0142")."""
    for _ in range(4):
        word = tokens[at]["word"] if at >= 0 else None
        label = classify(word) if word else None
        if not word or label is Label.HUMAN or (label is None and len(word) > 4):
            return at
        at -= 1
        if label not in (None, Label.FUNCTION, Label.NEUTRAL) and len(word) > 4:
            return at
    return at


def _qualified(text: str, tokens: list[re.Match[str]], at: int) -> Label:
    """What "nr", "nummer" or "id" means after the word before it."""
    word = tokens[at]["word"] if at >= 0 else None
    if not word:
        return Label.NEUTRAL
    if text[tokens[at].end() : tokens[at + 1].start()].strip(" -_."):
        return _counted(tokens, at)
    if word in _QUALIFIERS:
        return Label.PERSON
    label = classify(word)
    if tokens[at + 1]["word"].startswith(("numr", "nummr")) and label is None:
        return Label.NEUTRAL
    if label in (Label.PERSON, Label.ORGANISATION, Label.PHONE, Label.OTHER):
        return label
    if label is Label.FUNCTION and at > 0:
        return _counted(tokens, at - 1)  # "ditt ärende med nummer 930414-2384"
    return (
        Label.NEUTRAL
        if label in (Label.FUNCTION, Label.HUMAN, Label.NEUTRAL, Label.BIRTH)
        else Label.OTHER
    )


def _counted(tokens: list[re.Match[str]], at: int) -> Label:
    """What "nr" counts that begins a clause: a thing named before, if it has no number yet."""
    for back in range(at, max(at - _MOST_WORDS, -1), -1):
        word = tokens[back]["word"]
        label = classify(word) if word else None
        if not word or label is Label.HUMAN or word in _ABOUT:
            break
        if label in (Label.NOUN, Label.OTHER):
            return Label.OTHER
    return Label.NEUTRAL


def read_after(after: str) -> Reading:
    """A label behind a number on its line, unless it belongs to a number of its own."""
    words = 0
    tokens = list(islice(TOKEN.finditer(after), 6))
    for at, token in enumerate(tokens):
        if token["stop"] or token["number"]:
            break
        label = classify(token["word"])
        if label in (Label.PERSON, Label.OTHER, Label.ORGANISATION, Label.PHONE):
            following = tokens[at + 1] if at + 1 < len(tokens) else None
            owns = following is not None and following["number"]
            far = words > (1 if label is Label.PERSON else 0)  # "1234 behöver ett nytt kort-id"
            apart = far or (
                _CLAUSE.search(after[: token.start()]) is not None
                and not _CLOSES.match(after, token.end())
            )
            return NOTHING if owns else Reading(label, near=not far, apart=apart)
        words += label is None
    return NOTHING


def read_heading(cell: str) -> Label | None:
    """What a column holds, by its heading."""
    labels = [
        label for word in TOKEN.finditer(cell) if word["word"] and (label := classify(word["word"]))
    ]
    for label in Label:
        if label in labels:
            return label
    return None
