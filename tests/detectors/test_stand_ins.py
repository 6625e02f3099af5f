"""T-nummer and reservnummer: every form, by numbers that live in memory only."""

import random
from collections.abc import Callable
from datetime import date

import pytest

from detectors import Match, Source, detect
from detectors.se_number import passes_luhn

TODAY = date(2026, 11, 24)
LETTERS = "TRSUWXJKMN"  # L is drawn like the 1 that it counts as: see the last test
CHANCE = random.Random(17)


def checked(first_nine: str) -> str:
    """Ten digits with their check digit; a letter counts as 1."""
    bare = "".join(sign if sign.isdigit() else "1" for sign in first_nine)
    return next(f"{first_nine}{n}" for n in range(10) if passes_luhn(f"{bare}{n}"))


def born() -> str:
    return f"{CHANCE.randint(60, 99)}{CHANCE.randint(1, 12):02}{CHANCE.randint(1, 28):02}"


def t_nummer() -> str:
    return checked(f"{born()}{CHANCE.choice(LETTERS)}{CHANCE.randint(10, 99)}")


def vgr() -> str:
    day, letter, rest = born(), CHANCE.choice("KMX"), CHANCE.randint(10, 79)
    counted = {"K": "5", "M": "7", "X": "8"}[letter]
    return f"19{day}{letter}{rest}{checked(f'{day}{counted}{rest}')[-1]}"


def stockholm() -> str:
    year, rest = CHANCE.randint(1940, 2020), f"{CHANCE.randint(0, 99999):05}"
    return f"99{year}{rest}{checked(f'00{year % 100:02}{rest}')[-1]}"


def varmland() -> str:
    return f"19{born()}S{CHANCE.choice('FUXPL')}{CHANCE.randint(0, 9)}{CHANCE.choice('AB12')}"


def carelink() -> str:
    start = f"{born()[:4]}{CHANCE.randint(32, 59)}{CHANCE.randint(100, 999)}"
    return f"19{checked(start)}"


def national() -> str:
    pair = "".join(CHANCE.sample("ABCDEFGHJKLMNPRSTUXYZ", 2))
    return f"{CHANCE.choice((22, 23, 25, 26))}{born()}{pair}{CHANCE.randint(0, 9)}7"


def found(text: str) -> list[Match]:
    return [m for m in detect([Source(text)], TODAY) if m.kind == "se.reservnummer"]


@pytest.mark.parametrize("made", [vgr, stockholm, varmland, carelink, national])
def test_a_reservnummer_with_its_word_is_a_hit(made: Callable[[], str]) -> None:
    for _ in range(50):
        [match] = found(f"Patienten har reservnummer {made()} tills vidare.")
        assert match.kind == "se.reservnummer"
        assert match.confidence >= 50


@pytest.mark.parametrize(
    "write",
    [
        lambda number: f"T-nummer {number[:6]}-{number[6:]}",
        lambda number: f"Interimspersonnummer: {number}",
        lambda number: f"Studenten Anna Berg ({number[:6]}-{number[6:]}) har sökt",
        lambda number: f"tillfälligt personnummer 19{number[:6]}-{number[6:].lower()}",
    ],
)
def test_a_t_nummer_is_a_hit(write: Callable[[str], str]) -> None:
    for _ in range(50):
        [match] = found(write(t_nummer()))
        assert (match.kind, match.confidence >= 50) == ("se.reservnummer", True)
        assert match.mask.endswith("****")
        assert match.value[-3:] not in match.mask


def test_the_check_digit_counts() -> None:
    for _ in range(50):
        number = t_nummer()
        wrong = number[:-1] + str((int(number[-1]) + CHANCE.randint(1, 9)) % 10)
        assert found(f"T-nummer {wrong[:6]}-{wrong[6:]}") == []


def test_one_person_is_one_value() -> None:
    number = t_nummer()
    values = {m.value for m in found(f"T-nummer {number[:6]}-{number[6:]}, T-nummer {number}")}
    assert len(values) == 1


def test_codes_of_that_shape_without_a_word_are_no_hits() -> None:
    """A batch number with a date and a letter passes the check digit one time in ten."""
    texts = [f"Parti {t_nummer()} levererades i går." for _ in range(200)]
    texts += [f"Filen {national()} och {carelink()} ligger kvar." for _ in range(200)]
    assert not [m for text in texts for m in found(text) if m.confidence >= 50]


def test_a_number_of_another_kind_stays_what_it_is() -> None:
    kinds = {m.kind for m in detect([Source("Personnummer 911112-2397 och 160684-2399")], TODAY)}
    assert kinds == {"se.personnummer", "se.samordningsnummer"}


def test_a_t_nummer_with_l_is_found_as_the_personnummer_it_looks_like() -> None:
    number = checked("640101L12")
    [match] = detect([Source(f"T-nummer {number[:6]}-{number[6:]}")], TODAY)
    assert (match.kind, match.confidence >= 50) == ("se.personnummer", True)
