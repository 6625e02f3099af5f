"""Conforming mails: every charset × transfer encoding × nesting, as sound programs write them.

`variants()` yields (name, message). In each of them a number must be found, and none may be called
incomplete: strictness must cost nothing to those who keep the rules.
"""

import base64
import quopri
from collections.abc import Callable, Iterator

from tests.parse.blocks import DECOY, TOP, multi, parts
from tests.parse.reading import NUMBER

# charset as mail names it → Python's codec
CHARSETS = {
    "us-ascii": "ascii",
    "utf-8": "utf-8",
    "UTF-8": "utf-8",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "utf-32": "utf-32",
    "utf-32le": "utf-32-le",
    "utf-7": "utf-7",
    **{
        f"iso-8859-{n}": f"iso8859-{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16)
    },
    **{f"windows-125{n}": f"cp125{n}" for n in range(9)},
    "windows-874": "cp874",
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    "macintosh": "mac-roman",
    "ibm437": "cp437",
    "ibm850": "cp850",
    "ibm852": "cp852",
    "ibm865": "cp865",
    "gb2312": "gb2312",
    "gbk": "gbk",
    "gb18030": "gb18030",
    "hz-gb-2312": "hz",
    "big5": "big5",
    "shift_jis": "shift_jis",
    "euc-jp": "euc-jp",
    "iso-2022-jp": "iso-2022-jp",
    "euc-kr": "euc-kr",
    "iso-2022-kr": "iso-2022-kr",
    "ibm037": "cp037",
    "ibm500": "cp500",
    "ibm1140": "cp1140",
    "ibm273": "cp273",
}
_NOT_PLAIN = {
    "utf-16",
    "utf-16le",
    "utf-16be",
    "utf-32",
    "utf-32le",
    "ibm037",
    "ibm500",
    "ibm1140",
    "ibm273",
}
_SENTENCE = f"Hej! Personnummer: {NUMBER} som avtalat.\r\nMed hopp om svar\r\n"
_MARKUP = f"<html><body><p>Hej! Personnummer: {NUMBER}</p></body></html>\r\n"


def _based(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def _quoted(data: bytes) -> bytes:
    return quopri.encodestring(data.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")


def _quoted_all(data: bytes) -> bytes:
    """Every octet written as an escape, lines of 72."""
    escapes = "".join(f"={byte:02X}" for byte in data).encode()
    return b"=\r\n".join(escapes[i : i + 72] for i in range(0, len(escapes), 72))


ENCODINGS: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    "base64": (b"base64", _based),
    "one line of base64": (b"Base64", base64.b64encode),
    "quoted": (b"quoted-printable", _quoted),
    "all quoted": (b"Quoted-Printable", _quoted_all),
    "as it is": (b"8bit", bytes),
}


def _whole(part: bytes) -> bytes:
    return TOP + part


def _mixed(part: bytes) -> bytes:
    return multi(b'multipart/mixed; boundary="=_x"', parts(b"=_x", part, DECOY))


def _alternative(part: bytes) -> bytes:
    return multi(b'multipart/alternative; boundary="=_x"', parts(b"=_x", DECOY, part))


def _nested(part: bytes) -> bytes:
    inner = b"Content-Type: multipart/related; boundary=in.1\r\n\r\n" + parts(b"in.1", part)
    return multi(b"multipart/mixed; boundary=out.1", parts(b"out.1", inner, DECOY))


def _mail(part: bytes) -> bytes:
    return multi(
        b"multipart/mixed; boundary=m",
        parts(b"m", DECOY, b"Content-Type: message/rfc822\r\n\r\n" + TOP + part),
    )


def _attached(part: bytes) -> bytes:
    named = b"Content-Disposition: attachment; filename=a.txt\r\n" + part
    return multi(b"multipart/mixed; boundary=m", parts(b"m", DECOY, named))


NESTINGS = (_whole, _mixed, _alternative, _nested, _mail, _attached)


def variants() -> Iterator[tuple[str, bytes]]:
    """All variants, names unique."""
    for charset, codec in CHARSETS.items():
        for encoding, (name, encode) in ENCODINGS.items():
            if charset in _NOT_PLAIN and encoding in ("as it is", "quoted"):
                continue  # 8bit text has lines, and quoted-printable text line ends of its own
            for nest in NESTINGS:
                for kind, text in (("plain", _SENTENCE), ("html", _MARKUP)):
                    if nest is _attached and kind == "html":
                        continue
                    head = f"Content-Type: text/{kind}; charset={charset}\r\n".encode()
                    head += b"Content-Transfer-Encoding: " + name + b"\r\n\r\n"
                    yield (
                        f"{charset}, {encoding}, {nest.__name__}, {kind}",
                        nest(head + encode(text.encode(codec))),
                    )
