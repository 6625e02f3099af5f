"""Sound mails with one to three changes where the grammar has its joints: (class, name, message).

A change puts in, leaves out, doubles or exchanges something at a colon, an equals sign, a boundary,
a line end, a keyword. Most results are broken; what counts is that none is *clean* while another
reader shows the number. Seeded, so that every run makes the same mails.
"""

import base64
import random
import re
from collections.abc import Iterator

from tests.parse.blocks import CTE, DECOY, PLAIN, TOP, Case, multi, parts

NUMBER = "198001172389"  # official; young enough to be found without a word for it
SEED = 2603
_TEXT = f"Hej!\r\nDet galler {NUMBER} ja.\r\n".encode()
_BASED = base64.encodebytes(_TEXT * 2).replace(b"\n", b"\r\n")
_QUOTED = b"".join(b"=%02X" % byte for byte in _TEXT) + b"=\r\n"
_KINDS = (
    PLAIN,
    b"Content-Type: application/octet-stream; name=att\r\n",
    b"Content-Type: text/html\r\n",
)
_SHOWN = b"Content-Disposition: attachment; filename=a.txt\r\n"
JOINTS = (
    b"Content-Type", b"Content-Transfer-Encoding", b"boundary", b"=", b";", b": ", b"\r\n", b"--",
    b"foo", b"bar", b"base64", b"quoted-printable", b"multipart/mixed", b"charset", b"filename",
    b"\r\n\r\n", b"text/plain", b"utf-8", b"message/rfc822", b"=\r\n", b"3D", b"=31",
)  # fmt: skip
SCRAPS = (
    b"\0", b" ", b"\t", b"\r", b"\n", b"\r\n", b"\x0b", b"\x0c", b"(", b")", b"()", b"(x)", b'"',
    b'""', b"'", b"\\", b";", b",", b":", b"=", b"-", b"--", b"\r\n ", b"\xff", b"\xa0", b"%", b"*",
    b"=?utf-8?Q?", b"?=", b"*0", b"*=", b"x", b"\r\r\n", b"\n\r", b"/", b"<", b">", b"7bit",
    b"Content-Type: text/plain\r\n", CTE + b"7bit\r\n", b"\r\n\r\n", b"--foo\r\n", b"--bar\r\n",
    b"--foo--\r\n", b"boundary=bar; ",
)  # fmt: skip


def cases(count: int = 1500) -> Iterator[Case]:
    """As many cases as asked for."""
    chance = random.Random(SEED)
    for n in range(count):
        yield "6 mutated", f"mutated-{n}", _changed(_sound(chance), chance)


def _sound(chance: random.Random) -> bytes:
    name, body = chance.choice(((b"base64", _BASED), (b"quoted-printable", _QUOTED)))
    head = chance.choice(_KINDS) + chance.choice((b"", _SHOWN)) + CTE + name + b"\r\n\r\n"
    part = head + body
    match chance.randrange(4):
        case 0:
            return TOP + part
        case 1:
            return multi(b"multipart/mixed; boundary=foo", parts(b"foo", DECOY, part))
        case 2:
            inner = b"Content-Type: multipart/alternative; boundary=bar\r\n\r\n"
            return multi(
                b'multipart/mixed; boundary="foo"',
                b"Hej\r\n" + parts(b"foo", inner + parts(b"bar", b"\r\nHej", part)),
            )
        case _:
            mail = b"Content-Type: message/rfc822\r\n\r\n" + TOP + part
            return multi(b"multipart/mixed; boundary=foo", parts(b"foo", mail))


def _changed(mail: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3))):
        joint = chance.choice(JOINTS)
        hits = [found.start() for found in re.finditer(re.escape(joint), mail)]
        if hits:
            mail = _change(mail, chance.choice(hits), joint, chance)
    return mail


def _change(mail: bytes, at: int, joint: bytes, chance: random.Random) -> bytes:
    end, scrap = at + len(joint), chance.choice(SCRAPS)
    match chance.randrange(7):
        case 0:
            return mail[:at] + scrap + mail[at:]
        case 1:
            return mail[:end] + scrap + mail[end:]
        case 2:
            return mail[:at] + mail[end:]
        case 3:
            return mail[:end] + joint + mail[end:]
        case 4:
            return mail[:at] + chance.choice(JOINTS + SCRAPS) + mail[end:]
        case 5:
            inside = chance.randrange(at, end + 1)
            return mail[:inside] + scrap + mail[inside:]
        case _:
            lines = mail.split(b"\r\n")
            lines.insert(chance.randrange(len(lines)), chance.choice(lines))
            return b"\r\n".join(lines)
