"""What may be spent on the passwords of one message.

Each try is paid before it is done, by what the file says its key costs, in microseconds of a slow
core. No clock is looked at, so that the same message gives the same answer on every machine.
"""

from dataclasses import dataclass

from mailfilter.extract.kit.budget import Unreadable

COST = 2_500_000  # microseconds for the passwords of one message


@dataclass(slots=True)
class Tries:
    """Candidates, and what may still be spent on them."""

    passwords: tuple[str, ...] = ()
    left: int = COST

    def take(self, cost: int) -> None:
        """Pay for a try; raises `Unreadable` when too little is left."""
        if cost > self.left:
            raise Unreadable("encrypted")
        self.left -= cost
