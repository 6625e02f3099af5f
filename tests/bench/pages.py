"""``make bench-pages``: how long a reviewer waits for the first page of what she searches.

    python tests/bench/pages.py                     both databases, 100,000 ended and 10,000 held
    python tests/bench/pages.py --ended 1000 --held 100 --database sqlite

The store is filled with mail as the program leaves it: held mail sealed, with its hashes; ended mail
as bare rows with hashes of addresses. Then the site is served on a port of this machine, and each
kind of search is made by a client over HTTP: ``POST /find`` and the page that it leads to, together.
A first page by address is asked of all mail, one by words of held mail (the words of ended mail are
destroyed with it). Among the words are rare ones, and one that stands in every held mail.

Asked: p95 ≤ 300 ms. Printed beside it is the CPU that a search takes in this process (site, SQLite and
client; not the server of PostgreSQL), for on a busy machine time says little. Exit status 1 if one is
missed. Figures stand in ``README.md``.
"""

import argparse
import asyncio
import contextlib
import http.client
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

sys.path[:0] = [str(Path(__file__).parents[2])]

from sqlalchemy import insert  # noqa: E402 (the harness is a folder of scripts)
from sqlalchemy.ext.asyncio import AsyncConnection  # noqa: E402

from mailfilter.config import Web  # noqa: E402
from mailfilter.model import Action, State  # noqa: E402
from mailfilter.record.archive import search  # noqa: E402
from mailfilter.record.contract import AuditLine, Clue, Dossier, Staged, StagedItem, User  # noqa: E402
from mailfilter.record.sealing.keys import ensure_keys, load_private  # noqa: E402
from mailfilter.record.open import Store, open_store  # noqa: E402
from mailfilter.record.database.tables import item, message, term  # noqa: E402
from mailfilter.pages.server import serve  # noqa: E402
from tests.faults.postgres import server as postgresql  # noqa: E402
from tests.record.making import CHEAP, settings  # noqa: E402
from tests.web.mails import dossier  # noqa: E402
from tests.web.office import Office  # noqa: E402

ASKED = 0.300  # seconds, p95
NOW = datetime.now(UTC)
SENDERS, CITIZENS = 3000, 40_000
VOCABULARY = 5000
BATCH = 2000
WHO = User("rut", "reviewer", None)


@dataclass(frozen=True, slots=True)
class Town:
    """Made-up names by a seed: who writes to whom about what."""

    chance: random.Random

    def sender(self) -> str:
        return f"person{self.chance.randrange(SENDERS)}@kommunen.example"

    def citizen(self) -> str:
        return f"medborgare{self.chance.randrange(CITIZENS)}@post.example"

    def subject(self) -> str:
        return f"Ang ärende {self._word()} {self._word()}"

    def file(self) -> str:
        return f"Bilaga_{self._word()}.docx"

    def _word(self) -> str:
        return f"ord{self.chance.randrange(VOCABULARY)}"

    def letter(self) -> Dossier:
        contents = dossier(self.sender(), (self.citizen(),), subject=self.subject())
        return replace(contents, files=(self.file(),))


# ---- filling ---------------------------------------------------------------------------------


async def fill(store: Store, ended: int, held: int, key: bytes) -> None:
    """Put the mail in; the index is made as desk makes it."""
    town = Town(random.Random(14))
    for start in range(0, ended, BATCH):
        rows = [_bare(town, n, ended, key) for n in range(start, min(start + BATCH, ended))]
        await store.database.run(lambda c, rows=rows: _insert(c, rows))
        _progress("ended", start + len(rows), ended)
    for start in range(0, held, 200):
        numbers = range(start, min(start + 200, held))
        await asyncio.gather(*(store.intake.keep(_held(town, n), ()) for n in numbers))
        _progress("held", numbers.stop, held)
    await store.archive.index()
    line = AuditLine(0, NOW, "cli", "user-add", WHO.name)
    await store.archive.add_user(WHO, "ett nytt långt lösen", line)


def _held(town: Town, n: int) -> Staged:
    name = f"H{n:04}-{n:05}"
    return Staged(
        name, f"join {n}".encode(), f"incident {n}".encode(), NOW - timedelta(minutes=n), "Skolan",
        "Barnnämnden", False, "f00d", town.letter(), b"Subject: x\r\n\r\nHej\r\n",
        (StagedItem(Action.QUARANTINE, recipients=(0,)),), False,
    )  # fmt: skip


Bare = tuple[dict[str, object], dict[str, object], list[dict[str, object]]]


def _bare(town: Town, n: int, ended: int, key: bytes) -> Bare:
    """The rows of an ended mail: message, item, hashes."""
    name, at = f"E{n:06}", NOW - timedelta(days=80 * n / ended, hours=1)
    kept = {
        "id": name, "at": at, "lease": at, "committed": True, "relayed": False, "notice": False,
        "protected": False, "department": "Skolan", "controller": "Barnnämnden", "size": 9000,
        "chunks": 0, "dossier": b"", "kinds": "|se.personnummer=high|", "level": "high",
        "indexed": True,
    }  # fmt: skip
    part = {
        "id": f"{name}.1", "message": name, "action": "quarantine", "recipients": "[0]",
        "state": State.REFUSED.value, "at": at, "expires_at": at, "ended_at": at,
        "rules": "|numbers-out|", "decided_by": "rut", "decided_at": at,
    }  # fmt: skip
    people = ((Clue.SENDER, town.sender()), (Clue.RECIPIENT, town.citizen()))
    hashes = [
        {"hash": search.hashed(key, *who), "message": name, "content": False, "ended_at": at}
        for who in people
    ]
    return kept, part, hashes


async def _insert(connection: AsyncConnection, rows: list[Bare]) -> None:
    await connection.execute(insert(message), [kept for kept, _, _ in rows])
    await connection.execute(insert(item), [part for _, part, _ in rows])
    await connection.execute(insert(term), [one for _, _, hashes in rows for one in hashes])


def _progress(what: str, n: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{what}: {n} of {of}   ", end="" if n < of else "\n", file=sys.stderr)


# ---- asking ----------------------------------------------------------------------------------


class Client:
    """A browser without a screen, over one kept connection."""

    def __init__(self, port: int, secret: str) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._cookies: dict[str, str] = {}
        self._token = re.search(r'form_token" value="(\w+)"', self.get("/login"))[1]  # type: ignore[index]
        self.post("/login/link", {"secret": secret})
        self._token = re.search(r'form_token" value="(\w+)"', self.get("/account"))[1]  # type: ignore[index]

    def get(self, path: str) -> str:
        return self._ask("GET", path)[1]

    def post(self, path: str, fields: dict[str, str]) -> str:
        """Where the answer leads."""
        return self._ask("POST", path, urlencode({"form_token": self._token} | fields))[0]

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[str, str]:
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self._cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._http.request(method, path, body, headers)
        answer = self._http.getresponse()
        for name, value in answer.getheaders():
            if name == "set-cookie":
                key, _, rest = value.partition("=")
                self._cookies[key] = rest.partition(";")[0]
        text = answer.read().decode()
        if answer.status >= 400:
            raise SystemExit(f"{method} {path.partition('?')[0]}: {answer.status}")
        return answer.headers.get("location", ""), text


def _forms(held: int, ended: int) -> dict[str, Callable[[random.Random], dict[str, str]]]:
    purpose = {"purpose": "incident"}
    town = Town

    def number(chance: random.Random) -> str:
        n = chance.randrange(held)
        return f"h{n:04}-{n:05}" if chance.random() < 0.5 else f"e{chance.randrange(ended):06}"

    return {
        "case number": lambda chance: {"q": number(chance)},
        "recipient": lambda chance: {"q": town(chance).citizen()} | purpose,
        "sender": lambda chance: {"q": town(chance).sender()} | purpose,
        "subject word": lambda chance: {"q": town(chance).subject().split()[-1]},
        "two words": lambda chance: {"q": " ".join(town(chance).subject().split()[-2:])},
        "file name": lambda chance: {"q": town(chance).file().removesuffix(".docx")},
        "a word of every held mail": lambda chance: {"q": chance.choice(("ärende", "docx"))},
    }


Row = tuple[str, float, float, float]


def measure(port: int, secret: str, runs: int, held: int, ended: int) -> Iterator[Row]:
    """(kind, median, p95, CPU) in seconds of the form and its page, and of the list itself."""
    client = Client(port, secret)

    def row(kind: str, act: Callable[[], str]) -> Row:
        cpu = time.process_time()
        taken = sorted(_timed(act) for _ in range(runs))
        each = (time.process_time() - cpu) / runs
        return kind, taken[runs // 2], taken[max(0, -(-runs * 95 // 100) - 1)], each

    for kind, form in _forms(held, ended).items():
        chance = random.Random(kind)
        yield row(kind, lambda f=form, c=chance: client.get(client.post("/find", f(c))))  # type: ignore[misc]
    yield row("the list itself", lambda: client.get("/"))


def _timed(act: Callable[[], str]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


@contextlib.asynccontextmanager
async def served(store: Store) -> AsyncIterator[int]:
    """The port of the site over this store."""
    office = Office()
    organisation = office.settings.organisation.model_copy(update={"staff_informed": NOW.date()})
    office.settings = office.settings.model_copy(
        update={"web": Web(), "organisation": organisation}
    )
    office.archive, office.now = store.archive, datetime.now(UTC)  # type: ignore[assignment]
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    running = asyncio.create_task(serve(office.app(), "127.0.0.1", 0, stop, ready=ready))
    yield await ready
    stop.set()
    await running


async def bench(name: str, url: str, folder: Path, given: argparse.Namespace) -> bool:
    """Fill, ask, print; whether all that is asked was reached."""
    ensure_keys(folder / "keys")
    keys = load_private(folder / "keys")
    store = await open_store(settings(url, folder, search_days=90), keys, CHEAP)
    start = time.perf_counter()
    await fill(store, given.ended, given.held, store.archive._opener.search_key)
    print(f"{name}: {given.ended} ended, {given.held} held in {time.perf_counter() - start:.0f} s")
    secret = await store.archive.new_login_link(WHO.name, datetime.now(UTC))
    async with served(store) as port:
        rows = await asyncio.to_thread(
            lambda: list(measure(port, secret, given.runs, given.held, given.ended))
        )
    await store.close()
    for kind, middle, p95, cpu in rows:
        asked = kind != "the list itself"
        mark = "      " if not asked else "ok    " if p95 <= ASKED else "MISSED"
        said = f"p50 {middle * 1e3:.0f} ms, p95 {p95 * 1e3:.0f} ms, CPU {cpu * 1e3:.0f} ms"
        print(f"{mark} {name}, {kind}: {said}", flush=True)
    return all(p95 <= ASKED for kind, _, p95, _ in rows if kind != "the list itself")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--ended", type=int, default=100_000)
    parser.add_argument("--held", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--database", choices=["sqlite", "postgresql"])
    given = parser.parse_args()
    load = os.getloadavg()[0]
    print(
        f"{NOW:%Y-%m-%d}, {os.cpu_count()} cores, load {load:.1f}; asked: p95 {ASKED * 1e3:.0f} ms"
    )
    reached = []
    with tempfile.TemporaryDirectory(prefix="bench-pages-") as temporary:
        folder = Path(temporary)
        folder.chmod(0o755)
        if given.database != "postgresql":
            url = f"sqlite:///{folder}/mailfilter.db"
            reached.append(asyncio.run(bench("SQLite", url, folder, given)))
        if given.database != "sqlite":
            with postgresql(folder) as url:
                reached.append(asyncio.run(bench("PostgreSQL", url, folder, given)))
    raise SystemExit(0 if all(reached) else 1)


if __name__ == "__main__":
    main()
