"""Clippings, logos, tiles and frames are read like any picture; only what was read is known."""

import base64
import io
import struct

import pytest
from PIL import Image, ImageDraw

from detectors import Role
from mailfilter import extract
from mailfilter.detect import Names
from mailfilter.extract import Budget, Pictures
from mailfilter.extract.image import ocr, picture, sizes
from mailfilter.extract.kit.remembered import Said
from mailfilter.parse import parse, roles
from mailfilter.remembering import clean, says_nothing
from tests.extract import making
from tests.extract.reading import NUMBER, PLAIN, attachment, places, read, read_body, reasons
from tests.extract.test_pictures import JOB, font, saved, scan

pytestmark = pytest.mark.system
ROW = f"Anna Test {NUMBER}"


@pytest.fixture(scope="module", autouse=True)
def reader():
    if ocr.folder() is None:
        pytest.skip("no tesseract data: apt install tesseract-ocr-swe tesseract-ocr-eng")
    picture.prepare()
    yield
    ocr.forget()


def clipping(text: str = ROW, pixels: int = 12, size=(290, 28)) -> Image.Image:
    return scan_at(text, pixels, size, (8, 6))


def scan_at(text: str, pixels: int, size, at) -> Image.Image:
    sheet = Image.new("RGB", size, "white")
    ImageDraw.Draw(sheet).text(at, text, (20, 30, 60), font(pixels))
    return sheet


def logo(colour: str = "navy") -> Image.Image:
    sheet = Image.new("RGB", (120, 60), "white")
    draw = ImageDraw.Draw(sheet)
    draw.ellipse((5, 5, 55, 55), fill=colour)
    draw.polygon([(70, 50), (90, 10), (110, 50)], fill="gold")
    return sheet


@pytest.mark.parametrize("pixels", [9, 11, 14])
@pytest.mark.parametrize("form", ["PNG", "GIF", "JPEG", "BMP"])
def test_a_clipping_of_a_row_is_read(form, pixels):
    data = saved(clipping(pixels=pixels), form)
    for more in ({"inline": True}, {"content_id": "a"}):
        assert places(read(data, "a." + form, **more))


def test_a_clipping_in_a_document_and_in_a_page_is_read():
    data = saved(clipping(), "PNG")
    word = making.edit(making.word(), {"word/media/image1.png": data})
    assert places(read(word, "a.docx"))
    page = f'<p>hej <img src="data:image/png;base64,{base64.b64encode(data).decode()}"></p>'
    assert places(read_body(page.encode(), "text/html"))


def test_where_pictures_are_only_looked_at_small_ones_are_read():
    """The worker for documents reads them itself: the slot for pictures is not asked."""
    data = saved(clipping(), "PNG")
    found = read(data, "a.png", budget=Budget(recognise=False), inline=True)
    assert places(found)
    assert reasons(found) == []
    found = read(data, "a.png", budget=Budget(recognise=False, small=0), inline=True)
    assert reasons(found) == ["ocr-time"]


def test_a_logo_says_nothing():
    assert reasons(read(saved(logo(), "PNG"), "logo.png", inline=True)) == []


# ---- tiles ---------------------------------------------------------------------------------


def tiles(sheet: Image.Image, columns: int, rows: int) -> list[bytes]:
    width, height = sheet.width // columns, sheet.height // rows
    boxes = [
        (x * width, y * height, (x + 1) * width, (y + 1) * height)
        for y in range(rows)
        for x in range(columns)
    ]
    return [saved(sheet.crop(box), "PNG") for box in boxes]


def read_all(files: list[bytes], pictures: Pictures | None = None) -> extract.Extracted:
    parts = [attachment(data, f"{n}.png", inline=True) for n, data in enumerate(files)]
    budget = Budget(pictures=pictures or Pictures())
    return extract.extract(parts, parse=parse, roles=roles.split, budget=budget)


@pytest.mark.parametrize(("columns", "rows"), [(1, 3), (6, 1), (4, 2), (3, 3)])
def test_tiles_are_read_as_one_picture(columns, rows):
    sheet = clipping(pixels=20, size=(288, 36)) if columns > 1 else clipping(size=(288, 30))
    files = tiles(sheet, columns, rows)
    assert not any(places(read(data, "a.png", inline=True)) for data in files)
    assert places(read_all(files))


def test_many_different_icons_are_no_tiles_for_long():
    """Icons of one size are looked at together, in every way in which they may lie."""
    files = [saved(logo(colour), "PNG") for colour in ("red", "green", "blue", "black", "gray")]
    found = read_all(files)
    assert reasons(found) == []


def test_a_gif_is_as_large_as_its_frames():
    data = bytearray(saved(scan(PLAIN, size=(700, 160)), "GIF"))
    struct.pack_into("<2H", data, 6, 10, 10)  # what the screen says
    assert sizes.dimensions(bytes(data)) == (700, 160)
    assert places(read(bytes(data), "a.gif", inline=True))


# ---- what is remembered --------------------------------------------------------------------

KEY = b"k" * 32


class Memory(set):
    has = set.__contains__


def heard(*files: bytes) -> set[bytes]:
    pictures = Pictures(KEY)
    read_all(list(files), pictures)
    return set(clean(pictures, Names(JOB.today)))


def test_only_what_was_read_and_says_nothing_is_remembered():
    one, other = (saved(logo(colour), "PNG") for colour in ("navy", "red"))
    pictures = Pictures(KEY)
    assert heard(one) == {pictures.digest(one)}
    assert heard(one, other) == {*map(pictures.digest, (one, other)), pictures.digest(one, other)}
    assert heard(saved(clipping(), "PNG")) == set()
    assert heard(saved(clipping("Vård och omsorg", 20), "PNG")) == set()
    assert heard(saved(clipping("Sven Svensson", 20), "PNG")) == set()
    assert heard(saved(clipping("Exempelkommun", 20), "PNG"))
    assert heard(saved(Image.effect_noise((200, 100), 90), "PNG")[:300]) == set()


def test_tiles_of_a_number_are_not_remembered_as_one():
    files = tiles(clipping(pixels=20, size=(288, 36)), 6, 1)
    assert Pictures(KEY).digest(*files) not in heard(*files)


def test_known_pictures_are_not_opened_and_tiles_are_known_as_a_whole():
    files = [saved(logo(colour), "PNG") for colour in ("navy", "red")]
    pictures = Pictures(KEY, Memory())
    digest = pictures.digest
    pictures.memory.update(map(digest, files))
    light = Budget(light=True, pictures=pictures)
    parts = [attachment(data, "a.png", inline=True) for data in files]
    with pytest.raises(extract.weight.Heavy):
        extract.extract(parts, parse=parse, roles=roles.split, budget=light)
    known = Pictures(KEY, Memory({*map(digest, files), digest(*files)}))
    light = Budget(light=True, pictures=known)
    found = extract.extract(parts, parse=parse, roles=roles.split, budget=light)
    assert found.not_examined == ()
    assert all(text.places[0][1].role is Role.NAME for text in found.texts)


@pytest.mark.parametrize("text", ["12", "år 2024", "Lisa", "diagnos", "19121212-1212", "x" * 3000])
def test_what_says_something_is_never_known(text):
    names = Names(JOB.today)
    assert not says_nothing(Said([text]), names)
    assert says_nothing(Said(["Exempelkommun"], ["Adobe ImageReady 7"]), names)
    assert not says_nothing(Said(["Exempelkommun"], [f"nr {PLAIN}"]), names)


def test_a_picture_that_was_not_understood_is_never_known(monkeypatch):
    data = saved(clipping("Exempelkommun", 20), "PNG")
    assert heard(data)
    work = ocr.recognise
    monkeypatch.setattr(picture, "SURE", 101)
    assert heard(data) == set()
    assert work is ocr.recognise


def test_frames_of_a_small_animation_are_read():
    out = io.BytesIO()
    clipping("hej").save(out, "GIF", save_all=True, append_images=[clipping()], duration=100)
    assert places(read(out.getvalue(), "a.gif", inline=True))


@pytest.mark.parametrize("strips", [1, 3, 6])
def test_a_small_picture_in_strips_beside_the_text_of_a_pdf_is_read(strips):
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen import canvas

    sheet = clipping(pixels=30, size=(720, 60))
    out = io.BytesIO()
    page = canvas.Canvas(out, pagesize=(595, 842))
    for n in range(20):
        page.drawString(50, 800 - 15 * n, "Hej, här är en rad med text om ingenting alls.")
    high = 60 // strips
    for n in range(strips):
        strip = sheet.crop((0, n * high, 720, (n + 1) * high))
        page.drawImage(ImageReader(strip), 50, 200 - n * high / 4, 180, high / 4)
    page.save()
    assert places(read(out.getvalue(), "a.pdf"))
