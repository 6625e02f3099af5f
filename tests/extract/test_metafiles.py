"""Windows metafiles: the text that they draw is read as it stands; bitmaps in them are files."""

import io
import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mailfilter.extract import Budget
from mailfilter.extract.image.metafile import Drawing, Matrix, laid_out, sniff
from mailfilter.extract.kit.budget import Unreadable
from mailfilter.selftest import metafiles as made
from tests.extract import making
from tests.extract.reading import NUMBER, contents, places, read, reasons

TURNED = (0.0, 1.0, -1.0, 0.0, 50.0, 60.0)


def dib(width: int = 40, height: int = 30) -> bytes:
    """A bitmap in colour as it lies in memory."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(file, "BMP")
    return file.getvalue()[14:]


def world(*numbers: float, kind: int = 35, mode: int = 0) -> bytes:
    return made.record(
        kind, struct.pack("<6f", *numbers) + (struct.pack("<I", mode) if mode else b"")
    )


def digit_by_digit(number: str, step: int = 11, y: int = 50) -> bytes:
    return b"".join(made.text(10 + step * n, y, char) for n, char in enumerate(number))


def driver_string(options: int, said: str) -> bytes:
    letters = struct.pack(f"<{len(said)}H", *(ord(c) - (0 if options & 1 else 29) for c in said))
    spots = b"".join(struct.pack("<2f", 10.0 + 8 * n, 20.0) for n in range(len(said)))
    return made.plus(0x4036, 0, struct.pack("<4I", 0, options, 0, len(said)) + letters + spots)


DRAWN = {
    "one string": made.font() + made.text(10, 50, NUMBER),
    "without spacing": made.font() + made.text(10, 50, NUMBER, step=0),
    "no font": made.text(10, 50, NUMBER),
    "two strings that touch": made.font()
    + made.text(10, 50, NUMBER[:4])
    + made.text(10 + 4 * 11, 50, NUMBER[4:]),
    "two strings, the second first": made.font()
    + made.text(10 + 4 * 11, 50, NUMBER[4:])
    + made.text(10, 50, NUMBER[:4]),
    "a letter a record": made.font() + digit_by_digit(NUMBER),
    "a letter a record, shuffled": made.font()
    + b"".join(
        random.Random(1).sample([made.text(10 + 11 * n, 50, c) for n, c in enumerate(NUMBER)], 13)
    ),
    "a letter a record, turned": made.font()
    + b"".join(made.text(10, 50 + 30 * n, char) for n, char in enumerate(NUMBER)),
    "narrow": made.font() + made.narrow(10, 50, NUMBER.encode()),
    "narrow, in Hebrew": made.font(charset=177) + made.narrow(10, 50, NUMBER.encode()),
    "moved by the world": made.font()
    + world(1, 0, 0, 1, 100, 100)
    + made.text(10, 50, NUMBER[:4])
    + world(1, 0, 0, 1, 0, 0)
    + made.text(10 + 44 + 100, 150, NUMBER[4:]),
    "moved and moved again": made.font()
    + world(1, 0, 0, 1, 100, 0, kind=36, mode=4)
    + world(1, 0, 0, 1, 44, 0, kind=36, mode=2)
    + made.text(10, 50, NUMBER[4:])
    + world(1, 0, 0, 1, 0, 0, kind=36, mode=1)
    + made.text(110, 50, NUMBER[:4]),
    "saved and restored": made.font()
    + made.record(33, b"")
    + world(1, 0, 0, 1, 500, 500)
    + made.record(34, struct.pack("<i", -1))
    + made.text(10, 50, NUMBER[:4])
    + made.text(54, 50, NUMBER[4:]),
    "in a window": made.record(9, struct.pack("<2i", 1000, 1000))
    + made.record(11, struct.pack("<2i", 100, 100))
    + made.font()
    + made.text(10, 50, NUMBER[:4])
    + made.text(54, 50, NUMBER[4:]),
    "right aligned": made.font()
    + made.record(22, struct.pack("<I", 2))
    + made.text(54, 50, NUMBER[:4])
    + made.text(54 + 9 * 11, 50, NUMBER[4:]),
    "at the current position": made.font()
    + made.record(22, struct.pack("<I", 1))
    + made.record(27, struct.pack("<2i", 10, 50))
    + made.text(0, 0, NUMBER[:4])
    + made.text(0, 0, NUMBER[4:]),
    "small text": made.record(
        108,
        struct.pack("<2i3I2f", 1, 1, len(NUMBER), 0x300, 1, 1.0, 1.0) + NUMBER.encode() + bytes(3),
    ),
    "several strings in a record": made.record(
        97,
        made._BOX
        + struct.pack("<I2fI", 1, 1.0, 1.0, 1)
        + made.text(5, 5, NUMBER)[36:][:12]
        + struct.pack("<2I", 80, 0)
        + made._BOX
        + struct.pack("<I", 0)
        + NUMBER.encode("utf-16-le")
        + bytes(2),
    ),
    "in EMF+": made.plus_text(10, 20, NUMBER),
    "in EMF+, two strings": made.plus(0x402A, 0, struct.pack("<6f", 1, 0, 0, 1, 5, 5))
    + made.plus_text(10, 20, NUMBER),
    "in EMF+, letter by letter": driver_string(1, NUMBER),
    "a comment": made.comment(b"MINE" + NUMBER.encode()),
    "a record of the future": made.record(4000, NUMBER.encode() + bytes(3)),
}
OLD = {
    "text": made.old_font() + made.old_text(10, 20, NUMBER.encode()),
    "text with spacing": made.old_font() + made.old_spaced(10, 20, NUMBER.encode()),
    "two strings": made.old_font()
    + made.old_spaced(54, 20, NUMBER[4:].encode())
    + made.old_spaced(10, 20, NUMBER[:4].encode()),
    "a letter a record": made.old_font()
    + b"".join(made.old_text(10 + 11 * n, 20, c.encode()) for n, c in enumerate(NUMBER)),
    "a comment": made.old(0x0626, struct.pack("<2H", 15, 15) + b"X" + NUMBER.encode() + b"\0"),
}


@pytest.mark.parametrize("case", DRAWN)
@pytest.mark.parametrize("name", ["a.emf", "a.png", ""])
def test_what_is_drawn_is_read(case, name):
    found = read(made.emf(DRAWN[case]), name)
    assert places(found)
    assert reasons(found) == []


@pytest.mark.parametrize("case", OLD)
@pytest.mark.parametrize("placeable", [True, False])
def test_what_an_old_metafile_draws_is_read(case, placeable):
    found = read(made.wmf(OLD[case], placeable=placeable), "a.wmf")
    assert places(found)
    assert reasons(found) == []


def test_a_title_is_read():
    assert places(read(made.emf(description=f"Excel\0{NUMBER}"), "a.emf"))


def test_letters_of_a_charset_are_its_own():
    found = read(made.emf(made.font(charset=204) + made.narrow(1, 1, "больной".encode("cp1251"))))
    assert "больной" in contents(found)
    found = read(
        made.wmf(made.old_font(charset=238) + made.old_text(1, 1, "żona".encode("cp1250")))
    )
    assert "żona" in contents(found)


def test_a_table_keeps_its_cells():
    rows = [(10, 20, "Namn"), (300, 20, "Personnr"), (10, 60, "Åsa Ek"), (300, 60, NUMBER)]
    found = read(made.emf(made.font(), made.strings(rows)), "a.emf")
    assert f"Namn\tPersonnr\nÅsa Ek\t{NUMBER}" in contents(found)


def test_numbers_of_an_axis_are_not_one():
    axis = b"".join(made.text(10, 400 - 40 * n, str(200 * n)) for n in range(9))
    assert "200400" not in contents(read(made.emf(made.font(), axis), "a.emf"))


def test_glyphs_are_read_as_in_the_usual_fonts_and_said():
    glyphs = "".join(chr(ord(char) - 29) for char in NUMBER)
    found = read(made.emf(made.font(), made.text(5, 5, glyphs, options=0x10)), "a.emf")
    assert places(found)
    assert reasons(found) == ["image"]
    found = read(made.emf(driver_string(0, NUMBER)), "a.emf")
    assert places(found)
    assert reasons(found) == ["image"]


# ---- bitmaps and files ---------------------------------------------------------------------


def pictures(data: bytes) -> list[bytes]:
    """The files that come out of a metafile."""
    from mailfilter.extract.image import emf, wmf

    reader = emf.drawing if data[:4] == b"\1\0\0\0" else wmf.drawing
    return list(reader(data, Budget()).bitmaps)


def test_a_bitmap_is_a_file_again():
    inside = dib()
    for data in (
        made.emf(made.stretched(inside), made.stretched(inside)),
        made.wmf(made.old_bitmap(inside)),
    ):
        (picture,) = pictures(data)
        assert Image.open(io.BytesIO(picture)).convert("RGB").getpixel((3, 3)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("kind", "at"), [(76, 84), (77, 84), (79, 96), (80, 48), (114, 84), (94, 16)]
)
def test_every_record_with_a_bitmap_gives_it(kind, at):
    inside = dib()
    head = bytes(at - 8) + struct.pack("<4I", 120, 40, 160, len(inside) - 40)
    (picture,) = pictures(made.emf(made.record(kind, head.ljust(112, b"\0") + inside)))
    assert Image.open(io.BytesIO(picture)).size == (40, 30)


def test_a_jpeg_in_a_bitmap_is_a_jpeg():
    file = io.BytesIO()
    Image.new("L", (40, 30), 255).save(file, "JPEG")
    head = struct.pack("<I2i2HI20x", 40, 40, 30, 1, 0, 4)
    assert pictures(made.emf(made.stretched(head + file.getvalue()))) == [file.getvalue()]


def plus_image(data: bytes) -> bytes:
    return struct.pack("<2I5i", 0xDBC01002, 1, 0, 0, 0, 0, 1) + data


def test_images_of_the_newer_kind_are_files():
    file = b"\x89PNG\r\n\x1a\n" + b"x" * 60
    whole = made.plus(0x4008, 0x500, plus_image(file))
    assert pictures(made.emf(whole)) == [file]
    content = plus_image(file)
    size = struct.pack("<I", len(content))
    pieces = [
        made.plus(0x4008, 0x8500, size + content[:40]),
        made.plus(0x4008, 0x8500, size + content[40:]),
    ]
    assert pictures(made.emf(*pieces)) == [file]
    raw = struct.pack("<2I3i2I", 0xDBC01002, 1, 20, 15, 80, 0x26200A, 0) + b"\xff" * 1200
    (picture,) = pictures(made.emf(made.plus(0x4008, 0x500, raw)))
    assert Image.open(io.BytesIO(picture)).size == (20, 15)


def test_a_metafile_in_a_metafile_is_read():
    inner = made.wmf(made.old_text(1, 1, NUMBER.encode()))
    public = made.comment(b"GDIC" + struct.pack("<5I", 0x80000001, 0x300, 0, 0, len(inner)) + inner)
    assert places(read(made.emf(public), "a.emf"))
    newer = made.emf(made.text(1, 1, NUMBER))
    cut = len(newer) // 2
    chunks = [
        made.old(
            0x0626, struct.pack("<2H", 15, 34 + len(piece)) + b"WMFC\1\0\0\0" + bytes(26) + piece
        )
        for piece in (newer[:cut], newer[cut:])
    ]
    assert places(read(made.wmf(*chunks), "a.wmf"))


def test_small_patterns_are_nothing():
    assert pictures(made.emf(made.stretched(dib(8, 8)))) == []


# ---- what is left unread -------------------------------------------------------------------


def polygon(corners: int) -> bytes:
    return made.record(86, made._BOX + struct.pack("<I", corners) + bytes(4 * corners))


def test_shapes_that_may_be_letters_are_an_image():
    assert reasons(read(made.emf(polygon(9) * 9), "a.emf")) == ["image"]
    assert reasons(read(made.emf(polygon(4) * 99), "a.emf")) == []
    assert reasons(read(made.wmf(made.old(0x0324, struct.pack("<H", 9) + bytes(36)) * 9))) == [
        "image"
    ]


@pytest.mark.parametrize("data", [made.emf(DRAWN["one string"]), made.wmf(OLD["text"])])
def test_a_cut_file_is_broken(data):
    for end in (len(data) - 3, len(data) - 30):
        assert reasons(read(data[:end], "a")) == ["broken-document"]


def test_what_stands_behind_is_read():
    for data in (made.emf(), made.wmf()):
        assert places(read(data + b"hej " * 9 + NUMBER.encode(), "a.emf"))
        assert places(read(data + making.zipped({"a.txt": NUMBER.encode()}), "a.emf"))
        assert reasons(read(data + bytes(9), "a.emf")) == []


def test_many_records_are_paid_for():
    data = made.emf(made.record(0x42, b"") * 300_000)
    budget = Budget()
    before = budget.work
    read(data, "a.emf", budget=budget)
    assert before - budget.work >= 300_000


# ---- in documents --------------------------------------------------------------------------

METAFILES = {"a.emf": made.emf(DRAWN["one string"]), "a.wmf": made.wmf(OLD["text"])}


@pytest.mark.parametrize("name", METAFILES)
def test_in_documents_and_sheets(name):
    data = METAFILES[name]
    for document, member in (
        (making.word("Hej"), f"word/media/{name}"),
        (making.sheet_with("Hej"), f"xl/media/{name}"),
    ):
        found = read(making.edit(document, {member: data}), "a.docx")
        assert places(found)
        assert reasons(found) == []


@pytest.mark.parametrize("name", METAFILES)
def test_in_a_rich_text(name):
    word = {"a.emf": "emfblip", "a.wmf": "wmetafile8"}[name]
    data = METAFILES[name][22 if word == "wmetafile8" else 0 :]
    for wrapped in (
        f"{{\\pict\\{word} {data.hex()}}}",
        f"{{\\*\\shppict{{\\pict\\{word} {data.hex()}}}}}",
    ):
        found = read(b"{\\rtf1\\ansi hej " + wrapped.encode() + b"}", "a.rtf")
        assert places(found)
        assert reasons(found) == []


def test_a_bare_bitmap_in_a_rich_text_is_a_picture():
    found = read(b"{\\rtf1 hej {\\pict\\dibitmap0 " + dib(400, 200).hex().encode() + b"}}", "a.rtf")
    assert reasons(found) == ["image"]  # without OCR


def test_in_a_zip_and_packed_as_office_packs_it():
    import gzip

    assert places(read(making.zipped({"a.emf": METAFILES["a.emf"]}), "a.zip"))
    assert places(read(gzip.compress(METAFILES["a.emf"], mtime=0), "a.emz"))


# ---- any bytes -----------------------------------------------------------------------------

RECORDS = [*DRAWN.values(), polygon(9), made.stretched(dib()), driver_string(0, "x")]


def whatever(data: bytes) -> None:
    """Reading raises nothing but `Unreadable`, and says so if it does not come to the end."""
    from mailfilter.extract.image import emf, wmf

    for drawing in (emf.drawing, wmf.drawing):
        try:
            drawn = drawing(data, Budget())
        except Unreadable:
            continue
        laid_out(drawn.runs)
    read(data, "a.emf")


@given(st.sampled_from(RECORDS), st.data())
@settings(max_examples=150, deadline=None)
def test_damaged_records_never_raise(record, data):
    whole = bytearray(made.emf(record))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(88, len(whole) - 1))
        whole[at] = data.draw(st.sampled_from([0, 1, 2, 16, 127, 128, 255]))
    whatever(bytes(whole))


@given(st.sampled_from(list(OLD.values())), st.data())
@settings(max_examples=100, deadline=None)
def test_damaged_old_records_never_raise(record, data):
    whole = bytearray(made.wmf(record))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(22, len(whole) - 1))
        whole[at] = data.draw(st.sampled_from([0, 1, 2, 16, 127, 128, 255]))
    whatever(bytes(whole))


@given(st.lists(st.tuples(st.integers(0, 130), st.binary(max_size=120)), max_size=8))
@settings(max_examples=150, deadline=None)
def test_records_of_any_content_never_raise(records):
    whatever(
        made.emf(
            *(made.record(kind, content + bytes(-len(content) % 4)) for kind, content in records)
        )
    )


@given(st.lists(st.tuples(*[st.floats()] * 4, st.text(max_size=4)), max_size=9))
@settings(max_examples=150, deadline=None)
def test_strings_at_any_place_are_laid_out(runs):
    drawing = Drawing()
    for x, y, width, height, text in runs:
        drawing.put(x, y, width, height, text)
    said = laid_out(drawing.runs)
    for run in drawing.runs:
        assert not run.text.strip() or run.text in said


@given(st.tuples(*[st.floats(-9, 9)] * 6), st.tuples(*[st.floats(-9, 9)] * 6), st.floats(-9, 9))
def test_one_transformation_after_the_other(first, second, x):
    a, b = Matrix(*first), Matrix(*second)
    once, twice = a.then(b).of(x, 1.0), b.of(*a.of(x, 1.0))
    assert once == pytest.approx(twice, abs=1e-6)


def test_marks_are_theirs():
    assert sniff(made.emf())
    assert sniff(made.wmf())
    assert sniff(made.wmf(placeable=False))
    assert not sniff(b"\1\0\0\0" + bytes(80))
