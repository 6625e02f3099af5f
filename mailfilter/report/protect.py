"""Small numbers: which cells of the week's tables must not be printed.

A count of 1 to 4 could point at a person (one mail from a department of three). It is printed as
"<5", and so that it cannot be worked out from the rest:

- Every table that adds up is an `Equation`: a total and its parts. A total of 52 over 50 and "<5"
  would give the 2 away, so a further cell is hidden there; it prints as "*", for it may be any
  number.
- Cells stand in several equations (a department's row, an action's column, the rules of an
  action). Gauss elimination over all of them together finds hidden cells that have only one
  solution; further cells are hidden until none has.
- Hidden cells whose sum can be seen, and is itself under 5, count as worked out too.

Zero is printed: nobody is in it. The further cell is the smallest that will do, parts before
totals. Known gap: ranges. A reader can bound a "*" by the rest, as with any rule of this kind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

LIMIT = 5
Key = tuple[str, str, str]  # table, row, column


@dataclass(frozen=True, slots=True)
class Equation:
    """``total`` is the sum of ``parts``; all are keys of cells."""

    total: Key
    parts: tuple[Key, ...]

    @property
    def cells(self) -> tuple[Key, ...]:
        """Parts first, then the total: the order in which further cells are hidden."""
        return (*self.parts, self.total)


def hidden(n: Mapping[Key, int], equations: Sequence[Equation]) -> frozenset[Key]:
    """The keys of the cells that must not be printed."""
    hide: set[Key] = {key for key, value in n.items() if 0 < value < LIMIT}
    while leaks := _small_sums(n, equations, hide) or _solved(equations, hide):
        further = _further(n, leaks, hide)
        if further is None:  # all that could hide it is hidden already: hide what is left
            further = next((key for key in n if key not in hide and n[key]), None)
        if further is None:
            break
        hide.add(further)
    return frozenset(hide)


def _small_sums(
    n: Mapping[Key, int], equations: Sequence[Equation], hide: set[Key]
) -> list[Equation]:
    """The first equation whose hidden parts have a visible sum under the limit."""
    for equation in equations:
        parts = [part for part in equation.parts if part in hide]
        if parts and equation.total not in hide and sum(n[part] for part in parts) < LIMIT:
            return [equation]
    return []


def _further(n: Mapping[Key, int], leaks: Sequence[Equation], hide: set[Key]) -> Key | None:
    """The smallest printed cell of the leaking equations that is not zero."""
    candidates = [
        (key == equation.total, n[key], str(key), key)
        for equation in leaks
        for key in equation.cells
        if key not in hide and n[key]
    ]
    return min(candidates, key=lambda entry: entry[:3])[3] if candidates else None


def _solved(equations: Sequence[Equation], hide: set[Key]) -> list[Equation]:
    """The equations around those hidden cells that have only one solution."""
    unknown = sorted(hide, key=str)
    column = {key: i for i, key in enumerate(unknown)}
    rows = []
    for equation in equations:
        row = [Fraction(0)] * len(unknown)
        for part in equation.parts:
            if part in hide:
                row[column[part]] += 1
        if equation.total in hide:
            row[column[equation.total]] -= 1
        if any(row):
            rows.append(row)
    solved = set()
    for row in _reduced(rows):
        free = [key for key, factor in zip(unknown, row, strict=True) if factor]
        if len(free) == 1:
            solved.add(free[0])
    return [equation for equation in equations if solved & set(equation.cells)]


def _reduced(rows: list[list[Fraction]]) -> list[list[Fraction]]:
    """The reduced row echelon form: a row with one factor left is a solved cell."""
    done: list[list[Fraction]] = []
    width = len(rows[0]) if rows else 0
    for at in range(width):
        pivot = next((row for row in rows if row[at]), None)
        if pivot is None:
            continue
        rows = [row for row in rows if row is not pivot]
        scaled = [factor / pivot[at] for factor in pivot]
        rows = [_without(row, scaled, at) for row in rows]
        done = [_without(row, scaled, at) for row in done] + [scaled]
    return done


def _without(row: list[Fraction], pivot: list[Fraction], at: int) -> list[Fraction]:
    factor = row[at]
    if not factor:
        return row
    return [a - factor * b if b else a for a, b in zip(row, pivot, strict=True)]
