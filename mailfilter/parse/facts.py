"""Facts of the outermost header, and the text of any header.

From → to: `Block` → `Facts` for rules, notices and records; `Block` → `Text` of what a header shows
to people: subject, display names, every unstructured field.

Trace fields and identifiers are left out: they are long numbers and letters that no person wrote,
and mail programs do not show them. An address counts as text only if its local part holds as
many digits as an identity number.

Invariants: linear, never raises. Sources: RFC 5322, RFC 3834 (Auto-Submitted), RFC 2919 (List-Id),
Microsoft's description of the ``msip_labels`` header (labels.py).
"""

import re
from dataclasses import dataclass, field

from detectors import Role
from mailfilter import labels
from mailfilter.model import Facts, Text
from mailfilter.parse import address
from mailfilter.parse.header import Fields
from mailfilter.parse.words import text_of
from mailfilter.place import Place, Step

_PEOPLE = {
    b"from", b"to", b"cc", b"bcc", b"reply-to", b"sender", b"resent-from", b"resent-to",
    b"resent-cc", b"mail-followup-to", b"disposition-notification-to", b"return-receipt-to",
    b"errors-to",
}  # fmt: skip
SILENT = {
    b"accept-language", b"authentication-results", b"auto-submitted", b"autocrypt",
    b"content-class", b"content-id", b"content-language", b"content-length", b"content-location",
    b"content-transfer-encoding", b"content-type", b"content-disposition", b"content-md5", b"date",
    b"delivered-to", b"deferred-delivery", b"domainkey-signature", b"envelope-to", b"importance",
    b"in-reply-to", b"message-id", b"mime-version", b"msip_labels", b"original-message-id",
    b"precedence", b"priority", b"references", b"resent-date", b"resent-message-id", b"return-path",
    b"sensitivity", b"status", b"thread-index", b"user-agent", b"x-account-key", b"x-attachment-id",
    b"x-android-message-id", b"x-keepsent", b"x-mimetrack",
    b"x-auto-response-suppress", b"x-eopattributedmessage", b"x-eoptenantattributedmessage",
    b"x-identity-key", b"x-mailer", b"x-mimeole", b"x-mozilla-keys", b"x-mozilla-status",
    b"x-mozilla-status2", b"x-msmail-priority", b"x-originating-ip", b"x-priority", b"x-received",
    b"x-tmn", b"x-uidl", b"x-universally-unique-identifier", b"x-uniform-type-identifier",
}  # fmt: skip
_SILENT_PREFIXES = (
    b"received", b"arc-", b"dkim-", b"list-", b"x-ms-", b"x-microsoft-", b"x-forefront-",
    b"x-exchange-", b"x-originator", b"x-google-", b"x-gm-", b"x-spam", b"x-virus", b"x-mimecast-",
    b"x-proofpoint-", b"x-ld-processed", b"x-clientproxiedby", b"x-incomingheadercount",
)  # fmt: skip
_NUMBER = re.compile(r"(?:\d[-+._]?){10}")
_BULK = {"bulk", "junk", "auto_reply"}


@dataclass(slots=True)
class Shown:
    """What a header shows: a line for each field; the addresses by name of field."""

    text: Text | None = None
    people: dict[bytes, list[str]] = field(default_factory=dict)
    more: bool = False  # a field had too many addresses
    subject: tuple[bytes, str] = (b"", "")  # as it was sent, and as text


def show(fields: Fields, steps: tuple[Step, ...]) -> Shown:
    """What a header shows to people."""
    shown = Shown()
    lines: list[tuple[Role, str]] = []
    for name, value in fields:
        if name in SILENT or name.startswith(_SILENT_PREFIXES):
            continue
        if name in _PEOPLE:
            people = address.read(value)
            shown.more |= people.more
            shown.people.setdefault(name, []).extend(people.addresses)
            lines += [(Role.HEADER, words) for words in people.words]
            lines += [(Role.HEADER, each) for each in people.addresses if _numeric(each)]
        elif name == b"subject":
            shown.subject = value, text_of(value)
            lines.append((Role.SUBJECT, shown.subject[1]))
        else:
            lines.append((Role.HEADER, text_of(value)))
    shown.text = _text(lines, steps)
    return shown


def _text(lines: list[tuple[Role, str]], steps: tuple[Step, ...]) -> Text | None:
    """The lines that say anything as one text; a place where the role changes."""
    places: list[tuple[int, Place]] = []
    content, size, now = [], 0, None
    for role, line in lines:
        if not line:
            continue
        if role is not now:
            places.append((size, Place(role, steps)))
            now = role
        content.append(line)
        size += len(line) + 1
    return Text("\n".join(content), tuple(places)) if content else None


def _numeric(each: str) -> bool:
    return _NUMBER.search(each.partition("@")[0]) is not None


_USED = {
    b"message-id", b"subject", b"auto-submitted", b"precedence", b"sensitivity", b"msip_labels",
    b"list-id", b"list-unsubscribe", b"list-post", b"x-mailer", b"user-agent",
}  # fmt: skip
_MAKERS, _LABELLING = (b"x-mailer", b"user-agent"), (b"msip_labels", b"sensitivity")
_LISTS = {name for name in _USED if name.startswith(b"list-")}


def read(fields: Fields, shown: Shown, marks: frozenset[bytes], language: str) -> Facts:
    """The facts of the outermost header; `marks` are lower-case names."""
    found: dict[bytes, list[str]] = {}
    report = False
    for name, value in fields:
        if name in _USED:
            sent, said = shown.subject
            found.setdefault(name, []).append(said if value is sent else text_of(value))
        elif name == b"content-type":
            report = report or b"multipart/report" in value.lower()
    precedence = {value.strip().lower() for value in found.get(b"precedence", ())}
    answers = {value.strip().lower() for value in found.get(b"auto-submitted", ())}
    people = shown.people
    return Facts(
        message_id=_first(found, b"message-id").strip(),
        senders=tuple(people.get(b"from", ())),
        visible=(*people.get(b"to", ()), *people.get(b"cc", ())),
        hidden=tuple(people.get(b"bcc", ())),
        subject=_first(found, b"subject"),
        automatic=bool(precedence & _BULK) or not answers <= {"no"},
        mailing_list="list" in precedence or not found.keys().isdisjoint(_LISTS),
        report=report,
        labels=() if found.keys().isdisjoint(_LABELLING) else _labels(found),
        made_by=() if found.keys().isdisjoint(_MAKERS) else _makers(found),
        marks=_marked(fields, marks) if marks else (),
        language=language,
    )


def _marked(fields: Fields, marks: frozenset[bytes]) -> tuple[tuple[str, str], ...]:
    wanted = [(name, value) for name, value in fields if name in marks]
    return tuple((name.decode("ascii", "replace"), text_of(value)) for name, value in wanted)


def _makers(found: dict[bytes, list[str]]) -> tuple[str, ...]:
    return labels.bounded([said for name in _MAKERS for said in found.get(name, ())])


def _first(found: dict[bytes, list[str]], name: bytes) -> str:
    values = found.get(name)
    return values[0] if values else ""


def _labels(found: dict[bytes, list[str]]) -> tuple[str, ...]:
    """Information-class labels: names and identifiers of MSIP labels, and Sensitivity."""
    said = [label for value in found.get(b"msip_labels", ()) for label in labels.of_header(value)]
    return labels.bounded((*said, *found.get(b"sensitivity", ())))
