"""How much work something is, told without a clock: a busy or slow machine changes nothing.

`effort(work)` counts what Python calls: its own functions, expressions (`re`), and the characters
of the strings that are gone through as a whole (`WHOLE`). `within_a_minute(work)` is for what C
does by itself: a process of its own that the kernel ends after a minute of CPU, some hundred times
of what is right, so that only work which grows by the square comes near it.
"""

import os
import pickle
import re
import resource
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

MINUTE = 60
WHOLE = frozenset(
    ("translate", "count", "encode", "decode", "lower", "upper", "replace", "split", "splitlines")
)


@dataclass(slots=True)
class Effort:
    """`calls` of functions, `expressions` that were run, `characters` that were gone through."""

    calls: int = 0
    characters: int = 0
    expressions: list[str] = field(default_factory=list)

    def add(self, _frame: object, event: str, called: Any) -> None:
        """What `sys.setprofile` tells."""
        if event == "call":
            self.calls += 1
        elif event == "c_call":
            self.calls += 1
            owner = getattr(called, "__self__", None)
            if isinstance(owner, re.Pattern):
                self.expressions.append(str(owner.pattern))
            elif isinstance(owner, str | bytes) and called.__name__ in WHOLE:
                self.characters += len(owner)


def effort(work: Callable[[], object]) -> Effort:
    """The work that a call is."""
    counted = Effort()
    before = sys.getprofile()
    sys.setprofile(counted.add)
    try:
        work()
    finally:
        sys.setprofile(before)
    return counted


def within_a_minute(work: Callable[[], Any]) -> Any:
    """What `work` returns; an assertion fails if it needs more than a minute of CPU."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _child(work, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0, (status, answer.decode("utf-8", "replace"))
    return pickle.loads(answer)


def _child(work: Callable[[], Any], writer: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (MINUTE, MINUTE))
    code = 1
    try:
        with os.fdopen(writer, "wb") as pipe:
            try:
                pipe.write(pickle.dumps(work()))
                code = 0
            except BaseException:
                pipe.write(traceback.format_exc().encode())
    finally:
        os._exit(code)
