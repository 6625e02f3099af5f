r"""HTML inside RTF, as Outlook keeps an HTML mail: ``\fromhtml1`` with ``{\*\htmltag ...}`` groups.

From → to: such RTF → the HTML that it was made of; text between ``\htmlrtf`` and ``\htmlrtf0`` is
RTF's own and is left out.

Invariants: one pass, linear; other destinations are skipped; never raises.

Sources: MS-OXRTFEX 2.1-2.2.
Known gaps: fonts of another charset than the document's are not followed.
"""

import re

from mailfilter.extract.rtf.rtftokens import SIGNS, WORDS

_MARK = re.compile(rb"\\fromhtml1?\b")
_PAGE = re.compile(rb"\\ansicpg(\d{3,5})")
_TOKEN = re.compile(
    r"\\'(?P<hex>[0-9a-fA-F]{2})|\\u(?P<code>-?\d{1,6}) ?(?:\\'[0-9a-fA-F]{2}|\?)?"
    r"|\\\*\\htmltag\d{0,4} ?(?P<tag>)|\\htmlrtf(?P<own>\d?) ?|(?P<star>\\\*)"
    r"|\\(?P<word>[a-z]{1,32})-?\d{0,10} ?|\\(?P<sign>[^a-z])|(?P<brace>[{}])"
    r"|(?P<text>[^\\{}\r\n]+)|[\r\n]+",
    re.DOTALL,
)
_SKIPPED = ("fonttbl", "colortbl", "stylesheet", "info", "pict", "pntext", "object")


def is_html(rtf: bytes) -> bool:
    """Whether this RTF was made of HTML."""
    return _MARK.search(rtf[:4096]) is not None


def html(rtf: bytes) -> str:
    """The HTML."""
    page = _PAGE.search(rtf[:4096])
    charset = f"cp{page[1].decode()}" if page else "cp1252"
    out: list[str] = []
    skip, own = [False], False  # for each open group, whether it is skipped; RTF's own text
    for token in _TOKEN.finditer(rtf.decode("latin-1")):
        kind = token.lastgroup
        if kind == "brace":
            skip.append(skip[-1]) if token[0] == "{" else skip.pop()
            skip = skip or [False]
        elif kind == "own":
            own = token["own"] != "0"
        elif kind == "tag":
            skip[-1] = False
        elif kind == "star" or (kind == "word" and token["word"] in _SKIPPED):
            skip[-1] = True
        elif not skip[-1] and not own:
            out.append(_said(token, charset))
    return "".join(out)


def _said(token: "re.Match[str]", charset: str) -> str:
    """The characters that a token stands for."""
    match token.lastgroup:
        case "hex":
            return _character(bytes.fromhex(token["hex"]), charset)
        case "code":
            return chr(int(token["code"]) & 0xFFFF)
        case "word":
            return WORDS.get(token["word"], "")
        case "sign":
            return SIGNS.get(token["sign"], "")
        case "text":
            return token["text"]
        case _:
            return ""


def _character(byte: bytes, charset: str) -> str:
    try:
        return byte.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return byte.decode("cp1252", "replace")
