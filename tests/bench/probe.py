"""The program with a watch on its event loops: ``python probe.py FOLDER serve -c FILE``.

Each process writes the CPU milliseconds of its longest callback so far into ``FOLDER/<pid>``; a
file that is removed is written again from the next callback on. The program itself knows nothing
of it.
"""

import asyncio
import os
import sys
import time
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[2])

import mailfilter.__main__ as program  # noqa: E402 (this checkout's)

_LEAST = 2.0  # milliseconds worth a look


def watch(folder: Path) -> None:
    run = asyncio.Handle._run

    def watched(handle: asyncio.Handle) -> None:
        began = time.thread_time()
        run(handle)
        took = (time.thread_time() - began) * 1000
        if took > _LEAST:
            _note(folder / str(os.getpid()), took)

    asyncio.Handle._run = watched


def _note(file: Path, took: float) -> None:
    longest = float(file.read_text()) if file.exists() else 0.0
    if took > longest:
        file.write_text(f"{took:.1f}")


if __name__ == "__main__":
    watch(Path(sys.argv[1]))
    sys.argv[1:2] = []
    sys.exit(program.main())
