"""How client programs write: encoded words, transfer encodings, parts, quoted history, HTML.

Everything here is bytes by hand, because a library would smooth out what the profiles are about.
"""

import base64
import quopri
from datetime import datetime
from html import escape

from tests.messages.contents import Letter, Person

DAYS = ["mån", "tis", "ons", "tors", "fre", "lör", "sön"]
MONTHS = [
    "januari",
    "februari",
    "mars",
    "april",
    "maj",
    "juni",
    "juli",
    "augusti",
    "september",
    "oktober",
    "november",
    "december",
]
ENGLISH = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
WEEK = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def crlf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def narrow(text: str, *charsets: str) -> str:
    """The first of the charsets that holds the text, else UTF-8."""
    for charset in charsets:
        try:
            text.encode(charset)
        except UnicodeEncodeError:
            continue
        return charset
    return "utf-8"


# ---- header fields ---------------------------------------------------------------------------


def b_words(text: str, charset: str = "utf-8") -> str:
    """Encoded words in base64, cut between characters, one a line."""
    if text.isascii():
        return text
    pieces, piece = [], ""
    for character in text:
        if len((piece + character).encode(charset)) > 42:
            pieces.append(piece)
            piece = ""
        piece += character
    words = [base64.b64encode(each.encode(charset)).decode() for each in [*pieces, piece]]
    return "\r\n ".join(f"=?{charset}?B?{word}?=" for word in words)


def q_words(text: str, charset: str = "utf-8") -> str:
    """The same as quoted words."""
    if text.isascii():
        return text
    words, word = [], ""
    for character in text:
        coded = "_" if character == " " else character
        if not (coded.isascii() and (coded.isalnum() or coded in "_-")):
            coded = "".join(f"={byte:02X}" for byte in character.encode(charset))
        if len(word) + len(coded) > 60:
            words.append(word)
            word = ""
        word += coded
    return "\r\n ".join(f"=?{charset}?Q?{each}?=" for each in [*words, word])


def raw_words(text: str) -> str:
    """As it stands, folded: programs that write UTF-8 into headers."""
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + len(word) > 70:
            lines.append(line)
            line = ""
        line += f"{' ' if line else ''}{word}"
    return "\r\n ".join([*lines, line])


def people(persons: tuple[Person, ...], words=b_words, joint: str = ",\r\n\t") -> str:
    """An address list."""
    return joint.join(
        f'"{each.name}" <{each.address}>'
        if each.name.isascii() and "B" in each.name
        else f"{words(each.name)} <{each.address}>"
        for each in persons
    )


def when(date: datetime) -> str:
    return f"{WEEK[date.weekday()]}, {date.day} {ENGLISH[date.month - 1]} {date:%Y %H:%M:%S %z}"


def fields(*lines: str) -> bytes:
    """Header fields, those without a value left out."""
    kept = [line for line in lines if line and not line.endswith(": ")]
    return "".join(f"{line}\r\n" for line in kept).encode()


# ---- names of files --------------------------------------------------------------------------


def quoted_name(parameter: str, name: str, words=q_words) -> str:
    """``filename="..."`` with encoded words in it if needed, as Outlook and Gmail write."""
    shown = name.replace("\\", "_").replace('"', "'") if name.isascii() else words(name)
    return f'{parameter}="{shown}"'


def extended_name(parameter: str, name: str, charset: str = "utf-8") -> str:
    """RFC 2231, whole or in pieces, as Apple Mail and Thunderbird write."""
    if name.isascii() and len(name) < 60:
        return f'{parameter}="{name}"'
    coded = "".join(
        chr(byte) if chr(byte).isalnum() and byte < 128 else f"%{byte:02X}"
        for byte in name.encode(charset)
    )
    if len(coded) < 60:
        return f"{parameter}*={charset}''{coded}"
    pieces, at = [], 0
    while at < len(coded):
        end = at + 50
        while end < len(coded) and "%" in coded[end - 2 : end]:
            end -= 1
        pieces.append(coded[at:end])
        at = end
    return ";\r\n ".join(
        f"{parameter}*{n}*={f'{charset}' + chr(39) * 2 if n == 0 else ''}{piece}"
        for n, piece in enumerate(pieces)
    )


# ---- bodies ----------------------------------------------------------------------------------


def based(data: bytes, width: int = 76) -> bytes:
    coded = base64.b64encode(data)
    return b"".join(coded[i : i + width] + b"\r\n" for i in range(0, len(coded), width))


def printable(text: str, charset: str) -> bytes:
    """Quoted-printable with CRLF line ends."""
    raw = crlf(text).replace("\r\n", "\n").encode(charset)
    return quopri.encodestring(raw).replace(b"\n", b"\r\n")


def entity(kind: str, body: bytes, encoding: str = "", *more: str) -> bytes:
    """A part: type, encoding, further fields, body."""
    head = [f"Content-Type: {kind}"]
    head += [f"Content-Transfer-Encoding: {encoding}"] if encoding else []
    return "".join(f"{line}\r\n" for line in [*head, *more]).encode() + b"\r\n" + body


def text_part(text: str, kind: str, charset: str, encoding: str, quote: str = '"') -> bytes:
    """A text in one charset and transfer encoding."""
    kind = f"text/{kind}; charset={quote}{charset}{quote}"
    match encoding:
        case "base64":
            return entity(kind, based(crlf(text).encode(charset)), encoding)
        case "quoted-printable":
            return entity(kind, printable(text, charset) + b"\r\n", encoding)
        case _:
            return entity(kind, (crlf(text) + "\r\n").encode(charset), encoding)


def joined(
    kind: str, boundary: str, *parts: bytes, remark: str = "", end: bytes = b"\r\n", more: str = ""
) -> bytes:
    """A multipart; `end` is what stands between a part and the next delimiter."""
    head = f'Content-Type: multipart/{kind};{more}\r\n\tboundary="{boundary}"\r\n\r\n{remark}'
    inside = b"".join(b"--" + boundary.encode() + b"\r\n" + part + end for part in parts)
    return head.encode() + inside + b"--" + boundary.encode() + b"--\r\n"


# ---- history and HTML ------------------------------------------------------------------------


def spoken(date: datetime) -> str:
    return f"{date.day} {MONTHS[date.month - 1]} {date.year}"


def outlook_head(older: Letter, bold: str = "") -> str:
    names = "; ".join(f"{each.name} <{each.address}>" for each in older.to)
    return (
        f"{bold}Från:{bold} {older.sender.name} <{older.sender.address}>\n"
        f"{bold}Skickat:{bold} den {spoken(older.date)} {older.date:%H:%M}\n"
        f"{bold}Till:{bold} {names}\n{bold}Ämne:{bold} {older.subject}\n"
    )


def wrote(older: Letter, style: str) -> str:
    """The line above a quotation."""
    sender = f"{older.sender.name} <{older.sender.address}>"
    day = DAYS[older.date.weekday()]
    return {
        "gmail": f"Den {day} {older.date.day} {MONTHS[older.date.month - 1][:3]}. "
        f"{older.date:%Y} kl {older.date:%H:%M} skrev {sender}:",
        "apple": f"{spoken(older.date)} kl. {older.date:%H:%M} skrev {sender}:",
        "thunderbird": f"Den {older.date:%Y-%m-%d} kl. {older.date:%H:%M}, skrev "
        f"{older.sender.name}:",
        "english": f"On {WEEK[older.date.weekday()]}, {ENGLISH[older.date.month - 1]} "
        f"{older.date.day}, {older.date:%Y} at {older.date:%I:%M %p} {sender} wrote:",
        "mutt": f"On {when(older.date)}, {older.sender.name} wrote:",
    }[style]


def plain(letter: Letter, style: str) -> str:
    """The text with its history as plain text."""
    text = f"{letter.text}\n\n{letter.closing}\n"
    if not letter.history:
        return text
    older, rest = letter.history[0], letter.history[1:]
    below = f"{older.text}\n\n{older.closing}\n"
    if style in ("outlook", "outlook-plain", "outlook-mobile"):
        line = {
            "outlook": "________________________________",
            "outlook-plain": "-----Ursprungligt meddelande-----",
            "outlook-mobile": "________________________________",
        }[style]
        bold = "*" if style == "outlook-mobile" else ""
        text += f"\n{line}\n{outlook_head(older, bold)}\n{below}"
        for each in rest:
            text += f"\n{line}\n{outlook_head(each, bold)}\n{each.text}\n\n{each.closing}\n"
        return text
    quoted = [wrote(older, style), "", *below.split("\n")]
    for level, each in enumerate(rest, 1):
        quoted += [f"{'> ' * level}{line}" for line in (wrote(each, style), *each.text.split("\n"))]
    return text + "\n" + quoted[0] + "\n" + "\n".join(f"> {line}".rstrip() for line in quoted[1:])


def page(letter: Letter, style: str, head: str = "", logo: str = "") -> str:
    """The same as HTML, in the shape of one program."""
    body = "".join(f"<{PARAGRAPH[style]}>{_lines(each)}</p>" for each in letter.text.split("\n\n"))
    body += f'<div class="sig">{_lines(letter.closing)}</div>'
    body += f'<img src="cid:{logo}" width="180" height="60" alt="Logotyp">' if logo else ""
    for older in letter.history:
        body += _quoted_page(older, style)
    return f"<html><head>{head}</head><body>{body}</body></html>"


PARAGRAPH = {
    "outlook": 'p class="MsoNormal" style="margin:0cm"',
    "gmail": 'p dir="ltr"',
    "apple": 'p style="caret-color: rgb(0, 0, 0);"',
    "thunderbird": "p",
}


def _lines(text: str) -> str:
    return escape(text, quote=False).replace("\n", "<br>\r\n")


def _quoted_page(older: Letter, style: str) -> str:
    content = _lines(older.text)
    match style:
        case "outlook":
            head = _lines(outlook_head(older)).replace("Från:", "<b>Från:</b>")
            return (
                '<hr style="display:inline-block;width:98%" tabindex="-1">'
                f'<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri">{head}</font></div>'
                f"<div>{content}</div>"
            )
        case "gmail":
            return (
                f'<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">'
                f'{_lines(wrote(older, "gmail"))}<br></div><blockquote class="gmail_quote" '
                f'style="margin:0px 0px 0px 0.8ex">{content}</blockquote></div>'
            )
        case _:
            return (
                f'<div>{_lines(wrote(older, style))}</div><blockquote type="cite" '
                f'cite="mid:1@x">{content}</blockquote>'
            )
