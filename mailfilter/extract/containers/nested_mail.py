"""Attached mails (eml, message/rfc822, mht), mailboxes (mbox), protected files, by the parse stage.

From → to: bytes → the `Part`s of the inner message, placed below the part that holds it, and its
defects. Which function parses is an argument, since stages do not import each other. S/MIME and PGP
files that lie in an archive or under another name are handed to it as the one part of a mail, so
that what is signed is read and what is encrypted is said to be for its recipient.

Known gaps: a mailbox is split at lines that begin with "From " after an empty line, as Thunderbird
and mutt write it.
"""

import base64
import re
import string
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from mailfilter.extract.kit.budget import Unreadable
from mailfilter.extract.kit.charset import decode
from mailfilter.extract.kit.context import Ctx, Found, text_at
from mailfilter.extract.locked import openpgp
from mailfilter.model import Part, Text
from mailfilter.place import Place, Step, StepKind

_FROM = re.compile(rb"(?:\A|\r?\n\r?\n)(?=From [^\r\n]{3,200}\r?\n[\w-]{1,60}:)")
_LENGTH = re.compile(rb"\A\d{1,10}[ \t]*\r?\n(?=[\w-]{1,60}:)")
_TRACE = re.compile(rb"(?:Received|Return-Path|Delivered-To|MIME-Version):[ \t]", re.IGNORECASE)
_FIELD = re.compile(rb"(?:\d{1,10}[ \t]*\r?\n)?[A-Za-z][\w-]{1,60}:[ \t]")
_MIME = re.compile(
    rb"^(?:MIME-Version:[ \t]*1|Content-Transfer-Encoding:[ \t]*[bq78]"
    rb"|Content-Type:[ \t]*multipart/)",
    re.IGNORECASE | re.MULTILINE,
)
FIRST = (string.ascii_letters + string.digits).encode()  # bytes that `sniff_mail` begins with
ARMOUR = b"-----BEGIN PGP MESSAGE-----"
HEAD = 16384  # bytes in which a header shows itself
MAILS = 1000  # in one mailbox; the parts that they hold are counted besides


def sniff(data: bytes) -> bool:
    """A mailbox by its first line; a single mail has no mark of its own."""
    return data.startswith(b"From ") and _FROM.match(data) is not None


def sniff_mail(data: bytes) -> bool:
    """A mail that is attached under another name: header fields that only mails begin with."""
    head = data[:HEAD]
    if _TRACE.match(head):
        return True
    return (
        _FIELD.match(head) is not None
        and _MIME.search(re.split(rb"\r?\n\r?\n", head)[0]) is not None
    )


def read(part: Part, ctx: Ctx) -> Iterator[Found]:
    """One mail; Apple's programs write its length before it."""
    yield from _mail(_LENGTH.sub(b"", part.data, count=1), part, ctx)


def sniff_smime(data: bytes) -> bool:
    """CMS: a sequence that begins with an identifier of PKCS #7."""
    return data.startswith(b"0") and b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07" in data[:24]


def sniff_pgp(data: bytes) -> bool:
    """A message in armour, or one that begins with a key made of a password."""
    return data.find(ARMOUR, 0, HEAD) >= 0 or openpgp.is_bare(data)


def read_smime(part: Part, ctx: Ctx) -> Iterator[Found]:
    """Signed data are opened, enveloped data are for their recipient."""
    yield from _protected(part, ctx, "application/pkcs7-mime", "smime.p7m", "smime-unread")


def read_pgp(part: Part, ctx: Ctx) -> Iterator[Found]:
    """The same for PGP; what stands around a message is text. Some open by a password."""
    if not openpgp.is_bare(part.data) and sniff_pgp(part.data):
        yield text_at(decode(part.data, part.charset)[0], part.place)
    if openpgp.messages(part.data):
        raise Unreadable("encrypted")
    yield from _protected(part, ctx, "application/octet-stream", "a.pgp", "pgp-unread")


def _protected(part: Part, ctx: Ctx, kind: str, name: str, fault: str) -> Iterator[Found]:
    head = f'MIME-Version: 1.0\r\nContent-Type: {kind}; name="{name}"\r\n'
    packed = base64.encodebytes(part.data).replace(b"\n", b"\r\n")
    mail = head.encode() + b"Content-Transfer-Encoding: base64\r\n\r\n" + packed
    for found in _mail(mail, part, ctx):
        if isinstance(found, Part) and found.data == part.data:  # handed back: it is none
            raise Unreadable(fault)
        yield found


def read_mailbox(part: Part, _ctx: Ctx) -> Iterator[Found]:
    """Each mail of a mailbox."""
    starts = [found.end() for found in _FROM.finditer(part.data)]
    if not starts or starts[0] > 0:  # text before the first mail, or no mailbox at all
        yield replace(
            part, type="text/plain", name="", data=part.data[: starts[0] if starts else None]
        )
    if not starts:
        return
    for n, (start, end) in enumerate(pairwise([*starts, len(part.data)]), 1):
        mail = part.data[start:end].partition(b"\n")[2]
        yield Part(part.place.down(Step(StepKind.MAIL, n)), "message/rfc822", mail)


def _mail(data: bytes, part: Part, ctx: Ctx) -> Iterator[Found]:
    place = part.place
    message = ctx.parse(data)
    for label in message.facts.labels:
        ctx.label(label)
    for maker in message.facts.made_by:
        ctx.maker(maker)
    for text in message.texts:
        yield Text(text.content, tuple((at, _below(place, inner)) for at, inner in text.places))
    for inner in message.parts:
        yield replace(inner, place=_below(place, inner.place))
    for defect in message.defects:
        yield replace(defect, place=_below(place, defect.place))


def _below(place: Place, inner: Place) -> Place:
    return Place(inner.role, place.steps + inner.steps)
