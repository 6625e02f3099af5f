"""What a reader is given beside its part, and the shape that every reader has.

`Ctx` carries the budget, the two functions of the neighbouring stage (`parse`, `roles`; stages
never import each other), and two lists for facts that rules can match: information-class labels
and "made by" fields. A reader takes a `Part` and yields `Text` to detect in, `NotExamined`, and
further `Part`s to read; it raises `Unreadable` when it has to give up.

Invariants: a reader never keeps state between parts; what it yields before it raises still counts.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from detectors import Role
from mailfilter.extract.kit.budget import Budget
from mailfilter.extract.kit.remembered import Pictures
from mailfilter.labels import keep
from mailfilter.model import Message, NotExamined, Part, Text
from mailfilter.place import Place, Step, StepKind

Roles = Callable[[str], tuple[tuple[int, Role], ...]]
Found = Text | NotExamined | Part


@dataclass(slots=True)
class Ctx:
    """One for each message."""

    budget: Budget
    parse: Callable[[bytes], Message]
    roles: Roles
    cloud_hosts: tuple[str, ...] = ()
    pictures: Pictures = field(default_factory=Pictures)
    labels: list[str] = field(default_factory=list)
    made_by: list[str] = field(default_factory=list)

    def label(self, value: str) -> None:
        """An information-class label."""
        keep(self.labels, value)

    def maker(self, value: str) -> None:
        """The program that made a document, or the organisation that it says to be of."""
        keep(self.made_by, value)


Reader = Callable[[Part, Ctx], Iterator[Found]]


def text_at(content: str, place: Place) -> Text:
    """A text that stands in one place."""
    return Text(content, ((0, place),))


def member(part: Part, n: int, name: str, data: bytes, *, inline: bool = False) -> Part:
    """A file inside a file: the n-th of `part`."""
    place = part.place.down(
        Step(StepKind.MEMBER, n, name.rpartition("/")[2], extension(name)), role=Role.ATTACHMENT
    )
    return Part(place, "", data, name=name, inline=inline)


def extension(name: str) -> str:
    """The extension of a file name in lower case, without its dot."""
    stem, dot, ending = name.strip().rpartition(".")
    return ending.lower() if dot and stem and len(ending) <= 8 and ending.isalnum() else ""
