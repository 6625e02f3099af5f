"""Rewriting the header of a message that is handed over, on its bytes.

From → to: bytes → bytes. Fields that are not named, their order and the body stay as they are,
byte for byte. Everything is linear in the size of the header.

Header injection is impossible by construction: a value that we write is one line of printable
ASCII, made by `encoded`, or is the untouched body of a field of the same message. Addresses have
been checked before they come here.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.header import Header

_SPLIT = re.compile(rb"[\s<>,;:\"()]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]")
_WIDTH = 900  # of a line that we write; RFC 5322 allows 998


@dataclass(frozen=True, slots=True)
class Head:
    """The fields of a header, each with its line ends and continuations, and all behind it."""

    fields: tuple[bytes, ...]
    rest: bytes  # the empty line and the body

    def joined(self) -> bytes:
        """The message again."""
        return b"".join(self.fields) + self.rest

    def having(self, *names: bytes) -> tuple[bytes, ...]:
        """The fields of these (lower-case) names."""
        return tuple(field for field in self.fields if name(field) in names)

    def without(self, names: Iterable[bytes]) -> "Head":
        """The same without the fields of these (lower-case) names."""
        gone = frozenset(names)
        return Head(tuple(field for field in self.fields if name(field) not in gone), self.rest)

    @property
    def sound(self) -> bool:
        """Something can be put on top: the first line does not continue another."""
        return not self.fields or self.fields[0][:1] not in (b" ", b"\t")

    def on_top(self, *fields: bytes) -> "Head":
        """The same with more fields at its top."""
        return Head((*fields, *self.fields), self.rest)


def split(data: bytes) -> Head:
    """The header and the rest; a message without an empty line is all header."""
    end = 0 if data.startswith(b"\r\n") else data.find(b"\r\n\r\n") + 2
    if end == 1:
        end = len(data)
    *lines, last = data[:end].split(b"\n")
    lines = [line + b"\n" for line in lines] + ([last] if last else [])
    fields: list[list[bytes]] = []
    for line in lines:
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1].append(line)
        else:
            fields.append([line])
    return Head(tuple(b"".join(lines) for lines in fields), data[end:])


def name(field: bytes) -> bytes:
    """The field's name in lower case; empty for a line that is no field."""
    title, colon, _ = field.partition(b":")
    return title.strip().lower() if colon else b""


def value(field: bytes) -> bytes:
    """The field's body, folding and line end included."""
    return field.partition(b":")[2]


def written(title: str, text: str) -> bytes:
    """A field that we write."""
    return f"{title}: ".encode("ascii") + encoded(text) + b"\r\n"


def encoded(text: str) -> bytes:
    """One or more lines of printable ASCII; other letters as RFC 2047 says."""
    text = _CONTROL.sub(" ", text)
    if text.isascii():
        return text.encode("ascii")
    return Header(text, "utf-8", maxlinelen=75).encode(linesep="\r\n").encode("ascii")


def addresses_in(fields: Iterable[bytes]) -> frozenset[bytes]:
    """Everything in these fields that looks like an address, in lower case."""
    return frozenset(
        word.lower() for field in fields for word in _SPLIT.split(value(field)) if b"@" in word
    )


def address_list(title: str, addresses: Sequence[str]) -> bytes:
    """A To field; several lines where one would be too long."""
    if not addresses:
        return f"{title}: undisclosed-recipients:;\r\n".encode("ascii")
    lines, length = [f"{title}: {addresses[0]}"], 0
    for address in addresses[1:]:
        length += len(address) + 2
        if length > _WIDTH:
            lines[-1] += ","
            lines.append(f" {address}")
            length = 0
        else:
            lines[-1] += f", {address}"
    return "\r\n".join([*lines, ""]).encode("utf-8")


def with_subject(head: Head, prefix: str, replacement: str) -> Head:
    """The subject prefixed or replaced; one is added where there is none."""
    if not prefix and not replacement:
        return head
    old = head.having(b"subject")
    if replacement or not old:
        return head.without([b"subject"]).on_top(written("Subject", replacement or prefix))
    return Head(
        tuple(_prefixed(f, prefix.rstrip()) if name(f) == b"subject" else f for f in head.fields),
        head.rest,
    )


def _prefixed(field: bytes, prefix: str) -> bytes:
    """Between two encoded words a space is not shown (RFC 2047 6.2): then it is encoded as well."""
    old = value(field).lstrip(b" \t")
    both = not prefix.isascii() and old.lstrip().startswith(b"=?")
    return b"Subject: " + encoded(f"{prefix} " if both else prefix) + b" " + old


def with_added(head: Head, headers: Mapping[str, str]) -> Head:
    """The same with these headers on top."""
    return head.on_top(*(written(title, text) for title, text in headers.items()))


def with_recipients(head: Head, recipients: Sequence[str], kept_as: str) -> Head:
    """To and Cc replaced by one To; `kept_as` names the fields that keep what they were.

    A field of that name that the mail brought along goes: the service may believe it.
    """
    kept: list[bytes] = []
    gone = [b"to", b"cc", b"bcc"]
    if kept_as:
        title = kept_as.encode("ascii")
        kept = [title + b":" + value(field) for field in head.having(b"to", b"cc")]
        gone.append(title.lower())
    return head.without(gone).on_top(address_list("To", recipients), *kept)
