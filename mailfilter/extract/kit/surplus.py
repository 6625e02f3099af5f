"""What can be read in a file that passes though it is not read as a whole: sound, film, pictures of
formats that no reader knows, protected mail. Unknown content is held, and needs no such look.

From → to: its bytes → the text that an editor would show of them, at `Step(HIDDEN)`, and files of
known formats that begin in them. A document behind eight bytes of film is a document; the cover of
a song is a picture.

Invariants: linear; a film that consists of pictures gives the first `PICTURES` of them.
"""

from collections.abc import Iterator

from mailfilter import sealed
from mailfilter.extract.kit.context import Ctx, Found, member, text_at
from mailfilter.extract.kit.trailing_data import extent
from mailfilter.model import Part
from mailfilter.place import Step, StepKind

PICTURES = 8


def surplus(part: Part, data: bytes, _ctx: Ctx) -> Iterator[Found]:
    """Text and files in `data`, which is `part` or was packed in it."""
    yield text_at(sealed.readable(data), part.place.down(Step(StepKind.HIDDEN)))
    pictures = end = 0
    for start in sealed.files(data):
        if not data.startswith(sealed.PICTURES, start):
            yield member(part, 1, "", data[start:])  # what follows is its reader's concern
            return
        if start < end or pictures == PICTURES:
            continue
        pictures += 1
        end = start + extent(data[start:])[1]
        yield member(part, 1 + pictures, "", data[start:end])
