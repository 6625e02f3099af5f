"""Pickup put together as desk does it, on a real store, with a next hop that a test scripts."""

import re
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import argon2

from mailfilter import config
from mailfilter.app import clock
from mailfilter.app.posting import outbox
from mailfilter.outbox.outbox import Outbox
from mailfilter.record.pickup.following import Following
from mailfilter.record.pickup.reading import Reading
from tests.act.real_store import Desk, opened
from tests.record.making import dossier, path
from tests.scripted_hop import ScriptedHop

SECRET_TEXT = "Zqhemligt besked om Anna"
BODY = (
    "From: Anna Berg <a@kommun.example>\r\nTo: b@example.org\r\nSubject: Zqrubrik\r\n"
    "Message-ID: <1@kommun.example>\r\nMIME-Version: 1.0\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    f"{SECRET_TEXT}\r\n"
).encode()
LINK = re.compile(rb"http://[a-z0-9.:]+/([hf])/([a-z2-7]{16})/([A-Za-z0-9_-]{43})")
CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def about(*names: str, **more: Any):
    """A dossier from a@kommun.example to these at example.org."""
    rcpts = tuple(path(f"{name}@example.org") for name in names or ("b",))
    values: dict[str, Any] = {"mail": path("a@kommun.example"), "sender": "a@kommun.example"}
    return replace(dossier(), **(values | {"rcpts": rcpts, "findings": ()} | more))


def settings_of(folder: Path, hop: int, **pickup: Any) -> config.Settings:
    url = pickup.pop("url", f"sqlite:///{folder}/mailfilter.db")
    return config.validate(
        {
            "store": {"url": url, "keys": str(folder / "keys"), "run": str(folder / "run")},
            "next_hop": {"port": hop},
            "front": {"port": 8443},
            "organisation": {"name": "Exempelkommunen", "domains": ["kommun.example"]},
            "pickup": {"switchboard": "0123-45 60 00"} | pickup,
            "connectors": {"hamta": {"type": "pickup", "title": "Säker hämtning"}},
            "secure_service": "hamta",
        },
        "test",
    )


@dataclass
class Service:
    """What a test works with."""

    desk: Desk
    hop: ScriptedHop
    settings: config.Settings
    box: Outbox

    @property
    def pickups(self):
        return self.desk.archive.pickups

    @property
    def reading(self) -> Reading:
        return Reading(self.pickups, 60, CHEAP)

    @property
    def following(self) -> Following:
        return Following(self.pickups)

    @property
    def now(self):
        return self.desk.now

    async def step(self, times: int = 1) -> None:
        """What is due is sent; between the times hours pass."""
        for n in range(times):
            if n:
                self.desk.later(hours=2)
            while await self.box.step() and n < 50:
                if not await self.desk.archive.due(self.desk.now):
                    break

    def links(self, kind: str) -> list[tuple[str, str]]:
        """(id, secret) of the links that were mailed, in order."""
        found = []
        for mail in self.hop.mails:
            text = text_of(mail.data)
            match = LINK.search(text)
            if match and match[1].decode() == kind:
                found.append((match[2].decode(), match[3].decode()))
        return found

    def mails_to(self, address: str) -> list:
        raw = f"<{address}>".encode()
        return [mail for mail in self.hop.mails if raw in mail.rcpts]

    async def hand_over(self, *names: str, body: bytes = BODY, **more: Any) -> str:
        """A message that was redirected to pickup, and all that follows from it."""
        item = await self.desk.keep(about(*names, **more), body, "hamta")
        await self.step()
        return item


def text_of(data: bytes) -> bytes:
    """The plain text of a mail."""
    message = message_from_bytes(data, policy=policy.default)
    part = message.get_body(("plain",))
    return part.get_content().encode() if part else b""


def subjects(mails) -> list[str]:
    return [str(message_from_bytes(mail.data, policy=policy.default)["Subject"]) for mail in mails]


@asynccontextmanager
async def service(folder: Path, monkeypatch, script=None, **pickup: Any):
    """A `Service`; opened again in the same folder it is what a restart finds."""
    async with opened(folder) as desk, ScriptedHop(script) as hop:
        yield put_together(folder, desk, hop, monkeypatch, **pickup)


def put_together(folder, desk: Desk, hop: ScriptedHop, monkeypatch, **pickup: Any) -> Service:
    settings = settings_of(folder, hop.port, **pickup)
    monkeypatch.setattr(clock, "now", desk.clock)
    return Service(desk, hop, settings, outbox(desk.archive, settings))
