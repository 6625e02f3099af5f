"""Small numbers: which cells of the week's tables must not be printed.

A count of 1 to 4 could point at a person (one mail from a department of three). It is printed as
"<5", and so that it cannot be worked out from the rest:

- Every table that adds up is an `Equation`: a total and its parts. A total of 52 over 50 and "<5"
  would give the 2 away, so a further cell is hidden there; it prints as "*", for it may be any
  number.
- Cells stand in several equations (a department's row, an action's column, the rules of an
  action). Gauss elimination over all of them together finds small cells that have only one
  solution; further cells are hidden until none has.
- The reader knows that "<5" is 1 to 4 and that "*" is at least 5: two "<5" that sum to 8 are 4
  each. Bounds are worked out from equation to equation; a small cell that they leave one value
  counts as solved.
- Hidden cells whose sum can be seen, and is itself under 5, count as solved too.

Zero is printed: nobody is in it. The further cell is the smallest that will do, parts before
totals. Known gaps: a reader may still narrow a "<5" to fewer values than four; where all is hidden
and the grand total itself is "<5", four cells can only be 1 each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

LIMIT = 5
_MANY = 10**12  # no bound
_PASSES = 20
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
    small = frozenset(hide)
    while leaks := (
        _small_sums(n, equations, hide)
        or _exposing(equations, small, _bounded(n, equations, hide))
        or _exposing(equations, small, _solved(equations, hide))
    ):
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


def _exposing(
    equations: Sequence[Equation], small: frozenset[Key], known: frozenset[Key]
) -> list[Equation]:
    """The equations to mend: around all that is known, if anything small is."""
    return _around(equations, known) if small & known else []


def _around(equations: Sequence[Equation], keys: frozenset[Key]) -> list[Equation]:
    return [equation for equation in equations if keys & set(equation.cells)]


def _bounded(n: Mapping[Key, int], equations: Sequence[Equation], hide: set[Key]) -> frozenset[Key]:
    """Hidden cells to which the bounds of all others leave one value."""
    low = {key: (1 if n[key] < LIMIT else LIMIT) if key in hide else n[key] for key in n}
    high = {key: (LIMIT - 1 if n[key] < LIMIT else _MANY) if key in hide else n[key] for key in n}
    touched = _around(equations, frozenset(hide))
    for _ in range(_PASSES):
        before = (low.copy(), high.copy())
        for equation in touched:
            _narrow(equation, low, high)
        if before == (low, high):
            break
    return frozenset(key for key in hide if low[key] == high[key])


def _narrow(equation: Equation, low: dict[Key, int], high: dict[Key, int]) -> None:
    """Tighten the bounds of a total by its parts, and of each part by the total and the others."""
    total, parts = equation.total, equation.parts
    least, most = sum(low[part] for part in parts), sum(high[part] for part in parts)
    low[total], high[total] = max(low[total], least), min(high[total], most)
    for part in parts:
        above = high[total] - (least - low[part])
        below = low[total] - (most - high[part])
        low[part], high[part] = max(low[part], below), min(high[part], above)
        least, most = sum(low[one] for one in parts), sum(high[one] for one in parts)


def _solved(equations: Sequence[Equation], hide: set[Key]) -> frozenset[Key]:
    """Hidden cells for which all equations together have only one solution."""
    unknown = sorted(hide)
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
    return frozenset(solved)


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
