"""What the sender's pages ask of desk: to show what became of her mail, and to act on it.

Every verb proves the link first (`proven`), and opens her message by the link's own secret. A held
item is moved on by the same `Archive.act` as a reviewer's, with an audit line whose actor is
"sender"; what she did is counted for the weekly statistics, by department, never by person.

A protected message (V5) leaves no count, and its acts no line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from mailfilter.connectors.pickup_sms import number_of
from mailfilter.desk import alarms, policy
from mailfilter.desk.copies import by_link
from mailfilter.desk.parts import DeskParts, Verb
from mailfilter.desk.policy import DECIDE
from mailfilter.desk.sender_view import WEEK, WITHDRAWN, mobiles, view, waiting
from mailfilter.letters.notice import STOCKHOLM
from mailfilter.model import Action, State
from mailfilter.record.archive.sender_rows import FalseAlarm, Override
from mailfilter.record.archive.states import WAITING
from mailfilter.record.contract import Answer as Said
from mailfilter.record.contract import AuditLine, Count, Dossier, Item
from mailfilter.record.sealing import link_secret
from mailfilter.repeat import DAYS
from mailfilter.rpc.contract import Answer, Ask, Refused

ACTOR = "sender"
REASON = 500  # characters of her own words
ACT = "act:"  # kinds of counters that say what senders did


@dataclass(frozen=True, slots=True)
class Hers:
    """The sender's mail, opened: what waits, and the dossier."""

    owner: str
    items: Sequence[Item]
    dossier: Dossier

    @property
    def open(self) -> list[Item]:
        return waiting(self.items)


async def proven(parts: DeskParts, ask: Ask, purpose: str) -> str:
    """The message of the link; `Refused` where the secret is not good for it."""
    owner, secret = ask.text("id"), ask.text("secret")  # a longer one is a wrong link, no more
    if not owner or not await parts.archive.links.good(purpose, owner, secret, parts.now()):
        raise Refused("link", 404)
    return owner


async def hers(parts: DeskParts, ask: Ask, act: str) -> Hers:
    """Her mail, if it still waits and the act is offered for it."""
    owner = await proven(parts, ask, link_secret.SENDER)
    items, dossier = await by_link(parts, owner, ask.text("secret", link_secret.LENGTH))
    if dossier is None or not waiting(items):
        raise Refused("ended", 409)
    protected, asked = items[0].protected, any(map(policy.is_asked, waiting(items)))
    if act != "override" and act not in policy.offered(
        dossier, parts.settings, protected=protected, asked=asked
    ):
        raise Refused("not-offered", 403)
    return Hers(owner, items, dossier)


async def show(parts: DeskParts, ask: Ask) -> Answer:
    """What the page shows; changes nothing."""
    owner = await proven(parts, ask, link_secret.SENDER)
    items, dossier = await by_link(parts, owner, ask.text("secret", link_secret.LENGTH))
    if not items:
        raise Refused("gone", 410)
    return Answer(await view(parts, items, dossier, ask.text("lang", 5)))


async def withdraw(parts: DeskParts, ask: Ask) -> Answer:
    """She takes it back: what waits is deleted unsent."""
    mail = await hers(parts, ask, "withdraw")
    for item in mail.open:
        line = AuditLine(0, parts.now(), ACTOR, "withdraw", item.id, {"reason": WITHDRAWN})
        await _moved(await parts.archive.act(item.id, WAITING, State.DELETED, line))
    return await finished(parts, mail, "withdraw")


async def secure(parts: DeskParts, ask: Ask) -> Answer:
    """She sends it by a service, and tells what that needs."""
    mail = await hers(parts, ask, "secure")
    name = ask.text("service", 100)
    if name not in parts.settings.connectors:
        raise Refused("service", 422)
    told = {item.id: _details(parts, ask, name, item, mail.dossier) for item in mail.open}
    for item in mail.open:
        if told[item.id]:
            pickups = parts.archive.pickups
            assert pickups is not None, "desk has the keys"
            await pickups.give_details(item.id, told[item.id], parts.now())
        detail: dict[str, str | int] = {"connector": name}
        line = AuditLine(0, parts.now(), ACTOR, "redirect", item.id, detail)
        acted = await parts.archive.act(
            item.id, WAITING, State.ACCEPTED, line, parcel="handoff", connector=name
        )
        await _moved(acted)
    return await finished(parts, mail, "secure", name)


def _details(
    parts: DeskParts, ask: Ask, name: str, item: Item, dossier: Dossier
) -> dict[int, dict[str, str]]:
    """What the service needs to be told of each recipient, kept sealed until it has it; a number
    that is missing or is no mobile number is asked for again, before anything moves."""
    asked = mobiles(name, [item], dossier, parts.settings)
    country = parts.settings.pickup.sms.country
    given = {row["n"]: number_of(ask.text(f"mobile.{row['n']}", 40), country) for row in asked}
    if not all(given.values()):
        raise Refused("mobile", 422)
    order = {n: position for position, n in enumerate(item.recipients)}
    return {order[n]: {"mobile": number} for n, number in given.items()}


async def review(parts: DeskParts, ask: Ask) -> Answer:
    """She asks for a review, and says why."""
    mail = await hers(parts, ask, "review")
    reason = ask.text("reason", REASON).strip()
    if not reason:
        raise Refused("reason", 422)
    for item in mail.open:
        line = AuditLine(0, parts.now(), ACTOR, "ask-review", item.id)
        await parts.archive.sender.ask_review(line, reason, counts(parts, mail, "review"))
    parts.wake()
    return Answer({"done": "review"})


async def false_alarm(parts: DeskParts, ask: Ask) -> Answer:
    """She says that what was found is nothing: a labelled case, and a reviewer sees the mail."""
    mail = await hers(parts, ask, "false-alarm")
    item = mail.open[0]
    line = AuditLine(0, parts.now(), ACTOR, "false-alarm", item.id)
    detail = alarms.detail(mail.dossier, item.rules_hash)
    case = FalseAlarm(mail.owner, parts.now(), item.department, detail)
    await parts.archive.sender.flag(case, line, counts(parts, mail, "false-alarm"))
    asked = AuditLine(0, parts.now(), ACTOR, "ask-review", item.id)
    await parts.archive.sender.ask_review(asked, "false-alarm", ())
    parts.wake()
    return Answer({"done": "false-alarm"})


async def not_health(parts: DeskParts, ask: Ask) -> Answer:
    """She says that it is not about anybody's health: it goes as it came, and nobody else is asked.

    An audited release (P12). For calibration it is a false alarm that nobody has confirmed; the
    same mail to the same recipients is not asked about again (``act/asking.py``).
    """
    mail = await hers(parts, ask, DECIDE)
    items, now = [item for item in mail.open if policy.is_asked(item)], parts.now()
    first, dossier = items[0], mail.dossier
    lines = [AuditLine(0, now, ACTOR, "release", item.id, {"answer": DECIDE}) for item in items]
    detail = alarms.detail(dossier, first.rules_hash)
    case = FalseAlarm(mail.owner, now, first.department, detail, unconfirmed=True)
    until = first.at + timedelta(days=DAYS)
    said = Said(mail.owner, dossier.answer, until) if dossier.answer else None
    counted = counts(parts, mail, DECIDE)
    await _moved(await parts.archive.sender.decide(lines, case, said, counted))
    parts.wake()
    return Answer({"done": DECIDE})


async def override(parts: DeskParts, ask: Ask) -> Answer:
    """She sends it as it is, under a policy that names her, with a reason."""
    mail = await hers(parts, ask, "override")
    reason, name = ask.text("reason", REASON).strip(), ask.text("policy", 200)
    today = parts.now().astimezone(STOCKHOLM).date()
    allowed = policy.overrides(mail.dossier, mail.open, parts.settings, today)
    one = next((one for one in allowed if one.name == name), None)
    if one is None:
        raise Refused("not-offered", 403)
    if not reason:
        raise Refused("reason", 422)
    for item in mail.open:
        line = AuditLine(0, parts.now(), ACTOR, "override", item.id, {"policy": name})
        wanted = Override(item.id, name, mail.dossier.sender, parts.now() - WEEK, one.per_week)
        counted = counts(parts, mail, "override", name)
        if not await parts.archive.sender.override(wanted, line, reason, counted):
            raise Refused("spent", 409)
    parts.wake()
    return Answer({"done": "override"})


def counts(parts: DeskParts, mail: Hers, act: str, rule: str = "") -> list[Count]:
    """What an act adds to the statistics: nothing of a protected mail."""
    first = mail.items[0]
    if first.protected:
        return []
    day = parts.now().astimezone(STOCKHOLM).date()
    return [Count(day, first.department, "", f"{ACT}{act}", rule, Action.QUARANTINE, "enforce")]


async def finished(parts: DeskParts, mail: Hers, act: str, rule: str = "") -> Answer:
    """Count what she did; the outbox looks at once."""
    await parts.archive.sender.count(counts(parts, mail, act, rule))
    parts.wake()
    return Answer({"done": act})


async def _moved(acted: bool) -> None:
    if not acted:
        raise Refused("ended", 409)


VERBS = {
    "sender-show": Verb(show),
    "sender-withdraw": Verb(withdraw),
    "sender-secure": Verb(secure),
    "sender-review": Verb(review),
    "sender-false-alarm": Verb(false_alarm),
    "sender-override": Verb(override),
    f"sender-{DECIDE}": Verb(not_health),
}
