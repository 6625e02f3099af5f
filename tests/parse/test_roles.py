"""Roles of the stretches of a plain text."""

from itertools import product
from unittest import mock

import pytest

from detectors import Role
from mailfilter.parse import roles
from mailfilter.parse.roles import SIGNATURE_LINES, split

B, Q, S = Role.BODY, Role.QUOTE, Role.SIGNATURE


def roles_of(text):
    """The role of each line that is not blank."""
    ends = split(text)
    found, offset = [], 0
    for line in text.split("\n"):
        role = [role for start, role in ends if start <= offset][-1]
        if line.strip():
            found.append(role)
        offset += len(line) + 1
    return found


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        ("", []),
        ("Hej\nHej", [B, B]),
        ("Hej\n> a\n> b\nNej\n>c", [B, Q, Q, B, Q]),
        ("> a", [Q]),
        ("Hej\n\n-----Ursprungligt meddelande-----\nFrån: x\na", [B, Q, Q, Q]),
        ("Hej\n-----Original Message-----\na", [B, Q, Q]),
        ("Hej\n---------- Forwarded message ---------\na", [B, Q, Q]),
        ("Hej\n\nFrån: A <a@b>\nSkickat: den 3 mars\nTill: B\nÄmne: c\n\na", [B, Q, Q, Q, Q, Q]),
        ("Hej\n*Från:* A\n*Skickat:* igår\n*Till:* B\na", [B, Q, Q, Q, Q]),
        ("Hej\nFrom: A\nSent: today\nTo: B\na", [B, Q, Q, Q, Q]),
        ("Hej\nFra: A\nSendt: i dag\nTil: B\na", [B, Q, Q, Q, Q]),
        ("Hej\nLähettäjä: A\nLähetetty: x\nVastaanottaja: B\na", [B, Q, Q, Q, Q]),
        ("Hej\nFrån: Örebro kommer bussen.\nTill mig.", [B, B, B]),
        ("Hej\nDen 3 mars 2026 kl. 10:15 skrev Anna <a@b>:\n> a\nNej", [B, Q, Q, B]),
        ("Hej\nDen mån 3 mars 2026 kl 10:15 skrev Anna\n<a@b>:\n\na", [B, Q, Q, Q]),
        ("Hej\nOn Mon, Mar 3, 2026 at 10:15 AM Anna <a@b> wrote:\na", [B, Q, Q]),
        ("Hej\nma 3.3.2026 klo 10.15 Anna (a@b) kirjoitti:\na", [B, Q, Q]),
        ("Den 3 mars skrev jag till dem.", [B]),
        ("Hej\n-- \nAnna\n0123", [B, S, S, S]),
        ("Hej\n\nMed vänlig hälsning\nAnna", [B, S, S]),
        ("Hej\nMvh Anna\n\nFrån: A\nSkickat: x\nTill: y\na", [B, S, Q, Q, Q, Q]),
        ("Hej\nMVH\nAnna", [B, S, S]),
        ("Hej\nVänliga hälsningar,\nAnna\n> a", [B, S, S, Q]),
        ("Hej\nKind regards\nAnna", [B, S, S]),
        ("Hej\nHälsningar\nAnna", [B, S, S]),
        ("Hej\nHälsningarna från barnen var fina.", [B, B]),
        ("Hej\nDetta meddelande är avsett för adressaten.", [B, S]),
        ("Hej\nNär du skickar e-post till oss behandlar vi personuppgifter.", [B, S]),
        ("Hej\nSkickat från min iPhone", [B, S]),
        ("Hej\r\nMvh\r\nAnna\r\n", [B, S, S]),
        ("Med tanke på vädret ställer vi in.", [B]),
    ],
)
def test_roles(text, roles):
    assert roles_of(text) == roles


def test_text_below_a_signature_is_body():
    assert roles_of("Hej\nMvh\n" + "rad\n" * (SIGNATURE_LINES + 5))[-1] is B


def test_offsets_are_sorted_and_begin_at_nought():
    ends = split("> a\nb\n> c\nMvh\n" * 50)
    offsets = [offset for offset, _ in ends]
    assert offsets[0] == 0
    assert offsets == sorted(set(offsets))


LINES = [
    *("Hej", "", "\r", "> x", ">>> A <a@b> 2026 >>>", " Mvh", "\tDen 3 mars skrev A:", "\xa0Mvh"),
    *("\rMvh", "\u2003Mvh", "Mvh", "MVH\r", "-- ", "--", "Den 3 mars skrev A:", "Den 3 mars"),
    *("skrev A:", "Från: A", "Skickat: i går", "Till: B", "Detta meddelande är", "Det var så"),
    *("När du mejlar: uppgifter", "slut:"),
]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("first", LINES)
def test_lines_that_are_passed_over_say_nothing(first, end):
    for second, third in product(LINES, ("Hej", "> x", "skrev A:")):
        text = end.join([first, second, third, "Hej"])
        quick = split(text)
        with mock.patch.object(roles, "_telling", lambda _, lines: b"\1" * len(lines)):
            assert split(text) == quick
