"""One target under atheris: ``python -m tests.fuzz.child TARGET FOLDER [libFuzzer's flags]``.

FOLDER (under ``var/fuzz/``) gets ``corpus/`` (what reached new code), ``found/`` (failures, see
``measure.keep``), ``slowest.bin`` and ``state.json`` (executions, slowest unit), written as it
goes, so that nothing is lost when the process is ended. A failure does not end the run. An eighth
of the CPU goes to inputs that are stretched to 64 KiB.
"""

import json
import sys
import time
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["mailfilter", "detectors"]):
    from tests.fuzz.measure import keep, run, stretched
    from tests.fuzz.target import Target
    from tests.fuzz.targets import find

STRETCHED = 8  # one part in so many of the CPU
WRITTEN = 5.0  # seconds between two states on disk
FLAGS = ("-print_final_stats=1", "-timeout=120", "-rss_limit_mb=3000", "-verbosity=1")


@dataclass(slots=True)
class Session:
    """The run of one target; what it has seen so far."""

    target: Target
    folder: Path
    executions: int = 0
    long: int = 0
    spent: float = 0.0
    spent_long: float = 0.0
    slowest: float = 0.0
    slowest_size: int = 0
    failures: set[str] = field(default_factory=set)
    written: float = 0.0

    def one(self, data: bytes) -> None:
        """libFuzzer's call."""
        self.spent += self._try(data)
        if self.spent_long * STRETCHED < self.spent:
            self.long += 1
            self.spent_long += self._try(stretched(data, zlib.crc32(data)))
        if time.monotonic() - self.written > WRITTEN:
            self.write()

    def _try(self, data: bytes) -> float:
        self.executions += 1
        result = run(self.target, data)
        if result.failure:
            keep(self.folder / "found", result, data)
            self.failures.add(result.failure)
        if result.seconds > self.slowest:
            self.slowest, self.slowest_size = result.seconds, len(data)
            (self.folder / "slowest.bin").write_bytes(data)
        return result.seconds

    def write(self) -> None:
        """The state on disk."""
        self.written = time.monotonic()
        state = {
            "executions": self.executions,
            "long": self.long,
            "slowest": round(self.slowest, 3),
            "slowest_size": self.slowest_size,
            "failures": sorted(self.failures),
        }
        (self.folder / "state.json").write_text(json.dumps(state, indent=1))


def prepare(target: Target, folder: Path) -> list[str]:
    """The folders of inputs, the first of which grows; the mutator's words."""
    for name in ("corpus", "seeds", "found"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for data in target.seeds():
        (folder / "seeds" / f"{zlib.crc32(data):08x}").write_bytes(data)
    words = folder / "words"
    lines = ('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"' for word in target.words)
    words.write_text("\n".join(lines) + "\n")
    kept = Path(__file__).parent / "corpus" / target.name
    inputs = [str(path) for path in (folder / "corpus", folder / "seeds", kept) if path.is_dir()]
    return [*inputs, f"-dict={words}", f"-max_len={target.most}", f"-artifact_prefix={folder}/"]


def main() -> None:
    """Runs until libFuzzer's time is up."""
    name, folder, *flags = sys.argv[1:]
    target = find(name)
    if name.startswith("planted-"):  # lies outside the packages that are watched
        target = replace(target, check=atheris.instrument_func(target.check))
    session = Session(target, Path(folder))
    arguments = [sys.argv[0], *prepare(session.target, session.folder), *FLAGS, *flags]
    atheris.Setup(arguments, session.one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
