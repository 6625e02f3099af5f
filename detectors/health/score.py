"""Person × health: the additive model that turns hits and cues into a confidence.

From → to: one text and what the other texts of the message know → `Match`es.

score = health + person - general, and confidence = 10 × score:

- health: the heaviest expression of the unit, half a point for each further one;
- person: the strongest cue in reach: in the unit itself, in its paragraph, in the document, in
  another text of the message (the table `REACH` says what each step costs);
- general: points of the kind of text (`genre`), less where the person is certain (`TRUST`).

Without a person a finding stays low. Medium begins at 50.
Invariants: pure, linear; a source gives at most `MOST` matches, of which `MOST_LOW` low ones.
Known gaps: irony, fiction about one person, a person known only from an earlier mail.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..contract import Match, Role, Source
from . import genre, people, telling
from .people import Cue, Kind, Token
from .plain import Plain
from .terms import Hit
from .units import Frame, Unit, units_at

MEDIUM = 50
MOST = 300
MOST_LOW = 20
SHORT, NOTE = 3000, 500
READ_FACTS = 8000
OWN_POINTS = 2.5
ADDRESSED = 2.8
WRITER = 1.5
WORK_POINTS = THING_POINTS = 1.5
NO_PERSON = 1.0
LONE = 10

# What is left of a person's points one step further away.
REACH = {"paragraph": 1.0, "document": 1.0, "other": 1.5}
# Share of the general points that remains beside such a person.
TRUST = {
    Kind.IDENTITY: 0.3,
    Kind.FULL_NAME: 0.6,
    Kind.NAME: 0.7,
    Kind.RELATIVE: 0.6,
    Kind.PLACED: 0.6,
    Kind.SELF: 0.7,
    Kind.YOU: 1.2,
    Kind.ROLE: 1.2,
    Kind.PRONOUN: 1.0,
}
_BODY_PARTS = people.WORDS["body-part"]
_HEADINGS = people.WORDS["heading"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a text says about its person as a whole."""

    points: float = 0.0
    kind: Kind = Kind.PRONOUN
    labelled: bool = False
    general: float = 0.0
    addressed: bool = False  # a letter to one named person


@dataclass(frozen=True, slots=True)
class Person:
    """The strongest cue in reach of a unit."""

    points: float
    kind: Kind
    evidence: str


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
            cues = people.cues(self.plain, words, paragraph, self.frame)
            spoken = telling.speaks_of_self(words)
            of_writer = telling.speaks_as_writer(words) or (spoken and self.is_letter())
            if not of_writer and self.is_note():
                of_writer = telling.leaves_out_writer(self.plain, words, self.frame)
            peopled = bool(cues) or of_writer or spoken or self.known()
            self.latest = (paragraph, Stretch(words, cues, peopled, of_writer))
        return self.latest[1]

    def is_letter(self) -> bool:
        """A short text with a greeting or a closing."""
        return self.frame.is_letter() and len(self.plain.text) < SHORT

    def is_note(self) -> bool:
        """A few lines that somebody typed: what they say hangs together."""
        return len(self.plain.text) < NOTE and self.source.role_at(0) in (Role.BODY, Role.SUBJECT)

    def is_title(self, hit: Hit) -> bool:
        """A subject or a file name: it says what is the matter with the one in the text."""
        return hit.weight >= 3 and self.source.role_at(0) in (Role.SUBJECT, Role.NAME)

    def known(self) -> bool:
        """Does the document, or another part, name a person?"""
        own = self.facts.points - REACH["document"]
        return max(own, self.other.points - REACH["other"]) > NO_PERSON


def read_facts(plain: Plain, frame: Frame, role: Role) -> Facts:
    """Person and kind of a text from its first characters."""
    general = genre.general(plain.text, frame.is_letter() and len(plain.text) < SHORT)
    if role in (Role.HEADER, Role.PROPERTY):  # senders, receivers and authors, not subjects
        return Facts(general=general)
    end = min(len(plain.text), READ_FACTS)
    words = people.tokens(plain, 0, end)
    cues = people.cues(plain, words, (0, end), frame)
    addressed = telling.addresses_one(plain)
    labelled = [cue for cue in cues if cue.label]
    if labelled:
        return Facts(4.0, labelled[0].kind, True, general, addressed)
    if not cues:
        return Facts(general=general, addressed=addressed)
    best = max(cues, key=_document_points)
    points = _document_points(best) - (0.0 if len(plain.text) < SHORT else 1.0)
    return Facts(max(points, 0.0), best.kind, role is Role.NAME, general, addressed)


def _document_points(cue: Cue) -> float:
    """Pronouns, roles and the writer herself do not make a document hers."""
    if cue.kind in (Kind.PRONOUN, Kind.SELF, Kind.YOU, Kind.ROLE):
        return 0.0
    return people.WEIGHTS[cue.kind]


def matches(reading: Reading) -> Iterator[Match]:
    """The findings of one text."""
    given = low = at = 0
    hits = reading.hits
    for unit in units_at(reading.plain.text, reading.plain.cased, [hit.start for hit in hits]):
        inside: list[Hit] = []
        while at < len(hits) and hits[at].start < unit.end:
            inside.append(hits[at])
            at += 1
        confidence, evidence = _judge(reading, unit, inside)
        for hit in inside if confidence >= MEDIUM else inside[: MOST_LOW - low]:
            yield _match(reading, hit, confidence, evidence)
        given += len(inside) * (confidence >= MEDIUM)
        low += min(len(inside), MOST_LOW - low) * (confidence < MEDIUM)
        if given >= MOST:
            return


def _judge(reading: Reading, unit: Unit, hits: list[Hit]) -> tuple[int, tuple[str, ...]]:
    """Confidence and evidence of the expressions of one unit."""
    if not _may_carry(reading, unit, hits):
        return LONE, ("no-person", "weak-term")
    if unit.coarse and not telling.hints(reading.plain, unit.start, unit.end):
        return LONE, ("no-person", "weak-term")
    stretch = reading.stretch(unit.paragraph)
    header = _role(reading, hits[0]) is Role.HEADER
    words = stretch.words_of(unit)
    peopled = stretch.peopled or any(hit.own for hit in hits) or _is_bare(reading, unit, words)
    if header or not peopled:
        return max(1, round(8 * hits[0].weight)), ("no-person",)
    hits = [hit for hit in hits if not _is_workplace(hit, words)]
    if not hits:
        return LONE, ("no-person", "weak-term")
    person = _person(reading, unit, hits, words)
    points = general_points(reading, unit, hits, person, words)
    score = _health(reading, unit, hits, words) + person.points - points
    confidence = max(1, min(99, round(10 * score)))
    if person.points <= NO_PERSON or not _carries(hits, person, _has_body(words)):
        confidence = min(confidence, MEDIUM - 1)
    return confidence, _evidence(hits, person, points)


def _is_bare(reading: Reading, unit: Unit, words: list[Token]) -> bool:
    return telling.speaks_without_subject(reading.plain, words, unit.end, reading.frame)


def _is_workplace(hit: Hit, words: list[Token]) -> bool:
    places = ("behandling", "vårdkontakt", "omsorg")
    return hit.group in places and telling.is_workplace(words, hit.start, hit.group == "omsorg")


def _may_carry(reading: Reading, unit: Unit, hits: list[Hit]) -> bool:
    """The cheap half of `_carries`, before anybody looks for persons."""
    text = reading.plain.text[unit.start : unit.end]
    if not _BODY_PARTS.isdisjoint(text.replace(",", " ").replace(".", " ").split()):
        return True
    if hits[0].weight >= 2 or any(h.weight >= 2 or h.group != hits[0].group for h in hits):
        return True
    return telling.has_identity(reading.plain, unit.start, unit.end)


def _carries(hits: list[Hit], person: Person, body: bool) -> bool:
    """Words of weight 1 need company, or an identity number beside them."""
    if any(hit.weight >= 2 for hit in hits):
        return True
    groups = {hit.group for hit in hits}
    return len(groups) >= 2 or body or person.kind is Kind.IDENTITY


def _role(reading: Reading, hit: Hit) -> Role:
    return reading.source.role_at(reading.plain.offsets[hit.start])


def _weight(reading: Reading, hit: Hit) -> float:
    """A signature names units and professions, not patients."""
    if _role(reading, hit) is Role.SIGNATURE:
        return hit.weight * 0.3
    return hit.weight * 0.4 if reading.frame.signs(hit.start) and not hit.own else hit.weight


def _health(reading: Reading, unit: Unit, hits: list[Hit], words: list[Token]) -> float:
    weights = sorted((_weight(reading, hit) for hit in hits[:8]), reverse=True)
    distinct = len({reading.plain.text[hit.start : hit.end] for hit in hits[:8]})
    points = weights[0] + sum(0.25 * weight for weight in weights[1:distinct][:3])
    if hits[0].group != "omsorg" and _has_body(words):
        points += 0.5 if weights[0] >= 2 else 1.0
    if unit.row and _heading(reading, unit):
        points += 0.5
    return points


def _has_body(words: list[Token]) -> bool:
    return any(token.low in _BODY_PARTS for token in words)


def _heading(reading: Reading, unit: Unit) -> bool:
    """Has the sheet a column for illness? Its first row says so."""
    end = reading.plain.text.find("\n")
    head = reading.plain.text[: min(end, 400)] if end > 0 else ""
    return unit.start > end > 0 and any(name in head for name in _HEADINGS)


def _person(reading: Reading, unit: Unit, hits: list[Hit], words: list[Token]) -> Person:
    best = _in_unit(reading, unit, hits, words)
    if best.points >= 3.0:
        return best
    candidates = [best]
    if not unit.row:
        candidates += _in_paragraph(reading, unit, 0.0 if telling.narrates(words) else 0.5)
    stretch = reading.stretch(unit.paragraph)
    if not reading.known() and stretch.of_writer:
        general = reading.facts.general or telling.is_office(stretch.words)
        near = reading.is_letter() and telling.tells(words)
        near = near or (reading.is_note() and not general)
        candidates.append(Person(WRITER + 0.5 * near, Kind.SELF, "writer"))
    facts = reading.facts
    candidates.append(Person(facts.points - REACH["document"], facts.kind, "person-in-document"))
    other = reading.other
    points = other.points - REACH["other"] + 0.5 * (reading.is_title(hits[0]) and facts.general < 1)
    candidates.append(Person(points, other.kind, "person-in-other-part"))
    strongest = max(candidates, key=lambda person: person.points)
    told = best.kind is Kind.PRONOUN and best.points >= 2 and reading.is_letter()
    if told and any(cue.kind in (Kind.ROLE, Kind.PLACED) for cue in stretch.cues):
        return Person(3.0, Kind.ROLE, best.evidence)  # "... brukaren. Hon har ..."
    if best.kind in (Kind.PRONOUN, Kind.ROLE) and best.points >= 2 and strongest.points >= 2:
        others = [c.points for c in candidates[1:]]
        if max(others) >= 1.5:
            return Person(3.0, strongest.kind, best.evidence)
    return strongest


def _in_unit(reading: Reading, unit: Unit, hits: list[Hit], words: list[Token]) -> Person:
    best = Person(0.0, Kind.PRONOUN, "no-person")
    for cue in reading.stretch(unit.paragraph).cues:
        if unit.start <= cue.at < unit.end and not _is_hit(cue, hits):
            points = _cue_points(reading, cue, words)
            if points > best.points:
                best = Person(points, cue.kind, cue.kind.value)
    if best.points < people.WEIGHTS[Kind.SELF]:
        bare = _is_bare(reading, unit, words)
        for hit in hits[:8]:
            mine = telling.self_points(words, hit.start, hit.group == "omsorg")
            if mine and mine[1] > best.points:
                advice = mine[0] is Kind.YOU and not (reading.is_letter() or telling.tells(words))
                best = Person(mine[1] - advice, mine[0], mine[0].value)
                if best.kind is Kind.YOU and reading.facts.addressed and telling.says_you(words):
                    best = Person(ADDRESSED, Kind.YOU, Kind.YOU.value)
            elif best.points < ADDRESSED and _is_to_reader(reading, hit, words):
                best = Person(ADDRESSED, Kind.YOU, Kind.YOU.value)
            if best.points < OWN_POINTS and bare:
                best = Person(OWN_POINTS, Kind.SELF, "self")
            if hit.own and best.points < OWN_POINTS and not telling.instructs(words):
                best = Person(OWN_POINTS, Kind.SELF, "self")
    return best


def _cue_points(reading: Reading, cue: Cue, words: list[Token]) -> float:
    points = people.WEIGHTS[cue.kind]
    if cue.yours and not (reading.is_letter() or telling.tells(words)):
        points -= 2.0  # "ring om ditt barn ...": advice to anybody
    if cue.kind is Kind.PRONOUN and reading.is_letter() and telling.tells(words):
        points += 1.0  # the receiver of a letter knows who "she" is
    if cue.kind is Kind.ROLE:
        points += max(_told(words), -1.0 + telling.is_one(words, cue.at))
    return points


def _told(words: list[Token]) -> float:
    """A role ("eleven") is somebody when something is told, everybody when it is laid down."""
    if telling.tells(words):
        return 1.0
    return 0.0 if telling.narrates(words) else -1.0


def _is_to_reader(reading: Reading, hit: Hit, words: list[Token]) -> bool:
    """In a letter to one person, "du" beside care or treatment is she."""
    return (
        reading.facts.addressed
        and hit.group not in ("sjukfrånvaro", "omsorg")
        and telling.says_you(words)
    )


def _is_hit(cue: Cue, hits: list[Hit]) -> bool:
    return any(hit.start <= cue.at < hit.end for hit in hits)


def _in_paragraph(reading: Reading, unit: Unit, cost: float) -> list[Person]:
    found = []
    for cue in reading.stretch(unit.paragraph).cues:
        if cue.kind not in (Kind.SELF, Kind.YOU):
            points = people.WEIGHTS[cue.kind] - REACH["paragraph"] - cost
            if cue.kind in (Kind.PRONOUN, Kind.ROLE):
                points -= REACH["paragraph"]
            found.append(Person(points, cue.kind, "person-in-paragraph"))
    return found


def general_points(
    reading: Reading, unit: Unit, hits: list[Hit], person: Person, words: list[Token]
) -> float:
    """What the kind of text takes away."""
    trust = TRUST[person.kind]
    if person.kind is Kind.YOU and reading.facts.addressed:
        trust = 0.5
    points = reading.facts.general * trust
    if reading.facts.labelled:
        points *= 0.4
    sentence = reading.plain.text[unit.start : unit.end]
    points += genre.sentence_points(sentence, reading.is_letter()) * min(1.0, TRUST[person.kind])
    if telling.counts_many(words) and TRUST[person.kind] > TRUST[Kind.NAME]:
        points += 0.5
    if telling.at_work(words, hits[0].start):
        points += 0.5 if hits[0].group == "sjukfrånvaro" else WORK_POINTS
    if telling.names_thing(words):
        points += THING_POINTS if trust > TRUST[Kind.RELATIVE] else THING_POINTS / 3
    return points


def _evidence(hits: Sequence[Hit], person: Person, general: float) -> tuple[str, ...]:
    codes = [person.evidence if person.points > 0 else "no-person"]
    codes.append("strong-term" if any(hit.weight >= 3 for hit in hits) else "weak-term")
    if len(hits) > 1:
        codes.append("several-terms")
    if any(hit.disguised for hit in hits):
        codes.append("disguised")
    if any(hit.code for hit in hits):
        codes.append("diagnosis-code")
    if general >= 1:
        codes.append("general-text")
    return tuple(codes)


def _match(reading: Reading, hit: Hit, confidence: int, evidence: tuple[str, ...]) -> Match:
    start, end = reading.plain.span(hit.start, hit.end)
    kind = "social-care" if hit.group == "omsorg" else "health"
    return Match(reading.number, start, end, kind, confidence, evidence, hit.group, hit.group)
