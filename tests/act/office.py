"""Building blocks of the act tests: a store in memory, dossiers with planted canaries, a clock."""

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta

from detectors import Role
from detectors.levels import LEVELS
from mailfilter import config
from mailfilter.errors import Permanent, Temporary
from mailfilter.model import (
    Action,
    Class,
    Finding,
    NotExamined,
    Path,
    Reply,
    State,
    Verdict,
)
from mailfilter.next_hop.relay import Receipt
from mailfilter.place import Place, Step, StepKind
from mailfilter.record.archive.states import allowed
from mailfilter.record.contract import Dossier, Item, Parcel

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
SENDER = "anna.berg@kommun.example"
OK = Reply(250, "2.0.0 Ok: queued as 4XYZ")
BODY = b"From: anna.berg@kommun.example\r\nMessage-ID: <a1@kommun.example>\r\n\r\nHej\r\n"

# Planted in a dossier wherever text of a mail can stand; none may come out
SUBJECT = "Kanariesubjekt om Kalle"
NUMBER = "191212121212"
WORD = "kanariediagnosen"
FILE = f"kanariefil {NUMBER}.docx"
CANARIES = ("Kanarie", "kanarie", NUMBER, NUMBER[2:], f"{NUMBER[2:8]}-{NUMBER[8:]}", "Kalle")


def path(address: str, parameters: str = "") -> Path:
    raw = address.encode()
    space = f" {parameters}" if parameters else ""
    return Path(b"<" + raw + b">" + space.encode(), raw, parameters.encode())


def verdict(address: str, action: Action = Action.QUARANTINE, **more) -> Verdict:
    return Verdict(address, action, "external-high", **({"reasons": ("finding-high",)} | more))


INSIDE = Place(
    Role.ATTACHMENT,
    (
        Step(StepKind.ATTACHMENT, 1, FILE, "docx"),
        Step(StepKind.SHEET, 2, SUBJECT),
        Step(StepKind.ROW, 3),
    ),
)


PACKED = (Step(StepKind.ATTACHMENT, 3, FILE, "zip"),)


def dossier(rcpts=("b@hem.example", "c@kommun.example"), **changes) -> Dossier:
    actions = [Action.QUARANTINE, *[Action.RELAY] * (len(rcpts) - 1)]
    values = {
        "sender": SENDER,
        "subject": SUBJECT,
        "message_id": "<a1@kommun.example>",
        "mail": path(SENDER, "SIZE=70 BODY=8BITMIME RET=HDRS ENVID=QQ1"),
        "rcpts": tuple(path(rcpt, f"NOTIFY=FAILURE ORCPT=rfc822;{rcpt}") for rcpt in rcpts),
        "verdicts": tuple(verdict(*pair) for pair in zip(rcpts, actions, strict=True)),
        "findings": (
            Finding("se.personnummer", 95, INSIDE, "191212-****", "p1", (WORD,)),
            Finding("se.personnummer", 95, Place(Role.BODY), "191212-****", "p1"),
            Finding("health", LEVELS.health.medium, Place(Role.BODY), "diagnos"),
            Finding(
                "health", LEVELS.health.medium, Place(Role.BODY), WORD
            ),  # a mask that should be no word
            Finding("register:kanarie", 90, Place(Role.QUOTE), "kanarie"),
        ),
        "not_examined": (
            NotExamined(
                Place(Role.ATTACHMENT, (Step(StepKind.ATTACHMENT, 2, FILE, "kanariex"),)),
                "zip-encrypted",
                Class.ENCRYPTED,
            ),
        ),
        "persons": 1,
        "opened": (
            INSIDE,
            Place(Role.ATTACHMENT, (*PACKED, Step(StepKind.MEMBER, 1, FILE, "docx"))),
            Place(Role.ATTACHMENT, (*PACKED, Step(StepKind.MEMBER, 2, WORD, "kanariex"))),
            Place(Role.ATTACHMENT, (Step(StepKind.ATTACHMENT, 4, FILE, "kanariex"),)),
        ),
    }
    return Dossier(**(values | changes))


def settings(**table) -> config.Settings:
    base = {
        "organisation": {"domains": ["kommun.example"], "contact": "IT, 0486-123 45"},
        "connectors": {
            "saker": {
                "title": "Säkra meddelanden",
                "instructions_sv": "Kvittot kommer till dig.",
                "instructions_en": "You get the receipt.",
            }
        },
    }
    return config.validate(base | table, "test.toml")


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at

    def after(self, **much) -> None:
        self.at += timedelta(**much)


class Mailbox:
    """A way out that keeps what it gets; answers are taken in order, the last one for ever."""

    def __init__(self, *answers) -> None:
        self.answers = list(answers) or [OK]
        self.mails = []

    async def __call__(self, mail, rcpts, data, xforward=()):
        self.mails.append((mail, tuple(rcpts), data, tuple(xforward)))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Receipt):
            return answer
        rcpt = answer if answer.code >= 500 else OK
        return Receipt(tuple(rcpt for _ in rcpts), answer)


def item(id="M1.1", state=State.HELD, action=Action.QUARANTINE, **changes) -> Item:
    values = {
        "id": id,
        "message": id.rpartition(".")[0],
        "action": action,
        "connector": "saker" if action is Action.REDIRECT else "",
        "state": state,
        "at": NOW,
        "expires_at": NOW + timedelta(days=14),
        "size": len(BODY),
        "department": "övriga",
        "controller": "",
        "protected": False,
        "rules_hash": "f00d",
        "recipients": (0,),
        "dossier": None,
    }
    return Item(**(values | changes))


class FakeArchive:
    """The parts of an `Archive` that act uses, in memory; states follow the real table."""

    def __init__(self, *items, dossier_=None) -> None:
        self.things = {thing.id: thing for thing in items}
        self.dossier = dossier_ or dossier()
        self.rows: dict[int, dict] = {}
        self.lines = []
        self.fail_done = 0
        self.sealed = False
        self.sender = self

    async def item(self, id):
        return self.things.get(id)

    async def items_of(self, message):
        return [thing for thing in self.things.values() if thing.message == message]

    async def body(self, message):
        if self.sealed:
            raise Permanent("sealed")
        return BODY

    async def count_items(self, filter):
        return sum(thing.state in filter.states for thing in self.things.values())

    async def act(self, id, before, after, line, *, receipt="", parcel="", connector=""):
        thing = self.things[id]
        if thing.state not in allowed(before, after):
            return False
        changes = {"state": after}
        if receipt:
            changes["receipt"] = receipt
        if connector:
            changes |= {"connector": connector, "action": Action.REDIRECT}
        self.things[id] = dataclasses.replace(thing, **changes)
        self.lines.append(line)
        if parcel:
            await self.put(parcel, line.at, item=id)
        return True

    async def put(self, kind, now, *, item="", note="", message=""):
        number = len(self.rows) + 1
        owner = message or item.rpartition(".")[0]
        self.rows[number] = {
            "parcel": Parcel(number, kind, owner, item, 0, now, None, note),
            "at": now,
            "done": False,
            "why": "",
        }
        return number

    async def put_letter(self, kind, dossier, now, note=""):
        """A mail of ours with a seal of its own."""
        await asyncio.sleep(0)  # as the store, others run meanwhile
        number = len(self.rows) + 1
        of = Parcel(number, kind, f"letter{number}", "", 0, now, dossier, note)
        self.rows[number] = {"parcel": of, "at": now, "done": False, "why": ""}

    async def due(self, now, limit=20):
        waiting = [row for row in self.rows.values() if not row["done"] and row["at"] <= now]
        opened = None if self.sealed else self.dossier
        return [
            dataclasses.replace(row["parcel"], dossier=opened if row["parcel"].message else None)
            for row in waiting[:limit]
        ]

    async def done(self, id, why=""):
        if self.fail_done:
            self.fail_done -= 1
            raise Temporary("store-down")
        self.rows[id] |= {"done": True, "why": why}

    async def retry(self, id, at, why):
        row = self.rows[id]
        row["parcel"] = dataclasses.replace(row["parcel"], attempts=row["parcel"].attempts + 1)
        row |= {"at": at, "why": why}

    async def audit(self, line):
        self.lines.append(line)

    def waiting(self):
        return [row["parcel"].kind for row in self.rows.values() if not row["done"]]
