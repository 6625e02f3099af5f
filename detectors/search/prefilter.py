"""What a message can hold at all, told from all of its texts at once.

From → to: sources → the `Sign`s that they lack; a detector that needs one of these finds nothing.
Most mail has no number in any form, no link and no word for a part of a number: then one look at
the texts together takes the place of a look by each detector at each text.

Invariants: linear; a sign is lacking only where the detectors that need it (their `NEEDS`)
would find nothing. So none is where this cannot be known: of more than `MOST`
characters, and of a text with characters that have no place in Latin-1. Texts are joined by a line
end; what goes over the joint can only add a sign.
"""

from collections.abc import Sequence

from ..cloud_link import ENDS
from ..contract import Sign, Source
from ..spelled import may_be_mixed, may_be_run
from ..split_number import may_stand
from .candidates import FEWEST_DISGUISED, TO_ZERO, may_look_alike
from .digit_clusters import FEWEST, has_island
from .pieces import Pieces
from .text import MOVED, SEATED

MOST = 1 << 16


_ZEROED = SEATED.translate(TO_ZERO)


def lacking(sources: Sequence[Source]) -> tuple[Sign, ...]:
    """The signs that none of the texts can hold."""
    seated = [source.seated for source in sources if source.seated is not None]
    if len(seated) < len(sources) or sum(map(len, seated)) > MOST:
        return ()
    joined = b"\n%b\n" % b"\n".join(seated)
    shapes = joined.translate(_ZEROED)
    if MOVED in shapes or b"%2" in joined or b"%3" in joined:  # the last are read unescaped
        return ()
    digits = shapes.count(b"0")
    if digits >= FEWEST_DISGUISED and (
        (digits >= FEWEST and has_island(shapes)) or may_look_alike(shapes)
    ):
        return ()
    pieces = Pieces(joined.translate(SEATED))
    held = (
        (Sign.NUMBER, may_be_run(pieces) or may_be_mixed(shapes, pieces)),
        (Sign.PARTS, may_stand(shapes, pieces)),
        (Sign.LINK, any(pieces.of(ENDS))),
    )
    return tuple(sign for sign, there in held if not there)
