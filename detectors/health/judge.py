"""The judge: a small encoder that reads a passage and says how likely it tells of health.

From → to: the string of a `asked.Question` → log odds. multilingual-e5-small (MIT licence),
fine-tuned on labelled mails of our own by ``tests/quality/judge/train.py``: 12 layers, 384 wide,
8 bits, its vocabulary cut to the Nordic languages and English. No generative model: it gives one
number and writes nothing. It runs by `onnxruntime`, whose reports to its makers are switched off
before it is imported; no thread of its own, no network.

A process has a judge from the moment it calls `load` and hands it on to those forked from it;
until then, after `unload`, and where the packages or the file are missing, `odds` answers None and
the rules decide alone (`hearing`).
Invariants: one text at a time, so that memory is bounded and the answer the same whatever else the
mail holds; a text costs at most `LONGEST` tokens.
Known gaps: processors other than x86-64 and ARM have no `onnxruntime`; scores differ between
processors by what their arithmetic rounds.
"""

import hashlib
import os
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .terms import DATA

FILE, WORDS = DATA / "judge.onnx", DATA / "words.model"
SUMS = DATA / "judge.sha256"  # of both files, as ``sha256sum`` writes them
LONGEST = 128  # tokens
BEGIN, END = 0, 2  # of the vocabulary; the same in ``tests/quality/judge/vocabulary.py``


@dataclass(frozen=True, slots=True)
class Judge:
    """A loaded encoder and its vocabulary."""

    session: Any
    words: Any

    def odds(self, text: str) -> float:
        """Log odds that the passage tells of the health of somebody who can be identified."""
        ids = [BEGIN, *self.words.EncodeAsIds(text)[: LONGEST - 2], END]
        return float(self.session.run(None, {"ids": [ids]})[0][0])


class _Seat:
    """Where the judge of this process sits."""

    judge: Judge | None = None


def load() -> bool:
    """Load the judge into this process, once; False where there is none to load."""
    if _Seat.judge is None and not missing():
        _Seat.judge = _loaded()
    return _Seat.judge is not None


def unload() -> None:
    """This process judges no more; those that it was forked from go on."""
    _Seat.judge = None


def odds(text: str) -> float | None:
    """What the judge says; None if this process has none, or it failed."""
    if _Seat.judge is None:
        return None
    try:
        return _Seat.judge.odds(text)
    except (RuntimeError, ValueError, MemoryError):  # the rules' confidence stands, counted
        return None


@cache
def missing() -> str:
    """What keeps the judge away, in a sentence for the operator; empty if nothing does."""
    for package in ("onnxruntime", "sentencepiece"):
        if find_spec(package) is None:
            return (
                f"the package {package} is not installed: health is decided by the rules alone,"
                " with more false alarms. Install mailfilter anew."
            )
    if not FILE.exists() or not WORDS.exists():
        return (
            f"{FILE.name} or {WORDS.name} is missing in {DATA}: health is decided by the rules"
            " alone, with more false alarms. Install mailfilter anew."
        )
    return ""


def _loaded() -> Judge:
    """Load both files, without a thread: one would not survive the fork."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read at import: else it reports to its makers
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # of numpy, which it imports
    from onnxruntime import InferenceSession, SessionOptions, set_default_logger_severity
    from sentencepiece import SentencePieceProcessor

    _check(FILE, WORDS)
    set_default_logger_severity(4)  # errors are raised, too; nothing is to be printed
    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # no pool
    options.enable_cpu_mem_arena = False  # memory goes back at once
    # By path: of bytes it would keep a copy.
    session = InferenceSession(str(FILE), options, providers=["CPUExecutionProvider"])
    processor = SentencePieceProcessor()
    processor.LoadFromSerializedProto(WORDS.read_bytes())
    return Judge(session, processor)


def _check(*files: Path) -> None:
    """Are the files those that were shipped?"""
    stated = {}
    for line in SUMS.read_text("utf-8").splitlines():
        digest, name = line.split()
        stated[name] = digest
    for file in files:
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        if digest != stated.get(file.name):
            raise ValueError(
                f"{file.name} is damaged: it does not have the hash in {SUMS.name}."
                " Install mailfilter again."
            )
