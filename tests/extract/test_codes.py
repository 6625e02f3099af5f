"""Codes that speak for themselves are read; prose, tables and lists of numbers say nothing."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailfilter.extract.decoded import codes, disguise
from mailfilter.extract.kit.prefilter import Afar

NUMBER = "198001172389"  # official
PROSE = (
    "Hej Anna, mötet flyttas till onsdag den 10 mars. Rum 49, 50, 51, 52, 53, 54, 55, 56 och 57.",
    "Det här är fyra ord till dess att alla sett hela brev från mina vänner",
    "1\t2\t3\n4\t5\t6\n",
    "Mått: 12x34x56x78 mm, 2x4x6, 1080x1920",
    "---------- Vidarebefordrat ---------- ..... ----- .....",
    "GELÄNDER GITARRER GENERALDIREKTÖRERNA",
    "11001100 10110000 01010101",
    "一二三",
)


@pytest.mark.parametrize("text", PROSE)
def test_prose_holds_no_code(text):
    found = "".join(codes.readings(Afar(f"{text}\n" * 3)))
    assert sum(map(str.isdigit, found)) < 10


@pytest.mark.parametrize(
    "text",
    [
        ".---- ----. ---.. ----- ----- .---- .---- --... ..--- ...-- ---.. ----.",
        ".---- ----. ---.. ----- ----- .---- .---- --... ..--- ...-- ---.. ----.".translate(
            str.maketrans(".-", "·−")
        ),
        " ".join(str(ord(digit)) for digit in NUMBER),
        ",".join(str(ord(digit)) for digit in NUMBER),
        "".join(f"{ord(digit):08b}" for digit in NUMBER),
        f"{int(NUMBER):b}",
        "1x9x8x0x0x1x1x7x2x3x8x9",
        "1 1\r\n9 7\r\n8 2\r\n0 3\r\n0 8\r\n1 9\r\n",
    ],
)
def test_codes_are_read(text):
    assert any(NUMBER in reading for reading in codes.readings(Afar(f"Hej!\n{text}\nAnna")))


PIECES = [
    *(
        NUMBER,
        "Hej ",
        "\n",
        "MM ",
        "GE",
        "rgg ",
        "F*",
        "GB7",
        "·",
        "· − ",
        ".---- ",
        "----. ",
        "Nz",
        "\ufffd",
    ),
    base64.b64encode(NUMBER.encode()).decode(),
    base64.b32encode(NUMBER.encode()).decode(),
    base64.b85encode(NUMBER.encode()).decode(),
    " ".join(str(ord(digit)) for digit in NUMBER),
]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_a_text_that_does_not_speak_holds_nothing(text):
    quiet, asked = Afar(text), Afar(text)
    asked.speaks = True
    for read in (codes.readings, disguise._based):
        assert [*filter(None, read(quiet))] == [*filter(None, read(asked))]
