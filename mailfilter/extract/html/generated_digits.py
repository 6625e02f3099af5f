"""Digits woven into markup: with junk between them, or written by style sheets and scripts.

From → to: the source of a page and its text as shown → further stretches of text.

- `between`: digits with an element between each (``1<canvas>7</canvas>9``). What hides an element
  is the reader's program's business; six in a row are no accident, so the run is read without them.
- `styled`: what ``content:`` of a style sheet writes, escapes decoded: strings joined, one element
  a digit by class, ``attr()``.
- `scripted`: strings of a script joined, its escapes, ``fromCharCode`` and ``atob`` decoded. Mail
  programs run no scripts; a browser runs those of an attached page.
- `ordered`: digits by the order that flex gives them, list starts and chosen options in a row.
- `mirrored`: numbers turned round, where a style turns what is shown.

Invariants: linear; each has a gate of a search or two, so that ordinary mail pays little.
Sources: CSS 2.1 (escapes, generated content), ECMAScript (string escapes).
Known gaps: arithmetic, counters, fonts, drawings: what is shown there is not written.
"""

import re
from collections.abc import Iterator
from itertools import islice

from mailfilter.extract.kit.prefilter import Page
from mailfilter.extract.text.plain import base64_bytes

RUNS = 50
ELEMENTS = 3000
_ELEMENT = (
    r"<([a-zA-Z][\w:-]{0,20})\b[^<>]{0,300}+>(?:[^<>]|<(?!/?\1\b)[^<>]{0,100}>){0,60}?</\1\s{0,3}>"
)
LEAST = 6  # digits behind elements
_BEHIND = (b">0", b">-0", b">+0")
_SANDWICH = re.compile(r"[0-9](?:" + _ELEMENT + rf"[-+]?[0-9]){{{LEAST},}}")
_CLOSED = re.compile(_ELEMENT)
_SHEET = re.compile(r"(?is)<style\b[^>]{0,300}>(.*?)(?:</style|\Z)")
_SCRIPT = re.compile(r"(?is)<script\b[^>]{0,300}>(.*?)(?:</script|\Z)")
_STRING = re.compile(r"\"([^\"\n]{1,200})\"|'([^'\n]{1,200})'")
_CSS_ESCAPE = re.compile(r"\\0{0,4}(3[0-9]|2[dD])(?:\s|(?=\\)|(?![0-9a-fA-F]))")
_SIX = re.compile(r"\\00003([0-9])")
_RULE = re.compile(
    r"([.#][\w-]{1,60})\s*::?(?:before|after)\s*\{[^{}]{0,300}?content\s*:\s*[\"']([^\"'\n]{1,20})[\"']",
    re.IGNORECASE,
)
_CLASS = re.compile(r"<[a-zA-Z][^<>]{0,300}?\s(class|id)\s*=\s*[\"']?([\w \t-]{1,100})")
_ATTR = re.compile(r"content\s*:[^;{}]{0,60}?attr\(\s*([\w-]{1,40})", re.IGNORECASE)
_CODES = re.compile(r"fromCharCode\(([\d,\s]{20,2000})\)")
_ATOB = re.compile(r"atob\(\s*[\"']([A-Za-z0-9+/=]{12,4000})[\"']")
_JS_ESCAPE = re.compile(r"\\(?:x|u00|u\{)3([0-9])\}?")
_ORDER = re.compile(
    r"<[a-zA-Z][^<>]{0,200}?[^\w-]order:\s{0,3}(-?\d{1,6})[^<>]{0,200}>([0-9]{1,8})<"
)
_START = re.compile(r"<ol\b[^<>]{0,200}?\sstart=[\"']?(\d{1,12})")
_CHOSEN = re.compile(r"<option\b[^<>]{0,200}?\sselected\b[^<>]{0,200}>\s{0,9}([0-9]{1,12})")
_LONG = re.compile(r"[0-9](?:[ .+-]?[0-9]){9,12}")
_TURNS = re.compile(
    r"bidi-override|row-reverse|scalex\(\s*-|scale\(\s*-|rotatey\(\s*180|rotate\(\s*180"
    r"|(?:float\s*:\s*right[^<>]{0,60}>\s*[0-9]\s*<[^<>]{0,60}>\s*(?:<[^<>]{0,60})?){8}"
)


_TURNING = (b"bidi-override", b"row-reverse", b"scale", b"rotate", b"float:right", b"float: right")
_PLACING = (b"order:", b"start=", b"selected")
TELLING = tuple(word.decode() for word in (*_PLACING[1:], *_TURNING))  # without style or script


def readings(page: Page, shown: str) -> Iterator[str]:
    """Everything that is woven into the page."""
    source = page.source
    yield from sandwiched(page)
    if page.tells((b"<style",)) and page.tells((b"content", b"--")):
        sheets = [sheet[1] for sheet in islice(_SHEET.finditer(source), RUNS)]
        if any("content" in sheet for sheet in sheets):
            yield from styled(source, "\n".join(sheets))
    if page.tells((b"<script",)):
        for script in islice(_SCRIPT.finditer(source), RUNS):
            yield from scripted(script[1])
    if page.tells(_PLACING):
        yield from ordered(source)
    yield from mirrored(page, shown)


def sandwiched(page: Page) -> Iterator[str]:
    """`between`, where enough digits stand behind elements."""
    if b"0<" in page.zeroed and sum(map(page.zeroed.count, _BEHIND)) >= LEAST:
        yield from between(page.source)


def ordered(source: str) -> Iterator[str]:
    """Digits in the order that styles give them, starts of lists, chosen options, in a row."""
    if source.count("order:") > source.count("border:"):
        marked = sorted(islice(_ORDER.findall(source), ELEMENTS), key=lambda each: int(each[0]))
        yield "".join(text for _, text in marked)
    for word, expression in (("start=", _START), ("selected", _CHOSEN)):
        if word in source:
            yield "".join(islice(expression.findall(source), ELEMENTS))


def between(source: str) -> Iterator[str]:
    """Digits of which each stands behind an element, without the elements."""
    for run in islice(_SANDWICH.finditer(source), RUNS):
        yield _CLOSED.sub("", run[0])


def styled(source: str, sheet: str) -> Iterator[str]:
    """What a style sheet writes."""
    sheet = _CSS_ESCAPE.sub(lambda code: chr(int(code[1], 16)), _SIX.sub(r"\1", sheet))
    yield "".join(one or other for one, other in _STRING.findall(sheet))
    rules = {name.lower(): text for name, text in _RULE.findall(sheet)}
    if rules:
        marks = islice(_CLASS.findall(source), ELEMENTS)
        names = (f"{'.' if kind == 'class' else '#'}{name}".lower()
                 for kind, names in marks for name in names.split())  # fmt: skip
        yield "".join(rules.get(name, "") for name in names)
    for attribute in dict.fromkeys(islice(_ATTR.findall(sheet), RUNS)):
        value = re.compile(rf"\s{re.escape(attribute)}\s*=\s*[\"']?([^\"'<>\s]{{1,60}})")
        yield "".join(islice(value.findall(source), ELEMENTS))


def scripted(script: str) -> Iterator[str]:
    """What a script writes by the simplest of means."""
    plain = _JS_ESCAPE.sub(r"\1", script)
    yield "".join(one or other for one, other in _STRING.findall(plain))
    for codes in islice(_CODES.findall(script), RUNS):
        yield "".join(chr(int(code)) for code in codes.split(",") if code.strip()[:3].isdigit()
                      and int(code) < 0x3000)  # fmt: skip
    for coded in islice(_ATOB.findall(script), RUNS):
        yield base64_bytes(coded.encode()).decode("utf-8", "replace")


def mirrored(page: Page, shown: str) -> Iterator[str]:
    """Long numbers of the text read from their end, if a style turns anything."""
    if page.tells(_TURNING) and _TURNS.search(page.source.lower()):
        for run in islice(_LONG.findall(shown), RUNS):
            yield run[::-1]
