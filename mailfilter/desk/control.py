"""Control: the verbs by which the command line works on a running installation.

With SQLite only desk opens the database, so ``mailfilter quarantine release ID`` asks desk, over
a Unix socket that only the installation's own user may open. Where desk is not running the same
verb runs in the command itself, on a store opened for that moment.

A request is one line of JSON, ``{"verb": ..., "actor": ..., ...}``; the answer is one line:
``{"ok": value}`` or ``{"error": sentence}``. The list of verbs is closed (`VERBS`). No verb shows
what a message says: text is for the reviewers' page, where a purpose is stated and logged.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from mailfilter.desk import control_alarms, control_audit, control_keep, control_users
from mailfilter.errors import Permanent, Temporary
from mailfilter.log import log
from mailfilter.model import State
from mailfilter.place import describe
from mailfilter.record.archive import case_number
from mailfilter.record.contract import Archive, AuditLine, Filter, Item
from mailfilter.rpc.control_line import LINE
from mailfilter.workers.poison import Poison


@dataclass(frozen=True, slots=True)
class Desk:
    """What verbs work with. `wake` makes the outbox look at once."""

    archive: Archive
    now: Callable[[], datetime]
    report: Callable[[str, str, str], Awaitable[str]]  # week, format, language
    wake: Callable[[], None] = lambda: None
    poison: Poison | None = None
    standing: Callable[[], Awaitable[dict[str, Any]]] | None = None  # of a running desk


Verb = Callable[[Desk, dict[str, Any]], Awaitable[Any]]
_OPEN = (State.READING, State.HELD, State.RELEASE_FAILED)
_ACTS: dict[str, tuple[tuple[State, ...], State, str]] = {
    "release": (_OPEN, State.RELEASING, "release"),
    "refuse": (_OPEN, State.REFUSED, "not-sent"),
    "delete": (_OPEN, State.DELETED, ""),
    "redirect": ((State.HELD, State.RELEASE_FAILED), State.ACCEPTED, "handoff"),
}


async def list_items(desk: Desk, request: dict[str, Any]) -> list[dict[str, Any]]:
    """Items in the given states, newest first."""
    states = tuple(State(state) for state in request.get("states", ["held"]))
    found = await desk.archive.items(Filter(states=states, limit=int(request.get("limit", 50))))
    await _audit(desk, request, "view-list", "", shown=len(found))
    return [_row(item) for item in found]


async def show_item(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """One item with masks and places; of a message all its items if the id has no number."""
    item = await _item(desk, request["id"])
    await _audit(desk, request, "view-item", item.id)
    return _row(item) | _details(item)


async def act(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Release, refuse, delete or redirect an item."""
    before, after, parcel = _ACTS[request["act"]]
    item = await _item(desk, request["id"])
    line = _line(desk, request, request["act"], item.id, reason=request["reason"])
    connector = request.get("connector", "")
    done = await desk.archive.act(item.id, before, after, line, parcel=parcel, connector=connector)
    if not done:
        raise Permanent(f"{item.id} is {item.state.value}: it cannot be changed that way")
    desk.wake()
    return {"id": item.id, "state": after.value}


async def trace(desk: Desk, request: dict[str, Any]) -> list[dict[str, Any]]:
    """What happened to a message: its items and their audit lines."""
    rows = [_row(item) for item in await _items_of(desk, request["id"])]
    await _audit(desk, request, "trace", rows[0]["id"].rpartition(".")[0])
    for row in rows:
        row["history"] = [
            {"at": line.at.isoformat(), "actor": line.actor, "act": line.act, **line.detail}
            for line in await desk.archive.audit_lines(limit=1_000_000)
            if line.object == row["id"]
        ]
    return rows


async def weekly(desk: Desk, request: dict[str, Any]) -> str:
    """The statistics of a week as text, JSON or CSV."""
    return await desk.report(request["week"], request["format"], request["language"])


async def audit_list(desk: Desk, request: dict[str, Any]) -> list[dict[str, Any]]:
    """Lines of the audit log behind the given number."""
    return await control_audit.lines(desk.archive, request)


async def audit_verify(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Whether the chain holds, and what it says fits the rows and the checkpoints."""
    return await control_audit.verify(desk.archive, desk.now, request)


async def audit_accept(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Acknowledge what does not hold, with a reason that the log keeps."""
    return await control_audit.accept(desk.archive, desk.now, request)


async def user_list(desk: Desk, _request: dict[str, Any]) -> list[dict[str, Any]]:
    """All accounts."""
    return [asdict(user) for user in await desk.archive.users()]


def _user_verb(work: control_users.Work) -> Verb:
    async def verb(desk: Desk, request: dict[str, Any]) -> Any:
        done = await work(desk.archive, desk.now, request)
        desk.wake()
        return done

    return verb


async def poison_list(desk: Desk, _request: dict[str, Any]) -> list[dict[str, Any]]:
    """Content that has ended its readers, by keyed hash."""
    return [
        {
            "hash": entry.digest.hex(),
            "deaths": entry.deaths,
            "day": (_EPOCH + timedelta(days=entry.day)).isoformat(),
            "poisoned": entry.poisoned,
        }
        for entry in (desk.poison.entries() if desk.poison else [])
    ]


async def poison_clear(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Let content be opened again: all, or the hashes that begin so."""
    start = str(request["start"]).lower()
    try:
        cleared = desk.poison.clear(start) if desk.poison else 0
    except OSError as error:
        raise Permanent(f"the poison list cannot be written: {error.strerror}") from error
    await _audit(desk, request, "poison-clear", start, cleared=cleared)
    return {"cleared": cleared}


async def standing(desk: Desk, _request: dict[str, Any]) -> dict[str, Any]:
    """What the running installation listens on and stores in, for ``check-config`` beside it."""
    if desk.standing is None:
        return {"doors": [], "store": "", "stored": False}
    return await desk.standing()


async def false_alarms(desk: Desk, request: dict[str, Any]) -> list[str]:
    """Labelled cases, a line of JSON each."""
    return await control_alarms.export(desk.archive, desk.now, request)


def _keep_verb(work: control_keep.Work) -> Verb:
    async def verb(desk: Desk, request: dict[str, Any]) -> Any:
        done = await work(desk.archive, desk.now, request)
        desk.wake()
        return done

    return verb


_EPOCH = datetime.fromtimestamp(0, UTC).date()

VERBS: dict[str, Verb] = {
    "list": list_items,
    "show": show_item,
    "act": act,
    "trace": trace,
    "report": weekly,
    "audit-list": audit_list,
    "audit-verify": audit_verify,
    "audit-accept": audit_accept,
    "false-alarms": false_alarms,
    "poison-list": poison_list,
    "poison-clear": poison_clear,
    "standing": standing,
    "backup-snapshot": _keep_verb(control_keep.snapshot),
    "backup-alive": _keep_verb(control_keep.alive),
    "backup-done": _keep_verb(control_keep.done),
    "restore-go": _keep_verb(control_keep.go),
    "user-list": user_list,
    "user-add": _user_verb(control_users.add),
    "user-link": _user_verb(control_users.link),
    "user-disable": _user_verb(control_users.disable),
    "user-address": _user_verb(control_users.address),
    "user-password": _user_verb(control_users.password),
}


def _line(
    desk: Desk, request: dict[str, Any], act_name: str, what: str, **detail: str
) -> AuditLine:
    return AuditLine(0, desk.now(), request["actor"], act_name, what, dict(detail))


async def _audit(
    desk: Desk, request: dict[str, Any], act_name: str, what: str, **detail: int
) -> None:
    line = AuditLine(0, desk.now(), request["actor"], act_name, what, dict(detail))
    await desk.archive.audit(line)


async def _item(desk: Desk, id: str) -> Item:
    found = await _items_of(desk, id)
    if len(found) > 1:
        names = ", ".join(item.id for item in found)
        raise Permanent(f"{id} has several items; name one of them: {names}")
    return found[0]


async def _items_of(desk: Desk, id: str) -> list[Item]:
    """The items that an id names, in any spelling. A protected one is not there (V5)."""
    wanted = case_number.read(id)
    found = await desk.archive.case(wanted) if wanted else []
    for name in wanted.names if wanted else ():
        if named := [item for item in found if item.message == name]:
            return named
    raise Permanent(f"{id}: there is no such item")


def _row(item: Item) -> dict[str, Any]:
    dossier = item.dossier
    return {
        "id": item.id,
        "state": item.state.value,
        "action": item.action.value,
        "connector": item.connector,
        "at": item.at.isoformat(),
        "expires_at": item.expires_at.isoformat(),
        "department": item.department,
        "size": item.size,
        "indexes": list(item.recipients),  # of the envelope's recipients, from 0
        "kinds": sorted({f.kind for f in dossier.findings}) if dossier else [],
        "unread": sorted({n.reason for n in dossier.not_examined}) if dossier else [],
        "receipt": item.receipt,
    }


def _details(item: Item) -> dict[str, Any]:
    if item.dossier is None:
        return {"sealed": True}
    verdicts = [
        (item.dossier.verdicts[n].recipient, item.dossier.verdicts[n].rule) for n in item.recipients
    ]
    return {
        "sender": item.dossier.sender,
        "recipients": [{"recipient": who, "rule": rule} for who, rule in verdicts],
        "verdicts": {v.recipient: v.action.value for v in item.dossier.verdicts},
        "findings": [
            {"kind": f.kind, "level": f.level.value, "place": describe(f.place), "masked": f.masked}
            for f in item.dossier.findings
        ],
        "persons": item.dossier.persons,
    }


async def run_verb(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """The answer to one request; a fault is a sentence."""
    verb = VERBS.get(str(request.get("verb")))
    if verb is None:
        return {"error": "this verb is not known"}
    try:
        return {"ok": await verb(desk, request)}
    except (Permanent, Temporary) as error:
        return {"error": str(error)}
    except (KeyError, ValueError, TypeError) as error:
        return {"error": f"the request cannot be used: {type(error).__name__}"}


class ControlServer:
    """Serves `VERBS` on a Unix socket of this user's own."""

    def __init__(self, desk: Desk, path: Path) -> None:
        self._desk, self._path = desk, path
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to answer."""
        self._path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, str(self._path), limit=LINE)
        finally:
            os.umask(before)

    async def stop(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.close()
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, ValueError, asyncio.LimitOverrunError):
            request = json.loads(await reader.readline())
            answer = await run_verb(self._desk, request)
            if "error" in answer:
                log.info("control", verb=str(request.get("verb")), refused=True)
            writer.write(json.dumps(answer, default=_plain).encode() + b"\n")
            await writer.drain()
        writer.close()


def _plain(value: Any) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)
