"""Checkpoints of the audit log by mail.

From → to: a parcel ``checkpoint``, whose note is the line of a checkpoint → a mail to those whom
``audit.mail`` names. The line stands in it whole and as it is, so that the saved mail can be given
to ``mailfilter audit verify --anchor``. It says nothing of any mail or person.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from mailfilter.config import Settings
from mailfilter.letters.notice_words import in_order, plain_letter
from mailfilter.outbox.notices import Post
from mailfilter.record.contract import Parcel


@dataclass(frozen=True, slots=True)
class CheckpointMail:
    """The handler of ``checkpoint``."""

    settings: Settings
    post: Post
    now: Callable[[], datetime]

    async def send(self, parcel: Parcel) -> None:
        """Send the line to those who keep it."""
        recipients = self.settings.audit.mail
        if not recipients:
            return
        made = self.post.stamp(replace(parcel, note="audit"), recipients, self.now())
        stamp = replace(made, automatic="auto-generated")
        words = in_order(self.settings.organisation.language)
        text = [*(said.say("lead/checkpoint") for said in words), "", parcel.note]
        letter = plain_letter(words[0].say("subject/checkpoint"), text, stamp)
        await self.post.send(letter, recipients)

    async def give_up(self, parcel: Parcel, why: str) -> None:
        """The outbox has said so in the audit log; the next checkpoint covers this one."""
