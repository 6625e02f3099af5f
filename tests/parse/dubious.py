"""Evasion mails after published series of dubious MIME: how boundary, type and encoding are said.

`cases()` yields (class, name, message), names unique. The classes are those of a public toolkit for
broken MIME (spaces round the equals sign, keys hidden in other values, comments, RFC 2231 and 2047
in the boundary, delimiters that are longer than the boundary, inner boundaries that extend outer
ones, base64 with its padding in the wrong place, quoted-printable with stray equals signs); the
values here are written for this project. Each mail hides ``reading.NUMBER`` so that some program
shows it; all of it is in base64 or quoted-printable, so that reading the raw bytes is not enough.
"""

import base64
from collections.abc import Iterator

from tests.parse.blocks import CTE, DECOY, TOP, Case
from tests.parse.dubious_blocks import MORE, SECRET, B, body, typed, uneven
from tests.parse.dubious_bodies import based, headers, old, quoted


def cases() -> Iterator[Case]:
    """All cases."""
    for kind, make in {
        "5 boundary as said": boundaries,
        "5 boundary hidden": hidden,
        "5 comments": commented,
        "5 RFC 2231 and 2047": extended,
        "5 inner and outer": nested,
        "5 no multipart": single,
        "5 base64": based,
        "5 quoted-printable": quoted,
        "5 ends of header": headers,
        "5 old encodings": old,
    }.items():
        for n, (name, data) in enumerate(make()):
            yield kind, f"{kind}-{n}-{name}", data


def _both(values: dict[str, tuple[bytes, bytes]]) -> Iterator[tuple[str, bytes]]:
    """Parameters after ``multipart/mixed`` and the boundary that is used, each in three kinds."""
    for name, (parameter, used) in values.items():
        for kind in (b"mixed", b"alternative", b"related"):
            value = b"multipart/" + kind + parameter
            yield f"{name} {kind.decode()}", typed(value, body(used, DECOY, SECRET))


def boundaries() -> Iterator[tuple[str, bytes]]:
    """What stands in the parameter is not quite what stands in the body."""
    space, quote = b"grans 1f3c", b'b1"2f"'
    yield from _both(
        {
            "space=": (b"; boundary =" + B, B),
            "tab=": (b"; boundary\t=" + B, B),
            "line=": (b"; boundary\r\n =" + B, B),
            "escape=": (b"; boundary\\=" + B, B),
            "=space": (b"; boundary= " + B, B),
            "=line": (b"; boundary=\r\n " + B, B),
            "=escape": (b"; boundary=\\" + B, B),
            "line=line": (b"; boundary\r\n =\r\n " + B, B),
            "fold": (b";\r\n boundary=" + B, B),
            "two folds": (b";\r\n \r\n boundary=" + B, B),
            "inner space": (b'; boundary="' + space + b'"', space),
            "inner space bare": (b"; boundary=" + space, space),
            "leading space": (b'; boundary=" ' + B + b'"', b" " + B),
            "trailing space": (b'; boundary="' + B + b' "', B + b" "),
            "trailing space said only": (b'; boundary="' + B + b' "', B),
            "trailing space used only": (b"; boundary=" + B, B + b" "),
            "other tail": (b'; boundary="' + B + b' XXX"', B + b" YYY"),
            "single quotes": (b"; boundary='" + B + b"'", B),
            "single quotes kept": (b"; boundary='" + B + b"'", b"'" + B + b"'"),
            "escaped": (b"; boundary=" + B.replace(b"_", b"\\_"), B),
            "escaped, both": (
                b"; boundary=" + B.replace(b"_", b"\\_"),
                B.replace(b"_", b"\\_"),
            ),
            "semicolon": (b"; boundary=b1;2f", b"b1;2f"),
            "semicolon, cut": (b"; boundary=b1;2f", b"b1"),
            "semicolon escaped": (b"; boundary=b1\\;2f", b"b1;2f"),
            "semicolon escaped, cut": (b"; boundary=b1\\;2f", b"b1\\"),
            "quote": (b"; boundary=" + quote, quote),
            "quote, before": (b"; boundary=" + quote, b"b1"),
            "quote, inside": (b"; boundary=" + quote, b"2f"),
            "quote escaped": (b'; boundary=b1\\"2f\\"', quote),
            "quote at start": (b'; boundary="' + B + b'"77', B),
            "quote at start, all": (b'; boundary="' + B + b'"77', B + b"77"),
            "quote without end": (b'; boundary="' + B, B),
            "quote without end, kept": (b'; boundary="' + B, b'"' + B),
            "folded inside": (b'; boundary="gr\r\n ans"', b"gr ans"),
            "empty": (b'; boundary=""', b""),
            "blank": (b'; boundary=" "', b" "),
            "misspelt": (b"; oundary=" + B, B),
            "escape in key": (b"; bou\\ndary=" + B, B),
            "longer": (b"; boundary=" + B, B + b"X"),
            "longer after space": (b"; boundary=" + B, B + b" X"),
            "dash": (b"; boundary=" + B, B + b"-"),
            "tab behind": (b"; boundary=" + B, B + b"\t"),
            "VT behind": (b"; boundary=" + B, B + b"\x0b"),
            "NUL behind": (b"; boundary=" + B, B + b"\0"),
            "none": (b"", B),
            "no semicolon": (b" boundary=" + B, B),
            "two semicolons": (b";; boundary=" + B, B),
            "comma": (b", boundary=" + B, B),
        }
    )
    for name, ends in {"LF": b"\n", "LFCR": b"\n\r", "CR": b"\r", "space CR": b" \r"}.items():
        plain = b"--" + B + b"\r\n" + DECOY + ends
        yield (
            f"before {name}",
            typed(
                b"multipart/mixed; boundary=" + B, plain + b"--" + B + b"\r\n" + SECRET + b"--" + B
            ),
        )


def hidden() -> Iterator[tuple[str, bytes]]:
    """The boundary in the value of something else."""
    yield from _both(
        {
            "no semicolon": (b"; foo=bla boundary=" + B, B),
            "quote": (b'; foo=bla"boundary=' + B, B),
            "escaped semicolon": (b"; foo=bla\\;boundary=" + B, B),
            "in quotes": (b'; foo="bla;boundary=' + B + b'"', B),
            "in quotes, kept": (b'; foo="bla;boundary=' + B + b'"', B + b'"'),
            "half in quotes": (b'; foo="bla;boundary=' + B, B),
            "escaped quote": (b'; foo="bla\\";boundary=' + B, B),
            "bare escaped quote": (b'; foo=bla\\";boundary=' + B, B),
            "twice in one": (b"; boundary=boundary=" + B, b"boundary"),
            "twice in one, inner": (b"; boundary=boundary=" + B, B),
            "twice in one, all": (b"; boundary=boundary=" + B, b"boundary=" + B),
            "quoted key": (b'; "boundary=' + B + b'"', B),
            "quoted key, blanks": (b'; " boundary=' + B + b' "', B),
            "in a name": (b"; name=a(boundary=" + B + b")", B),
            "in a name, comma": (b"; name=a.txt,boundary=" + B, B),
            "after a name": (b"; name=b (1).txt; boundary=" + B, B),
            "name twice": (b'; name=a; name="boundary=c"; boundary=' + B, B),
        }
    )


def commented() -> Iterator[tuple[str, bytes]]:
    """Comments, whole and half."""
    yield from _both(
        {
            "key": (b"; boundary()=" + B, B),
            "before": (b"; boundary=()" + B, B),
            "after": (b"; boundary=" + B + b"()", B),
            "after, kept": (b"; boundary=" + B + b"()", B + b"()"),
            "inside": (b"; boundary=gr()ans", b"grans"),
            "inside, first": (b"; boundary=gr()ans", b"gr"),
            "inside, kept": (b"; boundary=gr()ans", b"gr()ans"),
            "other": (b"; boundary=(boundary=x)" + B, B),
            "other, used": (b"; boundary=(boundary=x)" + B, b"x"),
            "in the key": (b"; boun()dary=" + B, B),
            "apart": (b"; () boundary=" + B, B),
            "joined": (b"; ()boundary=" + B, B),
            "all": (b"; ( boundary=" + B + b" )", B),
            "all, nested": (b"; (() boundary=" + B + b" )", B),
            "type": (b"(); boundary=" + B, B),
            "not closed": (b"; boundary=" + B + b"(", B),
        }
    )
    for value in (b"() multipart/mixed", b"()multipart/mixed", b"multipar()t/mixed"):
        yield value.decode(), typed(value + b"; boundary=" + B, body(B, DECOY, SECRET))


def extended() -> Iterator[tuple[str, bytes]]:
    """Boundaries in RFC 2231 pieces and RFC 2047 words."""
    wide = b"".join(b"%%00%c" % byte for byte in B)
    little = b"".join(b"%c%%00" % byte for byte in B)
    one, two = B[:6], B[6:]
    yield from _both(
        {
            "whole": (b"; boundary*=''" + B, B),
            "percent": (b"; boundary*=''" + B.replace(b"_", b"%5F"), B),
            "percent, kept": (b"; boundary*=''a%5Fb", b"a%5Fb"),
            "UTF-16 BE": (b"; boundary*=UTF-16''" + wide, B),
            "UTF-16 LE": (b"; boundary*=UTF-16''" + little, B),
            "piece": (b"; boundary*0=" + B, B),
            "coded piece": (b"; boundary*0*=''" + B, B),
            "pieces": (b"; boundary*0=" + one + b"; boundary*1=" + two, B),
            "coded pieces": (b"; boundary*0*=''" + one + b"; boundary*1*=" + two, B),
            "turned": (b"; boundary*1=" + two + b"; boundary*0=" + one, B),
            "turned, as it stands": (b"; boundary*1=" + one + b"; boundary*0=" + two, B),
            "twice": (b"; boundary*0=" + one + b"; boundary*0=x; boundary*1=" + two, B),
            "twice, last": (b"; boundary*0=x; boundary*0=" + one + b"; boundary*1=" + two, B),
            "beside, good": (b"; boundary*=''" + B + b"; boundary=x", B),
            "beside, bad": (b"; boundary*=''x; boundary=" + B, B),
            "after, good": (b"; boundary=x; boundary*=''" + B, B),
            "after, bad": (b"; boundary=" + B + b"; boundary*=''x", B),
            "word Q": (b'; boundary="=?us-ascii?Q?' + B + b'?="', B),
            "word B": (b'; boundary="=?us-ascii?B?' + base64.b64encode(B) + b'?="', B),
        }
    )


def nested() -> Iterator[tuple[str, bytes]]:
    """Inner boundaries that are outer ones, or longer, or shorter; ends that are not there."""
    for kind in (b"mixed", b"alternative"):
        for name, outer, inner in (
            ("same", B, B),
            ("end is inner", B, B + b"--"),
            ("outer longer", B + b"_", B),
            ("inner longer", B, B + b"_"),
            ("other", B, b"inre"),
        ):
            head = b"Content-Type: multipart/" + kind + b"; boundary=" + inner + b"\r\n\r\n"
            value = b"multipart/mixed; boundary=" + outer
            good = head + body(inner, DECOY, SECRET)
            open_end = head + b"--" + inner + b"\r\n" + SECRET
            fake = b"Content-Type: text/plain\r\n\r\nx\r\n--" + outer + b"--\r\n\r\n"
            for shape, content in {
                "plain": body(outer, good),
                "inner without end": body(outer, open_end),
                "outer without end": b"--" + outer + b"\r\n" + good,
                "no end": b"--" + outer + b"\r\n" + open_end,
                "decoy ends first": b"--" + outer + b"\r\n" + fake + body(outer, good),
                "end in the header": b"--" + outer + b"--\r\n\r\n" + body(outer, good),
                "end in inner header": b"--%b\r\n%b" % (outer, head.strip())
                + b"\r\n--%b--\r\n\r\n" % outer
                + body(inner, SECRET)
                + b"--%b--\r\n" % outer,
                "delimiter in inner header": b"--%b\r\n%b" % (outer, head.strip())
                + b"\r\n--%b\r\n\r\n" % outer
                + body(inner, SECRET)
                + b"--%b--\r\n" % outer,
            }.items():
                if (name, shape) != ("other", "plain"):
                    yield f"{name}, {shape}, {kind.decode()}", typed(value, content)
    odd = b"######+"
    cut = SECRET.replace(b"\r\n\r\n", b"\r\n\r\n--" + odd + b"\r\n", 1)
    yield "outer in base64", typed(b"multipart/mixed; boundary=" + odd, body(odd, cut))


_TYPES = (
    b"multipart/mixed; boundary=foo",
    b"multiparts/mixed; boundary=foo",
    b"x-multipart/mixed; boundary=foo",
    b"text/plain; boundary=foo",
    b"multipart/invalid; boundary=foo",
    b"multipart/; boundary=foo",
    b"multipart; boundary=foo",
    b"multipart/mixed",
    b"multi\\part/mixed; boundary=foo",
    b"multipart/mixed; boundary*=''foo",
    b"multipart/mixed; boundary*0=''foo",
    b"\r\n multipart/mixed; boundary=foo",
    b"\rmultipart/mixed; boundary=foo",
    b'"multipart/mixed"; boundary=foo',
    b"=?UTF-8?B?bXVsdGlwYXJ0?=/mixed; boundary=foo",
    b"singlepart/mixed; boundary=foo",
    b"boundary=foo",
    b"text",
    b"text/html; charset",
    b"message/rfc822",
    b"message/global",
    b"text/plain; name=a(1).txt; charset=utf-16",
    b"text/plain; charset=utf-8; charset=utf-16",
    b"text/plain\r\nContent-Type: text/plain; charset=utf-16",
    b"text/plain; charset*=utf-16''utf-16",
)


def single() -> Iterator[tuple[str, bytes]]:
    """One part of base64 whose type says something else, with and without delimiters in it."""
    coded = uneven(MORE)
    wide = base64.encodebytes(MORE.decode().encode("utf-16-le")).replace(b"\n", b"\r\n")
    for value in _TYPES:
        for content in (coded, wide, base64.b64encode(MORE)):
            head = TOP + b"Content-Type: " + value + b"\r\n" + CTE + b"base64\r\n\r\n"
            yield value.decode("latin-1"), head + content
        if b"text/plain" in value and b"boundary" not in value:
            continue  # a text that shows the source of a mail: no program decodes it
        yield f"parts, {value!r}", typed(value, body(b"foo", DECOY, SECRET))
