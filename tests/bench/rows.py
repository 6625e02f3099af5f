"""``make bench-rows``: the figures that are asked beside the table of ``make bench``.

    python tests/bench/rows.py                    all rows, some ten minutes
    python tests/bench/rows.py idle,held          some of them

``idle``      memory (PSS) of all processes after start and after the first mails
``sessions``  CPU a message with 500 sessions beside 10
``latency``   p99 that the gateway adds to a before-queue filter that costs nothing, at half load
``crowd``     200 clients with 10 MiB each: memory by the budget, 4xx and success on retry
``held``      held mails a second, each durable before its 250, on SQLite and on PostgreSQL

Exit status 1 if a figure was missed; each line says what is asked.
"""

import asyncio
import contextlib
import os
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

import measure  # noqa: E402 (the harness is a folder of scripts)
import processes  # noqa: E402
import targets  # noqa: E402
from load import Load, Mail, make_mail  # noqa: E402
from processes import HOST, QUIET  # noqa: E402

from tests.running import listens  # noqa: E402

MB, MIB = 10**6, 1 << 20
SETTINGS = (HERE / "gateway.toml").read_text()
COMMAND = f"{sys.executable} -m mailfilter serve -c {{config}}"
START = 60.0  # seconds that the gateway may take to greet
STRICT = SETTINGS.partition("[[rule]]")[0]  # the shipped rules alone
NUMBER = "19121212-1212"  # Skatteverket's test number: held by the shipped rules


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured and what is asked; `reached` says whether it is enough."""

    name: str
    value: str
    asked: str
    reached: bool

    def __str__(self) -> str:
        return f"{'ok    ' if self.reached else 'MISSED'} {self.name}: {self.value} ({self.asked})"


@contextlib.contextmanager
def gateway(settings: str = SETTINGS) -> Iterator[targets.Target]:
    """A running gateway with a sink of its own."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rows-")))
        folder.chmod(0o755)
        config = folder / "gateway.toml"
        config.write_text(settings)
        given = targets.Gateway("mailfilter", COMMAND, config)
        yield targets.start_gateway(given, folder / "run", stack, START)


@contextlib.contextmanager
def loaded(mail: Mail, sessions: int, *, kept: bool = False) -> Iterator[Load]:
    """A load as smtp-source takes it."""
    with tempfile.NamedTemporaryFile(suffix=".eml") as file:
        file.write(mail.lf)
        file.flush()
        yield Load(mail, Path(file.name), sessions, kept, "a@example.org", "b@example.net")


# ---- idle ------------------------------------------------------------------------------------


def idle() -> list[Figure]:
    """After the start, and when the first mails have loaded what is loaded late."""
    with gateway() as target, loaded(make_mail("50k"), 10) as load:
        time.sleep(5)
        fresh = processes.pss_bytes(target.roots)
        measure.send(target, load, 200, 60)
        time.sleep(5)
        used = processes.pss_bytes(target.roots)
        parts = sorted((processes.pss_of(pid), pid) for pid in processes.tree(target.roots))
    shown = ", ".join(f"{size / MB:.0f}" for size, _ in reversed(parts))
    return [
        Figure("idle memory", f"{fresh / MB:.0f} MB", "at most 350 MB", fresh <= 350 * MB),
        Figure("and after mail", f"{used / MB:.0f} MB: {shown}", "no figure asked", reached=True),
    ]


# ---- sessions --------------------------------------------------------------------------------


def sessions() -> list[Figure]:
    """CPU a message by the number of sessions, in turns."""
    few, many, rounds = 10, 500, 3
    cost: dict[int, list[float]] = {few: [], many: []}
    trouble = ""
    with gateway() as target:
        for number in [few, many] * rounds:
            with loaded(make_mail("4k"), number) as load:
                measure.send(target, load, number, 120)  # warm
                run = measure.send(target, load, 2000, 240)
            trouble = trouble or run.trouble
            cost[number].append(run.server_cpu / max(1, run.arrived) * 1e3)
    low, high = (statistics.median(cost[number]) for number in (few, many))
    growth = high / low - 1
    value = f"{low:.2f} ms with {few}, {high:.2f} ms with {many}: {growth:+.0%} {trouble}"
    return [
        Figure(
            "CPU a message", value, "grows at most 25 %, none lost", growth <= 0.25 and not trouble
        )
    ]


# ---- latency ---------------------------------------------------------------------------------


@contextlib.contextmanager
def chain(*, with_gateway: bool) -> Iterator[targets.Target]:
    """Postfix, a before-queue filter (the gateway, or nothing at all), a second smtpd, queue."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rows-")))
        folder.chmod(0o755)
        site, sink = targets._open(folder / "chain", stack)
        inner = door = processes.free_port()
        if with_gateway:
            door = processes.free_port()
            config = folder / "gateway.toml"
            ways = {"listen": door, "next": inner, "dir": folder}
            words = {f"{{{name}}}": str(value) for name, value in ways.items()}
            config.write_text(targets._fill(SETTINGS, words))
            site.spawn(sys.executable, "-m", "mailfilter", "serve", "-c", str(config))
            if not processes.wait_for_greeting(door, START, site.servers):
                raise processes.StartError(site.log.read_text()[-400:])
        targets._postfix(site, f"-o smtpd_proxy_filter={HOST}:{door}", inner)
        targets._await("Postfix", site, START)
        roots = tuple(server.pid for server in site.servers)
        yield targets.Target("chain", site.listen, sink, roots)


def latency() -> list[Figure]:
    """p99 at half of what the longer chain can take, in turns; the median of the differences."""
    seconds, rounds = 10.0, 3
    added, shown = [], []
    with (
        chain(with_gateway=True) as ours,
        chain(with_gateway=False) as null,
        loaded(make_mail("50k"), 10) as load,
    ):
        count, _ = measure.calibrate(ours, load, 3, 120)
        rate = measure.send(ours, load, count, 120).rate / 2
        for _ in range(rounds):
            times = [measure.latency(each, load, rate, seconds) for each in (null, ours)]
            nothing, gate = (each.percentile(99) or 0.0 for each in times)
            added.append(gate - nothing)
            shown.append(f"{gate:.1f} - {nothing:.1f}")
    more = statistics.median(added)
    value = f"{more:.1f} ms at {rate:.0f} mails/s ({'; '.join(shown)})"
    return [Figure("p99 added, 50 KiB, 10 sessions", value, "at most 15 ms", more <= 15)]


# ---- crowd -----------------------------------------------------------------------------------

CLIENTS, BUDGET, PROCESSES = 200, 128 * MIB, 2
SHARE = 3  # bytes in a process for each of the budget (receive/memory.py)
READING = PROCESSES * 6 * 10 * MIB  # what the workers need for one mail each (bench-big)
RETRIES = 200


async def _until_taken(port: int, data: bytes, refused: list[str]) -> bool:
    """One client that tries again after 4xx, as a mail server does; whether it got its 250."""
    for _ in range(RETRIES):
        client = None
        try:
            client = await measure._connect(port)
            await client.exchange(b"MAIL FROM:<a@example.org>\r\n", b"250")
            await client.exchange(b"RCPT TO:<b@example.net>\r\n", b"250")
            await client.exchange(b"DATA\r\n", b"354")
            await client.exchange(data, b"250")
        except OSError as error:
            refused.append(str(error)[:3])
            if not str(error).startswith("4"):
                refused[-1] = f"broken ({type(error).__name__})"
            await asyncio.sleep(1)
            continue
        await client.quit()
        return True
    return False


def crowd() -> list[Figure]:
    """All at once; the peak of PSS above idle is bounded by the budget."""
    settings = f"memory_budget = {BUDGET}\n" + SETTINGS
    data, refused, peak = make_mail("10m").stuffed(), list[str](), [0]
    over = threading.Event()
    with gateway(settings) as target:
        assert target.sink
        idle_bytes = processes.pss_bytes(target.roots)

        def watch() -> None:
            while not over.wait(0.2):
                peak[0] = max(peak[0], processes.pss_bytes(target.roots))

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()

        async def all_of_them() -> list[bool]:
            clients = (_until_taken(target.port, data, refused) for _ in range(CLIENTS))
            return await asyncio.gather(*clients)

        began = time.monotonic()
        taken = sum(asyncio.run(all_of_them()))
        took = time.monotonic() - began
        over.set()
        watcher.join()
        time.sleep(1)
        arrived = target.sink.count()
    grown, bound = peak[0] - idle_bytes, PROCESSES * SHARE * BUDGET + READING
    codes = {code: refused.count(code) for code in sorted(set(refused))}
    odd = [code for code in codes if code not in ("421", "452")]
    return [
        Figure(
            "200 x 10 MiB, memory above idle",
            f"{grown / MIB:.0f} MiB in {took:.0f} s",
            f"at most {bound / MIB:.0f} MiB: {SHARE} x the budget of each process, and reading",
            grown <= bound,
        ),
        Figure(
            "200 x 10 MiB, success",
            f"{taken} taken, {arrived} arrived, refused meanwhile: {codes or 'none'}",
            "all, each once; others get 421 or 452",
            taken == arrived == CLIENTS and not odd,
        ),
    ]


# ---- held ------------------------------------------------------------------------------------


async def _hold(port: int, mail: bytes, count: int, sessions: int) -> float:
    """Seconds for `count` different mails that are held, over kept connections.

    Another reply than ours (a mail that was passed on has the next hop's) ends the run.
    """
    numbers = iter(range(count))

    async def one() -> None:
        client = await measure._connect(port)
        for number in numbers:
            data = mail.replace(b"@@@@@@@@", f"{number:08}".encode())
            await client.exchange(b"MAIL FROM:<a@example.org>\r\n", b"250")
            await client.exchange(b"RCPT TO:<b@example.net>\r\n", b"250")
            await client.exchange(b"DATA\r\n", b"354")
            await client.exchange(data, b"250 2.0.0 Ok: taken care of")
        await client.quit()

    began = time.monotonic()
    await asyncio.gather(*(one() for _ in range(sessions)))
    return time.monotonic() - began


def _warm(port: int, mail: bytes) -> None:
    """Hold some other mails; the gateway greets before desk has opened the store, and says 451."""
    until = time.monotonic() + 20
    while True:
        try:
            asyncio.run(_hold(port, mail, 200, 10))
        except ConnectionError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
        else:
            return


class Spent:
    """CPU seconds since its making: of the processes at the door, of the gateway's others, of
    PostgreSQL, and of this program, which is the source."""

    def __init__(self, target: targets.Target, postmaster: int) -> None:
        self._port, self._roots, self._postgres = target.port, target.roots, [postmaster]
        self._before = self._now()

    def _now(self) -> dict[str, float]:
        every = {pid: processes.cpu_of(pid) for pid in processes.tree(self._roots)}
        door = sum(cpu for pid, cpu in every.items() if listens(pid, self._port))
        parts = {"smtp": door, "desk and others": sum(every.values()) - door}
        parts["PostgreSQL"] = sum(map(processes.cpu_of, processes.tree(self._postgres)))
        return parts | {"source": time.process_time()}

    def a_mail(self, count: int) -> str:
        """In ms for each of `count` mails, and what the cores could take if nothing else ran."""
        spent = {name: now - self._before[name] for name, now in self._now().items()}
        shown = ", ".join(f"{name} {cpu / count * 1e3:.1f}" for name, cpu in spent.items() if cpu)
        most = (os.cpu_count() or 1) * count / sum(spent.values())
        return f"CPU ms a mail: {shown}; no wait at all would be {most:.0f}/s"


def held() -> list[Figure]:
    """Mails of 50 KiB that are all different; durable before the 250 (the store syncs each).

    All come from one sender, who gets ten notices an hour; what is put off is looked at, too.
    """
    plain = make_mail("50k").lf.decode()
    head, body = plain.split("\n\n", 1)
    # behind the header of the text part, so that the mail is an ordinary one
    top, mark, rest = body.partition("Content-Transfer-Encoding: quoted-printable\n\n")
    assert mark
    letter = f"{top}{mark}Elev {NUMBER}, akt @@@@@@@@.\n{rest}"
    mail = Mail("held", f"{head}\nX-Number: @@@@@@@@\n\n{letter}".encode()).stuffed()
    found = []
    with contextlib.ExitStack() as stack:
        from tests.faults import postgres

        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rows-")))
        url = stack.enter_context(postgres.server(folder))
        ways = {
            "SQLite": (STRICT, 500),
            "PostgreSQL": (_on(url), 300),
        }
        for name, (settings, asked) in ways.items():
            count = 3000
            with gateway(settings) as target:
                _warm(target.port, mail)
                spent = Spent(target, _postmaster(folder))
                took = asyncio.run(_hold(target.port, mail.replace(b"akt ", b"sak "), count, 20))
                shown = spent.a_mail(count)
                assert target.sink
                told = target.sink.count()
            rate = count / took
            value = f"{rate:.0f}/s, {told} notices and mails to reviewers meanwhile; {shown}"
            found.append(Figure(f"held on {name}", value, f"at least {asked}/s", rate >= asked))
    return found


def _postmaster(folder: Path) -> int:
    return int((folder / "pg" / "postmaster.pid").read_text().split()[0])


def _on(url: str) -> str:
    return STRICT.replace('url = "sqlite:///{dir}/bench.db"', f'url = "{url}"')


ROWS: dict[str, Callable[[], list[Figure]]] = {
    "idle": idle,
    "sessions": sessions,
    "latency": latency,
    "crowd": crowd,
    "held": held,
}


def main(given: list[str]) -> int:
    names = given[0].split(",") if given else list(ROWS)
    if wrong := [name for name in names if name not in ROWS]:
        print(f"{', '.join(wrong)}: choose among {', '.join(ROWS)}", file=sys.stderr)
        return 2
    for number in (signal.SIGTERM, signal.SIGHUP):  # so that nothing that was started is left
        signal.signal(number, lambda received, _: sys.exit(128 + received))
    missed = 0
    for name in names:
        busy = processes.settle(10)
        if busy > QUIET:
            print(f"others use {busy:.0%} of the machine: no figure to keep", flush=True)
        for figure in ROWS[name]():
            print(figure, flush=True)
            missed += not figure.reached
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
