"""What a message can hold at all, told from all of its texts at once.

From → to: sources → `Sign`s, of which a detector that needs one that is missing finds nothing. Most
mail has no number in any form, no link and no word for a part of a number: then one look at
the texts together takes the place of a look by each detector at each text.

Invariants: linear; a sign is missing only where the detectors that need it (`NEEDS` in
`detectors`) would find nothing. So every sign is told where this cannot be known: of more than
`MOST` characters, and of a text with characters that have no place in Latin-1. Texts are joined
by a line end; what goes over the joint can only add a sign.
"""

from collections.abc import Sequence
from enum import Flag, auto

from .candidates import TO_ZERO, may_look_alike
from .cloud_link import ENDS
from .contract import Source
from .islands import FEWEST, has_island
from .pieces import Pieces
from .spelled import may_be_run
from .split_number import may_stand
from .text import MOVED, SEATED

MOST = 1 << 16


class Sign(Flag):
    """What detectors need."""

    NUMBER = auto()  # digits that crowd, letters for some of them, or numerals
    PARTS = auto()  # a word for the last digits, beside what may be digits of a number
    LINK = auto()  # the end of a service's name


ALL = Sign.NUMBER | Sign.PARTS | Sign.LINK
_NONE = Sign(0)
_ZEROED = SEATED.translate(TO_ZERO)


def signs(sources: Sequence[Source]) -> Sign:
    """The signs that any of the texts may hold."""
    seated = [source.seated for source in sources if source.seated is not None]
    if len(seated) < len(sources) or sum(map(len, seated)) > MOST:
        return ALL
    joined = b"\n%b\n" % b"\n".join(seated)
    shapes = joined.translate(_ZEROED)
    if MOVED in shapes:
        return ALL
    if shapes.count(b"0") >= FEWEST and (has_island(shapes) or may_look_alike(shapes)):
        return ALL
    pieces = Pieces(joined.translate(SEATED))
    found = Sign.NUMBER if may_be_run(pieces) else _NONE
    if any(pieces.of(ENDS)):
        found |= Sign.LINK
    return found | Sign.PARTS if may_stand(shapes, pieces) else found
