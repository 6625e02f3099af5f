"""What every check is given: the settings, and who runs beside.

`broken` are the tables (and keys of the top) that cannot be read: a check that needs one of them is
not made, since what stands there is not known.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mailfilter import config
from mailfilter.app.preflight.beside import NOBODY, Beside
from mailfilter.app.preflight.fault import Fault


@dataclass(frozen=True, slots=True)
class Tried:
    """A configuration under trial."""

    file: Path
    settings: config.Settings
    broken: frozenset[str] = frozenset()
    beside: Beside = NOBODY


@dataclass(frozen=True, slots=True)
class Check:
    """`run` gives the faults; `needs` names the tables and keys of the top that it looks at."""

    run: Callable[[Tried], Iterator[Fault]]
    needs: frozenset[str]

    def of(self, tried: Tried) -> Iterator[Fault]:
        """The faults, or none where what it looks at cannot be read."""
        if not self.needs & tried.broken:
            yield from self.run(tried)
