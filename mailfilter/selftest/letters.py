"""Ways to hide a number among the characters of a plain text.

From → to: `ways()` yields (name, function from twelve digits to an entity, why it is missed or "").

Sources: threats.md's list is ours; Unicode 15 (digits of scripts, Default_Ignorable_Code_Point,
bidirectional controls), UTS 39 (confusable characters).
"""

import base64
import codecs
from collections.abc import Callable, Iterator, Mapping
from html import escape
from urllib.parse import quote

from mailfilter.selftest.mails import Make, crlf, entity, hyphened, plain, uuencoded

Way = tuple[str, Make, str]
Write = Callable[[str], str]
CODE = "a code that sender and recipient have agreed on; no reader without it can tell"
LOW = "seen, at low confidence: a date and four digits apart are mostly something else"
_ZEROS = {
    "full-width": 0xFF10,
    "mathematical bold": 0x1D7CE,
    "mathematical double-struck": 0x1D7D8,
    "mathematical monospace": 0x1D7F6,
    "segmented (Unicode 13)": 0x1FBF0,
    "Arabic-Indic": 0x0660,
    "Extended Arabic-Indic": 0x06F0,
    "Devanagari": 0x0966,
    "Bengali": 0x09E6,
    "Thai": 0x0E50,
    "Tibetan": 0x0F20,
    "Khmer": 0x17E0,
    "Mongolian": 0x1810,
    "Adlam": 0x1E950,
}
_BETWEEN = {
    "zero-width space": "\u200b",
    "zero-width joiner": "\u200d",
    "zero-width non-joiner": "\u200c",
    "word joiner": "\u2060",
    "byte order mark": "\ufeff",
    "soft hyphen": "\u00ad",
    "combining grapheme joiner": "\u034f",
    "Hangul filler": "\u3164",
    "half-width Hangul filler": "\uffa0",
    "Khmer inherent vowel": "\u17b4",
    "Mongolian vowel separator": "\u180e",
    "variation selector": "\ufe0f",
    "tag letter": "\U000e0061",
    "left-to-right mark": "\u200e",
    "isolate": "\u2068\u2069",
    "control character": "\x01",
    "backspace": "\x08",
    "nought": "\x00",
    "stroke overlay": "\u0336",
    "acute accent": "\u0301",
    "keycap": "\ufe0f\u20e3",
    "enclosing circle": "\u20dd",
    "Braille blank": "\u2800",
    "space": " ",
    "no-break space": "\u00a0",
    "thin space": "\u2009",
    "figure space": "\u2007",
    "narrow no-break space": "\u202f",
    "ideographic space": "\u3000",
    "two spaces": "  ",
    "line end": "\n",
    "full stop": ".",
    "middle dot": "\u00b7",
    "bullet": "\u2022",
    "underscore": "_",
    "hyphen": "-",
    "slash": "/",
    "backslash": "\\",
    "asterisk": "*",
    "vertical bar": "|",
    "comma": ",",
    "comma and space": ", ",
    "tab": "\t",
}
_SEPARATORS = {
    "en dash": "\u2013",
    "em dash": "\u2014",
    "minus sign": "\u2212",
    "figure dash": "\u2012",
    "no-break hyphen": "\u2011",
    "small hyphen-minus": "\ufe63",
    "full-width hyphen": "\uff0d",
    "hyphen bullet": "\u2043",
    "katakana long vowel": "\u30fc",
    "box drawing": "\u2500",
    "soft hyphen": "\u00ad",
    "space": " ",
    "no-break space": "\u00a0",
    "thin space": "\u2009",
    "three spaces": "   ",
    "dot": ".",
    "middle dot": "\u00b7",
    "slash": "/",
    "colon": ":",
    "equals": "=",
    "tilde": "~",
    "brackets": "](",
    "arrow": " -> ",
    "word": " bindestreck ",
    "quoted line end": "-\n> ",
}
_GROUPS = {
    "pairs": (2, 4, 6, 8, 10),
    "year, month and day apart": (4, 6, 8),
    "century apart": (2, 8),
    "threes": (3, 6, 9),
    "fours": (4, 8),
}
_SWEDISH = ["noll", "ett", "två", "tre", "fyra", "fem", "sex", "sju", "åtta", "nio"]
_ENGLISH = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_MORSE = ["-----", ".----", "..---", "...--", "....-", ".....", "-....", "--...", "---..", "----."]
_WHY_GROUPS = {
    "threes": "groups that nobody writes such a number in; article and account numbers look so",
}
digits = "0123456789"
_FONT = (
    ("###", "# #", "# #", "# #", "###"),
    (" # ", "## ", " # ", " # ", "###"),
    ("## ", "  #", " # ", "#  ", "###"),
    ("## ", "  #", " # ", "  #", "## "),
    ("# #", "# #", "###", "  #", "  #"),
    ("###", "#  ", "## ", "  #", "## "),
    (" ##", "#  ", "###", "# #", "###"),
    ("###", "  #", " # ", " # ", " # "),
    ("###", "# #", "###", "# #", "###"),
    ("###", "# #", "###", "  #", "## "),
)
_LONGER = "En text som är så lång att den tar flera rader när den har kodats om."


def ways() -> Iterator[Way]:
    """All ways of this kind."""
    yield "as it is", lambda n: plain(hyphened(n)), ""
    yield "twelve digits", plain, ""
    yield "glued to a word", lambda n: plain(f"Anna{hyphened(n)}och"), ""
    yield "ten digits, hyphen", lambda n: plain(f"{n[2:8]}-{n[8:]}"), ""
    for name, zero in _ZEROS.items():
        yield f"digits: {name}", _text(_shifted(zero)), ""
    for name, between in _BETWEEN.items():
        yield f"between digits: {name}", _text(between.join), ""
    for name, separator in _SEPARATORS.items():
        yield f"before the last four: {name}", _text(_parted(separator)), ""
    for name, separator in {"line end": "\n", "tab": "\t", "line end, blank": " \r\n"}.items():
        yield f"before the last four: {name}, with the word", _called(separator), ""
        yield f"before the last four: {name}, without a word", _text(_parted(separator)), LOW
    for name, cuts in _GROUPS.items():
        yield f"groups: {name}", _text(_cut(cuts)), _WHY_GROUPS.get(name, "")
    for table in (
        _MAPPED,
        _TURNED,
        _SPELLED,
        _CODED,
    ):
        for name, make in table.items():
            yield name, make, ""
    for known in (_SPELLED_MISSED,):
        for name, (make, miss) in known.items():
            yield name, make, miss


def _called(separator: str) -> Make:
    return lambda number: plain(f"personnummer {_parted(separator)(number)}")


def _text(write: Write) -> Make:
    return lambda number: plain(write(number))


def _shifted(zero: int) -> Write:
    return lambda number: "".join(chr(zero + int(digit)) for digit in number)


def _parted(separator: str) -> Write:
    return lambda number: f"{number[:8]}{separator}{number[8:]}"


def _cut(cuts: tuple[int, ...]) -> Write:
    def write(number: str) -> str:
        ends = (*cuts, len(number))
        return " ".join(number[a:b] for a, b in zip((0, *cuts), ends, strict=True))

    return write


def _translated(table: Mapping[str, str]) -> Write:
    signs: dict[str, str | int | None] = dict(table)
    return lambda number: number.translate(str.maketrans(signs))


def _hyphened(table: dict[str, str]) -> Write:
    """With the hyphen, as who cheats with a letter or two writes it."""
    return lambda number: _translated(table)(hyphened(number))


def _in_turn(number: str) -> str:
    zeros = (0xFF10, 0x0660, 0x30, 0x1D7CE)
    return "".join(chr(zeros[n % 4] + int(digit)) for n, digit in enumerate(number))


def _roman(digits: str) -> str:
    left, text = int(digits), ""
    steps = {1000: "M", 900: "CM", 500: "D", 400: "CD", 100: "C", 90: "XC", 50: "L", 40: "XL"}
    for value, sign in {**steps, 10: "X", 9: "IX", 5: "V", 4: "IV", 1: "I"}.items():
        text += sign * (left // value)
        left %= value
    return text


def _drawn(number: str) -> bytes:
    rows = (" ".join(_FONT[int(digit)][row] for digit in number) for row in range(5))
    return plain("\n" + "\n".join(rows) + "\n")


def based(number: str) -> str:
    return base64.b64encode(f"Personnummer: {hyphened(number)}".encode()).decode()


def _words(number: str) -> str:
    return " ".join(_SWEDISH[int(digit)] for digit in number)


def _fours(text: str) -> str:
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def _uu(number: str) -> bytes:
    file = uuencoded("a.txt", f"Personnummer: {number}\n".encode())
    return entity("text/plain; charset=us-ascii", crlf("Hej!\n\n").encode() + file, "7bit")


_MAPPED: dict[str, Make] = {
    "digits: superscript": _text(_translated(dict(zip(digits, "⁰¹²³⁴⁵⁶⁷⁸⁹", strict=True)))),
    "digits: subscript": _text(_translated(dict(zip(digits, "₀₁₂₃₄₅₆₇₈₉", strict=True)))),
    "digits: circled": _text(_translated(dict(zip(digits, "⓪①②③④⑤⑥⑦⑧⑨", strict=True)))),
    "digits: black circled": _text(_translated(dict(zip(digits, "⓿❶❷❸❹❺❻❼❽❾", strict=True)))),
    "digits: with full stop": _text(_translated(dict(zip(digits, "🄀⒈⒉⒊⒋⒌⒍⒎⒏⒐", strict=True)))),
    "digits: circled, of dingbats": _text(
        _translated(dict(zip(digits[1:], "➀➁➂➃➄➅➆➇➈", strict=True)))
    ),
    "digits: in brackets": _text(_translated(dict(zip(digits[1:], "⑴⑵⑶⑷⑸⑹⑺⑻⑼", strict=True)))),
    "digits: with comma": _text(_translated(dict(zip(digits, "🄁🄂🄃🄄🄅🄆🄇🄈🄉🄊", strict=True)))),
    "digits: Roman, one sign each": _text(
        _translated(dict(zip(digits[1:], "ⅠⅡⅢⅣⅤⅥⅦⅧⅨ", strict=True)))
    ),
    "digits: counting rods": _text(
        _translated(dict(zip(digits[1:], "𝍠𝍡𝍢𝍣𝍤𝍥𝍦𝍧𝍨", strict=True)))
    ),
    "digits: of Hangzhou": _text(
        _translated(dict(zip(digits, "〇〡〢〣〤〥〦〧〨〩", strict=True)))
    ),
    "digits: outlined (Unicode 16)": _text(_shifted(0x1CCF0)),
    "letters: six and three of other scripts": _text(_hyphened({"6": "б", "3": "З", "8": "Ȣ"})),
    "digits: two scripts in turn": _text(_in_turn),
    "letters: O for 0": _text(_hyphened({"0": "O"})),
    "letters: l for 1": _text(_hyphened({"1": "l"})),
    "letters: I for 1": _text(_hyphened({"1": "I"})),
    "letters: O and l": _text(_hyphened({"0": "O", "1": "l"})),
    "letters: S for 5": _text(_hyphened({"5": "S"})),
    "letters: B for 8": _text(_hyphened({"8": "B"})),
    "letters: Z for 2": _text(_hyphened({"2": "Z"})),
    "letters: Cyrillic О for 0": _text(_hyphened({"0": "О"})),
    "letters: Greek Ο for 0": _text(_hyphened({"0": "Ο"})),
    "letters: vertical bar for 1": _text(_hyphened({"1": "|"})),
    "digits: tag characters, unseen": _text(_shifted(917552)),
}

_TURNED: dict[str, Make] = {
    "backwards": lambda n: plain(n[::-1]),
    "in two columns": lambda n: plain(
        "\n" + "\n".join(f"{a}   {b}" for a, b in zip(n[:6], n[6:], strict=True)) + "\n"
    ),
    "right to left: override": lambda n: plain(f"\u202e{n[::-1]}\u202c"),
    "right to left: override, isolated": lambda n: plain(f"\u2066\u202e{n[::-1]}\u202c\u2069"),
    "right to left: last four turned": lambda n: plain(f"{n[:8]}-\u202e{n[:7:-1]}\u202c"),
    "one digit a line": lambda n: plain("\n\n".join(n)),
}

_SPELLED: dict[str, Make] = {
    "Roman numerals": _text(lambda n: f"{_roman(n[:4])} {n[4:]}"),
    "Morse": _text(lambda n: " ".join(_MORSE[int(d)] for d in n)),
    "between digits: a letter": _text("x".join),
    "digits: of a script whose four looks like eight": _text(_translated({"8": "৪", "9": "৭"})),
    "digits: Braille": _text(_translated(dict(zip(digits, "⠚⠁⠃⠉⠙⠑⠋⠛⠓⠊", strict=True)))),
    "digits: ideographs": _text(
        _translated(dict(zip(digits, "〇一二三四五六七八九", strict=True)))
    ),
    "words: Swedish": _text(lambda n: " ".join(_SWEDISH[int(d)] for d in n)),
    "words: Swedish, commas": _text(lambda n: ", ".join(_SWEDISH[int(d)] for d in n)),
    "words: English": _text(lambda n: " ".join(_ENGLISH[int(d)] for d in n)),
    "words: last four": _text(
        lambda n: f"{n[:8]}, sista fyra {' '.join(_SWEDISH[int(d)] for d in n[8:])}"
    ),
    "apart: last four after a sentence": _text(lambda n: f"{n[:8]} (sista fyra {n[8:]})"),
    "brackets round each digit": _text(lambda n: "".join(f"[{d}]" for d in n)),
    "quotes round the last four": _text(lambda n: f'{n[:8]}"{n[8:]}"'),
}

_SPELLED_MISSED: dict[str, tuple[Make, str]] = {
    "digits turned by five (ROT5)": (
        _text(lambda n: "".join(str((int(d) + 5) % 10) for d in n)),
        CODE,
    ),
    "keys of a telephone": (
        _text(_translated(dict(zip("23456789", "ADGJMPTW", strict=True)))),
        CODE,
    ),
    "the number plus one": (_text(lambda n: str(int(n) + 1)), CODE),
    "digits drawn of characters": (_drawn, "a picture made of characters has no digits in it"),
}

_CODED: dict[str, Make] = {
    "coded: base85": _text(lambda n: base64.b85encode(n.encode()).decode()),
    "coded: octets": _text(lambda n: " ".join(f"{ord(d):08b}" for d in n)),
    "Morse, with slashes": _text(lambda n: " / ".join(_MORSE[int(d)] for d in n)),
    "coded: ROT13": _text(lambda n: codecs.encode(_words(n), "rot13")),
    "coded: base32": _text(lambda n: base64.b32encode(n.encode()).decode()),
    "coded: binary": _text(lambda n: f"{int(n):b}"),
    "coded: codes of characters, decimal": _text(lambda n: " ".join(str(ord(d)) for d in n)),
    "coded: base64 cut into fours": _text(lambda n: _fours(based(n))),
    "coded: base64 on a line": lambda n: plain(f"följande:\n\n{based(n)}\n\n"),
    "coded: base64 in a sentence": _text(based),
    "coded: base64 without padding": lambda n: plain(f"\n{based(n).rstrip('=')}\n"),
    "coded: base64 of a longer text": lambda n: plain(
        "\n" + base64.encodebytes(f"{_LONGER} {n}\n{_LONGER}".encode()).decode()
    ),
    "coded: base64, alphabet of addresses": _text(
        lambda n: base64.urlsafe_b64encode(f"ÿÿþ {hyphened(n)} ÿÿþ".encode()).decode()
    ),
    "coded: base64 twice": _text(lambda n: base64.b64encode(based(n).encode()).decode()),
    "coded: base64 of UTF-16": _text(
        lambda n: base64.b64encode(f"Personnummer {n}".encode("utf-16-le")).decode()
    ),
    "coded: base64 of the bare number": _text(lambda n: base64.b64encode(n.encode()).decode()),
    "coded: uuencode": _uu,
    "coded: hexadecimal, spaced": _text(lambda n: n.encode().hex(" ")),
    "coded: hexadecimal, together": _text(lambda n: n.encode().hex()),
    "coded: hexadecimal, \\x": _text(lambda n: "".join(f"\\x{ord(d):02x}" for d in n)),
    "coded: percent": _text(lambda n: "".join(f"%{ord(d):02X}" for d in n)),
    "coded: percent twice": _text(lambda n: quote("".join(f"%{ord(d):02X}" for d in n))),
    "coded: quoted-printable in the text": _text(lambda n: "".join(f"={ord(d):02X}" for d in n)),
    "coded: references, decimal": _text(lambda n: "".join(f"&#{ord(d)};" for d in n)),
    "coded: references, hexadecimal": _text(lambda n: "".join(f"&#x{ord(d):x};" for d in n)),
    "coded: \\u escapes": _text(lambda n: "".join(f"\\u{ord(d):04x}" for d in n)),
    "coded: an encoded word in the text": _text(lambda n: f"=?utf-8?B?{based(n)}?="),
    "coded: tags as text": _text(lambda n: escape("<b>").join((n[:6], n[6:]))),
}
