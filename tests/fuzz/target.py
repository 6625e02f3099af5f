"""A target: one function that takes any bytes, and the one sentence that it promises.

`check(data)` returns nothing if the promise holds, raises `Broken` if it does not, and lets every
exception of the code under test pass: that is a crash. Time and memory are measured around it by
``measure.py``. Nothing here needs atheris, so that the default suite runs the same functions on the
kept corpora and with hypothesis.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

NUMBER = "191212121212"  # the well-known test number
RAW = NUMBER.encode()


class Broken(AssertionError):
    """A promise does not hold; the text names the promise, never the input."""


def must(condition: object, promise: str) -> None:
    """Raise `Broken` unless the condition holds."""
    if not condition:
        raise Broken(promise)


def nothing() -> Iterable[bytes]:
    """No seeds beside the corpus."""
    return ()


@dataclass(frozen=True, slots=True)
class Target:
    """`promise` is the invariant in one sentence; `words` are tokens for the mutator, `seeds` good
    files to begin with, `most` the longest input that the mutator makes.

    `seconds` of CPU are allowed for each started 64 KiB.

    `native` targets spend their time in C libraries: a crash of those ends the process, which in
    the product is the worker's, and is reported but not a broken promise of ours.
    """

    name: str
    promise: str
    check: Callable[[bytes], None]
    words: tuple[bytes, ...] = ()
    seeds: Callable[[], Iterable[bytes]] = nothing
    most: int = 4096
    native: bool = False
    seconds: float = 1.0
