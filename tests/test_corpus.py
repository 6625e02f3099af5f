"""What is relayed is what was received: SHA-256 of DATA in = SHA-256 of DATA out (P5).

The corpus is made from a seed, so a failure can be seen again. Its gateway relays whatever it
finds and whatever it cannot read; each message was examined all the same.
"""

import base64
import functools
import hashlib
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.extract.documents import odf_files, pdf_files
from tests.extract.making import sheet_files, slides_files, word_files
from tests.running import Gateway, client_of, stuffed
from tests.sink import Sink

pytestmark = pytest.mark.system  # runs the whole program

RELAY_ALL = """
[[rule]]
name = "whatever-it-is"
action = "relay"
not_examined = ["encrypted", "broken", "ambiguous", "over-limit", "crashed", "unread",
  "unsupported", "protected-for-recipient", "cloud-attachment"]
[[rule]]
name = "whatever-it-says"
action = "relay"
"""
WORDS = [
    "möte",
    "torsdag",
    "protokoll",
    "ärende",
    "bilaga",
    "personnummer",
    "191212121212",
    "sjukskriven",
    "hej",
]
MESSAGES = Path(__file__).parent / "messages"
STRAY_BYTES = re.compile(rb"\r(?!\n)|(?<!\r)\n|\0")  # refused by right, not relayed


def header(n: int, more: str = "", kind: str = 'text/plain; charset="utf-8"', cte="8bit") -> bytes:
    text = (
        "From: Maj Ek <maj@exempelkommun.example>\r\nTo: anna@medborgare.example\r\n"
        f"Subject: nummer {n}\r\nDate: Mon, 16 Nov 2026 09:00:00 +0100\r\n"
        f"Message-ID: <{n}@exempelkommun.example>\r\n{more}MIME-Version: 1.0\r\n"
        f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {cte}\r\n\r\n"
    )
    return text.encode("latin-1")


def prose(dice: random.Random, lines: int, width: int = 9) -> str:
    return "".join(
        " ".join(dice.choices(WORDS, k=dice.randint(0, width))) + "\r\n" for _ in range(lines)
    )


def any_bytes(dice: random.Random, length: int) -> bytes:
    """Bytes of every value but NUL, CR and LF."""
    return dice.randbytes(length).translate(None, b"\0\r\n")


def bodies(dice: random.Random) -> Iterator[bytes]:
    """Charsets and encodings, true and false ones; with and without a last line end."""
    for n, charset in enumerate(["utf-8", "iso-8859-1", "windows-1252", "cp850", "utf-7"] * 6):
        text = prose(dice, dice.randint(1, 40)).encode(charset)
        kind = f"text/plain; charset={charset if n % 3 else 'us-ascii'}"
        yield header(n, kind=kind, cte=["8bit", "7bit", "binary"][n % 3]) + text
        yield header(n, kind=kind, cte="base64") + base64.encodebytes(text).replace(b"\n", b"\r\n")
        yield header(n, kind=f"text/html; charset={charset}") + b"<p>" + text + b"</p>"


def long_lines(dice: random.Random) -> Iterator[bytes]:
    for n, length in enumerate([997, 998, 999, 1000, 2048, 5000, 8191, 65_535, 65_536, 300_000]):
        yield header(n) + b"x" * length + b"\r\n"
        yield header(n) + b"." * length + b"\r\n.\xe5\r\n" + any_bytes(dice, length)
        yield header(n, f"X-Long: {'y' * length}\r\n") + b"kort\r\n"


def dots(dice: random.Random) -> Iterator[bytes]:
    lines = [b".", b"..", b"...", b". ", b".\t.", b"", b"x.", b".\xff", b".QUIT", b".\x0b"]
    for n in range(40):
        yield header(n) + b"\r\n".join(dice.choices(lines, k=n)) + b"\r\n" * (n % 3)
    yield b".Subject: dot\r\n\r\n.\r\n"
    yield header(41) + b"y" * 262_140 + b"\r\n.\r\n" * 9  # around the size of a read


def little(dice: random.Random) -> Iterator[bytes]:
    """Next to nothing, or no header, or no body."""
    yield from (
        b"\r\n",
        b"\r\n\r\n",
        b"x\r\n",
        b"\r\nx\r\n",
        b":\r\n",
        b" \r\n",
        b"Subject: hej\r\n",
    )
    yield from (
        b"Subject: hej\r\n\r\n",
        b"\r\n..\r\n",
        b"\t\r\n\r\n\r\n",
        header(0),
        header(0)[:-2],
    )
    yield from (any_bytes(dice, length) + b"\r\n" for length in range(1, 30))


def odd_headers(dice: random.Random) -> Iterator[bytes]:
    odd = [
        "Subject: en till\r\n",
        "Subject:\r\n\tvikt\r\n\t\r\n  igen\r\n",
        "X-Empty:\r\n",
        "ingen kolon alls\r\n",
        ">From maj Mon Nov 16 09:00:00 2026\r\n",
        "Bcc: dold@medborgare.example\r\n",
        "Content-Type: text/html\r\n",
        "X-\xe5\xe4: \xf6\xff\r\n",
        "To : mellanslag@medborgare.example\r\n",
        "MIME-Version: (kommentar) 1.0\r\n",
        "Subject: =?utf-8?b?4oKs?= =?utf-8?q?=E2=82?= =?x?y?z?=\r\n",
        "Received: from a by b; Mon, 16 Nov 2026 08:00:00 +0100\r\n" * 20,
        "References: " + "<x@y.example>\r\n " * 200 + "\r\n",
    ]
    for n in range(40):
        chosen = "".join(dice.sample(odd, k=1 + n % 4))
        yield header(n, chosen) + prose(dice, 3).encode()
        yield chosen.encode("latin-1") + header(n) + b"hej\r\n"


def nested(dice: random.Random) -> Iterator[bytes]:
    for n in range(40):
        inner = header(n) + prose(dice, 2).encode()
        for depth in range(n % 26):
            mark = f"b{depth}"
            kind = ["mixed", "alternative", "related", "digest", "signed"][(n + depth) % 5]
            part = b"Content-Type: message/rfc822\r\n\r\n" if depth % 3 else b""
            inner = (
                header(n, kind=f'multipart/{kind}; boundary="{mark}"')
                + b"inledning\r\n" * (n % 2)
                + b"".join(b"--%b\r\n%b%b\r\n" % (mark.encode(), part, inner) for _ in range(1))
                + b"--%b--\r\nefter\r\n" % mark.encode() * (n % 4 > 0)
            )
        yield inner


def attachments(dice: random.Random) -> Iterator[bytes]:
    made = {**word_files(), **sheet_files(), **slides_files(), **pdf_files(), **odf_files()}
    for n, (name, data) in enumerate(sorted(made.items())):
        data = data if n % 7 else data[: len(data) // 2]  # noqa: PLW2901  (a broken one)
        yield header(n, kind='multipart/mixed; boundary="g"') + (
            b"--g\r\n\r\nHej\r\n--g\r\nContent-Type: application/octet-stream\r\n"
            b"Content-Disposition: attachment; filename=bilaga-%d%b\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n%b\r\n--g--\r\n"
        ) % (
            n,
            Path(name).suffix.encode(),
            base64.encodebytes(data).replace(b"\n", b"\r\n" if n % 5 else b""),
        )


def collected(_dice: random.Random) -> Iterator[bytes]:
    """Mails as programs write them."""
    for path in sorted(MESSAGES.glob("*.eml")):
        yield re.sub(rb"\r?\n", b"\r\n", path.read_bytes())


def big(dice: random.Random) -> Iterator[bytes]:
    for n, size in enumerate([1, 3, 8]):
        yield header(n, kind="application/octet-stream") + any_bytes(dice, size << 20)


def signed(dice: random.Random) -> Iterator[bytes]:
    ways = [(a, b) for a in (b"simple", b"relaxed") for b in (b"simple", b"relaxed")]
    plain = [*bodies(dice)][::7] + [*long_lines(dice)][:12:2] + [*dots(dice)][::9]
    for n, message in enumerate(plain):
        message = message if message.endswith(b"\r\n") else message + b"\r\n"  # noqa: PLW2901
        if message.startswith(b"From: "):
            sign = dkim.sign(
                message, b"s1", b"exempelkommun.example", key()[0], canonicalize=ways[n % 4]
            )
            yield sign + message


@functools.cache
def key() -> tuple[bytes, bytes]:
    """A private key as PEM, and the DNS record of its public half."""
    private = rsa.generate_private_key(65537, 1024)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem, b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


FAMILIES = [
    bodies,
    long_lines,
    dots,
    little,
    odd_headers,
    nested,
    attachments,
    collected,
    big,
    signed,
]


def made(family) -> list[bytes]:
    messages = list(dict.fromkeys(family(random.Random(family.__name__))))
    assert not any(STRAY_BYTES.search(message) for message in messages)
    return [m if m.endswith(b"\r\n") else m + b"\r\n" for m in messages]


@pytest.fixture(scope="module")
def passage(tmp_path_factory):
    with (
        Sink() as sink,
        Gateway(tmp_path_factory.mktemp("gateway"), sink.port, RELAY_ALL) as gateway,
    ):
        yield gateway, sink


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_bytes_out_are_bytes_in(family, passage):
    gateway, sink = passage
    sink.mails.clear()
    messages = made(family)
    with client_of(gateway.port) as client:
        for number, message in enumerate(messages):
            client.docmd("MAIL", "FROM:<maj@exempelkommun.example> BODY=8BITMIME")
            client.docmd("RCPT", "TO:<anna@medborgare.example>")
            assert client.docmd("DATA")[0] == 354
            client.send(stuffed(message))
            code, text = client.getreply()
            assert (code, text) == (250, b"2.0.0 Ok: kept"), (number, message[:300])
    into = [hashlib.sha256(message).hexdigest() for message in messages]
    out = [hashlib.sha256(mail.data).hexdigest() for mail in sink.mails]
    assert out == into, [n for n, (a, b) in enumerate(zip(into, out, strict=False)) if a != b]


def test_signatures_hold_behind_the_gateway(passage):
    gateway, sink = passage
    sink.mails.clear()
    for message in made(signed):
        gateway.send(message, "maj@exempelkommun.example", ["anna@medborgare.example"])
    arrived = [mail.data for mail in sink.mails]
    assert len(arrived) >= 20
    assert all(dkim.verify(data, dnsfunc=lambda *_, **__: key()[1]) for data in arrived)
    changed = arrived[0].replace(b"nummer", b"Nummer", 1)
    assert not dkim.verify(changed, dnsfunc=lambda *_, **__: key()[1])


def test_the_corpus_has_at_least_300_different_messages():
    every = {message for family in FAMILIES if family is not signed for message in made(family)}
    assert len(every) >= 300
    assert any(max(map(len, message.split(b"\r\n"))) > 5000 for message in every)


@pytest.mark.parametrize("held", [False, True], ids=["relayed", "held and released"])
def test_odd_mails_leave_as_they_came(tmp_path, held):
    """More of these: ``make unchanged``."""
    from tests.unchanged import passed

    many = 25 if held else 300
    taken, faults = passed(tmp_path, 20261128, many, held=held)
    assert faults == []
    assert taken == many


def test_a_changed_byte_would_be_seen(tmp_path):
    from tests.unchanged import Passage, odd

    passage, mail = Passage(tmp_path), next(odd(1))
    passage.sent.append(mail.print)
    assert passage.changed(arrived=[mail.print]) == []
    for other in (
        replace(mail, data=mail.data + b"\r\n"),
        replace(mail, mail=mail.mail + b" "),
        replace(mail, rcpts=mail.rcpts[:1] + mail.rcpts),
    ):
        assert passage.changed(arrived=[other.print]) != []
    assert passage.changed(arrived=[]) != []
