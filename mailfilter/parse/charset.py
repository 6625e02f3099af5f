"""Character encodings: a name as mail gives it → a codec that is safe to use on hostile bytes.

From → to: `codec` takes the name of a charset and gives the name of a Python codec, or "" if there
is none. `decode` gives text for bytes in that charset and never raises; `fallback` decodes bytes
whose charset nobody stated.

Invariants: only codecs from bytes to text that are linear: ``zlib``, ``rot13`` and their like are
no text; ``punycode`` and ``idna`` are quadratic; ``unicode_escape`` executes escapes that no mail
program knows. A name is looked up once, its import happens then: a process that loses access to
files calls `preload` first.

Sources: IANA character sets; the aliases below are names that mail programs write and Python does
not know.
"""

import codecs
import re
from encodings.aliases import aliases

from mailfilter.charsets import is_known

_NAME = re.compile(r"[a-z0-9][a-z0-9._:+()-]{0,39}", re.IGNORECASE)
_UNSAFE = {"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"}
_ALIASES = {
    "ansi": "cp1252",
    "ansi_x3.110-1983": "cp1252",
    "cp-850": "cp850",
    "cp932": "cp932",
    "cshproman8": "hp_roman8",
    "default_charset": "cp1252",
    "cp1047": "cp500",
    "cp277": "cp500",  # EBCDIC differs by country in a few letters, never in digits
    "cp278": "cp500",
    "ebcdic-cp-se": "cp500",
    "ebcdic-us": "cp037",
    "ibm-037": "cp037",
    "ibm1047": "cp500",
    "ibm277": "cp500",
    "ibm278": "cp500",
    "iso-8859-1-windows-3.0-latin-1": "cp1252",
    "iso-8859-1-windows-3.1-latin-1": "cp1252",
    "iso-8859-6-e": "iso8859-6",
    "iso-8859-6-i": "iso8859-6",
    "iso-8859-8-e": "iso8859-8",
    "iso-8859-8-i": "iso8859-8",
    "iso-10646-ucs-2": "utf-16",
    "ks_c_5601-1987": "cp949",
    "macintosh": "mac-roman",
    "ucs-2": "utf-16",
    "ucs-4": "utf-32",
    "unicode": "utf-16",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-2-0-utf-7": "utf-7",
    "unicodefffe": "utf-16-be",
    "unknown": "utf-8",
    "unknown-8bit": "utf-8",
    "utf-7-imap": "utf-7",
    "utf8mb4": "utf-8",
    "windows-874": "cp874",
    "windows-31j": "cp932",
    "x-ansi": "cp1252",
    "x-mac-roman": "mac-roman",
    "x-mac-ce": "mac-latin2",
    "x-mac-icelandic": "mac-iceland",
    "x-mac-turkish": "mac-turkish",
    "x-mac-greek": "mac-greek",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-sjis": "cp932",
    "x-unknown": "utf-8",
    "x-user-defined": "cp1252",
    "x-x-big5": "big5",
}
# What Latin-1 says of the octets 80-9F, cp1252 says better, and it is what programs mean.
_WIDER = {
    "ascii": "utf-8",
    "iso8859-1": "cp1252",
    "gb2312": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
}
_TELLING = re.compile(r"utf|ucs|unicode|10646|ebcdic|ibm|cp|bocu|2022|hz|imap", re.IGNORECASE)
REMEMBERED = (
    512  # spellings of names that codecs have, and no others: those may be content of a mail
)
_remembered: dict[str, str] = {}
_CONTROLS = re.compile(rb"[\0-\x08\x0b\x0e-\x1f]")
_HIGH = bytes(range(128, 256))
_MARKS = {
    "utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
    "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
}


def codec(name: str) -> str:
    """The Python codec for a charset name, "" if unknown or unsafe.

    >>> codec("ISO-8859-1"), codec("zlib"), codec("UTF8")
    ('cp1252', '', 'utf-8')
    """
    found = _remembered.get(name)
    if found is None:
        found = _looked_up(name.strip(" \t'\"").lower())
        if found and len(_remembered) < REMEMBERED:
            _remembered[name] = found
    return found


def _looked_up(name: str) -> str:
    if name not in _ALIASES and not (_NAME.fullmatch(name) and is_known(name)):
        return ""
    try:
        found = codecs.lookup(_ALIASES.get(name, name)).name
        if found not in _UNSAFE:
            b"text".decode(found, "replace")  # LookupError if it is a codec of bytes to bytes
    except (LookupError, ValueError, ImportError):
        return ""
    return "" if found in _UNSAFE else _WIDER.get(found, found)


def codec_for(data: bytes, name: str) -> str:
    """The codec for these bytes; the name itself if it is unknown.

    UTF-16 and UTF-32 without a byte order mark are big-endian by standard and often are not: the
    noughts tell.
    """
    found = codec(name)
    if found in _MARKS and not data.startswith(_MARKS[found]):
        width = 2 if found == "utf-16" else 4
        low = data[width - 1 :: width].count(0) >= data[0::width].count(0)
        return f"{found}-{'le' if low and 0 in data else 'be'}"
    return found or name


def decode(data: bytes, python_codec: str) -> tuple[str, bool]:
    """Text, and whether every byte had a meaning. `python_codec` is what `codec` gave."""
    python_codec = codec_for(data, python_codec) if python_codec in _MARKS else python_codec
    try:
        return data.decode(python_codec), True
    except UnicodeError:
        return data.decode(python_codec, "replace"), False


def is_plain(data: bytes, name: str) -> bool:
    """Whether bytes in an unknown charset can be but one text: mostly ASCII, no controls, and a
    name that does not say that ASCII means something else in it.
    """
    most = len(data) // 3
    return (
        not _TELLING.search(name)
        and not _CONTROLS.search(data)
        and len(data.translate(None, _HIGH)) >= len(data) - most
    )


def fallback(data: bytes) -> str:
    """Text of bytes without a stated charset: UTF-8 if they are, else cp1252."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def preload() -> None:
    """Import every text codec; for a worker before it loses its files (25 ms once)."""
    for name in sorted({*aliases, *aliases.values(), *_ALIASES}):
        codec(name)
