"""Bytes → the texts that they may be.

A mail program shows the charset that is declared, or guesses. We read what is declared if that
works, else what the bytes themselves say, and where two readings are plausible, both: detectors
look at digits, which most charsets share, so one extra reading is cheap and closes the gap.

Order: byte order mark; declared; UTF-8; UTF-16 without a mark (zeros at every second byte);
cp1252. What seems wide is read as ASCII besides if digits stand in it. A declared charset that maps
ASCII elsewhere (UTF-7, EBCDIC, UTF-16) is believed, and the bytes are read as ASCII besides. Mac
Roman and cp850 are tried where a byte speaks for them.

Noise (`is_noise`) is read in cp1252 alone: the digits of the other two are those of ASCII, and what
they tell apart are letters of words that noise does not hold.

Known gap: ISO-2022 variants without a declaration are read as ASCII.
"""

import codecs
import re

from mailfilter.charsets import is_known

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# codecs that are no charsets or that run more than a mapping
_NOT_CHARSETS = re.compile(
    r"(?i)base64|bz2|hex|quopri|quoted|uu|zip|zlib|rot|punycode|idna|escape|undefined|mbcs|oem"
)
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\x1b\x0b"))
_HIGH = bytes(range(128, 256))
_DIGITS = re.compile(rb"[0-9]{6}")
_SPLIT = re.compile(rb"\r?\n[ \t](?=[\x80-\xbf])")
_SAMPLE = 65536
_LEAST_NOISE = 16_384  # bytes
_THIN = 4096  # bytes of a thin sample; of noise it has all signs
_SIGNS, _HIGH_SIGNS = 140, 100  # of 256 and 128; texts in many languages have 110 and 70
_PLAIN_RUN = re.compile(r"[\t\n\r -~åäöÅÄÖéü\u202a-\u202e\u2066-\u2069]{16,}")
_GLANCE = 1024
_FIRST = 4096  # bytes that mostly show by themselves that this is no text
_PLAIN = frozenset(("utf-8", "cp1252", "iso8859-15", "ascii"))
_MARK_STARTS = frozenset(mark[:1] for mark, _ in _MARKS)
_ASCII_SUPERSETS = re.compile(r"(?i)ascii|utf-?8|iso-?8859|latin|cp125\d|windows-125\d|mac")


def decode(data: bytes, declared: str = "") -> list[str]:
    """All plausible readings, the likeliest first; never empty, never raises."""
    if declared in _PLAIN and data[:1] not in _MARK_STARTS:  # as nearly all mail is
        try:
            return [data.decode(declared)]
        except UnicodeError:
            pass
    for mark, charset in _MARKS:
        if data.startswith(mark):
            rest = data[len(mark) :]
            other = [] if charset == "utf-8" else _narrow(rest)
            return [rest.decode(charset, "replace"), *other]
    first = _as_declared(data, declared)
    others = [] if first is not None and _ASCII_SUPERSETS.match(declared) else guesses(data)
    texts = ([first] if first is not None else []) + others
    return list(dict.fromkeys(texts)) or [data.decode("cp1252", "replace")]


def guesses(data: bytes) -> list[str]:
    """What the bytes say of themselves."""
    if wide := _wide(data):
        return [data.decode(wide, "replace"), *_narrow(data)]
    try:
        return [data.decode("utf-8")]
    except UnicodeDecodeError:
        pass
    texts = [data.decode("cp1252", "replace")]
    if not is_noise(data) and any(byte in data for byte in b"\x81\x8d\x8f\x90\x9d\x86\x84\x94"):
        texts += [data.decode("cp850", "replace"), data.decode("mac-roman", "replace")]
    sample = data[:_FIRST]
    if len(sample.translate(None, _HIGH)) * 2 < len(sample):
        texts.append(data.decode("cp500"))  # EBCDIC: letters and digits have the high bit
    return texts


def _narrow(data: bytes) -> list[str]:
    """A reading as ASCII beside a wide one: digits in a row that no wide text has."""
    return [data.decode("cp1252", "replace")] if _DIGITS.search(data) else []


def _as_declared(data: bytes, declared: str) -> str | None:
    """The declared reading, or None if there is none that works."""
    name = declared.strip().strip("\"'")
    if not name or len(name) > 40 or not name.isascii() or _NOT_CHARSETS.search(name):
        return None
    if not is_known(name):
        return None
    try:
        text = data.decode(name)
    except (LookupError, UnicodeError, ValueError):
        return None
    return text if isinstance(text, str) else None


def _wide(data: bytes) -> str:
    """UTF-16 or UTF-32 without a mark: Latin text has zeros in one residue class of positions."""
    sample = data[:_SAMPLE]
    size = len(sample)
    if size < 4 or b"\0" not in sample or _zeros(sample) * 4 < size:
        return ""
    if size >= 8 and sample[2::4].count(0) > size * 0.2 and sample.count(0) > size * 0.7:
        return "utf-32-le" if sample[3::4].count(0) > size * 0.2 else "utf-32-be"
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    return "utf-16-le" if odd > even else "utf-16-be"


def is_noise(content: bytes | str) -> bool:
    """Whether a thin sample has more signs of Latin-1 than any writing: octets, or text of them.

    Where half of a file is noise and half is text, it is noise, too: see `plain_runs`.
    """
    if len(content) < _LEAST_NOISE:
        return False
    sample = content[:: len(content) // _THIN]
    octets = sample.encode("latin-1", "replace") if isinstance(sample, str) else sample
    signs = set(octets)
    return len(signs) >= _SIGNS or len(signs.intersection(_HIGH)) >= _HIGH_SIGNS


def plain_runs(content: str) -> str:
    """What of noise is writing: stretches of signs that a disguise is made of."""
    return "\n".join(_PLAIN_RUN.findall(content))


def _zeros(sample: bytes) -> int:
    """How many there are; where they are few, they are found faster than counted."""
    few = sample.count(0, 0, _GLANCE) * 20 < _GLANCE
    return len(sample.split(b"\0")) - 1 if few else sample.count(0)


def looks_like_text(data: bytes, declared: str = "") -> bool:
    """Whether a person could read this: few control characters, or wide characters that decode, or
    a declared charset (EBCDIC) in which the same is true.
    """
    sample = data[:_SAMPLE]
    if any(data.startswith(mark) for mark, _ in _MARKS):
        return True
    if wide := _wide(sample):
        return _is_printable(sample[: len(sample) & ~3].decode(wide, "replace"))
    if declared and not _ASCII_SUPERSETS.match(declared):
        text = _as_declared(sample, declared)
        if text and _is_printable(text):
            return True
    most = len(sample) // 200
    return _controls(sample[:_FIRST]) <= most and not _foreign(sample) and _controls(sample) <= most


def _is_printable(text: str) -> bool:
    odd = sum(1 for char in text if not (char.isprintable() or char.isspace()))
    return odd * 50 <= len(text)


def _foreign(sample: bytes) -> bool:
    """Mostly bytes that no Latin text consists of, and not UTF-8: numbers, not letters."""
    high = len(sample) - len(sample.translate(None, _HIGH))
    if high * 2 <= len(sample):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(mended(sample))  # it may end in a character
    except UnicodeDecodeError:
        return True
    return False


def mended(data: bytes) -> bytes:
    """Folded lines that end within a character joined: calendars and cards are folded by bytes."""
    return _SPLIT.sub(b"", data) if b"\n" in data else data


def _controls(sample: bytes) -> int:
    return len(sample) - len(sample.translate(None, _CONTROLS))
