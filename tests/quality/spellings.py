"""Spellings: twenty ways to write a number, and sentences to put it in.

From → to: twelve digits → text. Part of the benchmark; CC0.
"""

from collections.abc import Callable
from itertools import cycle

Spell = Callable[[str], str]


def _parted(sign: str) -> Spell:
    return lambda twelve: f"{twelve[2:8]}{sign}{twelve[8:]}"


def _shifted(zero: int) -> Spell:
    """The digits of another script, whose zero has this code point."""
    return lambda twelve: "".join(
        chr(zero + int(c)) if c.isdigit() else c for c in f"{twelve[2:8]}-{twelve[8:]}"
    )


def _between(mark: str) -> Spell:
    return lambda twelve: mark.join(f"{twelve[2:8]}-{twelve[8:]}")


def _letters(twelve: str) -> str:
    """O for one 0 and l for one 1, where the rest is digits."""
    text = f"{twelve[2:8]}-{twelve[8:]}"
    for digit, letter in (("0", "O"), ("1", "l")):
        text = text.replace(digit, letter, 1)
    return text


SPELLINGS: dict[str, Spell] = {
    "ten digits": lambda twelve: twelve[2:],
    "twelve digits": lambda twelve: twelve,
    "hyphen": _parted("-"),
    "century and hyphen": lambda twelve: f"{twelve[:8]}-{twelve[8:]}",
    "plus": _parted("+"),
    "en dash": _parted("\u2013"),
    "minus": _parted("\u2212"),
    "space": _parted(" "),
    "no-break space": _parted("\xa0"),
    "thin space": _parted("\u2009"),
    "dot": _parted("."),
    "hyphen between spaces": _parted(" - "),
    "full-width digits": _shifted(0xFF10),
    "Arabic digits": _shifted(0x0660),
    "zero-width spaces": _between("\u200b"),
    "soft hyphens": _between("\xad"),
    "combining marks": _between("\u0336"),
    "O and l": _letters,
    "broken at the hyphen": _parted("-\n"),
    "century in a cell of its own": lambda twelve: f"{twelve[:2]}\t{twelve[2:8]}-{twelve[8:]}",
    "last four in a cell of their own": lambda twelve: f"{twelve[:8]}\t{twelve[8:]}",
    "pairs": lambda twelve: " ".join(twelve[at : at + 2] for at in range(2, 12, 2)),
}
OPEN = (  # can stand without a keyword: twelve digits, or a separator
    "twelve digits",
    "hyphen",
    "century and hyphen",
    "plus",
    "en dash",
    "minus",
    "full-width digits",
    "zero-width spaces",
    "hyphen between spaces",
)
WITH_KEYWORD = (
    "Hej! Personnummer: {} enligt vår överenskommelse.",
    "Kan du lägga in pnr {} i systemet?",
    "Eleven har personnr {} och börjar i augusti.",
    "Här kommer p.nr {}, återkom vid frågor.",
    "Se persnr {} i akten.",
    "{} är hennes personnummer.",
    "Ange personbeteckning {} på blanketten.",
    "Vi har registrerat samordningsnr {} på sökanden.",
    "Sökande född {} har inkommit med ansökan.",
    "My Swedish personal identity number is {} if you need it.",
)
WITHOUT = (
    "Hej! {} behöver en tid nästa vecka.",
    "Återkommer om {} senast på fredag.",
    "Vi väntar fortfarande på besked om {}.",
    "Det gäller {}, som vi talade om i går.",
    "{}",
    "Ny uppgift: {} ska flyttas till en annan grupp.",
)


def in_sentences(numbers: list[str], names: tuple[str, ...], templates: tuple[str, ...]):
    """(spelling, text) for every number in each of these spellings; the sentences take turns."""
    turns = cycle(templates)
    for name in names:
        spell = SPELLINGS[name]
        for number in numbers:
            yield name, next(turns).format(spell(number))
