"""What the sender's page shows: desk's side, dossier → JSON in the language of the visitor.

The same lines as the notice (``letters/notice_lines.py``): kinds, masks, places; never content.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from mailfilter.config import Settings
from mailfilter.config.pickup import Proof
from mailfilter.desk import policy
from mailfilter.desk.parts import DeskParts
from mailfilter.letters.notice import STOCKHOLM
from mailfilter.letters.notice_lines import (
    advice,
    found,
    is_protected,
    lead,
    not_read,
    opened,
    service,
    shown,
    why_held,
)
from mailfilter.letters.notice_words import WORDS, Words
from mailfilter.model import State
from mailfilter.outbox.notices import REWRITTEN, fates_of, needs_mobile, tells_itself
from mailfilter.pickup.deposits import needed
from mailfilter.record.archive.sender_rows import Request
from mailfilter.record.archive.states import WAITING
from mailfilter.record.contract import Dossier, Item

WEEK = timedelta(days=7)
WITHDRAWN = "withdrawn"  # the reason of an item that its sender took back
ENDS = (REWRITTEN, WITHDRAWN)  # words of their own for a deleted item
_MOST = 200  # recipients on the page


def words_for(language: str) -> Words:
    """The notice's words in the visitor's language."""
    return WORDS.get(language) or WORDS["sv"]


def waiting(items: Sequence[Item]) -> list[Item]:
    """Those on which she may act."""
    return [item for item in items if item.state in WAITING]


async def view(
    parts: DeskParts, items: Sequence[Item], dossier: Dossier | None, language: str
) -> dict[str, Any]:
    """All that the page shows of one mail."""
    first = items[0]
    told: dict[str, Any] = {
        "case": first.message,
        "at": first.at.isoformat(),
        "state": _state(items),
        "recipients": [],
        "followed": any(tells_itself(item, parts.settings) for item in items),
    }
    if dossier is None:
        return told
    words, settings = words_for(language), parts.settings
    told |= _lines(dossier, settings, words)
    told |= {
        "advice": [*parts.sdk.advice(dossier, words), *advice(dossier, settings, words)],
        "kept_until": max(item.expires_at for item in items).isoformat(),
        "recipients": _recipients(items, dossier, settings, words),
        "acts": [],
        "mobile_missing": any(map(needs_mobile, waiting(items))),
    }
    if waiting(items):
        told |= await _acts(parts, items, dossier, words)
    return told


def _lines(dossier: Dossier, settings: Settings, words: Words) -> dict[str, Any]:
    return {
        "why": lead(dossier),
        "rule": why_held(dossier, words) if lead(dossier) == "held-rule" else "",
        "protected": is_protected(dossier),
        "found": list(found(dossier, words)),
        "unread": list(not_read(dossier, words)),
        "opened": list(opened(dossier, words)),
        "guideline": settings.organisation.guideline_url,
    }


async def _acts(
    parts: DeskParts, items: Sequence[Item], dossier: Dossier, words: Words
) -> dict[str, Any]:
    settings, now = parts.settings, parts.now()
    protected, open_items = items[0].protected, waiting(items)
    requests = await parts.archive.sender.requests(item.id for item in open_items)
    today = now.astimezone(STOCKHOLM).date()
    policies = policy.overrides(dossier, open_items, settings, today)
    used = [
        await parts.archive.sender.used(one.name, dossier.sender, now - WEEK) for one in policies
    ]
    left = {
        one.name: one.per_week - n
        for one, n in zip(policies, used, strict=True)
        if n < one.per_week
    }
    return {
        "acts": list(
            policy.offered(
                dossier,
                settings,
                protected=protected,
                asked=any(map(policy.is_asked, open_items)),
            )
        ),
        "services": _services(open_items, dossier, settings, words),
        "overrides": left,
        "asked": _asked(requests),
        "alarmed": bool(await parts.archive.sender.alarms(items[0].message)),
    }


def _asked(requests: dict[str, Request]) -> str:
    """When she last asked for a review, or ""."""
    times = [request.at for request in requests.values()]
    return max(times).isoformat() if times else ""


def default_service(items: Sequence[Item], dossier: Dossier, settings: Settings) -> str:
    """The service that is proposed: what the rules chose, the way of the class, or the general."""
    wishes = [item.connector for item in items]
    for index in (n for item in items for n in item.recipients):
        way = settings.ways.get(dossier.verdicts[index].recipient_class)
        wishes.append(way.connector if way else "")
    wishes += [settings.secure_service, *settings.connectors]
    return next((name for name in wishes if name in settings.connectors), "")


def _services(
    items: Sequence[Item], dossier: Dossier, settings: Settings, words: Words
) -> list[dict[str, Any]]:
    """The services, the proposed one first, and what each needs to be told."""
    first = default_service(items, dossier, settings)
    names = sorted(settings.connectors, key=lambda name: name != first)
    return [
        {
            "name": name,
            "title": service(name, settings, words),
            "says": _instructions(name, settings, words),
            "mobiles": mobiles(name, items, dossier, settings),
        }
        for name in names
    ]


def mobiles(
    name: str, items: Sequence[Item], dossier: Dossier, settings: Settings
) -> list[dict[str, Any]]:
    """The recipients whose mobile number a service needs, by their place in the envelope."""
    if settings.connectors[name].type != "pickup":
        return []
    words = words_for("sv")
    return [
        {"n": n, "to": shown(dossier.verdicts[n].recipient, n + 1, words)}
        for item in items
        if needed(settings, dossier, item) is Proof.SMS
        for n in item.recipients
    ]


def _instructions(name: str, settings: Settings, words: Words) -> str:
    connector = settings.connectors[name]
    return connector.instructions_sv if words.language == "sv" else connector.instructions_en


def _recipients(
    items: Sequence[Item], dossier: Dossier, settings: Settings, words: Words
) -> list[dict[str, str]]:
    rows = []
    for fate in fates_of(dossier, items)[:_MOST]:
        moment = f"{fate.at.astimezone(STOCKHOLM):%Y-%m-%d %H:%M}" if fate.at else ""
        name = service(fate.connector, settings, words)
        said = words.say(f"fate/{fate.how}", at=moment, service=name).strip()
        to = shown(dossier.verdicts[fate.index].recipient, fate.index + 1, words)
        rows.append({"to": to, "fate": said, "how": fate.how})
    return rows


def _state(items: Sequence[Item]) -> str:
    """One word for all copies: what waits for her goes before what is under way."""
    order = (
        *(State.HELD, State.RELEASE_FAILED, State.READING, State.RELEASING, State.HANDING_OVER),
        *(State.ACCEPTED, State.HANDED_OVER, State.RELEASED, State.REFUSED, State.EXPIRED),
    )
    states = {item.state for item in items}
    ended = next((item.reason for item in items if item.reason in ENDS), State.DELETED.value)
    return next((state.value for state in order if state in states), ended)
