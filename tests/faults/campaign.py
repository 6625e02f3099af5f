"""Random trouble, from a seed: fail points, kills, power offs, restarts, locks, clock steps.

    python -m tests.faults.campaign --minutes 5 [--database sqlite|postgresql] [--seed N]

With `--database power` and `power-postgresql` the database lies on a disk whose power is cut.

A row goes to ``LEDGER.md``. A run with violations prints them, keeps its folder and says so; its
seed makes the same choices again (not the same races).
"""

import argparse
import contextlib
import os
import random
import shutil
import signal
import sqlite3
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from mailfilter.failpoint import POINTS
from tests.faults.control import FAULTS
from tests.faults.ledger import Violation
from tests.faults.postgres import cut_all, empty, server
from tests.faults.power import Disk
from tests.faults.power_postgres import Cluster, Powered
from tests.faults.rig import OF_THE_STORE, Rig
from tests.running import wait_until

KINDS = ("clean", "held", "mixed", "big", "letter", "service")
WEIGHTS = (40, 40, 50, 5, 2, 15)
OF_THE_SUPERVISOR = frozenset({"child_began", "fork", "child_ended"})
# these need a front: tests/pickup
ELSEWHERE = frozenset(point for point in POINTS if point.startswith("pickup_"))
LAST = frozenset({"fork", "child_ended"})  # there the supervisor itself dies
ANYWHERE = ("db_begin", "chunk_rows", "db_pre_commit", "notice_enqueued")  # any fault can happen
ROLES = ("smtp", "smtp", "desk", "desk", "scan", "worker", "supervisor")
STORE_FAULTS = frozenset({"locked", "read-only", "gone", "ENOSPC", "EIO"})
ACTS = {  # a mail, and an act that leads to a point of desk
    **dict.fromkeys(("rel_claim", "rel_ds_250", "rel_commit", "audit_append"), ("held", "release")),
    **dict.fromkeys(("purge_key", "purge_chunks"), ("held", "delete")),
    "key_rewrap_row": ("held", "refuse"),
}
MAILS = {  # a mail that leads to a point
    **dict.fromkeys(("worker_sent", "worker_result", "worker_began", "worker_read"), "letter"),
    **dict.fromkeys(("data_part", "ds_50pct", "chunk_rows"), "big"),
    **dict.fromkeys(("handover", "handover_done"), "service"),
}
LEDGER = Path(__file__).with_name("LEDGER.md")


@dataclass
class Campaign:
    """Rounds of trouble on one `Rig`; every `page` rounds the books are closed and checked."""

    folder: Path
    seed: int
    url: str = ""
    power: bool = False  # the database is on a disk whose power is cut: SQLite, or that of ...
    server: Cluster | None = None
    page: int = 40
    kills: int = 0
    mails: int = 0
    done: Counter = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def run(self, seconds: float, kills: int = 0) -> list[Violation]:
        """Go on for so long, and until there were so many kills; all violations."""
        end, number = time.monotonic() + seconds, 0
        while time.monotonic() < end or self.kills < kills:
            number += 1
            folder = self.folder / f"page{number}"
            with contextlib.ExitStack() as stack:
                rig = Rig(folder, (self.seed << 12) + number, **self._store(stack, folder))
                stack.enter_context(rig)
                for _ in range(self.page):
                    self.round(rig)
                    late = time.monotonic() > end and self.kills >= kills
                    if late or rig.ledger.found:
                        break
                found = rig.balance()
            self.mails += rig.sent
            if found:
                self.violations += found
                stories = [rig.story(v.token) if v.token in rig.ledger.mails else "" for v in found]
                told = [f"{v}\n{story}" for v, story in zip(found, stories, strict=True)]
                (folder / "violations").write_text("\n".join(told))
            else:
                shutil.rmtree(folder, ignore_errors=True)
        return self.violations

    def sweep(self) -> list[Violation]:
        """In one run of the program, in random order: kill -9 at every point of the list, any other
        fault somewhere, and kills of each role. Only what was killed begins anew, while mail goes
        on. Last the supervisor dies at a point of its own."""
        with contextlib.ExitStack() as stack:
            rig = Rig(self.folder / "sweep", self.seed << 12, **self._store(stack, self.folder))
            stack.enter_context(rig)
            works = [(self._at, point, "kill") for point in {*POINTS} - LAST - ELSEWHERE]
            works += [(self._at, self.chance.choice(ANYWHERE), fault) for fault in FAULTS]
            works += [(self._of_role, role, "kill") for role in ROLES[:-1]]
            self.chance.shuffle(works)
            for work, place, fault in [*works, (self._at, "child_ended", "kill")]:
                since = time.monotonic()
                with contextlib.suppress(
                    AssertionError
                ):  # what never comes back is told by `order`
                    wait_until(rig.gateway.desk_is_up, "desk", 60)
                work(rig, place, fault)
                rig.excuse(since, "any")
            self.order(rig)
            self.violations += rig.balance()
            self.mails += rig.sent
        return self.violations

    def _at(self, rig: Rig, point: str, fault: str) -> None:
        """One fault at this point, whatever it takes to lead somebody there."""
        rig.page.arm(point, fault, hang=1.0)
        for _ in range(20):
            self.provoke(rig, point)
            end = time.monotonic() + 3
            while not rig.page.fired and time.monotonic() < end:
                time.sleep(0.01)
            if rig.page.fired:
                break
        rig.page.disarm()
        self.kills += rig.page.fired if fault == "kill" else 0
        self.done[f"fault {fault}"] += rig.page.fired
        self.done[f"at {point}"] += rig.page.fired
        if not rig.alive():
            self.order(rig)

    def _of_role(self, rig: Rig, role: str, _: str) -> None:
        rig.load(["mixed"] * 2, threads=1)
        self.some(rig, role)

    def _store(self, stack: contextlib.ExitStack, folder: Path) -> dict:
        """An empty database for a page."""
        if self.power:
            folder.mkdir()
            disk = stack.enter_context(Disk(folder / "disk"))
            if self.server:
                stack.callback(self.server.kill)
                self.server.put(disk)
                powered = Powered(disk, self.server)
                powered.up()
                return {"url": self.server.url, "disk": powered}
            return {"url": f"sqlite:///{disk.folder}/mailfilter.db", "disk": disk}
        if self.url:
            empty(self.url)
        return {"url": self.url}

    def round(self, rig: Rig) -> None:
        """Some troubles under load, and back to order."""
        load = rig.load(self.chance.choices(KINDS, WEIGHTS, k=self.chance.randint(4, 8)))
        self.act(rig)
        for _ in range(self.chance.randint(2, 5)):
            what = self.chance.choices(
                (self.point, self.kill_role, self.power_off, self.restart, self.lock, self.clock),
                (70, 20, 3 + 27 * self.power, 2, 2, 3),
            )[0]
            since = time.monotonic()
            rig.excuse(since, what(rig))
            self.done[what.__name__] += 1
            if not rig.alive():
                break
        load.join()
        rig.page.disarm()
        self.order(rig)

    def order(self, rig: Rig) -> None:
        """The program is up again, by itself or because it was started."""
        if rig.alive():
            try:
                wait_until(lambda: not rig.alive() or self._whole(rig), "order", 60)
            except AssertionError:
                rig.found("STUCK", words="a role did not come back: " + rig.gateway.log()[-300:])
        if not rig.alive():
            rig.power_off()  # what the dead supervisor left: systemd ends the whole group
            rig.restart()

    def _whole(self, rig: Rig) -> bool:
        return len(rig.gateway.pids("smtp")) == 3 and rig.gateway.desk_is_up()

    def act(self, rig: Rig) -> None:
        """What reviewers and operators do meanwhile."""
        with contextlib.suppress(OSError, ValueError, AssertionError):
            if self.chance.random() < 0.2:
                os.kill(rig.gateway.process.popen.pid, signal.SIGHUP)
            held = rig.gateway.some("held")
            for item in held[: self.chance.randint(0, 2)]:
                act = self.chance.choice(("release", "release", "delete", "refuse"))
                rig.gateway.ask("act", act=act, id=item["id"], reason="granskad")

    # ---- troubles: each gives the point that opens a window, or "any", or "" ----------------

    def point(self, rig: Rig) -> str:
        point = self.chance.choice([point for point in POINTS if point not in ELSEWHERE])
        store = point in OF_THE_STORE
        fits = [f for f in FAULTS if f not in STORE_FAULTS or store]
        if point == "fork":
            fits = ["hang", "ENOSPC"]
        fault = "kill" if self.chance.random() < 0.6 else self.chance.choice(fits)
        many = fault == "kill" and point not in OF_THE_SUPERVISOR and self.chance.random() < 0.5
        skip = self.chance.choice((0, 0, 0, 1, 2))
        rig.page.arm(point, fault, skip=skip, hang=2.0, lasts=many)
        self.provoke(rig, point)
        end = time.monotonic() + 3
        while rig.page.fired < (4 if many else 1) and time.monotonic() < end:
            time.sleep(0.02)
        rig.page.disarm()
        if rig.page.fired:
            self.kills += rig.page.fired if fault == "kill" else 0
            self.done[f"fault {fault}"] += 1
            self.done[f"at {point}"] += 1
            if fault == "kill" or point in OF_THE_SUPERVISOR:
                return "any"  # others were past their dot in the same process
        return point if rig.page.fired else "nothing"

    def provoke(self, rig: Rig, point: str) -> None:
        """Do what leads to this point, beside the load."""
        if point in OF_THE_SUPERVISOR:
            self.some(rig, "smtp")
        elif point == "reload_swap":
            with contextlib.suppress(OSError):
                os.kill(rig.gateway.process.popen.pid, signal.SIGHUP)
        elif point in ACTS:
            rig.load([ACTS[point][0]], threads=1).join()
            with contextlib.suppress(OSError, ValueError, AssertionError):
                item = rig.gateway.some("held")[0]
                rig.gateway.ask("act", act=ACTS[point][1], id=item["id"], reason="granskad")
        else:
            # held whole is one transaction, held and relayed are two
            rig.load([MAILS.get(point, "mixed"), MAILS.get(point, "held")], threads=1)

    def kill_role(self, rig: Rig) -> str:
        role = self.chance.choice(ROLES)
        for _ in range(self.chance.randint(1, 4) if role in ("smtp", "worker") else 1):
            self.some(rig, role)
        return "any"

    def some(self, rig: Rig, role: str) -> None:
        """kill -9 of one process of this role, somewhen in the next moment."""
        time.sleep(self.chance.random() * 0.3)
        with contextlib.suppress(OSError, AssertionError):
            pids = (
                [rig.gateway.process.popen.pid] if role == "supervisor" else rig.gateway.pids(role)
            )
            if pids:
                os.kill(self.chance.choice(pids), signal.SIGKILL)
                self.kills += 1
        if role == "supervisor":
            with contextlib.suppress(Exception):
                rig.gateway.process.popen.wait(10)

    def power_off(self, rig: Rig) -> str:
        time.sleep(self.chance.random() * 0.5)
        rig.power_off()
        self.kills += 1
        time.sleep(0.1)
        rig.restart()
        return "any"

    def restart(self, rig: Rig) -> str:
        """SIGTERM and start under load: no window opens, nobody is cut off."""
        time.sleep(self.chance.random() * 0.5)
        if rig.gateway.process.end() != 0:
            rig.found("REPAIR", words="SIGTERM did not end it in order")
        rig.restart()
        return ""

    def lock(self, rig: Rig) -> str:
        """Another program has the database: a foreign lock, or its connections are cut."""
        if rig.gateway.url.startswith("postgresql"):
            for _ in range(3):
                cut_all(rig.gateway.url)
                time.sleep(0.2)
            return "db_post_commit"
        file = rig.gateway.url.removeprefix("sqlite:///") or rig.gateway.folder / "mailfilter.db"
        foreign = sqlite3.connect(file, timeout=5, isolation_level=None)
        with contextlib.closing(foreign), contextlib.suppress(sqlite3.OperationalError):
            foreign.execute("BEGIN EXCLUSIVE")
            time.sleep(self.chance.choice((0.5, 6.5)))
            foreign.execute("ROLLBACK")
        return "db_begin"

    def clock(self, rig: Rig) -> str:
        """An hour forth or back."""
        rig.page.step_clock(rig.page.clock + self.chance.choice((3600, -3600, 86400)))
        return ""


def write_row(campaign: Campaign, database: str, seconds: float) -> None:
    """The run's line in the ledger of all runs."""
    faults = sum(n for what, n in campaign.done.items() if what.startswith("fault "))
    names = sorted({v.what for v in campaign.violations})
    found = ", ".join(names) if names else "0"
    row = (
        f"| {datetime.now(UTC):%Y-%m-%d} | {database} | {campaign.seed} | {seconds / 60:.1f} |"
        f" {campaign.kills} | {faults} | {campaign.mails} | {found} |\n"
    )
    with LEDGER.open("a", encoding="utf-8") as ledger:
        ledger.write(row)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument(
        "--database",
        choices=("sqlite", "postgresql", "power", "power-postgresql", "both"),
        default="both",
    )
    parser.add_argument("--seed", type=int, default=int(time.time()) & 0xFFFFFF)
    asked = parser.parse_args()
    names = ("sqlite", "postgresql") if asked.database == "both" else (asked.database,)
    bad = 0
    for database in names:
        folder = Path(tempfile.mkdtemp(prefix="mailfilter-faults-"))
        folder.chmod(0o755)
        began = time.monotonic()
        with contextlib.ExitStack() as stack:
            url = ""
            if database == "postgresql":
                url = stack.enter_context(server(folder))
            campaign = Campaign(folder, asked.seed, url, power=database.startswith("power"))
            if database == "power-postgresql":
                campaign.server = Cluster(folder / "postgresql")
            found = campaign.run(asked.minutes * 60 / len(names))
        write_row(campaign, database, time.monotonic() - began)
        print(f"{database}, seed {asked.seed}: {campaign.kills} kills, {campaign.mails} mails")
        print("\n".join(f"  {n:4} {what}" for what, n in sorted(campaign.done.items())))
        print("\n".join(map(str, found)) or "no violations")
        if found:
            print(f"kept in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
        bad += len(found)
    return bad > 0


if __name__ == "__main__":
    raise SystemExit(main())
