"""What the verbs of desk are given, and what a verb is."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailfilter import limits
from mailfilter.config import Settings
from mailfilter.letters.sdk import NO_SDK, SdkTable
from mailfilter.model import Decision, Envelope, Examination, Path
from mailfilter.outbox.contract import Deliver
from mailfilter.pages.recent import Throttle
from mailfilter.record.archive.archive import StoreArchive
from mailfilter.record.contract import Dossier
from mailfilter.rpc.contract import Answer, Ask

HOUR = timedelta(hours=1)
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
