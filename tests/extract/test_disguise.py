"""What is decoded by hand in a text: found where it is, nothing where it is not, never slowly."""

import base64
import random

import pytest

from mailfilter.extract.decoded.disguise import readings
from tests.effort import effort, within_a_minute
from tests.parse.reading import NUMBER

SAID = f"Personnummer: {NUMBER}"
CODED = base64.b64encode(SAID.encode()).decode()
LONG = base64.encodebytes(f"{'Så skrev hon. ' * 20}{SAID}".encode()).decode()


def found(content: str) -> bool:
    return any(NUMBER in reading for reading in readings(content))


@pytest.mark.parametrize(
    "content",
    [
        f"Se här:\n{CODED}\n",
        f"Se här: {CODED}, sade hon.",
        CODED.rstrip("="),
        LONG,
        LONG.replace("\n", "\r\n> "),
        f"https://exempel.example/a/b?p={CODED}",
        f"/x{CODED}",  # the slash and the x belong to the alphabet: another alignment
        base64.b64encode(CODED.encode()).decode(),
        base64.b64encode(SAID.encode("utf-16-le")).decode(),
        f"{'QUJD' * 9} {CODED} " * 3,
        base64.b64encode(NUMBER.encode()).decode(),
        "".join(f"%{ord(digit):x}" for digit in NUMBER),
        "".join(f"={ord(digit):x}" for digit in NUMBER),
        "".join(f"&#{ord(digit)};" for digit in NUMBER),
        NUMBER.encode().hex(":"),
        f"\u202e{NUMBER[::-1]}\u202c",
        f"<b>{NUMBER[:5]}</b>{NUMBER[5:]}",
    ],
)
def test_it_is_read(content):
    assert found(content)


WORDS = [
    "hej",
    "och",
    "att",
    "det",
    "är",
    "ett",
    "två",
    "möte",
    "tisdag",
    "klockan",
    "2024",
    "kommunen",
    "Med",
    "Många",
    "Olle",
    "MD",
    "ärendet",
]


def prose(size: int) -> str:
    chance = random.Random(4)
    return " ".join(chance.choice(WORDS) for _ in range(size // 6))


def test_prose_says_nothing_else():
    assert list(readings(prose(50_000))) == []
    assert list(readings("Se https://www.exempel.example/nyheter/om-oss?id=12&lang=sv\n")) == []


def test_random_data_says_nothing():
    data = base64.encodebytes(random.Random(5).randbytes(30_000)).decode()
    assert [reading for reading in readings(data) if reading.isprintable()] == []


def test_the_gate_is_cheap():
    """Prose is looked over a few times by C and no expression is run, however long it is."""
    text = prose(51_200)
    spent = effort(lambda: list(readings(text.replace("2024", "idag"))))
    assert spent.expressions == []
    assert spent.calls < 200
    assert spent.characters < 8 * len(text)
    assert len(effort(lambda: list(readings(text))).expressions) <= 1  # years upon years


@pytest.mark.parametrize("told", ["Ring 070-123 45 67.\n", "Den 2026-11-24.\n"])
def test_a_number_in_prose_opens_no_expression(told):
    text = prose(5_000).replace("2024", "idag") + told
    assert effort(lambda: list(readings(text))).expressions == []


@pytest.mark.parametrize(
    "piece",
    ["A" * 24 + " ", "%31", "=31", "&#49;", "\\x31", "31", "=?a?b?MzEz?= ", "+ADE-", "MD",
     "\u202e1", "&lt;b&gt;1", "<b>1", f"{CODED} "],
)  # fmt: skip
def test_a_flood_is_linear(piece):
    short, long = piece * (20_000 // len(piece)), piece * (160_000 // len(piece))
    few, many = effort(lambda: list(readings(short))), effort(lambda: list(readings(long)))
    assert many.calls <= 9 * few.calls
    within_a_minute(lambda: list(readings(piece * (400_000 // len(piece)))))
