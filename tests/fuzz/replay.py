"""Inputs again, without atheris: ``python -m tests.fuzz.replay TARGET FILE...``.

Prints a line of JSON for each file: name, CPU seconds, failure (empty if the promise holds), trace.
The process gives up after `CPU` seconds, which is how a hang ends.
"""

import json
import resource
import sys
from pathlib import Path

from tests.fuzz.measure import run
from tests.fuzz.targets import find

CPU = 60


def main() -> None:
    """Each file in turn; the first run warms imports and tables."""
    name, *files = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU))
    target = find(name)
    run(target, b"")
    for file in files:
        result = run(target, Path(file).read_bytes())
        row = {
            "file": Path(file).name,
            "seconds": round(result.seconds, 3),
            "failure": result.failure,
            "trace": result.trace,
        }
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
