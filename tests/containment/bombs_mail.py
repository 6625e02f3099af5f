"""Bombs that are mails: headers, addresses, parameters, nesting, boundaries, charsets."""

import base64

from tests.containment.bomb import HEAD, LINE, MAIL, NR, bomb

_END = LINE.encode()
_NR = NR.encode()


@bomb("header/many-fields", MAIL, big=100_000, small=5)
def fields(count: int) -> bytes:
    return HEAD + b"".join(b"X-%d: y\r\n" % n for n in range(count)) + _END


@bomb("header/one-long-line", MAIL, big=1_000_000, small=50)
def long_line(size: int) -> bytes:
    return HEAD + b"X-Long: " + b"a " * (size // 2) + _END


@bomb("header/folded-many-times", MAIL, big=300_000, small=3)
def folded(count: int) -> bytes:
    return HEAD + b"X-Folded: a\r\n" + b" b\r\n" * count + _END[2:]


@bomb("header/megabyte-of-addresses", MAIL, big=40_000, small=5)
def addresses(count: int) -> bytes:
    return HEAD + b"Cc: " + b",\r\n ".join(b"a%d@b.example" % n for n in range(count)) + _END


@bomb("header/named-addresses", MAIL, big=20_000, small=5)
def named(count: int) -> bytes:
    return HEAD + b"Cc: " + b",\r\n ".join([b'"A \\" (b) B" <a@b.example>'] * count) + _END


@bomb("header/nested-comments", MAIL, big=400_000, small=3)
def nested_comments(depth: int) -> bytes:
    return HEAD + b"Cc: a@b.example " + b"(" * depth + b")" * depth + _END


@bomb("header/open-quotes", MAIL, big=400_000, small=0)
def quotes(count: int) -> bytes:
    return HEAD + b"Reply-To: a@b.example" + b' "' * count + _END


@bomb("header/groups", MAIL, big=100_000, small=2)
def groups(count: int) -> bytes:
    return HEAD + b"Cc: " + b"g:a@b.example;," * count + b"a@b.example" + _END


@bomb("header/encoded-words", MAIL, big=15_000, small=3)
def words(count: int) -> bytes:
    return HEAD + b"Comments:" + b" =?utf-8?q?1-1-?=\r\n" * count + _END[2:]


@bomb("header/encoded-words-of-many-charsets", MAIL, big=8000, small=2)
def charset_words(count: int) -> bytes:
    names = (b"utf-7", b"utf-16", b"cp037", b"x-none", b"hz", b"iso2022_jp_2", b"gb18030")
    lines = b"".join(b" =?%b?b?MTkxMjEyMTI=?=\r\n" % names[n % 7] for n in range(count))
    return HEAD + b"Comments:" + lines + _END[2:]


@bomb("header/half-encoded-words", MAIL, big=300_000, small=0)
def half_words(count: int) -> bytes:
    return HEAD + b"Comments: " + b"=?" * count + _END


@bomb("header/parameters", MAIL, big=50_000, small=3)
def parameters(count: int) -> bytes:
    return (
        HEAD
        + b"Content-Type: text/plain"
        + b"".join(b";\r\n a%d=b" % n for n in range(count))
        + _END
    )


@bomb("header/continued-parameter", MAIL, big=50_000, small=3)
def continued(count: int) -> bytes:
    pieces = b"".join(b";\r\n name*%d=b" % n for n in range(count))
    return HEAD + b"Content-Type: text/plain" + pieces + _END


@bomb("header/continued-and-encoded", MAIL, big=40_000, small=3)
def continued_encoded(count: int) -> bytes:
    pieces = b"".join(b";\r\n name*%d*=%%31%%32" % n for n in range(1, count))
    return HEAD + b"Content-Type: text/plain; name*0*=utf-8''a" + pieces + _END


@bomb("header/received", MAIL, big=9000, small=3)
def received(count: int) -> bytes:
    return b"Received: from a by b; Tue, 24 Nov 2026 10:00:00 +0100\r\n" * count + HEAD + _END


@bomb("header/types", MAIL, big=20_000, small=0)
def types(count: int) -> bytes:
    return HEAD + b"Content-Type: text/plain\r\n" * count + _END


# ---- nesting -------------------------------------------------------------------------------


def _alternating(depth: int, kind: bytes) -> bytes:
    opened = b"".join(
        b"Content-Type: multipart/%b; boundary=b%d\r\n\r\n--b%d\r\n" % (kind, n, n)
        for n in range(depth)
    )
    closed = b"".join(b"\r\n--b%d--\r\n" % n for n in reversed(range(depth)))
    return HEAD + opened + b"Content-Type: text/plain\r\n\r\n" + _NR + closed


@bomb("nesting/multiparts", MAIL, big=10_000, small=3)
def multiparts(depth: int) -> bytes:
    return _alternating(depth, b"mixed")


@bomb("nesting/messages", MAIL, big=10_000, small=3)
def messages(depth: int) -> bytes:
    return (HEAD + b"Content-Type: message/rfc822\r\n\r\n") * depth + HEAD + _END[2:]


@bomb("nesting/open-multiparts", MAIL, big=30_000, small=0)
def open_multiparts(depth: int) -> bytes:
    inner = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" * depth
    return HEAD + inner + b"Content-Type: text/plain\r\n\r\n" + _NR + b"\r\n--b--\r\n" * (depth > 0)


@bomb("nesting/encoded-messages", MAIL, big=30, small=2)
def encoded_messages(depth: int) -> bytes:
    mail = HEAD + _END
    for _ in range(depth):
        body = base64.encodebytes(mail).replace(b"\n", b"\r\n")
        mail = (
            HEAD
            + b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + body
        )
    return mail


@bomb("nesting/many-parts", MAIL, big=50_000, small=3)
def parts(count: int) -> bytes:
    part = b"--e\r\nContent-Type: text/plain\r\n\r\nx\r\n"
    last = b"--e\r\nContent-Type: text/plain\r\n\r\n" + _NR + b"\r\n--e--\r\n"
    return HEAD + b"Content-Type: multipart/mixed; boundary=e\r\n\r\n" + part * count + last


@bomb("nesting/many-messages", MAIL, big=20_000, small=3)
def many_messages(count: int) -> bytes:
    part = b"--e\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n"
    last = b"--e\r\nContent-Type: text/plain\r\n\r\n" + _NR + b"\r\n--e--\r\n"
    return HEAD + b"Content-Type: multipart/mixed; boundary=e\r\n\r\n" + part * count + last


@bomb("nesting/near-boundaries", MAIL, big=400_000, small=3)
def near(count: int) -> bytes:
    miss = b"--boundarx\r\n--boundar\r\n" * count
    last = b"--boundary\r\nContent-Type: text/plain\r\n\r\n" + miss + _NR + b"\r\n--boundary--\r\n"
    return HEAD + b"Content-Type: multipart/mixed; boundary=boundary\r\n\r\n" + last


@bomb("nesting/dashes", MAIL, big=2_000_000, small=3)
def dashes(count: int) -> bytes:
    last = b"--b\r\nContent-Type: text/plain\r\n\r\n" + b"--\r\n" * count + _NR + b"\r\n--b--\r\n"
    return HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + last


@bomb("nesting/long-boundary", MAIL, big=500_000, small=30)
def long_boundary(size: int) -> bytes:
    edge = b"b" * size
    last = b"--%b\r\n\r\n%b\r\n--%b--\r\n" % (edge, _NR, edge)
    return HEAD + b"Content-Type: multipart/mixed; boundary=" + edge + b"\r\n\r\n" + last


@bomb("nesting/preamble", MAIL, big=20_000_000, small=0)
def preamble(size: int) -> bytes:
    last = b"--b\r\n\r\n" + _NR + b"\r\n--b--\r\n"
    return (
        HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"x\r\n" * (size // 3) + last
    )


# ---- encodings and charsets ----------------------------------------------------------------


def _encoded(encoding: bytes, body: bytes, charset: bytes = b"utf-8") -> bytes:
    head = b"Content-Type: text/plain; charset=%b\r\nContent-Transfer-Encoding: %b\r\n\r\n"
    return HEAD + head % (charset, encoding) + body + b"\r\n"


@bomb("encoding/soft-breaks", MAIL, big=3_000_000, small=3)
def soft(count: int) -> bytes:
    return _encoded(b"quoted-printable", b"=\r\n" * count + _NR)


@bomb("encoding/bad-escapes", MAIL, big=5_000_000, small=0)
def escapes(count: int) -> bytes:
    return _encoded(b"quoted-printable", b"=" * count + b"\r\n" + _NR)


@bomb("encoding/blanks-behind-breaks", MAIL, big=3_000_000, small=0)
def blank_breaks(count: int) -> bytes:
    return _encoded(b"quoted-printable", b"= " * count + b"\r\n" + _NR)


@bomb("encoding/base64-of-short-lines", MAIL, big=2_000_000, small=2)
def short_lines(count: int) -> bytes:
    return _encoded(b"base64", b"eHh4\r\n" * count + base64.b64encode(b"\n" + _NR))


@bomb("encoding/base64-of-junk", MAIL, big=3_000_000, small=0)
def junk(count: int) -> bytes:
    return _encoded(b"base64", b"=.-#" * count + base64.b64encode(_NR))


@bomb("encoding/uuencoded-files", MAIL, big=100_000, small=1)
def uuencoded(count: int) -> bytes:
    import binascii

    one = b"begin 644 a.txt\r\n" + binascii.b2a_uu(b"hej").rstrip() + b"\r\n`\r\nend\r\n"
    last = b"begin 644 b.txt\r\n" + binascii.b2a_uu(_NR[:40]).rstrip() + b"\r\n`\r\nend\r\n"
    return HEAD + b"\r\n" + one * count + last


@bomb("encoding/begins", MAIL, big=300_000, small=0)
def begins(count: int) -> bytes:
    return HEAD + b"\r\n" + b"begin 644 a\r\n" * count + _NR + b"\r\n"


@bomb("encoding/yenc", MAIL, big=100_000, small=0)
def yenc(count: int) -> bytes:
    return (
        HEAD
        + b"\r\n"
        + b"=ybegin line=128 size=3 name=a\r\nabc\r\n=yend size=3\r\n" * count
        + _NR
        + b"\r\n"
    )


_CHARSETS = (
    *(b"utf-7", b"utf-16", b"utf-32", b"cp037", b"cp500", b"big5", b"gb18030", b"hz", b"euc_jp"),
    *(b"iso-2022-jp", b"iso-2022-kr", b"shift_jis", b"koi8-r", b"cp1026", b"mac-roman", b"x-none"),
)


@bomb("charset/many-parts-in-many-charsets", MAIL, big=1400, small=3)
def charsets(count: int) -> bytes:
    part = b"--e\r\nContent-Type: text/plain; charset=%b\r\n\r\n%b\r\n"
    text = b"abc +ADEAMg- ~{12~} \x1b$B12\x1b(B " * (30 if count > 3 else 1)
    made = b"".join(part % (_CHARSETS[n % 16], text) for n in range(count if count > 3 else 1))
    last = b"--e\r\nContent-Type: text/plain\r\n\r\n" + _NR + b"\r\n--e--\r\n"
    return HEAD + b"Content-Type: multipart/mixed; boundary=e\r\n\r\n" + made + last


@bomb("charset/megabytes-of-utf-7", MAIL, big=2_000_000, small=3)
def utf7(count: int) -> bytes:
    return _encoded(b"7bit", b"+ADE-" * count + b"\r\n" + _NR, b"utf-7")


@bomb("charset/megabytes-in-none", MAIL, big=3_000_000, small=3)
def unknown(count: int) -> bytes:
    return _encoded(
        b"8bit", b"\xe5\xe4\xf6 " * count + b"\r\n" + _NR, b"x-none" if count > 3 else b"latin1"
    )


@bomb("charset/escapes-of-iso-2022", MAIL, big=1_500_000, small=3)
def iso2022(count: int) -> bytes:
    return _encoded(b"7bit", b"\x1b$B12\x1b(B" * count + b"\r\n" + _NR, b"iso-2022-jp")
