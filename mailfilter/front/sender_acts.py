"""What the sender's pages ask of desk: to show what became of her mail, and to act on it.

Every verb proves the link first (`proven`). A held item is moved on by the same `Archive.act` as a
reviewer's, with an audit line of its own whose actor is "sender".
"""

from collections.abc import Sequence
from typing import Any

from mailfilter.front.contract import Answer, Ask, DeskParts, Refused, Verb
from mailfilter.model import State
from mailfilter.record import link_secret
from mailfilter.record.contract import AuditLine, Item
from mailfilter.record.states import WAITING

ACTOR = "sender"


async def proven(parts: DeskParts, ask: Ask, purpose: str) -> str:
    """The message of the link; `Refused` where the secret is not good for it."""
    owner, secret = ask.text("id", 80), ask.text("secret", link_secret.LENGTH)
    if not owner or not await parts.archive.links.good(purpose, owner, secret, parts.now()):
        raise Refused("link", 404)
    return owner


async def show(parts: DeskParts, ask: Ask) -> Answer:
    """What the page shows; changes nothing."""
    owner = await proven(parts, ask, link_secret.SENDER)
    items = await parts.archive.items_of(owner)
    return Answer({"case": owner, "items": [_row(item) for item in items]})


async def withdraw(parts: DeskParts, ask: Ask) -> Answer:
    """She takes it back: what waits is deleted unsent."""
    owner = await proven(parts, ask, link_secret.SENDER)
    done = 0
    for item in waiting(await parts.archive.items_of(owner)):
        line = AuditLine(0, parts.now(), ACTOR, "withdraw", item.id)
        done += await parts.archive.act(item.id, WAITING, State.DELETED, line)
    if not done:
        raise Refused("ended", 409)
    parts.wake()
    return Answer({"done": done})


def waiting(items: Sequence[Item]) -> list[Item]:
    """Those on which she may act."""
    return [item for item in items if item.state in WAITING]


def _row(item: Item) -> dict[str, Any]:
    return {"id": item.id, "state": item.state.value, "connector": item.connector}


VERBS = {
    "sender-show": Verb(show),
    "sender-withdraw": Verb(withdraw),
}
