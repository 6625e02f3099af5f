"""Bombs that are text files of a form: rtf, ics, vcf, csv, mbox, eml."""

from tests.containment.bomb import HEAD, NR, bomb
from tests.extract import documents

_NR = NR.encode()


def _rtf(name: str, piece: str, count: int, closing: str = "") -> None:
    def build(n: int) -> bytes:
        return documents.rtf(piece * n + closing * n + " \\par " + NR)

    bomb(f"rtf/{name}", "a.rtf", big=count, small=1)(build)


_rtf("deep-groups", "{", 1_000_000, "}")
_rtf("open-groups", "{\\b ", 300_000, "}")
_rtf("open-destinations", "{\\*\\x ", 200_000, "}")
_rtf("binary-lies", "{\\bin2147483647 }", 100_000)
_rtf("escapes", "\\'31", 1_000_000)
_rtf("unicode", "\\u49?", 700_000)
_rtf("unicode-skips", "\\uc30000 \\u49?", 100_000)
_rtf("huge-arguments", "\\fs" + "9" * 4000 + " ", 500)
_rtf("hidden", "{\\v a}", 400_000)
_rtf("open-hidden", "\\v ", 500_000)
_rtf("cells", "\\cell ", 500_000)
_rtf("comments", "{\\*\\annotation a}", 200_000)
_rtf("objects", "{\\object\\objdata 0105}", 100_000)
_rtf("pictures", "{\\pict\\pngblip 8950}", 100_000)
_rtf("fields", "{\\field{\\*\\fldinst HYPERLINK a}{\\fldrslt b}}", 60_000)
_rtf("backslashes", "\\\\", 2_000_000)


@bomb("ics/folded", "a.ics", big=2_000_000, small=2)
def ics(count: int) -> bytes:
    return (
        b"BEGIN:VCALENDAR\r\nDESCRIPTION:a"
        + b"\r\n b" * count
        + b"\r\nSUMMARY:"
        + _NR
        + b"\r\nEND:VCALENDAR\r\n"
    )


@bomb("ics/attachments", "a.ics", big=100_000, small=2)
def ics_attached(count: int) -> bytes:
    one = b"ATTACH;ENCODING=BASE64;VALUE=BINARY:aGVq\r\n"
    return b"BEGIN:VCALENDAR\r\n" + one * count + b"SUMMARY:" + _NR + b"\r\nEND:VCALENDAR\r\n"


@bomb("ics/open-attachment", "a.ics", big=20_000, small=1)
def ics_open(count: int) -> bytes:
    one = b"ATTACH;ENCODING=BASE64:" + b"aGVq\r\n" * 100 + b"!\r\n"
    return b"BEGIN:VCALENDAR\r\n" + one * count + b"SUMMARY:" + _NR + b"\r\nEND:VCALENDAR\r\n"


@bomb("vcf/quoted", "a.vcf", big=200_000, small=2)
def vcf(count: int) -> bytes:
    one = b"NOTE;ENCODING=QUOTED-PRINTABLE:=31=\r\n=32\r\n"
    return b"BEGIN:VCARD\r\n" + one * count + b"NOTE:" + _NR + b"\r\nEND:VCARD\r\n"


@bomb("vcf/cards", "a.vcf", big=150_000, small=2)
def cards(count: int) -> bytes:
    return (
        b"BEGIN:VCARD\r\nFN:Anna Andersson\r\nEND:VCARD\r\n" * count
        + b"BEGIN:VCARD\r\nNOTE:"
        + _NR
        + b"\r\nEND:VCARD\r\n"
    )


@bomb("vcf/escapes", "a.vcf", big=3_000_000, small=2)
def escapes(count: int) -> bytes:
    return b"BEGIN:VCARD\r\nNOTE:" + b"\\n" * count + b"\r\nNOTE:" + _NR + b"\r\nEND:VCARD\r\n"


@bomb("csv/columns", "a.csv", big=3_000_000, small=2)
def columns(count: int) -> bytes:
    return b"a;" * count + b"\r\n" + _NR + b"\r\n"


@bomb("csv/rows", "a.csv", big=1_000_000, small=2)
def rows(count: int) -> bytes:
    return b"a;b;1\r\n" * count + _NR + b";\r\n"


@bomb("csv/quotes", "a.csv", big=3_000_000, small=2)
def quotes(count: int) -> bytes:
    return b'""' * count + b"\r\n" + _NR + b";\r\n"


@bomb("mbox/many-mails", "a.mbox", big=60_000, small=2)
def mbox(count: int) -> bytes:
    one = b"From a@b Tue Nov 24 10:00:00 2026\n" + HEAD.replace(b"\r\n", b"\n") + b"\nhej\n\n"
    return one * count + one.replace(b"hej", _NR)


@bomb("mbox/from-lines", "a.mbox", big=500_000, small=1)
def from_lines(count: int) -> bytes:
    return (
        b"From a@b Tue Nov 24 10:00:00 2026\n" * count
        + HEAD.replace(b"\r\n", b"\n")
        + b"\n"
        + _NR
        + b"\n"
    )


@bomb("eml/attached-to-itself", "a.eml", big=25, small=2)
def eml(depth: int) -> bytes:
    from tests.containment.bomb import attached

    mail = HEAD + b"\r\n" + _NR + b"\r\n"
    for _ in range(depth):
        mail = attached(mail, "a.eml", NR)
    return mail


@bomb("eml/fields", "a.eml", big=100_000, small=2)
def eml_fields(count: int) -> bytes:
    return HEAD + b"X-A: b\r\n" * count + b"\r\n" + _NR + b"\r\n"
