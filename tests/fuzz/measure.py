"""What one input costs and whether the promise held; failures kept by where they happen.

From → to: a target and bytes → `Result`. Limits: seconds of CPU (not of the clock, since the
machine may be busy) for each started `SHARE` of input, `RISE` bytes more of peak memory than
before. A failure is named by its kind, its exception and the innermost line of our own code, so
that a thousand inputs that break at one line are one failure; the shortest input is kept.

Instrumented code is several times slower than plain code, so what is too slow here is measured
again by ``replay.py`` before it is believed.
"""

import hashlib
import resource
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.target import Broken, Target

SHARE = 64 * 1024
RISE = (
    400 * 1024 * 1024
)  # the readers may unpack up to 64 MiB in a fuzz run, and hold it a few times
_OURS = ("/mailfilter/", "/detectors/", "/tests/fuzz/")


@dataclass(frozen=True, slots=True)
class Result:
    """`failure` is empty if all held, else a name that is equal for equal faults; `trace` is for
    the local folder only, since it may show pieces of the input."""

    seconds: float
    failure: str = ""
    trace: str = ""


def run(target: Target, data: bytes, seconds: float | None = None) -> Result:
    """Run the check on `data` and judge it; `seconds` in place of the target's own."""
    seconds = target.seconds if seconds is None else seconds
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    failure, trace = "", ""
    try:
        target.check(data)
    except Exception as error:  # every exception is a finding here
        kind = "promise" if isinstance(error, Broken) else "crash"
        failure = f"{kind}: {type(error).__name__} {_told(error)}at {_line(error)}"
        trace = "".join(traceback.format_exception(error))
    spent = time.process_time() - began
    rise = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) * 1024
    if not failure and spent > seconds * (1 + len(data) // SHARE):
        failure, trace = "slow", f"{spent:.2f} s of CPU for {len(data)} bytes"
    elif not failure and rise > RISE:
        failure, trace = "memory", f"{rise >> 20} MiB for {len(data)} bytes"
    return Result(spent, failure, trace)


def _told(error: Exception) -> str:
    """The promise's own sentence; the texts of other exceptions may hold input."""
    return f"({error}) " if isinstance(error, Broken) else ""


def _line(error: Exception) -> str:
    """The innermost line of our own code."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if any(part in frame.filename for part in _OURS)]
    last = (ours or frames)[-1]
    return f"{Path(last.filename).name}:{last.name}:{last.lineno}"


def keep(folder: Path, result: Result, data: bytes) -> bool:
    """Keep the shortest input of a failure; whether it is a new failure."""
    folder.mkdir(parents=True, exist_ok=True)
    mark = hashlib.sha256(result.failure.encode()).hexdigest()[:12]
    path, note = folder / f"{mark}.bin", folder / f"{mark}.txt"
    new = not path.exists()
    if new or path.stat().st_size > len(data):
        path.write_bytes(data)
        note.write_text(f"{result.failure}\n{result.trace}", "utf-8")
    return new


def stretched(data: bytes, dice: int, size: int = SHARE) -> bytes:
    """The input made long, which shows what grows faster than its input: all of it repeated, a
    stretch in its middle repeated, or one byte of it repeated."""
    if not data:
        return data
    start = dice % len(data)
    end = min(len(data), start + 1 + (dice >> 8) % 24)
    match (dice >> 4) % 3:
        case 0:
            start, end = 0, len(data)
        case 1:
            end = start + 1
    piece = data[start:end]
    return data[:start] + piece * (max(size - len(data), 0) // len(piece) + 1) + data[end:]
