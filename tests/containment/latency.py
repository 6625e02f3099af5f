"""``make bombs ARGS=--latency``: what other sessions notice while bombs are read.

The real program on loopback; text mails of 4 KiB, twenty a second, each in a session of its own,
timed from connecting to the reply. Stretches without bombs and with them take turns, so that both
see the same machine; bombs go out one after the other without a pause, from another process.
"""

import os
import random
import signal
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.containment.bomb import HEAD, Bomb
from tests.running import Gateway, send
from tests.sink import Sink

RATE, STRETCH, TURNS = 20, 15.0, 4
LARGEST = 8 << 20  # bytes of a bomb as a mail: larger ones measure the sending
SIZE = 4096
SENDER, RECIPIENT = "a@exempelkommun.example", "b@example.net"
_WORDS = ("hej", "och", "tack", "för", "ditt", "brev", "om", "mötet", "i", "går", "på", "torget")


def letter(number: int) -> bytes:
    """An ordinary mail of 4 KiB."""
    chosen, lines, size = random.Random(number), [], 0
    while size < SIZE - 300:
        lines.append(" ".join(chosen.choices(_WORDS, k=12)))
        size += len(lines[-1].encode()) + 2
    return HEAD + "\r\n".join(["", *lines, ""]).encode()


def timed(port: int, number: int, at: float) -> float:
    """Seconds from the moment it was due to the reply."""
    time.sleep(max(at - time.monotonic(), 0))
    began = time.monotonic()
    code, text = send(port, letter(number), SENDER, [RECIPIENT])
    assert code == 250, (code, text)
    return time.monotonic() - began


def stretch(port: int, seconds: float) -> list[float]:
    start = time.monotonic() + 0.2
    with ThreadPoolExecutor(40) as pool:
        due = [(n, start + n / RATE) for n in range(int(seconds * RATE))]
        return list(pool.map(lambda each: timed(port, *each), due))


@contextmanager
def bombing(port: int, mails: list[bytes]):
    """A process that sends them, over and over, from where it stopped before."""
    pid = os.fork()
    if not pid:
        try:
            os.nice(10)
            random.shuffle(mails)
            while True:
                for mail in mails:
                    send(port, mail, SENDER, [RECIPIENT])
        finally:
            os._exit(0)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def percentile(values: list[float], share: float) -> float:
    """In milliseconds."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)] * 1000


def told(name: str, values: list[float]) -> float:
    worst = percentile(values, 0.99)
    middle = statistics.median(values) * 1000
    print(
        f"{name:14} {len(values):5} mails  median {middle:6.1f} ms  p99 {worst:6.1f} ms", flush=True
    )
    return worst


def main(bombs: list[Bomb]) -> int:
    """Exit code: 1 if p99 with bombs is over twice that without, and 20 ms."""
    mails = [mail for each in bombs if len(mail := each.mail(each.big)) <= LARGEST]
    print(f"{len(mails)} bombs of at most {LARGEST >> 20} MiB", flush=True)
    quiet: list[float] = []
    loud: list[float] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        Sink() as sink,
        Gateway(Path(folder), sink.port, processes=2) as gateway,
    ):
        stretch(gateway.port, 3)
        for _ in range(TURNS):
            quiet += stretch(gateway.port, STRETCH)
            with bombing(gateway.port, mails):
                loud += stretch(gateway.port, STRETCH)
            time.sleep(3)  # what is still being read
    without, meanwhile = told("without bombs", quiet), told("with bombs", loud)
    allowed = 2 * without + 20
    print(f"allowed: 2 x {without:.1f} + 20 = {allowed:.1f} ms")
    return int(meanwhile > allowed)
