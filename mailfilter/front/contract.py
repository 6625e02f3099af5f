"""What front and desk say to each other, and what a verb is given.

From → to: `Ask` (fields of JSON, and bytes) → `Answer` (the same). A verb refuses by raising
`Refused`: its code chooses the sentence that the visitor reads, its status the HTTP answer. Both
are ours; nothing that a visitor wrote, and no text of an exception, crosses the socket as a reason.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from mailfilter import limits
from mailfilter.act.contract import Deliver
from mailfilter.act.sdk import NO_SDK, SdkTable
from mailfilter.config import Settings
from mailfilter.model import Decision, Envelope, Examination, Path
from mailfilter.record.archive import StoreArchive
from mailfilter.record.contract import Dossier
from mailfilter.web.recent import Throttle

FIELDS = 64 * limits.KIB  # JSON of a request
ANSWER = 1 * limits.MIB  # JSON of an answer: a list of one's own mail
HOUR = timedelta(hours=1)
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


ANYBODY = Path(b"<nagon@medborgare.invalid>", b"nagon@medborgare.invalid")  # outside, no class
# A mail and the envelope it shall be judged with → what was found, and what the rules say now
Judge = Callable[[bytes, Envelope], Awaitable[tuple[Examination, Decision]]]
# A draft and its sender → what may be said of it
Check = Callable[[bytes, Path], Awaitable[Dossier]]
View = Callable[[bytes], Awaitable[Sequence[tuple[str, str]]]]  # a mail → (place, text), Swedish


@dataclass(frozen=True, slots=True)
class DeskParts:
    """What verbs work with, in desk's process. `wake` makes the outbox look at once.

    `asked` and `checked` limit what one mail address may ask for in an hour, `checked_from` what
    one network address may.
    """

    archive: StoreArchive
    settings: Settings
    now: Callable[[], datetime]
    wake: Callable[[], None] = lambda: None
    judge: Judge | None = None
    check: Check | None = None
    view: View | None = None
    deliver: Deliver | None = None
    sdk: SdkTable = NO_SDK
    asked: Throttle = field(default_factory=lambda: Throttle(5, HOUR))
    checked: Throttle = field(default_factory=lambda: Throttle(limits.CHECKS_PER_HOUR, HOUR))
    checked_from: Throttle = field(
        default_factory=lambda: Throttle(10 * limits.CHECKS_PER_HOUR, HOUR)
    )


Run = Callable[[DeskParts, Ask], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Verb:
    """A row of the table of verbs. `most` is how many bytes may come with the request."""

    run: Run
    most: int = 0
