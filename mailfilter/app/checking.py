"""The check before sending in an smtp process: its mailbox, put together."""

from datetime import timedelta

from mailfilter import limits
from mailfilter.config import Settings
from mailfilter.own_addresses.check_mailbox import CheckMailbox
from mailfilter.pages.recent import Throttle
from mailfilter.record.contract import Intake


def check_mailbox(settings: Settings, intake: Intake) -> CheckMailbox | None:
    """The mailbox, if the settings name one."""
    if not settings.front.check_address:
        return None
    throttle = Throttle(limits.CHECKS_PER_HOUR, timedelta(hours=1))
    return CheckMailbox(settings, intake, throttle.take)
