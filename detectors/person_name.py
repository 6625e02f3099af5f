"""Whether a short name (of a file, a sheet, a column) names a person.

Not a detector: a person's name alone is no finding. It keeps names out of the places that notices
and lists show: "Anna Karlsson.docx" is shown as "bilaga 2 (docx)".

Known gap: a surname alone, and a rare first name without one.
"""

import re

from .health.cues import cues_in
from .health.people import Kind, tokens
from .health.plain import plain
from .health.units import Frame

_SEPARATORS = re.compile(r"[_.\-+\d]+")


def names_a_person(name: str) -> bool:
    """True if `name` holds a first name, or a first and a last name."""
    text = plain(_SEPARATORS.sub(" ", name).strip().title())
    words = tokens(text, 0, len(text.text))
    found = cues_in(text, words, (0, len(text.text)), Frame((), ()))
    return any(cue.kind in (Kind.NAME, Kind.FULL_NAME) for cue in found)
