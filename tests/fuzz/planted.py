"""Three planted bugs that the harness must find within a minute each: ``run.py --self-check``.

They are of the three kinds that the real targets are watched for: a crash behind a mark that
random bytes do not hit (its word is told, as the real targets tell theirs), time that grows by the
square, and content that is dropped in silence.
"""

import zlib

from tests.fuzz.target import NUMBER, RAW, Target, must


def _crash(data: bytes) -> None:
    if data.startswith(b"MAGI") and len(data) > 5 and data[4] == data[5]:
        raise IndexError("planted")


def _square(data: bytes) -> None:
    for _ in range(4 * data.count(b"<")):
        zlib.crc32(data)


def _drop(data: bytes) -> None:
    read = "".join(line for line in data.decode("latin-1").split("\n") if not line.startswith("#"))
    must(
        NUMBER not in data.decode("latin-1").replace("\n", "") or NUMBER in read, "nothing is lost"
    )


PLANTED = (
    Target("planted-crash", "A mark is read.", _crash, (b"MAGI",)),
    Target("planted-square", "Time is linear.", _square, (b"<",), lambda: [b"<a>" * 4]),
    Target(
        "planted-drop", "No line is dropped.", _drop, (RAW, b"#"), lambda: [b"a\n" + RAW + b"\n"]
    ),
)
