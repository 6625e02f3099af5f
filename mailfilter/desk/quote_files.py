"""The attachments that go along when a mail is made anew without its quoted part. Pure.

From → to: the bytes of a mail that a worker has just read whole → what was attached to it.

A picture in the running text does not go along, since it may stand in the quoted part; a signature
does not, since it would no longer hold. An attached mail cannot be taken out and put in again as it
was: `Refused`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from detectors import Role
from mailfilter.model import Part
from mailfilter.pages.message import file_name
from mailfilter.parse import parse
from mailfilter.place import StepKind
from mailfilter.rpc.contract import Refused

_SIGNATURES = frozenset(
    {"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"}
)


@dataclass(frozen=True, slots=True)
class Attached:
    """What was attached: (name, type, bytes) of each file, and how many pictures stay behind."""

    files: Sequence[tuple[str, str, bytes]] = ()
    pictures: int = 0


def attached(body: bytes) -> Attached:
    """All that was attached to a mail."""
    parts = parse(body).parts
    if any(step.kind is StepKind.MAIL for part in parts for step in part.place.steps):
        raise Refused("attachments", 409)
    outside = [p for p in parts if p.place.role is Role.ATTACHMENT and p.type not in _SIGNATURES]
    files = [part for part in outside if not _in_the_text(part)]
    return Attached(
        tuple(
            (file_name(part, f"bilaga {n}"), part.type, part.data)
            for n, part in enumerate(files, 1)
        ),
        len(outside) - len(files),
    )


def _in_the_text(part: Part) -> bool:
    return bool(part.inline and part.content_id and part.type.startswith("image/"))
