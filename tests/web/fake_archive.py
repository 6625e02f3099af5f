"""An archive in memory that keeps the promises of ``record/contract.py`` as far as pages need them.

`snapshot` is all that a GET must leave as it was: everything but the audit lines of views.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from mailfilter.errors import Permanent, Temporary
from mailfilter.model import State
from mailfilter.record.archive import search
from mailfilter.record.contract import AuditLine, Clue, Count, Filter, Item, Parcel, User, Way

ENDED = {State.REFUSED, State.DELETED, State.EXPIRED, State.RELEASED, State.HANDED_OVER}
IDLE = timedelta(minutes=30)


@dataclass
class FakeArchive:
    stored: dict[str, Item] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)
    lines: list[AuditLine] = field(default_factory=list)
    parcels: list[tuple[str, str]] = field(default_factory=list)
    accounts: dict[str, User] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    links: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    put_in: list[tuple[str, str]] = field(default_factory=list)
    counted: list[Count] = field(default_factory=list)
    failures: dict[str, int] = field(default_factory=dict)
    down: bool = False
    made: int = 0
    asked: dict[str, object] = field(default_factory=dict)

    @property
    def sender(self) -> "FakeArchive":
        return self

    async def requests(self, ids):
        return {id_: self.asked[id_] for id_ in ids if id_ in self.asked}

    def snapshot(self) -> tuple[object, ...]:
        return (
            dict(self.stored),
            dict(self.bodies),
            list(self.parcels),
            dict(self.accounts),
            dict(self.passwords),
            {token: name for token, (name, _) in self.sessions.items()},
            dict(self.links),
        )

    def acts(self) -> list[tuple[str, str, str]]:
        return [(line.actor, line.act, line.object) for line in self.lines]

    def keep(self, item: Item, body: bytes = b"") -> Item:
        self.stored[item.id] = item
        self.bodies[item.message] = body
        return item

    def add_account(self, user: User, password: str = "") -> None:
        self.accounts[user.name] = user
        self.passwords[user.name] = password

    # ---- items

    async def items(self, filter: Filter) -> list[Item]:
        found = sorted(self._wanted(filter), key=lambda item: item.at, reverse=True)
        if filter.asked_first:
            found.sort(key=lambda item: item.id not in self.asked)
        return found[filter.offset : filter.offset + filter.limit]

    async def facets(self):
        found = list(self.stored.values())
        rules = {v.rule for one in found if one.dossier for v in one.dossier.verdicts}
        departments = {one.department for one in found if not one.protected}
        return {"department": tuple(departments), "rule": tuple(sorted(rules)), "kind": ()}

    async def count_items(self, filter: Filter) -> int:
        return len(self._wanted(filter))

    async def item(self, id: str) -> Item | None:
        self._up()
        found = self.stored.get(id)
        return replace(found, dossier=None) if found and found.protected else found

    async def case(self, wanted) -> list[Item]:
        self._up()
        fit = [
            one
            for one in self.stored.values()
            if not one.protected
            and (one.id in wanted.items if wanted.n else one.message in wanted.names)
        ]
        return sorted(fit, key=lambda one: one.id)

    async def body(self, message: str) -> bytes:
        self._up()
        if message not in self.bodies:
            raise Permanent("the key is destroyed")
        return self.bodies[message]

    async def act(
        self,
        id: str,
        before: Sequence[State],
        after: State,
        line: AuditLine,
        *,
        receipt: str = "",
        parcel: str = "",
        connector: str = "",
    ) -> bool:
        self._up()
        item = self.stored[id]
        if item.state not in before:
            return False
        dossier = None if after in ENDED else item.dossier
        self.stored[id] = replace(
            item,
            state=after,
            dossier=dossier,
            reason=str(line.detail.get("reason", "")),
            receipt=receipt or item.receipt,
            connector=connector or item.connector,
        )
        if after in ENDED:
            self.bodies.pop(item.message, None)
        if parcel:
            self.parcels.append((parcel, id))
        await self.audit(line)
        return True

    def _wanted(self, filter: Filter) -> list[Item]:
        self._up()
        return [
            item
            for item in self.stored.values()
            if _fits(item, filter) and not (filter.asked and item.id not in self.asked)
        ]

    def _up(self) -> None:
        if self.down:
            raise Temporary("secret words of an exception")

    # ---- outbox, statistics, retention: no page asks for them

    async def due(self, now: datetime, limit: int = 20) -> list[Parcel]:
        raise NotImplementedError

    async def put(self, kind: str, now: datetime, *, item: str = "", note: str = "") -> int:
        self.put_in.append((kind, note))
        return len(self.put_in)

    async def done(self, id: int, why: str = "") -> None:
        raise NotImplementedError

    async def retry(self, id: int, at: datetime, why: str) -> None:
        raise NotImplementedError

    async def counts(self, first: date, last: date) -> list[Count]:
        return [count for count in self.counted if first <= count.day <= last]

    async def sweep(self, now: datetime) -> dict[str, int]:
        raise NotImplementedError

    # ---- audit

    async def audit(self, line: AuditLine) -> None:
        self._up()
        before = self.lines[-1].hash if self.lines else ""
        hash_ = hashlib.sha256(f"{before}{line.act}{line.object}".encode()).hexdigest()
        self.lines.append(replace(line, seq=len(self.lines) + 1, hash=hash_))

    async def audit_lines(self, after: int = 0, limit: int = 100) -> list[AuditLine]:
        return self.lines[after : after + limit]

    async def verify_audit(self, anchors: Sequence[tuple[int, str]] = ()) -> tuple[int, str]:
        return len(self.lines), ""

    async def audit_head(self) -> tuple[int, str]:
        return (self.lines[-1].seq, self.lines[-1].hash) if self.lines else (0, "")

    # ---- accounts and sessions

    async def add_user(self, user: User, password: str, line: AuditLine) -> None:
        self.add_account(user, password)
        await self.audit(line)

    async def users(self) -> list[User]:
        return list(self.accounts.values())

    async def check_password(
        self, name: str, password: str, now: datetime | None = None
    ) -> User | None:
        self._up()
        if self.passwords.get(name) == password and not self.accounts[name].disabled:
            self.failures.pop(name, None)
            return self.accounts[name]
        self.failures[name] = self.failures.get(name, 0) + 1
        return None

    async def throttled(self, name: str, now: datetime) -> datetime | None:
        return now + timedelta(minutes=2) if self.failures.get(name, 0) >= 5 else None

    async def set_disabled(self, name: str, disabled: bool, line: AuditLine) -> bool:
        if name not in self.accounts:
            return False
        self.accounts[name] = replace(self.accounts[name], disabled=disabled)
        self._end_sessions(name)
        await self.audit(line)
        return True

    async def set_password(self, name: str, password: str, line: AuditLine) -> bool:
        self.passwords[name] = password
        self._end_sessions(name)
        await self.audit(line)
        return True

    async def set_address(self, name: str, address: str, line: AuditLine) -> bool:
        self.accounts[name] = replace(self.accounts[name], address=address)
        await self.audit(line)
        return True

    async def new_session(self, name: str, now: datetime) -> str:
        self.accounts[name] = replace(self.accounts[name], seen=True)
        token = self._secret("session")
        self.sessions[token] = (name, now)
        return token

    async def session(self, token: str, now: datetime) -> User | None:
        name, at = self.sessions.get(token, ("", now))
        user = self.accounts.get(name)
        if user is None or user.disabled or now - at > IDLE:
            return None
        self.sessions[token] = (name, now)
        return user

    async def end_session(self, token: str) -> None:
        self.sessions.pop(token, None)

    async def new_login_link(self, name: str, now: datetime, *, mailed: bool = False) -> str:
        secret = self._secret("link")
        self.links[secret] = (name, now + timedelta(minutes=15))
        return secret

    async def use_login_link(self, secret: str, now: datetime) -> User | None:
        name, until = self.links.pop(secret, ("", now))
        return self.accounts.get(name) if until > now else None

    def _secret(self, what: str) -> str:
        self.made += 1
        return f"{what}-{self.made}-secret"

    def _end_sessions(self, name: str) -> None:
        self.sessions = {t: kept for t, kept in self.sessions.items() if kept[0] != name}


def _fits(item: Item, filter: Filter) -> bool:
    found, unread = (item.dossier.findings, item.dossier.not_examined) if item.dossier else ((), ())
    kinds = {finding.kind for finding in found} | {part.cls.value for part in unread}
    return (
        not item.protected
        and item.state is not State.STAGED
        and (not filter.states or item.state in filter.states)
        and (filter.departments is None or item.department in filter.departments)
        and filter.department in ("", item.department)
        and (not filter.kind or filter.kind in kinds)
        and filter.action in ("", item.action)
        and (filter.since is None or item.at >= filter.since)
        and (filter.until is None or item.at < filter.until)
        and (not filter.sought or any(_found(item, way) for way in filter.sought))
    )


def _found(item: Item, way: Way) -> bool:
    known = {Clue.DECIDED: [item.decided_by]}
    if dossier := item.dossier:
        known |= {
            Clue.SENDER: [search.address(dossier.sender)],
            Clue.RECIPIENT: [search.address(path.text) for path in dossier.rcpts],
            Clue.SUBJECT: search.words(dossier.subject),
            Clue.FILE: search.words(" ".join(dossier.files)),
        }
    return set(way.values) <= set(known.get(way.clue, ()))
