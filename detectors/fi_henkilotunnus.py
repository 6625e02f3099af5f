"""Finnish henkilötunnus: DDMMYY, century sign, NNN, check character (``131052-308T``).

Century signs: ``+`` 1800; ``-`` and, since 2023, Y X W V U 1900; ``A`` and B C D E F 2000. The
check character is the nine digits modulo 31. Individual numbers 002–899, 900–999 temporary, test.
Source: Digi- ja väestötietovirasto; python-stdnum `fi.hetu` is the oracle in the tests.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from .context import Page
from .contract import Match, Sign, Source
from .evidence import TEXTS, Code
from .foreign import is_date, is_finnish, matched
from .search.candidates import Candidate, Shape

KINDS: tuple[str, ...] = ("fi.henkilotunnus",)
EVIDENCE = TEXTS
PERSONAL = True
STARS = "******-****"
NEEDS = Sign.NUMBER
_CHECK = "0123456789abcdefhjklmnprstuvwxy"
_CENTURIES = {"+": 1800, "-": 1900} | dict.fromkeys("yxwvu", 1900) | dict.fromkeys("abcdef", 2000)
# Ten digits with a hyphen are a Swedish number one time in thirty, so Finnish text decides there.
_BASE = {Shape.LETTER: 72, Shape.HYPHEN: 48, Shape.PLUS: 48}
_WRITTEN_WITH_SIGN = frozenset((Shape.HYPHEN, Shape.PLUS, Shape.GROUPED, Shape.SINGLES, Shape.DOTS))


def find(sources: Sequence[Source], today: date) -> Iterator[Match]:
    """All matches, overlapping ones included."""
    finnish = None
    for index, source in enumerate(sources):
        if not source.numbers:
            continue
        page = Page(source, today)
        for candidate in source.numbers:
            number = _number(source.folded.text, candidate, today)
            if number is None or (codes := page.look(candidate, None)) is None:
                continue
            finnish = is_finnish(sources) if finnish is None else finnish
            codes = [code for code in codes if code not in (Code.SERIAL, Code.EMBEDDED)]
            codes += [Code.LANGUAGE] if finnish else []
            value_mask = f"fi:{number}", f"{number[:7]}****".upper()
            base = _BASE.get(candidate.shape, 36)
            yield matched(page, index, candidate, KINDS[0], base, codes, value_mask)


def _number(text: str, candidate: Candidate, today: date) -> str | None:
    """The number as DDMMYY + sign + NNNK, if it is one."""
    if candidate.shape is Shape.LETTER:
        raw = candidate.digits
        sign = raw[6] if raw[6].isalpha() and len(raw) == 11 else None
        sign = sign or ("+" if "+" in text[candidate.start : candidate.end] else "-")
        digits, check = raw[:6] + raw[-4:-1], raw[-1]
    elif candidate.shape in _WRITTEN_WITH_SIGN and len(candidate.digits) == 10:
        sign = "+" if "+" in text[candidate.start : candidate.end] else "-"
        digits, check = candidate.digits[:9], candidate.digits[9]
    else:
        return None
    if not digits.isdigit() or digits[6:] in ("000", "001") or _CHECK[int(digits) % 31] != check:
        return None
    year = _CENTURIES.get(sign, 0) + int(digits[4:6])
    valid = is_date(year, int(digits[2:4]), int(digits[:2]), today)
    return f"{digits[:6]}{sign}{digits[6:]}{check}" if valid else None
