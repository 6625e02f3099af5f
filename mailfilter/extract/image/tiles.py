"""Pictures that a mail program shows side by side or one below the other: read as one.

From → to: the pictures of a message in their order → `Text` of what they make together. A run of
pictures of one height is a row; a run of one width, or rows of one width, stand below each other.
Pictures of one size may be either, or a table of so many columns.

Invariants: bounded in number and size; a picture that cannot be opened here was said to be so when
it was read by itself. Known gap: gaps and other pictures between tiles; tiles larger than
`remembered.SIDE`.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

from PIL import Image

from mailfilter.extract.image import ocr, picture
from mailfilter.extract.kit.budget import Unreadable
from mailfilter.extract.kit.context import Ctx, Found
from mailfilter.extract.kit.remembered import Tile
from mailfilter.extract.weight import Heavy

MOST = 60  # tiles of one picture
AREA = 2_000_000  # pixels of all together
Rows = list[list[Tile]]


def read(ctx: Ctx) -> Iterator[Found]:
    """What the tiles of the message say together; `Heavy` if that may not be read here."""
    for tiles in _sets(ctx.pictures.tiles):
        files = [each.part.data for each in tiles]
        if ctx.pictures.knows(*files):
            continue
        if ctx.budget.light:
            raise Heavy
        if not ocr.ready():
            return
        with ctx.pictures.hearing(*files):
            for found in _read(tiles, ctx):
                ctx.pictures.hear(found)
                yield found


def _sets(tiles: Sequence[Tile]) -> Iterator[list[Tile]]:
    """Runs of one width or one height; repeated pictures, as bullets are, stand once."""
    seen: set[tuple[int, ...]] = set()
    for side in ("height", "width"):
        for _, run in groupby(tiles, key=lambda tile: getattr(tile, side)):
            found = list(run)[:MOST]
            mark = tuple(hash(each.part.data) for each in found)
            different = len(set(mark)) > 1
            area = sum(each.width * each.height for each in found)
            if different and area <= AREA and mark not in seen:
                seen.add(mark)
                yield found
    rows = [list(run) for _, run in groupby(tiles, key=lambda tile: tile.height)]
    if len(rows) > 1 and max(map(len, rows)) > 1 and _is_table(rows) and len(tiles) <= MOST:
        yield [tile for row in rows for tile in row]


def _is_table(rows: Rows) -> bool:
    return len({sum(tile.width for tile in row) for row in rows}) == 1


def _read(tiles: list[Tile], ctx: Ctx) -> Iterator[Found]:
    try:
        pages = [picture.first_page(each.part.data) for each in tiles]
    except Unreadable:
        ctx.pictures.doubt()
        return
    for rows in _layouts(tiles):
        sheet = _sheet(rows, dict(zip(map(id, tiles), pages, strict=True)))
        ctx.budget.take_picture(sheet.width * sheet.height)
        yield from picture.read_page(sheet, tiles[0].part.place, ctx, picture.SHARP_GLANCE)


def _layouts(tiles: list[Tile]) -> Iterator[Rows]:
    """The ways in which they may lie."""
    one_height = len({each.height for each in tiles}) == 1
    one_width = len({each.width for each in tiles}) == 1
    if one_height:
        yield [tiles]
    if one_width:
        yield [[each] for each in tiles]
    if one_height and one_width:
        for columns in range(2, len(tiles) // 2 + 1):
            if len(tiles) % columns == 0:
                yield [tiles[at : at + columns] for at in range(0, len(tiles), columns)]
    if not one_height and not one_width:
        yield [list(run) for _, run in groupby(tiles, key=lambda tile: tile.height)]


def _sheet(rows: Rows, pages: dict[int, Image.Image]) -> Image.Image:
    width = max(sum(tile.width for tile in row) for row in rows)
    height = sum(max(tile.height for tile in row) for row in rows)
    sheet = Image.new("L", (width, height), 255)
    down = 0
    for row in rows:
        across = 0
        for tile in row:
            sheet.paste(pages[id(tile)], (across, down))
            across += tile.width
        down += max(tile.height for tile in row)
    return sheet
