"""The day of a quoted mail, from the lines that begin the quotation.

From → to: text and where its quoted history begins → a step that says the day and the month, or
none. "Den 3 mars 2026 kl. 10:15 skrev Anna:", "On Tue, Mar 3, 2026 at 10:15 AM Anna wrote:",
"Skickat: den 3 mars 2026 10:15", "Sent: Tuesday, March 3, 2026", "Datum: 2026-03-03".

Invariants: pure; looks at `LINES` lines and `REACH` characters; a day that no month has is none.
Sources: Outlook, Apple Mail, Gmail and Thunderbird in Swedish, Norwegian, Danish, Finnish,
German and English; GroupWise (">>> Anna 2026-03-03 10:15 >>>").
Known gap: 03/04/2026 is two days, one here and one in America, and so none.
"""

import re

from mailfilter.place import MONTH, Step, StepKind

LINES, REACH = 6, 600
_INTRODUCES = re.compile(
    r"^[>\s]{0,8}[*_]{0,2}(?:Skickat(?:\sden)?|Datum|Sent|Date|Sendt|Dato|Lähetetty|Päivämäärä"
    r"|Gesendet)\s?:|(?:^|\s)(?:skrev|wrote|kirjoitti|schrieb|a\sécrit)\b|^>>>.*>>>\s*$",
    re.IGNORECASE,
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan tam", "feb hel", "mar mär maa", "apr huh", "maj may mai tou", "jun kes", "jul hei",
         "aug elo", "sep syy", "okt oct lok", "nov", "dec des dez jou"), 1)
    for name in names.split()
}  # fmt: skip
_WORDS = r"([a-zäöûéè]{3,12})\.?"
_DATES = (
    (re.compile(r"(?<!\d)20\d\d-(\d\d)-(\d\d)(?!\d)"), 1, 2),
    (re.compile(r"(?<![\d.])(\d{1,2})\.(\d{1,2})\.(?:20)?\d\d(?!\d)"), 2, 1),
    (re.compile(rf"(?<![\d:.])(\d{{1,2}})\.?\s{_WORDS}(?![a-z])"), 2, 1),
    (re.compile(rf"(?<![a-z]){_WORDS}\s(\d{{1,2}})(?:st|nd|rd|th)?,?\s20\d\d"), 1, 2),
)


def dated(text: str, start: int) -> tuple[Step, ...]:
    """The step of the day on which the mail was written that `text` quotes from `start` on."""
    lines = text[start : start + REACH].split("\n")[:LINES]
    for number, line in enumerate(lines):
        if _INTRODUCES.search(line):  # Gmail breaks "Den ... skrev" over two lines
            return _step(line) or (_step(lines[0]) if number == 1 else ())
    return ()


def _step(line: str) -> tuple[Step, ...]:
    lower = line.lower()
    for pattern, month, day in _DATES:
        for found in pattern.finditer(lower):
            n = _number(found[month]) * MONTH + int(found[day])
            if n // MONTH in range(1, 13) and n % MONTH in range(1, 32):
                return (Step(StepKind.QUOTED, n),)
    return ()


def _number(month: str) -> int:
    if month.startswith("marras"):  # Finnish for November
        return 11
    return int(month) if month.isdigit() else _MONTHS.get(month[:3], 0)
