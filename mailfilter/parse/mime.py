"""The fields that say what content is: Content-Type, -Transfer-Encoding and -Disposition.

From → to: raw field value → `Described` (value, parameters, reasons); the fields of a part →
`Label`, all that the walk needs to know.

The grammar accepted without complaint is that of RFC 2045 and 2231 without comments, plus what
staff's programs really write: encoded words and raw 8-bit text in names of files, names without
quotes, a semicolon too many, the same thing said twice, ``Content-Type: text``. All else is read as
tolerant programs do and called ambiguous. One thought decides: a deviation matters if some program
could read *more* into the mail than we do.

Invariants: one pass over a value, no regular expression that tries a byte twice, never raises.
"""

import re
from dataclasses import dataclass, field

from mailfilter.parse.charset import codec
from mailfilter.parse.header import Block, unfold
from mailfilter.parse.words import extended, percent, text_of

SHORT = 60  # bytes of a field that is remembered
REMEMBERED = 256
_COMMON = {
    *("text/plain", "text/html", "text/calendar", "text/csv", "text/xml", "message/rfc822"),
    *("message/delivery-status", "application/octet-stream", "application/pdf", "application/zip"),
    *("image/png", "image/jpeg", "image/gif", "attachment", "inline"),
}
_remembered: "dict[bytes, Described]" = {}
PARAMETERS = 64  # in one field; a long RFC 2231 file name has about ten
ENCODINGS = {"7bit", "8bit", "binary", "quoted-printable", "base64"}
_GOOD = {name.encode(): name for name in ENCODINGS}
_PLAIN = {"7-bit", "8-bit"}  # of careless programs; nothing can be hidden by them
_UU = {"x-uuencode", "uuencode", "x-uue", "uue"}

_TOKEN = rb"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]"
_TYPE = re.compile(rb"(%b++(?:/%b++)?)[ \t\r\n]*+(;|$)" % (_TOKEN, _TOKEN))
_PARAMETER = re.compile(
    rb"[ \t\r\n]*+(%b++)=(?:"
    rb'"((?:[^"\\\r\n\0]++|\\[^\r\n\0]|\r\n[ \t])*+)"'  # 2: quoted
    rb"|(%b++)"  # 3: token
    rb"|([^\s\0\"();,=<>]++(?:[ ][^\s\0\"();,=<>]++)*+)"  # 4: a name without quotes
    rb"|"  # or nothing
    rb")[ \t\r\n]*+(?:;|$)" % (_TOKEN, _TOKEN)
)
_BLANK = re.compile(rb"[ \t\r\n]*+(?:;|$)")
_PARTED = re.compile(rb'(%b++/%b++);[ \t\r\n]*+boundary="([^"\\\r\n\0]++)"' % (_TOKEN, _TOKEN))
_FREE_NAME = re.compile(rb"[ \t\r\n]*+((?i:file)?(?i:name))=([^\0\r\n\";]++)(?:;|$)")
_SPACED_CHARSET = re.compile(  # blanks around the sign; in these ASCII is ASCII, so nothing hides
    rb"[ \t\r\n]*+charset[ \t]*+=[ \t]*+"
    rb"\"?(us-ascii|utf-8|iso-8859-[0-9]{1,2}|windows-125[0-9])\"?[ \t\r\n]*+(?:;|$)",
    re.IGNORECASE,
)
_NO_NAME = re.compile(rb"(?i)boundary|charset|;")
_LOOSE = re.compile(rb"([^;=]*+)(?:=([^;]*+))?;?")
_PAIR = re.compile(rb"\\(.)", re.DOTALL)
_BCHARS = rb"!#$%&'()*+,\-./0-9:=?A-Z^_`a-z{|}~<>@\[\]"  # and what scanners write
_BOUNDARY = re.compile(rb"[%b ]{0,69}[%b]" % (_BCHARS, _BCHARS))
_COMMENT = re.compile(rb"\([^()]*+\)")
_NEAR = re.compile(rb"[^a-z]")
_ODD = re.compile(rb"[^a-z0-9_-]")
_STRICT = {b"boundary", b"charset"}  # parameters that decide how content is read
_KNOWN = {
    b"boundary", b"charset", b"format", b"delsp", b"type", b"start", b"start-info", b"protocol",
    b"micalg", b"method", b"report-type", b"size", b"creation-date", b"modification-date",
    b"read-date", b"reply-type", b"smime-type", b"component", b"x-apple-part-url", b"x-unix-mode",
    b"x-mac-type", b"x-mac-creator", b"x-mac-hide-extension", b"version", b"differences",
    b"conversions",
}  # fmt: skip


@dataclass(slots=True)
class Described:
    """A field: its value in lower case, its parameters, and what was wrong with it.

    `name` is that of a file; `names` are all texts that some program may show as one.
    """

    value: str = ""
    name: str = ""
    boundary: bytes | None = None
    charset: str = ""
    names: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Label:
    """What the header of a part says of its content."""

    type: str
    encoding: str
    disposition: str = ""
    boundary: bytes | None = None
    charset: str = ""
    name: str = ""
    names: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)


# ---- fields --------------------------------------------------------------------------------


def describe(value: bytes) -> Described:
    """Value and parameters of a Content-Type or Content-Disposition field; not to be changed.

    What many mails share is worked out once: a common type and the name of a codec, nothing else,
    for what is remembered outlives the mail.
    """
    value = value.strip(b" \t\r\n")
    known = _remembered.get(value)
    if known is not None:
        return known
    if parted := _PARTED.fullmatch(value):
        return Described(parted[1].lower().decode("ascii"), boundary=parted[2])
    described = _described(value)
    if (
        len(value) < SHORT
        and b"=" not in value.replace(b"charset=", b"", 1)
        and _is_common(described)
        and len(_remembered) < REMEMBERED
    ):
        _remembered[value] = described
    return described


def _is_common(described: Described) -> bool:
    return (
        described.value in _COMMON
        and not (described.names or described.codes)
        and (not described.charset or codec(described.charset) != "")
    )


def _described(value: bytes) -> Described:
    described = Described()
    head = _TYPE.match(value)
    if head is None:
        described.codes.append("type-syntax")
        first, _, _ = value.partition(b";")
        described.value = (
            _COMMENT.sub(b"", first).strip(b" \t\r\n\0").lower().decode("ascii", "replace")
        )
        at = len(first) + 1
    else:
        described.value = head[1].lower().decode("ascii")
        at = head.end()
    if at < len(value):
        _settle(described, _parameters(value, at, described))
    return described


def _parameters(value: bytes, at: int, described: Described) -> dict[bytes, bytes]:
    """Parameters by lower-case name, RFC 2231 marks still in the names."""
    found: dict[bytes, bytes] = {}
    count = 0
    while at < len(value):
        count += 1
        if count > PARAMETERS:
            described.codes.append("parameters")
            break
        match = _PARAMETER.match(value, at)
        if match is not None:
            name, at = match[1].lower(), match.end()
            content = _content(match)
            if match[4] is not None and name in _STRICT:
                described.codes.append("type-syntax")
        elif blank := _BLANK.match(value, at):
            at = blank.end()
            continue
        elif spaced := _SPACED_CHARSET.match(value, at):
            name, content, at = b"charset", spaced[1], spaced.end()
        elif free := _free_name(value, at):
            name, content, at = free[1].lower(), free[2].strip(b" \t"), free.end()
            described.names.append(text_of(_COMMENT.sub(b"", content)))
        else:
            described.codes.append("type-syntax")
            name, content, at = _loosely(value, at)
        if found.get(name) == content:
            continue
        if name in found:  # the first counts
            described.codes.append("parameter-twice")
            described.names.append(text_of(content))
        elif name:
            found[name] = content
    return found


def _content(match: re.Match[bytes]) -> bytes:
    quoted = match[2]
    if quoted is None:
        return match[3] if match[3] is not None else match[4] or b""
    return _PAIR.sub(rb"\1", unfold(quoted)) if b"\\" in quoted or b"\r" in quoted else quoted


def _free_name(value: bytes, at: int) -> re.Match[bytes] | None:
    """A file name without quotes that has brackets, commas or the like in it: "Avtal (2).pdf"."""
    match = _FREE_NAME.match(value, at)
    if match is None or _NO_NAME.search(match[2]) or match[2].count(b"(") != match[2].count(b")"):
        return None
    return match


def _loosely(value: bytes, at: int) -> tuple[bytes, bytes, int]:
    """A parameter outside the grammar, as a tolerant program reads it."""
    match = _LOOSE.match(value, at)
    assert match is not None
    name = _COMMENT.sub(b"", match[1]).strip(b" \t\r\n\0\"'").lower()
    content = _COMMENT.sub(b"", match[2] or b"").strip(b" \t\r\n\0\"'")
    return name.rpartition(b" ")[2], content, match.end()


def _settle(described: Described, found: dict[bytes, bytes]) -> None:
    """Sort parameters into what is used: boundary, charset, names."""
    if any(b"*" in name for name in found):
        found = _assemble(found, described)
    for name, content in found.items():
        if name == b"boundary":
            described.boundary = content
        elif name == b"charset":
            described.charset = content.decode("ascii", "replace")
        elif name in {b"name", b"filename"}:
            described.name = text_of(content)
            described.names.append(described.name)
        elif name not in _KNOWN:
            described.names += [text_of(name), text_of(content)]


def _assemble(found: dict[bytes, bytes], described: Described) -> dict[bytes, bytes]:
    """Put RFC 2231 pieces together. An extended file name goes before a plain one."""
    plain: dict[bytes, bytes] = {}
    pieces: dict[bytes, list[tuple[int, bool, bytes]]] = {}
    for key, content in found.items():
        name, *marks = key.split(b"*")
        if not marks:
            plain[name] = content
            continue
        number = int(marks[0]) if marks[0].isdigit() and len(marks[0]) < 4 else 0
        pieces.setdefault(name, []).append((number, marks[-1] == b"", content))
    whole: dict[bytes, bytes] = {}
    for name, parts in pieces.items():
        whole[name] = _whole(sorted(parts, key=lambda part: part[0]))
        if name == b"boundary":
            described.codes.append("boundary-syntax")
        elif name in _STRICT and plain.get(name, whole[name]) != whole[name]:
            described.codes.append("parameter-twice")
    described.names += [
        text_of(plain[name]) for name in whole if name in plain and name not in _STRICT
    ]
    return {**whole, **{name: content for name, content in plain.items() if name not in whole}}


def _whole(parts: list[tuple[int, bool, bytes]]) -> bytes:
    """The value of numbered pieces, as UTF-8; the first may begin with ``charset'language'``."""
    charset = b""
    first = parts[0][2]
    if parts[0][1] and first.count(b"'") >= 2:
        charset, _, first = first.split(b"'", 2)
        parts[0] = (parts[0][0], True, first)
    joined = b"".join(percent(part) if coded else part for _, coded, part in parts)
    return extended(joined, charset).encode("utf-8", "replace")


def encoding_of(value: bytes) -> tuple[str, str]:
    """(encoding, reason or ""): a Content-Transfer-Encoding; unknown ones count as 8bit."""
    raw = value.strip(b" \t\r\n").lower()
    if raw in _GOOD:
        return _GOOD[raw], ""
    word = raw.decode("ascii", "replace")
    if word in _PLAIN:
        return "8bit", ""
    loose = re.split(r"[ \t;,(\r\n]", word.lstrip("\0 "), maxsplit=1)[0].strip("\0\"'")
    if loose in _UU:
        return "uuencode", "encoding-unknown"
    return (loose if loose in ENCODINGS else "8bit"), "encoding-unknown"


# ---- the label of a part -------------------------------------------------------------------

_TYPE_FIELD, _ENCODING_FIELD, _SHOWN_FIELD = _FIELDS = (
    b"content-type", b"content-transfer-encoding", b"content-disposition",
)  # fmt: skip
_SQUEEZED = {_NEAR.sub(b"", name) for name in _FIELDS}


def _is_near(name: bytes) -> bool:
    """Whether a name is one of the three but for odd characters in or before it."""
    squeezed = _NEAR.sub(b"", name)
    if name.startswith(b"content"):
        return squeezed in _SQUEEZED
    return _ODD.search(name) is not None and squeezed.endswith(tuple(_SQUEEZED))


def label(block: Block, default: str) -> Label:
    """Type, encoding, disposition and name that a header gives to its body; the first counts."""
    found: dict[bytes, bytes] = {}
    codes = list(block.codes)
    for name, raw in block.fields:
        if b"content" not in name:
            continue
        if name in _FIELDS:
            if found.setdefault(name, raw) is not raw and found[name].strip() != raw.strip():
                codes.append("field-twice")
        elif _is_near(name):
            codes.append("field-name")
    result = Label(default, "7bit", codes=codes)
    if _TYPE_FIELD in found:
        _set_type(result, found[_TYPE_FIELD], default)
    if _ENCODING_FIELD in found:
        result.encoding, code = encoding_of(found[_ENCODING_FIELD])
        if code:
            codes.append(code)
    if _SHOWN_FIELD in found:
        shown = describe(found[_SHOWN_FIELD])
        result.disposition = shown.value
        result.name = shown.name or result.name
        result.names += shown.names
        codes += shown.codes
    return result


def _set_type(result: Label, value: bytes, default: str) -> None:
    described = describe(value)
    main, slash, sub = described.value.partition("/")
    result.codes += described.codes
    if slash and main and sub:
        result.type = described.value
    elif main == "text" and not slash:
        result.type = "text/plain"  # old Unix programs
    else:
        result.type = default
        if not described.codes:
            result.codes.append("type-syntax")
    result.boundary = described.boundary
    result.charset = described.charset
    result.name = described.name
    result.names = [*described.names]
    _check_boundary(result)
    if result.charset and not codec(result.charset) and result.type.startswith("text/"):
        result.codes.append("charset-unknown")


def _check_boundary(result: Label) -> None:
    boundary = result.boundary
    if result.type.startswith("multipart/"):
        if not boundary:
            result.codes.append("boundary-missing")
        elif not _BOUNDARY.fullmatch(boundary) or b"=?" in boundary:
            result.codes.append("boundary-syntax")
    elif boundary is not None:
        result.codes.append("boundary-misplaced")
