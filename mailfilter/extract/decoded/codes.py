"""Codes of digits that speak for themselves: Morse, Braille, binary, codes of characters, base32.

From → to: ``readings(Afar(content))`` → further texts, each a stretch of `content` decoded. These
codes have signs of their own, so that ten digits in a row of them are no accident; a code that
looks like an ordinary number (each digit plus one, the number backwards) is none of them.

Invariants: linear, never raises; each has a gate, and at most `MOST` of each are looked at.
Sources: ITU-R M.1677 (Morse), Unicode names of Braille patterns, RFC 4648.
"""

import base64
import binascii
import codecs
import re
from collections.abc import Callable, Iterator
from itertools import islice, pairwise

from mailfilter.extract.kit.prefilter import Afar

MOST = 100
_IDEOGRAPHS = str.maketrans("〇零一二三四五六七八九壹貳參肆伍陸柒捌玖", "00123456789123456789")
_BRAILLE = str.maketrans("⠚⠁⠃⠉⠙⠑⠋⠛⠓⠊", "0123456789", "⠼ ")
_LOOKS = str.maketrans("৪੪৭੧", "8899")  # digits of other scripts that look like ours
_SIGNS = str.maketrans("·•−–_", "..---")
_MORSE = {
    "-----": "0", ".----": "1", "..---": "2", "...--": "3", "....-": "4", ".....": "5",
    "-....": "6", "--...": "7", "---..": "8", "----.": "9",
}  # fmt: skip
_ROMAN = {"M": 1000, "D": 500, "C": 100, "L": 50, "X": 10, "V": 5, "I": 1}
_TURNED_WORD = "abyy|rgg|giå|ger|slen|srz|frk|fwh|åggn|avb"  # the digits in Swedish by ROT13


def _morse(run: str) -> str:
    return "".join(_MORSE.get(sign, "") for sign in re.findall(r"[.-]{5}", run.translate(_SIGNS)))


def _codes(run: str) -> str:
    return "".join(chr(int(code)) for code in re.findall(r"\d\d", run))


def _octets(run: str) -> str:
    return "".join(chr(int(octet, 2)) for octet in re.findall(r"[01]{8}", run))


def _base32(run: str) -> str:
    whole = run.rstrip("=")
    return _bytes(base64.b32decode, whole + "=" * (-len(whole) % 8))


def _bytes(decode: Callable[[str], bytes], run: str) -> str:
    try:
        return decode(run).decode("latin-1")
    except (ValueError, binascii.Error):
        return ""


def _chopped(run: str) -> str:
    """base64 in pieces of four."""
    whole = run.replace(" ", "").rstrip("=")
    text = _bytes(base64.b64decode, whole + "=" * (-len(whole) % 4))
    return re.sub(r"[^ -~\n]", " ", text)  # what the next word of the sentence adds


def _base85(run: str) -> str:
    return _bytes(base64.b85decode, run)


def _roman(run: str) -> str:
    """A year in Roman numerals and the digits behind it."""
    numeral, rest = re.match(r"([A-Z]+)(.*)", run, re.DOTALL).groups()  # type: ignore[union-attr]
    values = [_ROMAN[sign] for sign in numeral]
    year = sum(-a if a < b else a for a, b in pairwise([*values, 0]))
    return f"{year}{rest.strip()}"


def _backwards(run: str) -> str:
    return run[::-1]


def _downwards(run: str) -> str:
    """Digits in rows, read down each column."""
    rows = [re.findall(r"\d", line) for line in run.strip().split("\n")]
    if len({*map(len, rows)}) > 1 or not 10 <= len(rows) * len(rows[0]) <= 13:
        return ""
    return "".join("".join(column) for column in zip(*rows, strict=True))


# What a text looks like from afar: digits, letters, blanks, all else. It is made by one table
# look-up and tells in a search whether an expression is worth its time.
_FAR = bytes(
    0x31 if 0x30 <= byte <= 0x39 else 0x61 if chr(byte).isascii() and chr(byte).isalpha()
    else 0x20 if byte in b" \t|" else byte if byte == 0x0A else 0x2E
    for byte in range(256)
)  # fmt: skip
_NUMERALS = "〇零一二三四五六七八九壹貳參肆伍陸柒捌玖"
_LONGEST = 200  # characters of a code, and more
_STEP = 50  # after a sign the next one within so many is in the same stretch anyhow
_Gate = tuple[str | bytes, ...]
_Way = tuple[re.Pattern[str], Callable[[str], str]]
_Ways = tuple[tuple[_Gate, tuple[_Way, ...]], ...]
# One of these in the text (bytes: from afar), then what to look for, each with its decoder.
_DIGITAL: _Ways = (  # ways that have eight digits in a row, or nearly so
    (
        ("MDCCC", "MCM", "MM"),
        (
            (
                re.compile(r"(?<!\w)M(?:DCCC|CM|M)[CLXVI]{0,8}[ -]?\d{4}[ -]?\d{4}(?!\d)"),
                _roman,
            ),
        ),
    ),
    (
        (b"11111111",),
        (
            (  # so few of all numbers are one backwards that it is no accident
                re.compile(r"(?<![\d.,-])\d{4}[-+ ]?\d{6}(?:81|91|02)(?![\d.,-])"),
                _backwards,
            ),
            (re.compile(r"0011[01]{4}(?:[ ,]?001[01]{5}){9,12}"), _octets),
            (  # years of 1900 and 2000 begin with 1011 or 1100
                re.compile(r"(?<![\w.])1(?:011|100)[01]{30,40}(?![\w.])"),
                lambda run: str(int(run, 2)),
            ),
        ),
    ),
    (
        (b"11 11 11 11", b"11.11.11.11", b"11. 11. 11. 1"),
        (
            (
                re.compile(r"(?<!\d)(?:49|50)(?:[ ,;]{1,2}(?:4[589]|5[0-7])){9,12}(?!\d)"),
                _codes,
            ),
        ),
    ),
)
_SIGNED: _Ways = (
    (
        (".-", "-.", "·", "−"),
        ((re.compile(r"[.\-·•−–_]{5}(?:[ /|]{1,3}[.\-·•−–_]{5}){9,12}"), _morse),),
    ),
    (  # twelve digits are fifteen characters, which begin so
        ("F*", "GB7"),
        ((re.compile(r"(?<!\S)(?:F\*|GB7)[!-~]{12,13}(?!\S)"), _base85),),
    ),
    (
        ("GE", "GI"),
        ((re.compile(r"G[EI][A-Z2-7]{14,80}={0,6}(?![A-Za-z0-9])"), _base32),),
    ),
    (
        ("rgg", "abyy"),
        (
            (
                re.compile(rf"(?:(?:{_TURNED_WORD})[ ,]{{1,2}}){{9,11}}(?:{_TURNED_WORD})"),
                lambda run: codecs.encode(run, "rot13"),
            ),
        ),
    ),
)
_WIDE: _Ways = (
    (
        ("⠁", "⠃", "⠊"),
        ((re.compile(r"[⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠼ ]{10,40}"), lambda run: run.translate(_BRAILLE)),),
    ),
    (
        ("一", "二", "壹"),
        ((re.compile(rf"[{_NUMERALS}]{{10,14}}"), lambda run: run.translate(_IDEOGRAPHS)),),
    ),
    (
        ("৪", "੪", "৭", "੧"),
        (
            (
                re.compile(r"[\d৪੪৭੧]{6,8}[-+ ]?[\d৪੪৭੧]{4,}"),
                lambda run: run.translate(_LOOKS),
            ),
        ),
    ),
)
_LETTERED = re.compile(r"(?<!\w)\d([A-Za-z])\d(?:\1\d){8,10}(?!\w)")
_PIECES = re.compile(r"(?<!\S)(?:[A-Za-z0-9+/]{4} ){5,40}[A-Za-z0-9+/]{1,4}={0,2}(?!\S)")
_ROWS = re.compile(r"(?m)^(?:\d(?:[ \t|]{1,4}\d){1,11}[ \t|]{0,4}\r?(?:\n|\Z)){2,6}")


def readings(text: Afar) -> Iterator[str]:
    """What the codes in a text say."""
    digits = text.has_digits()
    ways = _DIGITAL if digits else ()
    if text.speaks or text.wide or b"\xb7" in text.raw:
        ways += _SIGNED
    if text.wide:
        ways += _WIDE
    if ways:
        far = text.raw.translate(_FAR)
        for gate, here in ways:
            yield from _decoded(here, text.content, [*_windows(gate, text.content, far)])
        if digits:
            yield from _shaped(text.content, far)
    pieces = (run[0] for low, high in text.fours()
              for run in _PIECES.finditer(text.content, low, high))  # fmt: skip
    yield from map(_chopped, islice(pieces, MOST))


def _decoded(ways: tuple[_Way, ...], content: str, windows: list[tuple[int, int]]) -> Iterator[str]:
    if windows:
        for expression, decode in ways:
            runs = (found[0] for low, high in windows
                    for found in expression.finditer(content, low, high))  # fmt: skip
            yield from filter(None, map(decode, islice(runs, MOST)))


def _windows(gate: _Gate, content: str, far: bytes) -> Iterator[tuple[int, int]]:
    """Stretches around the signs of a gate, which overlap nowhere: only there a code may be.

    An expression takes 1 ms for 50 KiB, and a date in a letter opens three gates.
    """
    for sign in gate:
        at = _find(sign, content, far, 0)
        low = high = -1
        while at >= 0:
            if at - _LONGEST > high:
                if high >= 0:
                    yield low, high
                low = max(at - _LONGEST, 0)
            high = at + _LONGEST
            at = _find(sign, content, far, at + _STEP)
        if high >= 0:
            yield low, high


def _find(sign: str | bytes, content: str, far: bytes, start: int) -> int:
    return far.find(sign, start) if isinstance(sign, bytes) else content.find(sign, start)


def _shaped(content: str, far: bytes) -> Iterator[str]:
    """Codes that only their shape gives away: letters between digits, columns."""
    if b"1a1a1a1a1a" in far:
        for found in islice(_LETTERED.finditer(content), MOST):
            yield re.sub(r"\D", "", found[0])
    if b"\n1 " in far or far[:2] == b"1 ":
        yield from map(_downwards, islice((row[0] for row in _ROWS.finditer(content)), MOST))
