"""``make fuzz MINUTES=n``: every target for n minutes, two at a time, and what came of it.

    python -m tests.fuzz.run --minutes 5 [--only NAME,NAME] [--at-once 2]
    python -m tests.fuzz.run --self-check

Each target is a process of its own (``child.py``) at the lowest priority; one that ends early (a
crash of a C library, a hang) is started again for the rest of its time. What broke is run again
without atheris (``replay.py``): only what fails there too counts. A row for each target is added
to LEDGER.md. Inputs and corpora lie in ``var/fuzz/`` and are kept for the next run.

Ends with 1 if anything failed, and names the folder where its input lies. Inputs are made by
mutation and may hold numbers of living people by chance: that folder is never committed.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.fuzz.planted import PLANTED
from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FOLDER = ROOT / "var" / "fuzz"
LEDGER = HERE / "LEDGER.md"
STARTS = 20  # of one target; more is broken, not fuzzed
_DONE = re.compile(r"^Done (\d+) runs", re.MULTILINE)
_ENDED = ("crash-", "timeout-", "oom-", "leak-")  # what libFuzzer names an input that ended it


@dataclass(slots=True)
class Run:
    """One target's time."""

    target: Target
    seconds: float
    began: float = field(default_factory=time.monotonic)
    starts: int = 0
    executions: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def folder(self) -> Path:
        return FOLDER / self.target.name

    @property
    def left(self) -> int:
        return round(self.began + self.seconds - time.monotonic())

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "state.json").unlink(missing_ok=True)
        self.starts += 1
        command = [sys.executable, "-m", "tests.fuzz.child", self.target.name, str(self.folder)]
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                ["nice", "-n", "19", *command, f"-max_total_time={max(self.left, 1)}"],
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def step(self) -> bool:
        """Whether it goes on."""
        assert self.process is not None
        if self.process.poll() is None:
            return True
        self.executions += self._executed()
        if self.left > 5 and self.starts < STARTS:
            self.start()
            return True
        return False

    def _executed(self) -> int:
        done = _DONE.search((self.folder / "log").read_text("utf-8", "replace"))
        state = self.state()
        return max(int(done[1]) if done else 0, state.get("executions", 0))

    def state(self) -> dict:
        try:
            return json.loads((self.folder / "state.json").read_text())
        except (OSError, ValueError):
            return {}


def replayed(target: str, files: list[Path]) -> dict[str, dict]:
    """File name → what plain Python says; a file that ends the process says that."""
    rows: dict[str, dict] = {}
    for file in files:
        command = [sys.executable, "-m", "tests.fuzz.replay", target, str(file)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        line = done.stdout.strip().splitlines()[-1:] or ["{}"]
        ended = {"failure": f"ended the process ({done.returncode})", "seconds": 0.0, "trace": ""}
        rows[file.name] = ended if done.returncode else json.loads(line[0])
    return rows


def settle(target: str, folder: Path) -> list[str]:
    """The failures that are still there; inputs that no longer fail are removed."""
    found = sorted((folder / "found").glob("*.bin"))
    found += [path for path in sorted(folder.glob("*-*")) if path.name.startswith(_ENDED)]
    failures = []
    for name, row in replayed(target, found).items():
        path = next(each for each in found if each.name == name)
        if row["failure"]:
            failures.append(f"{row['failure']} ({path.relative_to(ROOT)})")
        else:
            path.unlink()
            path.with_suffix(".txt").unlink(missing_ok=True)
    return failures


def fuzz(targets: list[Target], seconds: float, at_once: int) -> list[tuple[Run, list[str]]]:
    """Run all targets; each with the failures that are real."""
    waiting, running, done = list(targets), [], []
    while waiting or running:
        while waiting and len(running) < at_once:
            run = Run(waiting.pop(0), seconds)
            run.start()
            running.append(run)
            print(f"{run.target.name}: {seconds / 60:g} minutes", flush=True)
        time.sleep(2)
        for run in [run for run in running if not run.step()]:
            running.remove(run)
            failures = settle(run.target.name, run.folder)
            done.append((run, failures))
            print(f"{run.target.name}: {run.executions} executions, {len(failures)} failures")
            for failure in failures:
                print(f"  {failure}", flush=True)
            if seconds > 30 and not run.target.name.startswith("planted-"):
                enter(run, failures)
    return done


def enter(run: Run, failures: list[str]) -> None:
    """A row of the ledger."""
    slowest = run.folder / "slowest.bin"
    said = "-"
    if slowest.exists():
        row = replayed(run.target.name, [slowest])[slowest.name]
        said = f"{row['seconds']:.2f} s for {slowest.stat().st_size:,} bytes"
    corpus = sum(1 for _ in (run.folder / "corpus").iterdir())
    minutes = (time.monotonic() - run.began) / 60
    cells = [
        datetime.now(UTC).date().isoformat(),
        run.target.name,
        f"{minutes:.0f}",
        f"{run.executions:,}",
    ]
    cells += [str(corpus), str(len(failures)), said]
    with LEDGER.open("a", encoding="utf-8") as ledger:
        ledger.write(f"| {' | '.join(cells)} |\n")


def self_check() -> int:
    """Whether the planted bugs are found in a minute each."""
    for target in PLANTED:
        shutil.rmtree(FOLDER / target.name, ignore_errors=True)
    missed = [run.target.name for run, failures in fuzz(list(PLANTED), 60, 2) if not failures]
    print(f"not found: {', '.join(missed)}" if missed else "all planted bugs were found")
    return 1 if missed else 0


def main() -> int:
    """See above."""
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--only", default="", help="names of targets, separated by commas")
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--self-check", action="store_true", help="find three planted bugs")
    chosen = parser.parse_args()
    if chosen.self_check:
        return self_check()
    names = [name for name in chosen.only.split(",") if name]
    unknown = set(names) - {target.name for target in TARGETS}
    if unknown:
        known = ", ".join(target.name for target in TARGETS)
        print(f"no such target: {', '.join(sorted(unknown))}; there are {known}", file=sys.stderr)
        return 2
    targets = [target for target in TARGETS if not names or target.name in names]
    results = fuzz(targets, chosen.minutes * 60, chosen.at_once)
    return 1 if any(failures for _, failures in results) else 0


if __name__ == "__main__":
    sys.exit(main())
