"""Structure profiles of client programs: a `Letter` → the bytes that the program would send.

Each profile imitates, by hand, what one program does: order and folding of the header, boundaries,
nesting, charsets and encodings that it chooses, how it writes names of files, quotes and pictures.
None is a copy of a real mail. The source named with each is what the imitation follows.
"""

import random
from collections.abc import Callable

from tests.messages.contents import OURS, File, Letter
from tests.messages.writing import (
    b_words,
    based,
    entity,
    extended_name,
    fields,
    joined,
    narrow,
    page,
    people,
    plain,
    printable,
    q_words,
    quoted_name,
    text_part,
    when,
)  # fmt: skip

Profile = Callable[[Letter, random.Random], bytes]
MULTI = "This is a multi-part message in MIME format.\r\n"


def top(letter: Letter, words=b_words, *more: str, id: str = "") -> bytes:
    return fields(
        f"From: {people((letter.sender,), words)}",
        f"To: {people(letter.to, words)}",
        f"CC: {people(letter.cc, words)}" if letter.cc else "",
        f"Subject: {words(letter.subject)}" if letter.subject else "Subject:",
        f"Date: {when(letter.date)}",
        f"Message-ID: <{id or letter.mark()}@{OURS}>",
        *more,
        "MIME-Version: 1.0",
    )


def attached(file: File, name=quoted_name, words=q_words, *more: str, width: int = 76) -> bytes:
    return entity(
        f"{file.type};\r\n\t{name('name', file.name)}",
        based(file.data, width),
        "base64",
        f"Content-Disposition: attachment;\r\n\t{name('filename', file.name)}",
        *more,
    )


def _logo(letter: Letter, id: str, name: str = "image001.png") -> bytes:
    return entity(
        f'image/png; name="{name}"',
        based(letter.logo),
        "base64",
        f"Content-ID: <{id}>",
        f'Content-Disposition: inline; filename="{name}"',
    )


def _with_logo(letter: Letter, inner: bytes, id: str, boundary: str, more: str = "") -> bytes:
    return (
        joined("related", boundary, inner, _logo(letter, id), more=more) if letter.logo else inner
    )


def outlook(letter: Letter, chance: random.Random) -> bytes:
    """Outlook for Windows through Exchange Online ([MS-OXCMAIL]; mails in tests/messages)."""
    host = f"{OURS.replace('.', '')}_"
    id = "image001.png@01DA5D5E.4DED0400"
    head = '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1"><style><!--\r\n'
    head += "@font-face{font-family:Calibri}p.MsoNormal{margin:0cm;font-size:11.0pt}\r\n--></style>"
    text, html = plain(letter, "outlook"), page(letter, "outlook", head, id if letter.logo else "")
    charset = narrow(text + html, "us-ascii", "iso-8859-1", "windows-1252")
    encoding = "base64" if charset == "utf-8" else "quoted-printable"
    both = joined(
        "alternative",
        f"_000_{letter.mark(32)}{host}",
        text_part(text, "plain", charset, encoding),
        text_part(html, "html", charset, encoding),
    )
    inner = _with_logo(
        letter, both, id, f"_005_{letter.mark(32)}{host}", '\r\n\ttype="multipart/alternative";'
    )
    if letter.files:
        more = "Content-Description: {}"
        files = [
            attached(each, quoted_name, q_words, more.format(q_words(each.name)),
                  f"X-Own: {len(each.data)}")
            for each in letter.files
        ]  # fmt: skip
        inner = joined("mixed", f"_006_{letter.mark(32)}{host}", inner, *files)
    words = (lambda text: q_words(text, charset)) if charset == "iso-8859-1" else b_words
    words = words if narrow(letter.subject, "iso-8859-1") != "utf-8" else b_words
    fields_ = top(
        letter,
        b_words,
        f"Thread-Topic: {b_words(letter.subject)}",
        "Thread-Index: AdpdXk3tQ2m0o9fCSlqQO4pFqJH1zA==",
        "Accept-Language: sv-SE, en-US",
        f"X-MS-Has-Attach: {'yes' if letter.files else ''}",
        "X-MS-TNEF-Correlator:",
        "x-ms-exchange-antispam-messagedata-0:\r\n " + "wqS3lI0Qpn7" * 80,
    )
    return fields_ + inner


def outlook_plain(letter: Letter, chance: random.Random) -> bytes:
    """Outlook set to plain text; Exchange 2016 ([MS-OXCMAIL])."""
    text = plain(letter, "outlook-plain")
    charset = narrow(text, "us-ascii", "iso-8859-1")
    body = text_part(text, "plain", charset, chance.choice(("quoted-printable", "base64")))
    if letter.files:
        body = joined("mixed", f"_002_{letter.mark(32)}_", body, *map(attached, letter.files))
    return top(letter, lambda t: q_words(t, narrow(t, "iso-8859-1"))) + body


def outlook_mobile(letter: Letter, chance: random.Random) -> bytes:
    """Outlook for iOS and Android (user agents and structure as observed in list archives)."""
    html = page(letter, "outlook", '<meta http-equiv="Content-Type" content="text/html">')
    both = joined(
        "alternative",
        f"_000_{letter.mark(20).upper()}eurprd05prod_",
        text_part(plain(letter, "outlook-mobile"), "plain", "utf-8", "base64"),
        text_part(html, "html", "utf-8", "base64"),
    )
    if letter.files:
        both = joined(
            "mixed", f"_004_{letter.mark(20).upper()}_", both, *map(attached, letter.files)
        )
    return top(letter, b_words, "X-Mailer: Outlook for iOS") + both


def express(letter: Letter, chance: random.Random) -> bytes:
    """Windows Live Mail, Outlook Express and CDO: a remark before the parts, ``_NextPart_``."""
    text, html = plain(letter, "outlook-plain"), page(letter, "outlook")
    charset = narrow(text + html, "iso-8859-1", "windows-1252")
    mark = letter.mark(8).upper()
    both = joined(
        "alternative",
        f"----=_NextPart_001_0057_01D0A566.{mark}",
        text_part(text, "plain", charset, "quoted-printable"),
        text_part(html, "html", charset, "quoted-printable"),
        remark="" if letter.files else MULTI + "\r\n",
    )
    if letter.files:
        remark = "\r\n" + MULTI + "\r\n"
        files = map(attached, letter.files)
        both = joined(
            "mixed", f"----=_NextPart_000_0057_01D0A566.{mark}", both, *files, remark=remark
        )
    more = (
        "X-Priority: 3",
        "X-MSMail-Priority: Normal",
        "X-MimeOLE: Produced By Microsoft MimeOLE V16",
    )
    return top(letter, lambda t: q_words(t, narrow(t, "iso-8859-1")), *more) + both


def apple(letter: Letter, chance: random.Random) -> bytes:
    """Apple Mail on macOS: text beside HTML and files; RFC 2231 names; its own boundary."""
    mark = lambda: f"Apple-Mail={'_'}{letter.mark(32).upper()}"  # noqa: E731
    text = plain(letter, "apple")
    charset = narrow(text, "us-ascii", "utf-8")
    encoding = "7bit" if charset == "us-ascii" else "quoted-printable"
    if max(map(len, text.split("\n"))) > 900:
        encoding = "quoted-printable"
    first = text_part(text, "plain", charset, encoding, "")
    html = text_part(page(letter, "apple"), "html", "utf-8", "quoted-printable", "")
    files = [
        entity(
            f"{each.type};\r\n\tx-unix-mode=0644;\r\n\t{quoted_name('name', each.name)}",
            based(each.data),
            "base64",
            f"Content-Disposition: {chance.choice(('inline', 'attachment'))};\r\n\t"
            f"{extended_name('filename', each.name)}",
        )
        for each in letter.files
    ]
    if files:
        html = joined("mixed", mark(), html, *files, html, remark="\r\n")
    body = joined("alternative", mark(), first, html, remark="\r\n")
    head = top(letter, q_words, "X-Mailer: Apple Mail (2.3774.300.61.1.2)")
    return (
        head.replace(b"MIME-Version: 1.0", b"Mime-Version: 1.0 (Mac OS X Mail 16.0 \\(3774\\))")
        + body
    )


def iphone(letter: Letter, chance: random.Random) -> bytes:
    """Mail on iOS: one text, pictures and files in its midst."""
    text = plain(letter, "apple")
    charset = narrow(text, "us-ascii", "utf-8")
    encoding = chance.choice(("quoted-printable", "base64"))
    first = text_part(text, "plain", charset, encoding, "")
    if not letter.files:
        return top(letter, q_words, "X-Mailer: iPhone Mail (22B83)") + first
    last = text_part("\n\nSkickat från min iPhone", "plain", "utf-8", "base64", "")
    mark = f"Apple-Mail-{letter.mark(32).upper()}"
    files = [attached(each, extended_name) for each in letter.files]
    body = joined("mixed", mark, first, *files, last, remark="\r\n")
    return top(letter, q_words, "X-Mailer: iPhone Mail (22B83)") + body


def gmail(letter: Letter, chance: random.Random) -> bytes:
    """Gmail on the web: digits as boundaries, UTF-8, X-Attachment-Id (list archives)."""
    text, html = (
        plain(letter, "gmail"),
        page(letter, "gmail", logo="ii_m3x1" if letter.logo else ""),
    )
    encoding = chance.choice(("quoted-printable", "base64"))
    body = joined(
        "alternative",
        f"000000000000{letter.mark(16)}",
        text_part(text, "plain", "UTF-8", "" if text.isascii() else encoding),
        text_part(html, "html", "UTF-8", encoding),
    )
    body = _with_logo(letter, body, "ii_m3x1", f"000000000000{letter.mark(16)}")
    if letter.files:
        files = [
            attached(each, quoted_name, b_words, f"Content-ID: <f_{n}>", f"X-Attachment-Id: f_{n}")
            for n, each in enumerate(letter.files)
        ]
        body = joined("mixed", f"000000000000{letter.mark(16)}", body, *files)
    return top(letter, q_words) + body


def thunderbird(letter: Letter, chance: random.Random) -> bytes:
    """Thunderbird: flowed text, 8bit, RFC 2231 in names, a remark (source of its compose code)."""
    text, html = plain(letter, "thunderbird"), page(letter, "thunderbird", '<meta charset="UTF-8">')
    parts = [
        entity("text/plain; charset=UTF-8; format=flowed", lines_of(text), "8bit"),
        entity("text/html; charset=UTF-8", lines_of(html), "8bit"),
    ]
    mark = lambda: f"------------{letter.mark(24)}"  # noqa: E731
    if chance.random() < 0.4:
        body = parts[0]
    else:
        body = joined("alternative", mark(), *parts, remark="" if letter.files else MULTI)
    if letter.files:
        body = joined(
            "mixed", mark(), body, *(attached(f, extended_name) for f in letter.files), remark=MULTI
        )
    return top(letter, b_words, "User-Agent: Mozilla Thunderbird", "Content-Language: sv-SE") + body


def lines_of(text: str) -> bytes:
    """UTF-8 in lines that no server refuses."""
    lines: list[str] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        lines += [line[i : i + 400] for i in range(0, len(line), 400)] or [""]
    return "\r\n".join(lines).encode() + b"\r\n"


def samsung(letter: Letter, chance: random.Random) -> bytes:
    """Samsung Mail: its own boundary, all in base64."""
    mark = f"--_com.samsung.android.email_{int(letter.mark(14), 16)}"
    body = joined(
        "alternative",
        mark + "1",
        text_part(plain(letter, "gmail"), "plain", "utf-8", "base64", ""),
        text_part(page(letter, "gmail"), "html", "utf-8", "base64", ""),
        end=b"\r\n\r\n",
    )
    if letter.files:
        body = joined("mixed", mark + "0", body, *map(attached, letter.files), end=b"\r\n\r\n")
    return (
        top(letter, b_words, "Importance: Normal", "X-Android-Message-ID: <a@email.android.com>")
        + body
    )


def domino(letter: Letter, chance: random.Random) -> bytes:
    """HCL Notes through Domino: a remark, ``=_mixed``, octet-stream for every file."""
    text, html = plain(letter, "outlook-plain"), page(letter, "outlook")
    charset = narrow(text + html, "ISO-8859-1", "utf-8")
    mark = letter.mark(16).upper()
    both = joined(
        "alternative",
        f"=_alternative 00{mark}_=",
        text_part(text, "plain", charset, "quoted-printable"),
        text_part(html, "html", charset, "quoted-printable"),
        remark="This is a multipart message in MIME format.\r\n" if not letter.files else "\r\n",
    )
    if letter.files:
        files = [attached(File(f.name, "application/octet-stream", f.data)) for f in letter.files]
        both = joined("mixed", f"=_mixed 00{mark}_=", both, *files,
                      remark="This is a multipart message in MIME format.\r\n")  # fmt: skip
    return top(letter, lambda t: q_words(t, narrow(t, "ISO-8859-1")), "X-Mailer: HCL Notes") + both


def groupwise(letter: Letter, chance: random.Random) -> bytes:
    """GroupWise: a long remark, ``=__Part``, everything in UTF-8."""
    remark = (
        "This is a MIME message. If you are reading this text, you may want to \r\n"
        "consider changing to a mail reader or gateway that understands how to \r\n"
        "properly handle MIME multipart messages.\r\n\r\n"
    )
    mark = letter.mark(8).upper()
    both = joined(
        "alternative",
        f"=__Part{mark}.1__=",
        text_part(plain(letter, "outlook"), "plain", "UTF-8", "quoted-printable", ""),
        text_part(page(letter, "outlook"), "html", "UTF-8", "quoted-printable", ""),
        remark="" if letter.files else remark,
    )
    if letter.files:
        both = joined(
            "mixed", f"=__Part{mark}.0__=", both, *map(attached, letter.files), remark=remark
        )
    return top(letter, q_words, "X-Mailer: Novell GroupWise Internet Agent 18.4.1") + both


def roundcube(letter: Letter, chance: random.Random) -> bytes:
    """Roundcube and Horde: ``=_`` and a hash; RFC 2231 names (source of Mail_mime)."""
    text = plain(letter, "thunderbird")
    encoding = chance.choice(("8bit", "quoted-printable"))
    body = lines_of(text) if encoding == "8bit" else printable(text, "UTF-8") + b"\r\n"
    first = entity("text/plain; charset=UTF-8;\r\n format=flowed", body, encoding)
    if not letter.files:
        return top(letter, q_words, "User-Agent: Roundcube Webmail/1.6.9") + first
    files = [
        attached(each, extended_name, q_words, f"Content-Description: {q_words(each.name)}")
        for each in letter.files
    ]
    return top(letter, q_words, "X-Sender: a@b.example") + joined(
        "mixed", f"=_{letter.mark(32)}", first, *files
    )


def mutt(letter: Letter, chance: random.Random) -> bytes:
    """mutt: 8bit or quoted-printable in the narrowest charset, boundary without ornament."""
    text = plain(letter, "mutt")
    charset = narrow(text, "us-ascii", "iso-8859-1")
    encoding = "8bit" if max(map(len, text.split("\n"))) < 900 else "quoted-printable"
    first = text_part(text, "plain", charset, encoding, "").replace(
        b"\r\n\r\n", b"\r\nContent-Disposition: inline\r\n\r\n", 1
    )
    if letter.files:
        files = [attached(each, extended_name) for each in letter.files]
        first = joined("mixed", letter.mark(16), first, *files, remark="\r\n")
    return top(letter, q_words, "User-Agent: Mutt/2.2.13 (2024-03-09)") + first


def evolution(letter: Letter, chance: random.Random) -> bytes:
    """Evolution and Geary: ``=-`` boundaries, camel's choice of encodings."""
    text = plain(letter, "english")
    body = joined(
        "alternative",
        f"=-{letter.mark(20)}",
        text_part(text, "plain", "UTF-8", "quoted-printable"),
        text_part(page(letter, "thunderbird"), "html", "utf-8", "quoted-printable"),
        remark="\r\n\r\n",
    )
    if letter.files:
        files = [attached(each, extended_name) for each in letter.files]
        body = joined("mixed", f"=-{letter.mark(20)}", body, *files, remark="\r\n\r\n")
    return top(letter, q_words, "User-Agent: Evolution 3.54.1") + body


def kmail(letter: Letter, chance: random.Random) -> bytes:
    """KMail: ``nextPart``, a remark, 8bit UTF-8."""
    first = entity('text/plain; charset="utf-8"', lines_of(plain(letter, "mutt")), "8bit")
    if not letter.files:
        return top(letter, b_words) + first
    mark = f"nextPart{int(letter.mark(8), 16)}.{letter.mark(10)}"
    return top(letter, b_words) + joined(
        "mixed", mark, first, *map(attached, letter.files), remark=MULTI + "\r\n"
    )
