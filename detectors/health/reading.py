"""One text under work: its words, its persons, and what it says of them as a whole.

From → to: a `Source` as `Plain`, its hits and its frame → `Reading`, which gives the paragraph
around a hit (`Stretch`), and `Facts`, what the whole text says about kind and person.

Invariants: linear; the first `READ_FACTS` characters decide about the whole.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from ..contract import Role, Source
from . import genre, people, telling
from .cues import cues_in
from .people import Cue, Kind, Token
from .plain import Plain
from .terms import Hit
from .units import Frame, Unit

SHORT, NOTE = 3000, 500
READ_FACTS = 8000
NO_PERSON = 1.0
# What is left of a person's points one step further away.
REACH = {"paragraph": 1.0, "document": 1.0, "other": 1.5}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a text says about its person as a whole."""

    points: float = 0.0
    kind: Kind = Kind.PRONOUN
    labelled: bool = False
    general: float = 0.0
    addressed: bool = False  # a letter to one named person
    cues: tuple[Cue, ...] = ()  # of the first `read` characters
    read: int = 0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A paragraph's words and cues, and whether anybody is spoken of in it."""

    words: list[Token]
    cues: list[Cue]
    peopled: bool
    of_writer: bool  # written in the first person, or with the "I" left out

    def words_of(self, unit: Unit) -> list[Token]:
        """The words of one unit of the paragraph."""
        low = bisect_left(self.words, unit.start, key=lambda token: token.start)
        high = bisect_left(self.words, unit.end, key=lambda token: token.start)
        return self.words[low:high]


@dataclass(slots=True)
class Reading:
    """One source under work; the latest paragraph is remembered."""

    number: int
    source: Source
    plain: Plain
    hits: list[Hit]
    frame: Frame
    facts: Facts
    other: Facts
    latest: tuple[tuple[int, int], Stretch] | None = None

    def stretch(self, paragraph: tuple[int, int]) -> Stretch:
        """The paragraph, read once."""
        if self.latest is None or self.latest[0] != paragraph:
            words = people.tokens(self.plain, *paragraph)
            cues = cues_in(self.plain, words, paragraph, self.frame)
            spoken = telling.speaks_of_self(words)
            of_writer = telling.speaks_as_writer(words) or (spoken and self.is_letter())
            if not of_writer and self.is_note():
                of_writer = telling.leaves_out_writer(self.plain, words, self.frame)
            peopled = bool(cues) or of_writer or spoken or self.known()
            self.latest = (paragraph, Stretch(words, cues, peopled, of_writer))
        return self.latest[1]

    def cues(self, start: int, end: int) -> Sequence[Cue]:
        """The persons of a stretch; those of the beginning are known from its facts."""
        if end > self.facts.read:
            words = people.tokens(self.plain, start, end)
            return cues_in(self.plain, words, (start, end), self.frame)
        found = self.facts.cues
        low, high = (bisect_left(found, edge, key=lambda cue: cue.at) for edge in (start, end))
        return found[low:high]

    def is_letter(self) -> bool:
        """A short text with a greeting or a closing."""
        return self.frame.is_letter() and len(self.plain.text) < SHORT

    def is_note(self) -> bool:
        """A few lines that somebody typed: what they say hangs together."""
        return len(self.plain.text) < NOTE and self.source.role_at(0) in (Role.BODY, Role.SUBJECT)

    def is_body(self) -> bool:
        """What the sender typed, or quoted, not an attachment."""
        return self.source.role_at(0) in (Role.BODY, Role.QUOTE, Role.SIGNATURE)

    def role(self, hit: Hit) -> Role:
        """Where in the message a hit stands."""
        return self.source.role_at(self.plain.offsets[hit.start])

    def is_title(self, hit: Hit) -> bool:
        """A subject or a file name: it says what is the matter with the one in the text."""
        return hit.weight >= 3 and self.source.role_at(0) in (Role.SUBJECT, Role.NAME)

    def known(self) -> bool:
        """Does the document, or another part, name a person?"""
        own = self.facts.points - REACH["document"]
        return max(own, self.other.points - REACH["other"]) > NO_PERSON


def read_kind(plain: Plain, frame: Frame) -> Facts:
    """The kind of a text alone: where no listed word stands, nobody asks for its person."""
    return Facts(general=genre.general(plain.text, frame.is_letter() and len(plain.text) < SHORT))


def read_facts(plain: Plain, frame: Frame, role: Role) -> Facts:
    """Person and kind of a text from its first characters."""
    general = read_kind(plain, frame).general
    if role in (Role.HEADER, Role.PROPERTY):  # senders, receivers and authors, not subjects
        return Facts(general=general)
    end = min(len(plain.text), READ_FACTS)
    words = people.tokens(plain, 0, end)
    cues = cues_in(plain, words, (0, end), frame)
    addressed = telling.addresses_one(plain)
    labelled = [cue for cue in cues if cue.label]
    if labelled:
        return Facts(4.0, labelled[0].kind, True, general, addressed, tuple(cues), end)
    if not cues:
        return Facts(general=general, addressed=addressed, read=end)
    best = max(cues, key=_document_points)
    points = _document_points(best) - (0.0 if len(plain.text) < SHORT else 1.0)
    named = role is Role.NAME
    return Facts(max(points, 0.0), best.kind, named, general, addressed, tuple(cues), end)


def _document_points(cue: Cue) -> float:
    """Pronouns, roles and the writer herself do not make a document hers."""
    if cue.kind in (Kind.PRONOUN, Kind.SELF, Kind.YOU, Kind.ROLE):
        return 0.0
    return people.WEIGHTS[cue.kind]
