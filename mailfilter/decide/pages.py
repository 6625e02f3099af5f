"""Who is told of her mail, and so has a page on which she may decide about it.

From → to: an envelope and the mail's facts → whether its sender gets a notice with a link. The
notice asks the same question here (``letters/notice.py``): a rule must not leave a mail to somebody
who never hears of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mailfilter.config import Settings
from mailfilter.decide.addresses import Patterns, patterns, split
from mailfilter.model import Envelope, Facts


@dataclass(frozen=True, slots=True)
class Pages:
    """`on`: there are such pages, and senders may decide there."""

    on: bool = False
    ours: Patterns | None = None  # None: no domains are set, and everybody is told
    owners: Mapping[str, str] = field(default_factory=dict)  # system sender → human owner

    @staticmethod
    def of(settings: Settings) -> "Pages":
        """Those of an installation."""
        front, domains = settings.front, settings.organisation.domains
        owners = settings.notice.system_senders
        return Pages(
            front.on and front.sender_decides and settings.notice.enabled,
            patterns(domains, "ours") if domains else None,
            {name.lower(): owner for name, owner in owners.items()},
        )

    def has(self, envelope: Envelope, facts: Facts) -> bool:
        """Whether the sender of this mail has a page, and decides there."""
        automatic = facts.automatic or facts.mailing_list or facts.report
        return self.on and self.told(envelope.mail.text, automatic=automatic) is not None

    def told(self, sender: str, *, automatic: bool) -> str | None:
        """Whom a notice about a mail of this sender goes to; None where nobody may be told."""
        if not sender:
            return None
        if owner := self.owners.get(sender.lower()):
            return owner
        if automatic or (self.ours is not None and self.ours.find(split(sender)) is None):
            return None
        return sender


NO_PAGES = Pages()
