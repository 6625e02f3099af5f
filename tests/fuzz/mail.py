"""Targets of the parse stage: tokenizer, header words, charsets, attached mail.

The oracle is ``tests/parse/oracles.py``: four tolerant readers that share no code with the product.
"""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from mailfilter import limits
from mailfilter.examine import Job, read
from mailfilter.extract.html.hypertext import views
from mailfilter.extract.kit import charset as guessing
from mailfilter.model import Message
from mailfilter.parse import address, charset, mime, parse, protected, roles, words
from tests.fuzz.target import NUMBER, RAW, Target, must
from tests.parse.oracles import READERS

JOB = Job(b"k" * 32, date(2026, 11, 28))
ROOM = Path(__file__).parents[1]
_MAIL_WORDS = (
    RAW, b"Content-Type: ", b"Content-Transfer-Encoding: ", b"Content-Disposition: attachment",
    b"base64", b"quoted-printable", b"multipart/mixed; boundary=x", b"multipart/alternative",
    b"text/plain; charset=", b"text/html", b"message/rfc822", b"message/partial", b"\r\n--x\r\n",
    b"\r\n--x--\r\n", b"\r\n\r\n", b"\r\n ", b"boundary=", b"filename*0*=utf-8''", b"name=",
    b"=?utf-8?B?", b"=?utf-8?Q?", b"?=", b"(comment)", b"\0", b"begin 644 a.txt\r\n", b"=\r\n",
    b"MTkxMjEyMTIxMjEy", b"=31=39=31=32", b"x-uuencode", b"utf-7", b"utf-16", b"Subject: ",
    b"-----BEGIN PGP MESSAGE-----", b"application/pkcs7-mime", b"=ybegin line=128", b"From: ",
)  # fmt: skip


def message(data: bytes) -> Message:
    """Parse, and hold the result to what the next stage relies on."""
    found = parse(data)
    decoded = sum(len(part.data) for part in found.parts)
    must(decoded <= 4 * len(data) + 64, "decoded bytes are bounded by the message")
    must(len(found.parts) <= limits.PARTS + 60, "parts are counted")
    said = sum(len(text.content) for text in found.texts)
    must(said <= 40 * len(data) + 40_000, "texts are bounded by the message")
    for text in found.texts:
        offsets = [at for at, _ in text.places]
        must(offsets and offsets[0] == 0 and offsets == sorted(offsets), "places are sorted")
    return found


def tokenizer(data: bytes) -> None:
    message(data)


def shown(data: bytes) -> None:
    found = message(data)
    if found.defects:
        return
    if not any(NUMBER in reader(data) for reader in READERS.values()):
        return
    reading = read(found, JOB)
    seen = any(NUMBER in text.content for text in reading.texts)
    must(seen or reading.not_examined, "a number that a tolerant reader shows is read or said")


def _mails() -> Iterable[bytes]:
    for path in sorted((ROOM / "messages").glob("*.eml")):
        data = path.read_bytes()
        if len(data) <= 6000:
            yield data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    head = b"From: a@b.se\r\nMIME-Version: 1.0\r\nContent-Type: "
    yield head + b'text/plain; charset="utf-8"\r\n\r\n' + RAW + b"\r\n"
    yield head + b"text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nMTkxMjEyMTIxMjEy\r\n"
    quoted = b"text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=3191212=\r\n121212"
    yield head + quoted
    part = b"--x\r\nContent-Type: text/plain\r\n\r\n" + RAW + b"\r\n"
    yield head + b"multipart/mixed; boundary=x\r\n\r\n" + part * 2 + b"--x--\r\n"
    nested = (
        b"--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: a\r\n\r\n" + RAW + b"\r\n--x--\r\n"
    )
    yield head + b"multipart/mixed; boundary=x\r\n\r\n" + nested
    uu = b"begin 644 a.txt\r\n,,3DQ,C$R,3(Q,C$R\r\n`\r\nend\r\n"
    yield head + b"text/plain\r\n\r\n" + uu
    yield head + b"text/plain\r\nSubject: =?utf-8?B?MTkxMjEyMTIxMjEy?=\r\n\r\nhej\r\n"


# ---- headers ---------------------------------------------------------------------------------


def headers(data: bytes) -> None:
    kind, value = data[:1], data[1:]
    match kind[0] % 4 if kind else 0:
        case 0:
            said = words.text_of(value)
            kept = [said, value.decode("latin-1") if b"=?" in value else ""]
        case 1:
            people = address.read(value)
            must(len(people.addresses) <= address.MOST + 1, "addresses are counted")
            kept = [*people.addresses, *people.words, NUMBER * people.more]
            kept += [value.decode("latin-1")] if b"=?" in value else []
        case 2:
            described = mime.describe(value)
            known = b"".join(part or b"" for part in (described.boundary,)).decode("latin-1")
            kept = [described.value, *described.names, described.charset, known]
            kept += [NUMBER] if described.codes or b"=?" in value or b"*" in value else []
        case _:
            name, _, coded = value.partition(b"\n")
            said = words.extended(words.percent(coded), name)
            must(isinstance(said, str), "an extended value is text")
            protected.smime(value)
            protected.armour(value)
            protected.is_encrypted(value)
            protected.is_signature("application/pkcs7-signature", value)
            return
    whole = RAW in value and b"\r" not in value
    must(not whole or any(NUMBER in piece for piece in kept), "a number in a field is kept")


def _fields() -> Iterable[bytes]:
    yield b"\0=?utf-8?B?MTkxMjEyMTIxMjEy?= =?iso-8859-1?Q?=E5_a?= hej"
    yield b"\0Om 191212121212"
    yield b'\1"Anna (191212121212)" <anna@x.se>, grupp: b@x.se, c@x.se; (a (b) c)'
    yield b"\1anna@x.se, 191212121212 <b@x.se>"
    yield b'\2text/plain; charset=utf-8; name="191212121212.txt"'
    yield b"\2attachment; filename*0*=utf-8''a%20; filename*1=b; filename=c.txt"
    yield b"\3utf-8\na%c3%a5%20191212121212"
    yield b"\3\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80"
    yield b"\3-----BEGIN PGP MESSAGE-----\n\nhQEMA0\n-----END PGP MESSAGE-----"


# ---- charsets --------------------------------------------------------------------------------


def charsets(data: bytes) -> None:
    raw_name, _, content = data.partition(b"\n")
    name = raw_name.decode("latin-1")
    readings = guessing.decode(content, name)
    must(readings and all(isinstance(text, str) for text in readings), "there is a reading")
    must(sum(map(len, readings)) <= 5 * len(content) + 8, "readings are bounded")
    if RAW in content:
        must(any(NUMBER in text for text in readings), "digits in ASCII are read in any charset")
    guessing.looks_like_text(content)
    python_codec = charset.codec(name)
    text, _ = charset.decode(content, python_codec or "utf-8")
    must(isinstance(text, str), "a codec makes text")
    must(isinstance(charset.fallback(content), str), "there is a fallback")
    pieces = roles.split(text)
    must(pieces == tuple(sorted(pieces, key=lambda each: each[0])), "roles are sorted")


def _charsets() -> Iterable[bytes]:
    for name in ("utf-8", "utf-16", "utf-7", "cp500", "iso-2022-jp", "mac-roman", "hz", "utf-32"):
        yield f"{name}\n".encode() + f"Hej {NUMBER} åäö".encode(name, "replace")
        yield f"{name}\n".encode() + b"Hej " + RAW
    yield b"\n\xff\xfeHej " + RAW
    yield "\nDen 3 mars skrev Anna:\n> hej\n\nMed vänlig hälsning\nAnna\n".encode()


# ---- HTML ------------------------------------------------------------------------------------


def html(data: bytes) -> None:
    source = data.decode("utf-8", "replace")
    text, extras = views(source)
    must(len(text) + len(extras) <= 12 * len(source) + 1000, "views are bounded by the source")
    if NUMBER in source:
        must(NUMBER in text or NUMBER in extras, "a number in the source is in a view")


def _pages() -> Iterable[bytes]:
    yield b"<html><head><title>a</title><style>.x{display:none}</style></head><body><p>Hej</p>"
    yield b"<table><tr><td>a</td><td>" + RAW + b"</td></tr></table>"
    yield b"<p>1912<b>1212</b>1212<span style='display:none'>x</span> &#49;&#57;12 &nbsp;</p>"
    yield b"<!-- " + RAW + b" --><img alt='" + RAW + b"' src='data:text/plain;base64,MTkx'>"
    yield b"<pre>a\n b</pre><textarea>" + RAW + b"</textarea><script>var a='" + RAW + b"'</script>"
    yield b"<a href='http://a.se/?p=" + RAW + b"' title=b>c</a><bdo dir=rtl>212121</bdo>"
    yield b"<div hidden>" + RAW + b"</div><svg><title>a</title></svg><math><mi>x</mi></math>"
    yield b"<template>" + RAW + b"</template><noscript>" + RAW + b"</noscript><![CDATA[a]]>"


_HTML_WORDS = (
    RAW, b"<p>", b"</p>", b"<td>", b"</td>", b"<tr>", b"<table>", b"<!--", b"-->", b"<style>",
    b"</style>", b"<script>", b"</script>", b"<pre>", b"<textarea>", b"<title>", b"<template>",
    b"<svg>", b"<math>", b"<select>", b"<option>", b"<iframe srcdoc=", b"<noscript>", b"<xmp>",
    b"<plaintext>", b'style="display:none"', b"hidden", b"alt=", b"href=", b"data:,", b"&#49;",
    b"&nbsp;", b"<![CDATA[", b"]]>", b"<bdo dir=rtl>", b"font-size:0", b"</", b"/>", b"<frameset>",
    b"color:white", b"<b>", b"</b>", b"<br>", b"<li>", b"<body>", b"<html>", b"\x0b", b"<a ",
)  # fmt: skip

TARGETS = (
    Target(
        "tokenizer",
        "parse() never raises, is linear, and decodes at most four times the bytes of the message.",
        tokenizer,
        _MAIL_WORDS,
        _mails,
    ),
    Target(
        "shown",
        "A number that one of four tolerant mail readers shows is in the texts, or the message is "
        "not examined in full.",
        shown,
        _MAIL_WORDS,
        _mails,
    ),
    Target(
        "headers",
        "Encoded words, parameters, address lists and signed wrappings never raise, and a number "
        "that stands in a field is kept.",
        headers,
        _MAIL_WORDS,
        _fields,
        2048,
    ),
    Target(
        "charsets",
        "Any bytes in any declared charset have a reading, in bounded size, and digits in ASCII "
        "are in one of them.",
        charsets,
        (RAW, b"utf-16", b"utf-7", b"\xff\xfe", b"\xfe\xff", b"+AGE-", b"\x1b$B", b"~{", b"cp037"),
        _charsets,
        2048,
    ),
    Target(
        "html",
        "views() never raises, is linear, and a number that stands in the source is in one view.",
        html,
        _HTML_WORDS,
        _pages,
    ),
)
