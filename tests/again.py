"""What failed beside others, tried alone: `python -m tests.again LIST`, for `.ci/run` only.

LIST is what `pytest --failed-list LIST` wrote. A test of the whole program, or of a room that talks
over sockets (`system`; `TALKING` in conftest.py), shares its machine with the rest of the suite;
when no more than `MOST` of them failed, and nothing else, each is run `TIMES` times more with
nothing beside it. If all of that passes, the suite counts as passed and the tests are named, since
each of them is a race that somebody has to find: in the test or in the program. One failure more,
a test of another kind, or a run that ended before it had written its list is a failure.
"""

import subprocess
import sys
from pathlib import Path

MOST = 3
TIMES = 3


def may_try(lines: list[str]) -> list[str]:
    """The tests to try alone; none if there is nothing to try or something that must not be."""
    told = [line.split("\t") for line in lines]
    if len(told) > MOST or any(kind != "system" for kind, _ in told):
        return []
    return [test for _, test in told]


def passes_alone(tests: list[str]) -> bool:
    """Whether all pass, as often as is asked."""
    command = [sys.executable, "-m", "pytest", "-n", "0", "--fail-on-skip", *tests]
    return all(subprocess.run(command, check=False).returncode == 0 for _ in range(TIMES))


def main(path: Path) -> int:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    tests = may_try(lines)
    if not tests or not passes_alone(tests):
        return 1
    print(
        f"passed {TIMES} times alone, failed beside others; find the race in:", *tests, sep="\n  "
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
