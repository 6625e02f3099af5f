"""What front and desk say to each other.

From → to: `Ask` (fields of JSON, and bytes) → `Answer` (the same). A verb refuses by raising
`Refused`: its code chooses the sentence that the visitor reads, its status the HTTP answer. Both
are ours; nothing that a visitor wrote, and no text of an exception, crosses the socket as a reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mailfilter import limits

SOCKET = "front.sock"  # in store.run
CALLBACK = "/eid"  # where a broker of e-identification sends the visitor back to
DRAFT = 20 * limits.MIB  # of text and files that the check page takes
FIELDS = 64 * limits.KIB  # JSON of a request
ANSWER = 1 * limits.MIB  # JSON of an answer: a list of one's own mail
CHUNK = 256 * limits.KIB  # of bytes, at a time


class Refused(Exception):
    """A verb says no. `code` is a key of the catalogue's section ``refused``."""

    def __init__(self, code: str, status: int = 404) -> None:
        super().__init__(code)
        self.code, self.status = code, status


@dataclass(frozen=True, slots=True)
class Ask:
    """A request: fields as JSON gave them, and bytes such as an attachment."""

    fields: Mapping[str, Any]
    body: bytes = b""

    def text(self, name: str, most: int = 1000) -> str:
        """A field that is a string of at most `most` characters; "" if it is not there."""
        value = self.fields.get(name, "")
        if not isinstance(value, str) or len(value) > most:
            raise Refused("malformed", 400)
        return value


@dataclass(frozen=True, slots=True)
class Answer:
    """What a verb answers. Bytes are sent in chunks."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    body: bytes = b""
