"""The list of targets, in the order in which they are run."""

from tests.fuzz import drawings, files, mail, offices, wires
from tests.fuzz.planted import PLANTED
from tests.fuzz.target import Target

TARGETS: tuple[Target, ...] = (
    *mail.TARGETS,
    *files.TARGETS,
    *offices.TARGETS,
    *drawings.TARGETS,
    *wires.TARGETS,
)


def find(name: str) -> Target:
    """The target of this name."""
    return next(target for target in (*TARGETS, *PLANTED) if target.name == name)
