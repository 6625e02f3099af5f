"""Being told which part is about to be opened, so that who dies of it can be named.

A worker says over its socket what it opens, before it does (`workers/notes.py`): what killed it is
then known by its place, and content that killed twice is not opened again. Where nobody listens,
as in the smtp process, `UNWATCHED` costs nothing.
"""

from typing import Protocol

from mailfilter.model import Part


class Watch(Protocol):
    """Calls come in pairs and nest, as parts do."""

    def opens(self, part: Part) -> bool:
        """The part is about to be opened. False if it must not be: `closes` is not called then."""
        ...

    def closes(self) -> None:
        """All of the part that was opened last is read."""
        ...


class _Unwatched:
    def opens(self, part: Part) -> bool:  # noqa: ARG002 - nobody listens
        return True

    def closes(self) -> None:
        return


UNWATCHED: Watch = _Unwatched()
