"""Evidence: what speaks for and against a number, and how much.

From → to: base confidence of a spelling and a set of codes → confidence 1 to 99. The weights are
judgements, checked against labelled mail; the base is how rarely harmless numbers take that form
(0.36 % of random ten-digit numbers are a valid personnummer, 2.7 % of 070 numbers, 10 % of clock
times).
"""

from collections.abc import Iterable
from enum import StrEnum


class Code(StrEnum):
    """Codes of evidence; `TEXTS` says them in Swedish."""

    CHECKSUM = "checksum"
    CENTURY = "century"
    SEPARATOR = "separator"
    SPACED = "spaced"
    SPLIT = "split"
    LOOKALIKE = "lookalike"
    KEYWORD = "keyword"
    KEYWORD_FAR = "keyword-far"
    THREAD = "thread"
    COLUMN = "column"
    BIRTH = "birth"
    HUMAN = "human"
    NAME = "name"
    NAME_LIKELY = "name-likely"
    NUMBER_WORD = "number-word"
    SEVERAL = "several"
    LANGUAGE = "language"
    ACCOUNT = "account"
    HEALTH = "health"
    VAT = "vat"
    PHONE = "phone"
    PHONE_LABEL = "phone-label"
    TIMESTAMP = "timestamp"
    CLOCK = "clock"
    ORGANISATION = "orgnr"
    REFERENCE = "reference"
    REFERENCE_FAR = "reference-far"
    OTHER_COLUMN = "other-column"
    SERIES = "series"
    SERIAL = "serial"
    LOG = "log"
    AMOUNT = "amount"
    NUMBERS = "numbers"
    PHONE_LIKE = "phone-like"
    EMBEDDED = "embedded"


WEIGHTS = {
    Code.KEYWORD: 36,
    Code.KEYWORD_FAR: 9,
    Code.THREAD: 6,
    Code.COLUMN: 36,
    Code.BIRTH: 18,
    Code.HUMAN: 10,
    Code.NAME: 10,
    Code.NAME_LIKELY: 6,
    Code.NUMBER_WORD: 5,
    Code.SEVERAL: 14,
    Code.LANGUAGE: 10,
    Code.ACCOUNT: 10,
    Code.HEALTH: 8,
    Code.PHONE: -35,
    Code.PHONE_LABEL: -30,
    Code.TIMESTAMP: -34,
    Code.CLOCK: -8,
    Code.ORGANISATION: -12,
    Code.REFERENCE: -45,
    Code.REFERENCE_FAR: -22,
    Code.OTHER_COLUMN: -45,
    Code.SERIES: -32,
    Code.SERIAL: -18,
    Code.LOG: -10,
    Code.AMOUNT: -35,
    Code.NUMBERS: -8,
    Code.PHONE_LIKE: -4,
    Code.EMBEDDED: -28,
}

TEXTS: dict[str, str] = {
    Code.CHECKSUM: "kontrollsiffran stämmer",
    Code.CENTURY: "skrivet med sekel",
    Code.SEPARATOR: "skrivet med bindestreck eller plustecken",
    Code.SPACED: "siffrorna skrivna i grupper eller med mellanrum",
    Code.SPLIT: "delat över rader, celler eller meningar",
    Code.LOOKALIKE: "bokstäver i stället för siffror",
    Code.KEYWORD: "ett ord för personnummer står intill",
    Code.KEYWORD_FAR: "ett ord för personnummer står i närheten",
    Code.THREAD: "personnummer nämns i meddelandet",
    Code.COLUMN: "kolumnens rubrik är personnummer eller liknande",
    Code.BIRTH: "ett ord om födelse står intill",
    Code.HUMAN: "ett ord för en person står intill",
    Code.NAME: "ett personnamn står intill",
    Code.NAME_LIKELY: "troligen ett personnamn intill",
    Code.NUMBER_WORD: "ordet nummer eller id står intill",
    Code.SEVERAL: "flera giltiga nummer skrivna på samma sätt",
    Code.LANGUAGE: "texten är på landets språk, eller ordet intill är det",
    Code.ACCOUNT: "personkonto, vars nummer är ägarens personnummer",
    Code.HEALTH: "uppgifter om hälsa i samma meddelande",
    Code.VAT: "momsregistreringsnummer för enskild firma",
    Code.PHONE: "ser ut som ett telefonnummer",
    Code.PHONE_LABEL: "ett ord för telefon står intill",
    Code.TIMESTAMP: "ser ut som datum och klockslag",
    Code.CLOCK: "slutet kan vara ett klockslag",
    Code.ORGANISATION: "kallas organisationsnummer; en enskild firmas är ägarens personnummer",
    Code.REFERENCE: "kallas något annat än personnummer",
    Code.REFERENCE_FAR: "något annat slags nummer nämns i närheten",
    Code.OTHER_COLUMN: "kolumnens rubrik är något annat än personnummer",
    Code.SERIES: "står i en serie där de flesta inte är giltiga",
    Code.SERIAL: "löpnumret är lågt, som i ett diarium",
    Code.LOG: "står i en logg",
    Code.NUMBERS: "står bland andra tal",
    Code.PHONE_LIKE: "kan vara ett telefonnummer i fasta nätet",
    Code.AMOUNT: "ser ut som ett belopp",
    Code.EMBEDDED: "del av en längre beteckning",
}


def weigh(base: int, codes: Iterable[Code]) -> int:
    """The confidence of a number, 1 to 99."""
    return min(max(base + sum(WEIGHTS.get(code, 0) for code in codes), 1), 99)
