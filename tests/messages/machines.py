"""Profiles of programs that write mail by themselves or for many: case systems, forms, scanners,
calendars, reports, lists. See `profiles` for what a profile is.
"""

import random

from tests.messages.contents import MAKERS, OURS, Letter
from tests.messages.profiles import MULTI, attached, gmail, lines_of, top
from tests.messages.writing import (
    b_words,
    based,
    entity,
    extended_name,
    joined,
    narrow,
    page,
    plain,
    q_words,
    quoted_name,
    raw_words,
    text_part,
)  # fmt: skip


def javamail(letter: Letter, chance: random.Random) -> bytes:
    """Zimbra, Open-Xchange and case systems on JavaMail: ``----=_Part_1_2.3``."""
    numbers = (chance.randrange(10**6) for _ in range(4))
    text, html = plain(letter, "outlook-plain"), page(letter, "outlook")
    charset = chance.choice(("UTF-8", narrow(text + html, "ISO-8859-15", "Cp1252")))
    body = joined(
        "alternative",
        f"----=_Part_{next(numbers)}_{next(numbers)}.{int(letter.mark(10), 16)}",
        text_part(text, "plain", charset, "quoted-printable", ""),
        text_part(html, "html", charset, "quoted-printable", ""),
    )
    if letter.files:
        names = chance.choice((quoted_name, extended_name, bare_name))
        files = [attached(each, names, q_words, width=76) for each in letter.files]
        body = joined("mixed", f"----=_Part_{next(numbers)}_1.2", body, *files)
    return top(letter, q_words, f"X-Mailer: Zimbra 9.0.0_GA_4717 ({letter.mark(6)})") + body


def bare_name(parameter: str, name: str) -> str:
    """A name as it is, without quotes, as careless programs write it."""
    return f"{parameter}={name.replace(';', '_').replace(chr(34), '')}"


def dotnet(letter: Letter, chance: random.Random) -> bytes:
    """System.Net.Mail in case systems: no From name, ``--boundary_0_`` and a GUID, base64."""
    text = f"{letter.text}\r\n"
    charset = chance.choice(("utf-8", "us-ascii")) if text.isascii() else "utf-8"
    first = text_part(text, "plain", charset, "quoted-printable", "")
    if not letter.files:
        return top(letter, b_words) + first
    mark = f"--boundary_0_{letter.mark(8)}-{letter.mark(4)}"
    files = [
        entity(
            f"{each.type}; {quoted_name('name', each.name, b_words)}",
            based(each.data),
            "base64",
            "Content-Disposition: attachment",
        )
        for each in letter.files
    ]
    return top(letter, b_words) + joined("mixed", mark, first, *files, remark="\r\n")


def phpmailer(letter: Letter, chance: random.Random) -> bytes:
    """PHPMailer and WordPress forms: ``b1_`` and a hash, a remark, iso-8859-1 as often as not."""
    text = f"{letter.text}\n{letter.closing}"
    charset = narrow(text, "iso-8859-1")
    encoding = chance.choice(("8bit", "quoted-printable", "base64"))
    if encoding == "8bit" and max(map(len, text.split("\n"))) > 900:
        encoding = "quoted-printable"
    body = joined(
        "alternative",
        f"b1_{letter.mark(32)}",
        text_part(text, "plain", charset, encoding, ""),
        text_part(page(letter, "thunderbird"), "html", "utf-8", "quoted-printable", ""),
        remark=MULTI + "\r\n",
        end=b"\r\n\r\n",
    )
    more = ("X-Mailer: PHPMailer 6.9.1 (https://github.com/PHPMailer/PHPMailer)",)
    return (
        top(
            letter,
            lambda t: q_words(t, charset if narrow(t, charset) == charset else "utf-8"),
            *more,
        )
        + body
    )


def scanner(letter: Letter, chance: random.Random) -> bytes:
    """Scanners: a fixed boundary, empty or English text, a PDF (see scanner-*.eml)."""
    mark = chance.choice(
        ("KONICA_MINOLTA_Internet_Fax_Boundary", "DC_BOUND_PRE_<1700000000>", "XX_Xerox")
    )
    remark = chance.choice(("This is multipart message.\r\n\r\n", "", MULTI))
    text = chance.choice(("", 'This E-mail was sent from "RNP583879" (IM C3000).\r\n'))
    first = text_part(text, "plain", chance.choice(("us-ascii", "UTF-8", "ISO-8859-1")), "7bit")
    files = [each for each in letter.files if each.type == "application/pdf"]
    body = joined("mixed", mark, first, *map(attached, files), remark=remark, end=b"\r\n\r\n")
    return top(letter, raw_words, "X-Mailer: KONICA MINOLTA bizhub C308") + body


def invitation(letter: Letter, chance: random.Random) -> bytes:
    """Exchange meeting requests: text, HTML and a calendar side by side ([MS-OXCICAL])."""
    calendar = MAKERS["ics"]()[1]
    body = joined(
        "alternative",
        f"_000_{letter.mark(32)}_",
        text_part(plain(letter, "outlook"), "plain", "utf-8", "base64"),
        text_part(page(letter, "outlook"), "html", "utf-8", "base64"),
        entity('text/calendar; charset="utf-8"; method=REQUEST', based(calendar), "base64"),
    )
    return top(letter, b_words, "Content-Class: urn:content-classes:calendarmessage") + body


def forwarded(letter: Letter, chance: random.Random) -> bytes:
    """A mail with another mail as an attachment, 7bit or, as Gmail does, in base64."""
    inner = gmail(letter, chance)
    if chance.random() < 0.5:
        mail = entity("message/rfc822", inner, "", "Content-Disposition: attachment")
    else:
        mail = entity('message/rfc822; name="Tidigare.eml"', based(inner), "base64",
                      'Content-Disposition: attachment; filename="Tidigare.eml"')  # fmt: skip
    first = text_part("Se bifogat brev.\r\n", "plain", "utf-8", "7bit")
    return top(letter, b_words) + joined("mixed", f"_004_{letter.mark(30)}_", first, mail)


def report(letter: Letter, chance: random.Random) -> bytes:
    """Delivery reports and read receipts (RFC 3464, RFC 8098) of Exchange and Postfix."""
    first = text_part(plain(letter, "outlook"), "plain", "utf-8", "quoted-printable")
    if chance.random() < 0.5:
        status = b"Reporting-MTA: dns; mail.exempelkommun.example\r\n\r\nFinal-Recipient: rfc822; a@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"  # noqa: E501
        last = entity("text/rfc822-headers", top(letter, b_words))
        parts, kind = (first, entity("message/delivery-status", status), last), "delivery-status"
    else:
        status = b"Final-Recipient: RFC822; a@b.example\r\nDisposition: automatic-action/MDN-sent-automatically; displayed\r\nOriginal-Message-ID: <1@b.example>\r\n"  # noqa: E501
        parts = (first, entity("message/disposition-notification", status))
        kind = "disposition-notification"
    body = joined("report", f"{letter.mark(10)}/mail.{OURS}", *parts, more=f" report-type={kind};")
    return top(letter, b_words, "Auto-Submitted: auto-replied") + body


def pythonic(letter: Letter, chance: random.Random) -> bytes:
    """Django, Odoo and scripts on Python's email package: ``===============``, base64 UTF-8."""
    mark = f"==============={int(letter.mark(15), 16):019d}=="
    first = text_part(f"{letter.text}\n", "plain", "utf-8", chance.choice(("base64", "8bit")))
    if b"8bit" in first:
        first = entity('text/plain; charset="utf-8"', lines_of(letter.text), "8bit")
    if not letter.files:
        return top(letter, b_words) + first
    files = [attached(each, extended_name) for each in letter.files]
    return top(letter, b_words) + joined("mixed", mark, first, *files)


def list_digest(letter: Letter, chance: random.Random) -> bytes:
    """Mailman: a footer as a part of its own, and digests of mails (source of Mailman 2.1)."""
    inner = text_part(plain(letter, "mutt"), "plain", "utf-8", "quoted-printable")
    footer = entity(
        'text/plain; charset="us-ascii"', b"_____________\r\nLista mailing list\r\n", "7bit"
    )
    mark = f"==============={int(letter.mark(15), 16):019d}=="
    more = ("List-Id: <lista.exempelkommun.example>", "Precedence: list")
    if chance.random() < 0.5:
        return top(letter, b_words, *more) + joined("mixed", mark, inner, footer)
    mails = joined(
        "digest", mark + "x", *(b"\r\n" + top(each, b_words) + inner for each in (letter,))
    )
    return top(letter, b_words, *more) + joined("mixed", "=" * 8 + mark[:20], footer, mails, footer)
