"""``make bench-extract``: CPU of reading a document beside the library that reads its bare text.

    python tests/bench/extract.py [--rounds 15]

Ours is everything that is read (hidden text, annotations, properties, places), from the bytes of
an attachment to its `Text`s. The peers: ``pypdfium2``, the plain text of all pages;
``python-calamine``, all cells; ``re.findall(rb'>([^<]+)<', part)`` over word/*.xml and
docProps/*.xml. "With its start" is the CPU time of a worker that is forked from a process with
everything imported, locks itself in, reads and ends, and of its parent.

CPU time, not the clock; the two take turns, and the ratio is that of their medians: steady also
on a busy machine. Exit status 1 if a target is missed.
"""

import argparse
import gc
import io
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
import python_calamine

from detectors import Role
from mailfilter.extract import Budget, extract
from mailfilter.model import Part
from mailfilter.parse import parse, roles
from mailfilter.place import Place, Step, StepKind
from mailfilter.workers.confine import confine, prepare
from mailfilter.workers.memory import settle
from mailfilter.workers.rehearsal import rehearse


def peer_pdf(data: bytes) -> int:
    document = pypdfium2.PdfDocument(data)
    size = 0
    for page in document:
        text = page.get_textpage()
        size += len(text.get_text_range())
        text.close()
        page.close()
    document.close()
    return size


def peer_xlsx(data: bytes) -> int:
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    return sum(len(book.get_sheet_by_name(name).to_python()) for name in book.sheet_names)


def peer_docx(data: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [n for n in archive.namelist() if re.match(r"(?:word|docProps)/[^/]*\.xml$", n)]
        return sum(len(re.findall(rb">([^<]+)<", archive.read(name))) for name in names)


def ours(data: bytes, name: str) -> int:
    step = Step(StepKind.ATTACHMENT, 1, name, name.rpartition(".")[2])
    part = Part(Place(Role.ATTACHMENT, (step,)), "application/octet-stream", data, name)
    found = extract([part], parse=parse, roles=roles.split, budget=Budget())
    if found.not_examined:
        raise SystemExit(f"{name} was not read: {found.not_examined[0].reason}")
    return sum(len(text.content) for text in found.texts)


@dataclass(frozen=True, slots=True)
class Case:
    """One document, its peer, and the targets: warm, with the worker's start."""

    title: str
    name: str
    make: str  # a function of documents.py
    peer: Callable[[bytes], int]
    peer_name: str
    warm: float
    started: float


CASES = (
    Case("pdf, 50 pages", "a.pdf", "pdf", peer_pdf, "pypdfium2", 1.3, 1.5),
    Case("xlsx, 20,000 rows", "a.xlsx", "xlsx", peer_xlsx, "calamine", 1.5, 1.7),
    Case("xlsx, gaps and formulas", "b.xlsx", "xlsx_by_hand", peer_xlsx, "calamine", 1.5, 1.7),
    Case("docx, edited for years", "b.docx", "word_edited", peer_docx, "findall", 1.3, 2.0),
    Case("docx, 400,000 characters", "a.docx", "word", peer_docx, "findall", 1.3, 2.0),
)  # fmt: skip


def cpu(act: Callable[[], object]) -> float:
    """CPU milliseconds of this process."""
    gc.collect()
    began = time.process_time()
    act()
    return (time.process_time() - began) * 1000


def cpu_of_worker(act: Callable[[], object]) -> float:
    """CPU milliseconds of a worker that does this and ends, and of forking and burying it."""
    began = time.process_time()
    if not (pid := os.fork()):
        status = 1
        try:
            confine()
            act()
            status = 0
        finally:
            os._exit(status)
    _, status, used = os.wait4(pid, 0)
    if status:
        raise SystemExit("the worker failed")
    return (time.process_time() - began + used.ru_utime + used.ru_stime) * 1000


def zygote(folder: Path) -> None:
    """A process as the master of the workers is: it has read nothing but its own letter.

    It is sent numbers of cases, and answers what a worker costs that reads that document.
    """
    rehearse()
    prepare()
    settle()
    for line in sys.stdin:
        case = CASES[int(line)]
        data = (folder / case.make).read_bytes()
        print(cpu_of_worker(lambda data=data, case=case: ours(data, case.name)), flush=True)


class Zygote:
    """That process, started afresh: this one has loaded much that no master loads."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, __file__, "--zygote", str(folder)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, case: int) -> float:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(case, file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def measure(n: int, data: bytes, started: Zygote, rounds: int) -> list[float]:
    """Median CPU milliseconds: peer, ours, ours in a fresh worker."""
    case = CASES[n]
    times: list[list[float]] = [[], [], []]
    for each in range(rounds + 1):
        peer, warmed = cpu(lambda: case.peer(data)), cpu(lambda: ours(data, case.name))
        taken = peer, warmed, started.ask(n)
        if each:  # the first round warms caches
            for kept, took in zip(times, taken, strict=True):
                kept.append(took)
    return [statistics.median(each) for each in times]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--only", default="", help="part of a title")
    options.add_argument("--zygote", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.zygote:
        zygote(given.zygote)
        return 0
    rehearse()
    gc.collect()
    gc.freeze()
    print("| document | peer | peer, ms | ours, ms | ratio | target | with start | target |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        return int(not all(list(_rows(Path(folder), given.only, given.rounds))))


def _rows(folder: Path, only: str, rounds: int) -> Iterator[bool]:
    """A line for each case; whether its targets are reached."""
    import documents

    started = Zygote(folder)
    for n, case in enumerate(CASES):
        if only not in case.title:
            continue
        data = getattr(documents, case.make)()
        (folder / case.make).write_bytes(data)
        peer, warmed, fresh = measure(n, data, started, rounds)
        print(
            f"| {case.title} | {case.peer_name} | {peer:.1f} | {warmed:.1f} "
            f"| {warmed / peer:.2f} | {case.warm} | {fresh / peer:.2f} | {case.started} |",
            flush=True,
        )
        yield warmed <= case.warm * peer and fresh <= case.started * peer
    started.close()


if __name__ == "__main__":
    sys.exit(main())
