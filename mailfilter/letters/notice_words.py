"""The words of our own mails, and the letter that is made of them.

From → to: words (``templates/sv.toml``, ``en.toml``) and filled-in sentences → `Block`s, one a
language → `EmailMessage` (plain text and HTML, inline style, no outside resource, ``lang`` on each
part, headings). Text and HTML are made of the same blocks and so say the same.

Invariants: a sentence is a constant with our own values filled in; HTML is escaped by Jinja; a
value cannot hold a placeholder that is filled in again.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from mailfilter import place
from mailfilter.errors import Permanent
from mailfilter.letters.linked import linked

LANGUAGES = ("sv", "en")
LOOP_HEADER = "X-Mailfilter-Notice"


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language."""

    language: str
    table: Mapping[str, Any]

    def say(self, key: str, /, **values: str | int) -> str:
        """The sentence of a dotted key, filled in; KeyError if there is none."""
        at: Any = self.table
        for part in key.split("/"):
            at = at[part]
        return str(at).format(**values)

    def has(self, table: str, word: str) -> bool:
        """Whether a table has this word."""
        return word in self.table.get(table, ())


def own_text(name: str) -> str:
    """A file of ours beside the catalogues."""
    return files("mailfilter.letters").joinpath(f"templates/{name}").read_text("utf-8")


def _catalogues() -> dict[str, Words]:
    """One file a language. A file that brings the words of places teaches them."""
    found = {}
    for entry in sorted(files("mailfilter.letters").joinpath("templates").iterdir(), key=str):
        if entry.name.endswith(".toml"):
            language = entry.name.removesuffix(".toml")
            found[language] = Words(language, tomllib.loads(entry.read_text("utf-8")))
            if "place" in found[language].table:
                place.teach(language, found[language].table["place"])
    return found


WORDS = _catalogues()


def in_order(first: str, languages: Sequence[str] = LANGUAGES) -> tuple[Words, ...]:
    """The words of these languages; that of the mail goes first, if it is among them."""
    others = [code for code in languages if code != first]
    return tuple(WORDS[code] for code in ([first] if first in languages else []) + others)


class PieceKind(StrEnum):
    """What a piece of a letter is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LINE = "line"
    BUTTON = "button"
    SMALL = "small"


@dataclass(frozen=True, slots=True)
class Piece:
    """A heading, paragraph, line of a list, button or small print."""

    kind: PieceKind
    text: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the lines under it."""

    heading: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """All that is said in one language. `title` is the subject in that language.

    Either `pieces`, which a template made, or the other fields.
    """

    language: str
    language_name: str
    title: str
    hello: str
    paragraphs: tuple[str, ...]
    sections: tuple[Section, ...]
    footer: str
    link: str = ""
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class Stamp:
    """What makes a mail a mail. `message_id` is without brackets, the same at every attempt."""

    sender: str
    sender_name: str
    recipients: tuple[str, ...]
    message_id: str
    at: datetime
    loop: str  # the value of the loop header
    answers: str = ""  # Message-ID, with brackets, of the mail that this is about
    automatic: str = "auto-replied"


_TEMPLATES = Environment(
    loader=PackageLoader("mailfilter.letters", "templates"),
    autoescape=select_autoescape(["html"]),
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
_TEMPLATES.filters["linked"] = linked
_TEXT, _HTML = _TEMPLATES.get_template("letter.txt"), _TEMPLATES.get_template("letter.html")


def letter(blocks: Sequence[Block], stamp: Stamp) -> EmailMessage:
    """The mail. Raises Permanent where an address cannot stand in a header."""
    message = _stamped(blocks[0].title, stamp)
    message.set_content(_TEXT.render(blocks=blocks), cte="quoted-printable")
    page = _HTML.render(blocks=blocks, subject=blocks[0].title)
    message.add_alternative(page, subtype="html", cte="quoted-printable")
    message["Content-Language"] = ", ".join(block.language for block in blocks)
    message.set_boundary(f"=_{sha256(stamp.message_id.encode()).hexdigest()[:32]}")
    return message


def plain_letter(subject: str, lines: Sequence[str], stamp: Stamp) -> EmailMessage:
    """A mail of lines that no mail program breaks: text as it is, in UTF-8."""
    message = _stamped(subject, stamp)
    message.set_content("\n".join(lines) + "\n", cte="8bit")
    return message


def _stamped(subject: str, stamp: Stamp) -> EmailMessage:
    """The head of a mail of ours."""
    message = EmailMessage(policy=SMTP)
    message["From"] = _mailbox(stamp.sender, stamp.sender_name)
    message["To"] = [_mailbox(address) for address in stamp.recipients]
    message["Subject"] = subject
    message["Date"] = format_datetime(stamp.at)
    message["Message-ID"] = f"<{stamp.message_id}>"
    if stamp.answers:
        message["In-Reply-To"] = stamp.answers
        message["References"] = stamp.answers
    message["Auto-Submitted"] = stamp.automatic
    message["X-Auto-Response-Suppress"] = "All"  # Exchange: no out-of-office to us
    message[LOOP_HEADER] = stamp.loop
    return message


def _mailbox(address: str, name: str = "") -> Address:
    try:
        made = Address(display_name=name, addr_spec=address)
        str(made).encode("ascii" if not name else "utf-8")
        address.encode("ascii")
    except (ValueError, IndexError, AttributeError, TypeError, MessageError) as error:
        raise Permanent("address-not-usable") from error
    return made
