"""`make slow`: 1,000 half requests on each of three doors at once, from 50 addresses, and eight
uploads behind a link that opens nothing.

Meanwhile the own server's mail, the reviewers' door, health and a reader's link are timed: each is
to be served within `MOST` seconds, and no process may grow by more than `GROWTH`. The crowd at the
SMTP door are strangers first, then machines of the own networks. Status 1 if anything is missed.
"""

import contextlib
import resource
import socket
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.front.installation import Installation
from tests.pickup.whole import letter, links, pickup
from tests.running import children, listens

MOST, COUNT, ADDRESSES, ROUNDS, UPLOADS = 2.0, 1000, 50, 5, 8
GROWTH = 64  # MiB of resident memory
HTTP = b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n"
UPLOAD = (
    b"POST /h/ANY/ANY/answer HTTP/1.1\r\nHost: 127.0.0.1\r\ncontent-length: 104857600\r\n"
    b"content-type: multipart/form-data; boundary=x\r\nsec-fetch-site: same-origin\r\n\r\n"
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
)
NETWORKS = {"strangers": "127.0.0.1/32", "own machines": "127.0.0.0/8"}


def crowd(port: int, said: bytes, stop: threading.Event) -> None:
    """Keep `COUNT` half requests open; who is sent away comes again."""
    kept: list[socket.socket] = []
    n = 0
    while not stop.is_set():
        for _ in range(max(0, COUNT - len(kept))):
            n += 1
            sock = socket.socket()
            sock.bind((f"127.0.0.{2 + n % ADDRESSES}", 0))
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
            kept.append(sock)
        time.sleep(0.2)
        kept = [sock for sock in kept if not _gone(sock, said)]
    for sock in kept:
        sock.close()


def _gone(sock: socket.socket, said: bytes) -> bool:
    try:
        sock.send(said[:1])
        ended = not sock.recv(4096)
    except BlockingIOError:
        return False
    except OSError:
        ended = True
    if ended:
        sock.close()
    return ended


def upload(port: int, _: bytes, stop: threading.Event) -> None:
    """Send as much of a large answer as is taken, again and again."""
    while not stop.is_set():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as sock:
            sock.sendall(UPLOAD)
            while not stop.is_set():
                sock.sendall(bytes(65_536))


def looked_at(url: str) -> None:
    """The whole page."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        answer.read()


def memory(at: Installation) -> dict[str, int]:
    """MiB that the process behind each door has resident."""
    ports = {"smtp": at.gateway.port, "desk": at.gateway.web, "front": at.port}
    found: dict[str, int] = {}
    while found.keys() != ports.keys():  # a look at open sockets may miss one
        found |= _resident(at, ports)
    return found


def _resident(at: Installation, ports: dict[str, int]) -> dict[str, int]:
    found = {}
    for pid in children(at.gateway.process.popen.pid):
        for role, port in ports.items():
            if listens(pid, port):
                status = Path(f"/proc/{pid}/status").read_text("ascii")
                found[role] = int(status.partition("VmRSS:")[2].split()[0]) // 1024
    return found


@contextlib.contextmanager
def besieged(at: Installation) -> Iterator[None]:
    """The crowds and the uploads."""
    stop = threading.Event()
    doors = [(crowd, at.gateway.port, b""), (crowd, at.gateway.web, HTTP), (crowd, at.port, HTTP)]
    doors += [(upload, at.port, b"")] * UPLOADS
    threads = [threading.Thread(target=act, args=(*door, stop)) for act, *door in doors]
    for thread in threads:
        thread.start()
    time.sleep(2)
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def timed(acts: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The worst time of each act."""
    worst = dict.fromkeys(acts, 0.0)
    for _ in range(ROUNDS):
        for name, act in acts.items():
            began = time.monotonic()
            act()
            worst[name] = max(worst[name], time.monotonic() - began)
    return worst


def run(folder: Path, who: str) -> bool:
    """One siege; whether all was as it should."""
    with pickup(folder, listen=f'networks = ["{NETWORKS[who]}"]') as at:
        at.send(letter())
        link, web = links(at, "h")[0], f"http://127.0.0.1:{at.gateway.web}"
        acts = {
            "own server": lambda: at.send(letter()),
            "reviewers": lambda: looked_at(f"{web}/login"),
            "health": lambda: looked_at(f"http://127.0.0.1:{at.gateway.health}/livez"),
            "reader": lambda: looked_at(link),
        }
        before = memory(at)
        with besieged(at):
            worst, after = timed(acts), memory(at)
    print(f"crowd at the SMTP door: {who}")
    for name, seconds in worst.items():
        print(f"  {name:<12}{seconds:6.2f} s")
    for role, size in after.items():
        print(f"  {role:<12}{size:4} MiB, {size - before[role]:+}")
    grown = max(size - before[role] for role, size in after.items())
    return max(worst.values()) <= MOST and grown <= GROWTH


def main() -> int:
    """Both sieges."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    good = True
    for who in NETWORKS:
        with tempfile.TemporaryDirectory() as folder:
            good &= run(Path(folder), who)
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
