"""Which pictures of a message may be remembered as clean, once it was read.

From → to: what each picture says (``extract/kit/remembered.py``) → the hashes of those that say
nothing of anybody, whatever may stand beside them in another mail: no digit is written in them, no
name, no word of health, and no detector or register sees anything, at any confidence.
"""

from collections.abc import Iterator

from detectors import Source
from detectors.health import is_heavy
from detectors.person_name import names_a_person
from mailfilter.detect import Names
from mailfilter.extract.kit.remembered import Pictures, Said

LONGEST = 2000  # characters: more is no logo


def clean(pictures: Pictures, names: Names) -> Iterator[bytes]:
    """Hashes of the pictures that may be known from now on."""
    for digest, said in pictures.heard.items():
        if says_nothing(said, names):
            yield digest


def says_nothing(said: Said, names: Names) -> bool:
    """Whether a picture that says this may pass unread."""
    written, properties = "\n".join(said.written), "\n".join(said.properties)
    if not written.strip() and not properties.strip():
        return True
    if len(written) + len(properties) > LONGEST:
        return False
    if any(char.isnumeric() for char in written) or names_a_person(written):
        return False
    sources = [Source(written), Source(properties)]
    return not is_heavy(sources, 0) and not names.search(sources)
