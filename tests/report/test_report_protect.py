"""Small numbers stay hidden, and cannot be worked out from what is printed."""

from itertools import product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mailfilter.report.protect import LIMIT, Equation, hidden

Key = tuple[str, str, str]


def part(row: object, column: object) -> Key:
    return ("t", str(row), str(column))


def matrix(numbers: list[list[int]]) -> tuple[dict[Key, int], list[Equation]]:
    """A table with totals, as departments × actions is one."""
    rows, columns = range(len(numbers)), range(len(numbers[0]))
    n = {part(r, c): numbers[r][c] for r in rows for c in columns}
    n |= {part(r, "*"): sum(numbers[r]) for r in rows}
    n |= {part("*", c): sum(row[c] for row in numbers) for c in columns}
    n[part("*", "*")] = sum(map(sum, numbers))
    equations = [Equation(part(r, "*"), tuple(part(r, c) for c in columns)) for r in (*rows, "*")]
    equations += [Equation(part("*", c), tuple(part(r, c) for r in rows)) for c in (*columns, "*")]
    return n, equations


def hidden_parts(numbers: list[list[int]]) -> set[str]:
    return {f"{row}{column}" for _, row, column in hidden(*matrix(numbers))}


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([[10, 20], [30, 40]], set()),
        ([[0, 0], [0, 0]], set()),
        ([[0, 20], [30, 40]], set()),  # nobody is in a zero
        ([[3, 20], [30, 40]], {"00", "01", "10", "11"}),
        ([[3, 20, 9]], {"00", "02", "*0", "*2"}),
        ([[1, 1, 50]], {"00", "01", "02", "*0", "*1", "*2"}),  # <5 + <5 = 2 says each is 1
        ([[4, 4, 50]], {"00", "01", "02", "*0", "*1", "*2"}),  # 8 says each is 4
        ([[1, 5, 50]], {"00", "01", "02", "*0", "*1", "*2"}),  # 6 says 1 and 5
        ([[2, 3, 50]], {"00", "01", "*0", "*1"}),
    ],
)
def test_what_is_hidden(numbers: list[list[int]], expected: set[str]) -> None:
    assert hidden_parts(numbers) == expected


def fits(guess: int, n: int, is_hidden: bool) -> bool:
    """Whether a reader who sees what is printed for `n` may think of `guess`."""
    return (0 < guess < LIMIT) == (0 < n < LIMIT) and (guess > 0) if is_hidden else guess == n


def solutions(numbers: list[list[int]], most: int) -> list[tuple[int, ...]]:
    """All values of the hidden cells of a 2 × 2 table that fit what is printed."""
    n, equations = matrix(numbers)
    hide = hidden(n, equations)
    parts = [key for key in n if "*" not in key]
    found = []
    may = [
        ((n[key],) if key not in hide else range(1, 5) if n[key] < 5 else range(5, most))
        for key in parts
    ]
    for values in product(*may):
        guess = dict(zip(parts, values, strict=True))
        sums, _ = matrix([[guess[part(r, c)] for c in range(2)] for r in range(2)])
        if all(fits(sums[key], n[key], key in hide) for key in n):
            found.append(values)
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 9), min_size=2, max_size=2), min_size=2, max_size=2))
def test_a_reader_cannot_tell_small_numbers(numbers: list[list[int]]) -> None:
    assume(sum(map(sum, numbers)) >= LIMIT)
    possible = solutions(numbers, 14)
    for at, value in enumerate(numbers[0] + numbers[1]):
        if 0 < value < LIMIT:
            assert len({guess[at] for guess in possible}) > 1


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 5).flatmap(
        lambda width: st.lists(
            st.lists(st.integers(0, 60), min_size=width, max_size=width), min_size=1, max_size=8
        )
    )
)
def test_it_ends_and_leaves_zeros(numbers: list[list[int]]) -> None:
    n, equations = matrix(numbers)
    hide = hidden(n, equations)
    assert {key for key, value in n.items() if 0 < value < LIMIT} <= hide
    assert not [key for key in hide if n[key] == 0]
    assert hidden(n, equations) == hide


def test_a_cycle_through_three_tables_is_found() -> None:
    """a+b, b+c and a+c are printed: two are hidden in each sum, and yet all can be solved."""
    a, b, c = (part(name, "x") for name in "abc")
    sums = [("ab", a, b), ("bc", b, c), ("ac", a, c)]
    n = {a: 3, b: 4, c: 4} | {part(name, "*"): 0 for name, *_ in sums}
    for name, one, two in sums:
        n[part(name, "*")] = n[one] + n[two]
    equations = [Equation(part(name, "*"), (one, two)) for name, one, two in sums]
    assert hidden(n, equations) > {a, b, c}
