"""``make bench-big``: a mail of 10 MiB with a pdf of 7 MiB through the running program.

Prints the longest callback of the smtp process's event loop (CPU milliseconds, by ``probe.py``) and
the memory (PSS) of all processes at its peak above idle, in sizes of the message. Exit status 1 if
a target is missed.
"""

import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from email.message import EmailMessage  # noqa: E402 (the paths come first)
from email.policy import SMTP  # noqa: E402

import documents  # noqa: E402
import processes  # noqa: E402

from tests import running  # noqa: E402
from tests.sink import Sink  # noqa: E402

CALLBACK, SHARE = 50.0, 6.0  # CPU milliseconds; sizes of the message
ROUNDS = 6
MIB = 1 << 20
ATTACHED = 7 * MIB


def mail(n: int, pdf: bytes, *, clean: bool) -> bytes:
    """A letter and a pdf; a clean one is relayed, the other one is held."""
    letter = EmailMessage(policy=SMTP)
    letter["From"], letter["To"] = "maj@exempelkommun.example", "per@example.net"
    letter["Subject"], letter["Message-ID"] = f"Handlingar {n}", f"<{n}@exempelkommun.example>"
    dotted = "\n.gitignore följer med." if n % 3 == 0 else ""  # a dot to be unstuffed
    subject = "" if clean else " Det gäller 19121212-1212."
    letter.set_content(f"Hej! Här är handlingarna.{subject}{dotted}\n")
    letter.add_attachment(pdf, maintype="application", subtype="pdf", filename="handlingar.pdf")
    return letter.as_bytes()


def main() -> int:
    pdf = documents.pdf(pictures=int(ATTACHED * 0.785), numbers=False)  # in Ascii85
    with tempfile.TemporaryDirectory() as name, Sink() as hop:
        folder = Path(name)
        noted = folder / "noted"
        noted.mkdir()
        running._program = lambda _limits: [str(HERE / "probe.py"), str(noted)]
        with running.Gateway(folder, hop.port) as gate:
            _send(gate, noted, mail(0, pdf, clean=True))  # loads what is loaded late
            found = [
                _send(gate, noted, mail(n, pdf, clean=n % 2 == 0)) for n in range(1, ROUNDS + 1)
            ]
            print(f"{len(hop.mails)} relayed, {len(gate.items('held'))} held")
    callback, share = (max(values) for values in zip(*found, strict=True))
    print(f"longest callback {callback:.0f} ms CPU (target {CALLBACK:.0f})")
    print(f"memory above idle {share:.1f} x the message (target {SHARE:.0f})")
    return int(callback > CALLBACK or share > SHARE)


def _send(gate: running.Gateway, noted: Path, data: bytes) -> tuple[float, float]:
    """(CPU milliseconds of the longest callback, peak of memory in sizes of the message)."""
    assert gate.process is not None
    note, root = noted / str(gate.pids("smtp")[0]), [gate.process.popen.pid]
    time.sleep(1)
    note.unlink(missing_ok=True)
    idle, peak, done = _memory(root), Counter[int](), threading.Event()
    looker = threading.Thread(target=_look, args=(root, peak, done))
    looker.start()
    code, _ = gate.send(data, "maj@exempelkommun.example", ["per@example.net"])
    done.set()
    looker.join()
    callback = float(note.read_text()) if note.exists() else 0.0
    share = (peak.total() - idle.total()) / len(data)
    more = sorted(((peak[pid] - idle[pid]) / len(data) for pid in peak), reverse=True)
    print(
        f"{len(data) / MIB:.1f} MiB, {code}: {callback} ms, {share:.2f} x the message"
        f" ({', '.join(f'{part:.1f}' for part in more[:3])} in the largest processes)"
    )
    return callback, share


def _memory(root: list[int]) -> Counter[int]:
    return Counter({pid: processes.pss_of(pid) for pid in processes.tree(root)})


def _look(root: list[int], peak: Counter[int], done: threading.Event) -> None:
    while not done.is_set():
        now = _memory(root)
        if now.total() > peak.total():
            peak.clear()
            peak.update(now)
        time.sleep(0.01)


if __name__ == "__main__":
    sys.exit(main())
