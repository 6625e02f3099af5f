"""A page of plain markup as a reader sees it, without building its tree.

From → to: `Page` → its text, or None where only the tree tells. Most mails are paragraphs,
divisions and a few inline tags, each closed where it should be. Of such a page a browser makes the
very tree that stands in the source, and what `hypertext` does with the tree comes to cutting out
tags.

What must hold: known elements only, closed in order, no block in a paragraph or heading, nothing
but blanks outside the body; attributes that neither hide nor say anything; common references.
Anything else is read by way of the tree.

Invariants: linear; where it answers, it answers as the tree does (`tests/extract/test_flat.py`
compares both on thousands of pages). Source: HTML living standard, tree construction.
"""

import re

from mailfilter.extract.html import generated_digits, hidden_html
from mailfilter.extract.kit.prefilter import Page
from mailfilter.extract.kit.references import unescape

DEPTH = 1000  # nested elements; measured: 13,000 nested div take 150 ms, growing by the square
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"<>")
_INLINE = [
    "b",
    "i",
    "u",
    "s",
    "em",
    "strong",
    "small",
    "big",
    "span",
    "font",
    "sub",
    "sup",
    "code",
    "tt",
    "var",
    "cite",
    "o:p",
]
_FULL = ["p", "h1", "h2", "h3", "h4", "h5", "h6"]  # hold nothing but inline elements
_WIDE = ["div", "blockquote", "center", "address", "section", "article"]
_FRAME = ["html", "head", "body"]
_NAMES = (*_INLINE, *_FULL, *_WIDE)
_OPEN = {name: chr(0x100 + 2 * n) for n, name in enumerate(_NAMES)}
_CLOSE = {name: chr(0x101 + 2 * n) for n, name in enumerate(_NAMES)}
_RULE = "-"
# Each tag: a sign, from which the nesting is told, and what a reader sees of it.
_TAGS = {
    **{name: (_OPEN[name], "" if name in _INLINE else "\n") for name in _NAMES},
    **{f"/{name}": (_CLOSE[name], "" if name in _INLINE else "\n") for name in _NAMES},
    **{name: (str(n), "") for n, name in enumerate(_FRAME)},
    **{f"/{name}": (str(n), "") for n, name in enumerate(_FRAME, 3)},
    **{f"br{end}": ("", "\n") for end in ("", "/", " /")},
    **{f"hr{end}": (_RULE, "\n") for end in ("", "/", " /")},
    "!DOCTYPE html": ("!", ""),
    "!doctype html": ("!", ""),
}
_OPENING = re.compile(
    r"([a-z][a-z0-9:]*+)(?: [a-zA-Z][a-zA-Z0-9:-]*+=(?:\"[^\"&]*+\"|[^\s\"'=`&/]++))++(?: ?/)?"
)
_FRAMED = re.compile(r"((?:!?0(?:14)?2|!?2|!)?)([^!0-9]*+)((?:53?)?)")
_PAIRS = {_OPEN[name]: _OPEN[name] + _CLOSE[name] for name in _NAMES}
_FULL_SIGNS = {_OPEN[name] for name in _FULL}
_WIDE_SIGNS = {_OPEN[name] for name in _WIDE}
_BLOCKS = _FULL_SIGNS | _WIDE_SIGNS
_REFERENCE = re.compile(
    r"&(?!(?:nbsp|amp|lt|gt|quot|#1[6-9][0-9]|#[2-9][0-9][0-9]|#[1-9][0-9]{3}"
    r"|[aeiouAEIOU](?:uml|acute|grave|circ)|[aA]ring|ndash|mdash|hellip|euro|copy|reg|deg|sect"
    r"|middot|bull|[lr][sd]quo|laquo|raquo);| )"
)
_HIDING = (
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all|"
    r"font-size\s*:\s*0*(?:\.0+)?0(?:px|pt|em|%)?\s*(?:[;!]|{end})|"
    r"opacity\s*:\s*0(?:\.0+)?\s*(?:[;!]|{end})"
)
HIDING = re.compile(_HIDING.replace("{end}", "$"), re.IGNORECASE)  # in a style
_HIDING_TAG = re.compile(_HIDING.replace("{end}", r"[\"<\s]|$"), re.IGNORECASE)
MAY_HIDE = (b"display", b"visibility", b"mso-hide", b"font-size", b"opacity", b"hidden")
WRITTEN = (
    "alt", "title", "value", "content", "href", "placeholder", "aria-label", "summary", "srcdoc",
)  # fmt: skip
_SAYING = (*WRITTEN, "hidden", "bdo", "bidi-override", *generated_digits.TELLING, r"(?<!b)order:")
_SAYS = re.compile("|".join(_SAYING), re.IGNORECASE)
_DOUBTFUL = re.compile("|".join(hidden_html.WORDS), re.IGNORECASE)
_MAY_HIDE = re.compile("|".join(word.decode() for word in MAY_HIDE), re.IGNORECASE)


def flat(page: Page) -> str | None:
    """The text as shown."""
    source = page.source
    brackets = page.raw.translate(None, _NO_BRACKETS)
    count = len(brackets) // 2
    if count >= DEPTH or brackets != b"<>" * count or "\0" in source:
        return None
    if _REFERENCE.search(source) or (page.wide and _has_halves(source)):
        return None
    pieces = one_space(source).replace("<", ">").split(">")
    tags = pieces[1::2]
    signs, seen, speaking = {}, {}, []
    for tag in set(tags):
        known = _TAGS.get(tag)
        if known is None:
            opening = _OPENING.fullmatch(tag)
            known = opening and _TAGS.get(opening[1])
            if not known:
                return None
            speaking.append(tag)
        signs[tag], seen[tag] = known
    if speaking and not _is_silent(page, "<".join(speaking)):
        return None
    if not _is_nested("".join(map(signs.__getitem__, tags)), pieces):
        return None
    pieces[1::2] = map(seen.__getitem__, tags)
    return lines("".join(pieces))


def _has_halves(source: str) -> bool:
    """Whether there are halves of characters, which the tree does not take."""
    try:
        source.encode()
    except UnicodeEncodeError:
        return True
    return False


def _is_silent(page: Page, tags: str) -> bool:
    """Whether no attribute may hide or turn anything, or says what is not shown."""
    if _SAYS.search(tags) or (_MAY_HIDE.search(tags) and _HIDING_TAG.search(tags)):
        return False
    return not (_DOUBTFUL.search(tags) and hidden_html.stands_between(page))


def _is_nested(signs: str, pieces: list[str]) -> bool:
    """Whether the tree has every element where its tags stand. Pairs with nothing left between them
    are taken out, the innermost first; paragraphs when all that is in one is gone."""
    framed = _FRAMED.fullmatch(signs)
    if framed is None:
        return False
    before, inside, behind = framed.groups()
    if before and "".join(pieces[: 2 * len(before) : 2]).strip(" "):
        return False
    if behind and "".join(pieces[-2 * len(behind) + 1 :: 2]).strip(" "):
        return False
    opened = set(inside).intersection(_PAIRS)
    inline = [_PAIRS[sign] for sign in opened if sign not in _BLOCKS]
    inside = _without(inside, inline)
    for sign in opened & _FULL_SIGNS:
        inside = inside.replace(_PAIRS[sign], "")
    return not inside or not _without(
        inside.replace(_RULE, ""), [*inline, *(_PAIRS[sign] for sign in opened & _WIDE_SIGNS)]
    )


def _without(signs: str, pairs: list[str]) -> str:
    """The signs without these pairs, however deep they lie in one another."""
    left = -1
    while signs and len(signs) != left:
        left = len(signs)
        for pair in pairs:
            signs = signs.replace(pair, "")
    return signs


def one_space(text: str) -> str:
    """Every run of white space as one space, by halving: ten times faster than an expression."""
    if "\r" in text:
        text = text.replace("\r\n", " ")
    for mark in "\t\r\n\f":
        text = text.replace(mark, " ")
    while "  " in text:
        text = text.replace("  ", " ")
    return text


def lines(text: str) -> str:
    """Shown text, tags taken out, as lines that are not empty."""
    shown = [line.strip(" ") for line in unescape(text).split("\n")]
    return "\n".join(filter(None, shown)).replace("\x0b", "\n").strip(" \n")
