"""The outbox of an installation, put together: handlers, connectors, the way out.

Everything goes out by ``relay.deliver_once`` (our own mails) or ``release.deliver_all`` (mail of
others, to all or none), each message over a connection of its own.
"""

import time
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from functools import partial

from mailfilter import config, connectors
from mailfilter.app import clock
from mailfilter.connectors import Means, Pickup
from mailfilter.connectors.contract import Connector
from mailfilter.connectors.signing import signer_of
from mailfilter.letters import sdk
from mailfilter.letters.notice_template import load
from mailfilter.letters.notice_words import Stamp
from mailfilter.next_hop.relay import deliver_once, hop_of
from mailfilter.outbox.account_mail import EMERGENCY, LINK, AccountMail
from mailfilter.outbox.checkpoint_mail import CheckpointMail
from mailfilter.outbox.contract import Handler
from mailfilter.outbox.hand_over import HandOvers, hop_of_connector, sending, sending_to
from mailfilter.outbox.notices import Post, Reports, ToReviewers, ToSender
from mailfilter.outbox.outbox import Flood, Outbox
from mailfilter.outbox.own_mail import OwnMail
from mailfilter.outbox.release import Release, deliver_all
from mailfilter.own_addresses.returned_link import Bounces
from mailfilter.pickup.deposits import Aside, Deposits
from mailfilter.pickup.mails import LinkMails
from mailfilter.pickup.telling import Tellings
from mailfilter.record.contract import Archive
from mailfilter.record.sealing.keys import load_public
from mailfilter.report import mail, report_of, weeks

__all__ = ["Outbox", "outbox"]

TICK = 1.0  # seconds: smtp processes cannot wake desk, and a look is one indexed query


def outbox(archive: Archive, settings: config.Settings) -> Outbox:
    """The outbox of these settings; ConfigError for a key or password that cannot be used."""
    hop = hop_of(settings.next_hop, settings.listen.hostname)
    post = Post(settings, partial(deliver_once, hop), signer_of(settings.notice))
    to_sender = ToSender(archive, settings, post, clock.now, load(settings), sdk.load(settings))
    handlers: dict[str, Handler] = dict.fromkeys(
        ("notice", "rejected-notice", "not-sent", "release-failed", "done", "digest"), to_sender
    )
    own = OwnMail(archive, settings, post, clock.now)
    handlers |= {"own-mail": own, "check-answer": own}
    handlers |= dict.fromkeys((LINK, EMERGENCY), AccountMail(archive, settings, post, clock.now))
    handlers["reviewers"] = ToReviewers(archive, settings, post, clock.now)
    handlers["report"] = Reports(settings, post, _weekly(archive, settings), clock.now)
    handlers["checkpoint"] = CheckpointMail(settings, post, clock.now)
    handlers["release"] = Release(archive, partial(deliver_all, hop), clock.now)
    pickups = archive.pickups
    assert pickups is not None, "desk has the keys"
    signer, next_hop = signer_of(settings.notice), sending_to(hop)
    compose = LinkMails(settings, signer, clock.now)
    pickup = Pickup(
        settings.pickup, settings.front.on, next_hop, Deposits(pickups, clock.now), compose
    )
    handlers["pickup-bounce"] = Bounces(pickups, clock.now)
    handlers["pickup"] = Tellings(archive, pickups, settings, post, pickup, clock.now)
    beside = Aside(settings, pickups)
    handlers["handoff"] = HandOvers(archive, _connectors(settings, pickup), clock.now, beside)
    return Outbox(archive, handlers, clock.now, TICK, Flood(archive.parcels, time.monotonic))


def _connectors(settings: config.Settings, pickup: Pickup) -> dict[str, Connector]:
    """Each service with its way there; the loop token is this installation's, made of its key."""
    token = connectors.loop_token(load_public(settings.store.keys).join)
    signer = signer_of(settings.notice)
    for table in settings.connectors.values():
        hop_of_connector(table, settings.listen.hostname)  # a password that cannot be read: now
    return {
        name: connectors.make(
            table, Means(sending(table, settings.listen.hostname), token, signer, pickup)
        )
        for name, table in settings.connectors.items()
    }


def _weekly(
    archive: Archive, settings: config.Settings
) -> Callable[[str, Stamp], Awaitable[EmailMessage]]:
    async def make(week: str, stamp: Stamp) -> EmailMessage:
        report = await report_of(archive, weeks.parse(week))
        reported = mail.Stamp(stamp.sender, stamp.recipients, stamp.message_id, stamp.at)
        head = await archive.audit_head()
        return mail.weekly_mail(report, reported, settings.organisation.language, head)

    return make
