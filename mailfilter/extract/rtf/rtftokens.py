r"""The tokens of Rich Text Format, what its words stand for, and the charsets of its fonts.

From → to: bytes → (kind, text, number) one after the other. Raw bytes behind ``\binN`` come out as
hexadecimal digits, which is how the format writes the same thing otherwise.

Invariants: linear; what is no token is text; a number that a file states is never believed further
than the file goes.

Sources: Rich Text Format Specification 1.9.1: syntax, character sets, font table.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

OPEN, CLOSE, WORD, SIGN, BYTE, TEXT = "open", "close", "word", "sign", "byte", "text"
_TOKEN = re.compile(
    r"\\'([0-9a-fA-F]{2})|\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\(\r?\n|.)|([{}])"
    r"|([^\\{}\r\n]+)|[\r\n]+",
    re.DOTALL,
)
_BINARY = re.compile(rb"\\bin(\d{1,9}) ?")
WORDS = {
    **dict.fromkeys(("par", "line", "sect", "page", "column", "row", "nestrow", "softline"), "\n"),
    **dict.fromkeys(("tab", "cell", "nestcell"), "\t"),
    **dict.fromkeys(("emspace", "enspace", "qmspace"), " "),
    "lquote": "\u2018",
    "rquote": "\u2019",
    "ldblquote": "\u201c",
    "rdblquote": "\u201d",
    "bullet": "\u2022",
    "endash": "\u2013",
    "emdash": "\u2014",
}
SIGNS = {
    "~": "\xa0",
    "_": "-",
    "{": "{",
    "}": "}",
    "\\": "\\",
    "\n": "\n",
    "\r\n": "\n",
    "\t": "\t",
}
PLUMBING = (
    "fonttbl colortbl stylesheet latentstyles rsidtbl themedata colorschememapping datastore "
    "listtable listoverridetable revtbl xmlnstbl filetbl pgptbl panose fname falt fontemb blipuid "
    "objclass objname objalias objsect objtime nonshppict generator mmathPr wgrffmtfilter "
    "passwordhash protusertbl userprotect shpgrp atrfstart atrfend atnref ftnsep ftnsepc "
    "aftnsep aftnsepc ftncn aftncn pnseclvl atndate sn"
)
CHARSETS = {  # of \fcharset
    77: "mac-roman",
    128: "cp932",
    129: "cp949",
    134: "cp936",
    136: "cp950",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
}
_PAGES = {"mac": "mac-roman", "pc": "cp437", "pca": "cp850", "ansi": "cp1252"}

Token = tuple[str, str, int | None]


def tokens(data: bytes) -> Iterator[Token]:
    """All tokens; bytes above ASCII stand as the characters of Latin-1."""
    for byte, word, number, sign, brace, text in _TOKEN.findall(_printable(data)):
        if text:
            yield TEXT, text, None
        elif word:
            yield WORD, word, int(number) if number else None
        elif brace:
            yield (OPEN if brace == "{" else CLOSE), "", None
        elif byte:
            yield BYTE, chr(int(byte, 16)), None
        elif sign:
            yield SIGN, sign, None


def _printable(data: bytes) -> str:
    r"""The file as text; what ``\binN`` announces as digits."""
    pieces, at = [], 0
    while found := _BINARY.search(data, at):
        end = found.end() + int(found[1])
        if end > len(data):  # a lie: there is no such picture, and what follows is text
            end = found.end()
        pieces += [data[at : found.start()], data[found.end() : end].hex().encode()]
        at = end
    return b"".join([*pieces, data[at:]]).decode("latin-1")


@dataclass(slots=True)
class Charsets:
    """The charset of the document, and of each font that has another one."""

    page: str = "cp1252"
    fonts: dict[int, str] = field(default_factory=dict)

    def word(self, word: str, number: int | None) -> None:
        """What the head of the file says of itself."""
        if word in _PAGES:
            self.page = _PAGES[word]
        elif word == "ansicpg" and number:
            self.page = _known("utf-8" if number == 65001 else f"cp{number}")

    def font(self, font: int, charset: int) -> None:
        """A line of the font table."""
        if charset in CHARSETS:
            self.fonts[font] = CHARSETS[charset]

    def decode(self, text: str, font: int) -> str:
        """Bytes that stand as Latin-1 → text."""
        if text.isascii():
            return text
        return text.encode("latin-1").decode(self.fonts.get(font, self.page), "replace")


def _known(page: str) -> str:
    try:
        codecs.lookup(page)
    except LookupError:
        return "cp1252"
    return page
