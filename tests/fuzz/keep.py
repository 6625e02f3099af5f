"""What is committed of the corpora: ``python -m tests.fuzz.keep [TARGET...]``.

From → to: ``var/fuzz/<target>/corpus`` → ``tests/fuzz/corpus/<target>``: of the inputs that reached
new code `FILES` of a target at most, evenly over their lengths up to `LONGEST`, under their hash;
the ones that were kept so before are replaced. Left out is whatever holds a number that a detector
takes for a person's, since mutation makes such by chance.
"""

import sys
from pathlib import Path

from detectors import IDENTITY, find
from tests.fuzz.run import FOLDER
from tests.fuzz.target import NUMBER
from tests.fuzz.targets import TARGETS

FILES, LONGEST = 40, 1200
KEPT = Path(__file__).parent / "corpus"


def is_harmless(data: bytes) -> bool:
    """Whether no number stands there but the well-known test number, or its date alone."""
    for encoding in ("latin-1", "utf-16-le", "utf-16-be"):
        matches = find(data.decode(encoding, "replace"))
        numbers = {match.value for match in matches if match.kind in IDENTITY}
        if any(number.rpartition(":")[2] not in (NUMBER, NUMBER[2:8]) for number in numbers):
            return False
    return True


def keep(name: str) -> int:
    """How many inputs of the target were copied."""
    folder = KEPT / name
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("[0-9a-f]" * 12):
        path.unlink()
    sizes = {path: path.stat().st_size for path in (FOLDER / name / "corpus").glob("*")}
    short = sorted((path for path, size in sizes.items() if size <= LONGEST), key=sizes.__getitem__)
    chosen = [path for path in short[:: len(short) // FILES + 1] if is_harmless(path.read_bytes())]
    for path in chosen:
        (folder / path.name[:12]).write_bytes(path.read_bytes())
    return len(chosen)


if __name__ == "__main__":
    for each in sys.argv[1:] or [target.name for target in TARGETS]:
        print(f"{each}: {keep(each)} inputs kept")
