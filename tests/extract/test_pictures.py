"""Pictures: what is written in them is found, photographs are quick, hostile files are bounded.

Most tests read by OCR: they are marked `system` and need Debian's tesseract-ocr-swe.
"""

import io
import pathlib
import struct
import subprocess
import sys
import zlib
from datetime import date
from email.message import EmailMessage

import pytest
import reportlab
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageFile, ImageFilter, ImageFont
from PIL.PngImagePlugin import PngInfo
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

from mailfilter.examine import Job, examine, examine_small
from mailfilter.extract import Budget
from mailfilter.extract.image import ocr, picture
from mailfilter.limits import WORK
from mailfilter.model import Class, Coverage
from mailfilter.place import StepKind
from mailfilter.workers.pool import Pool
from tests.extract import documents, making
from tests.extract.reading import PLAIN, contents, places, read, reasons
from tests.test_workers import running

_FONT = pathlib.Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"
JOB = Job(b"k" * 32, date(2026, 11, 24))
FORMATS = ("PNG", "JPEG", "TIFF", "GIF", "BMP", "WEBP")
WORDS = "Åsa Öberg överklagade beslutet om ekonomiskt bistånd för äldre"
EXTRAS = {"PNG": {"compress_level": 1}}

tesseract = pytest.mark.system
needs_data = pytest.mark.skipif(
    ocr.folder() is None, reason="no tesseract data: apt install tesseract-ocr-swe"
)


@pytest.fixture(scope="module")
def reader():
    """OCR as a worker has it; the rest of the tests know none."""
    if ocr.folder() is None:
        pytest.skip("no tesseract data: apt install tesseract-ocr-swe tesseract-ocr-eng")
    assert picture.prepare() == ()
    yield
    ocr.forget()


@pytest.fixture
def without_ocr(monkeypatch):
    monkeypatch.setattr(ocr, "_engines", [])


def font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_FONT, size)  # reportlab's own: no font of the machine is needed


def scan(*lines: str, size=(1200, 220), pixels=30) -> Image.Image:
    sheet = Image.new("L", size, 255)
    for n, line in enumerate(lines):
        ImageDraw.Draw(sheet).text((40, 40 + n * pixels * 1.7), line, 0, font(pixels))
    return sheet


def letter() -> Image.Image:
    return scan(WORDS, f"personnummer {PLAIN}", "med vänlig hälsning")


def saved(image: Image.Image, form: str, **more) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **EXTRAS.get(form, {}), **more)
    return out.getvalue()


def pdf(*pages: Image.Image) -> bytes:
    out = io.BytesIO()
    sheet = canvas.Canvas(out, pagesize=(595, 842))
    for page in pages:
        width, height = page.size
        sheet.drawImage(ImageReader(page), 0, 0, 595, 595 * height / width)
        sheet.showPage()
    sheet.save()
    return out.getvalue()


def mail(data: bytes, name: str) -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "a@exempelkommun.example", "skannat"
    message.set_content("Hej, se bilagan.")
    message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes().replace(b"\n", b"\r\n")


def photograph(size=(1600, 1200)) -> Image.Image:
    """Soft blotches, fine grain, a horizon and round things: no letters."""
    soft = Image.effect_noise((32, 24), 90).resize(size, Image.Resampling.BICUBIC)
    grain = Image.effect_noise(size, 30).filter(ImageFilter.GaussianBlur(1))
    view = ImageChops.add(soft, Image.linear_gradient("L").resize(size), 2)
    draw = ImageDraw.Draw(view)
    for n in range(40):
        x, y, r = n * 137 % size[0], n * 211 % size[1], 20 + n * 7 % 150
        draw.ellipse((x, y, x + r, y + r * 3 // 2), fill=n * 29 % 256)
    return Image.blend(view, grain, 0.2)


# ---- what is written -----------------------------------------------------------------------


@tesseract
@pytest.mark.parametrize("form", FORMATS)
def test_a_scan_is_read(reader, form):
    found = read(saved(letter(), form), "skannat." + form.lower())
    assert reasons(found) == []
    assert places(found)
    for word in ("Åsa", "Öberg", "överklagade", "bistånd", "äldre", "hälsning"):
        assert word in contents(found)


@tesseract
@pytest.mark.parametrize("form", ["png", "jpeg", "tiff", "pdf"])
def test_its_number_is_a_finding(reader, form):
    data = pdf(letter()) if form == "pdf" else saved(letter(), form)
    examination, light = examine(mail(data, "skannat." + form), JOB)
    assert examination.coverage is Coverage.HIT
    assert "se.personnummer" in {found.kind for found in examination.findings}
    assert not light


@tesseract
def test_pages_of_a_fax_have_their_numbers(reader):
    empty = Image.new("1", (600, 800), 1)
    data = saved(empty, "TIFF", save_all=True, append_images=[letter().convert("1")])
    (place,) = places(read(data, "fax.tif"))
    assert (place.steps[-1].kind, place.steps[-1].n) == (StepKind.PAGE, 2)


@tesseract
def test_pages_of_a_scanned_pdf_have_their_numbers(reader):
    found = read(pdf(scan(WORDS), letter(), photograph((800, 600))), "a.pdf")
    (place,) = places(found)
    assert (place.steps[-1].kind, place.steps[-1].n) == (StepKind.PAGE, 2)
    assert reasons(found) == []


@tesseract
def test_a_scanned_page_with_a_stamp_is_read(reader):
    assert reasons(read(documents.picture_pdf("Sida 1"), "a.pdf")) == []


@tesseract
def test_every_frame_of_an_animation_is_read(reader):
    frames = [Image.new("L", (1200, 220), 255), letter()]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames, duration=500)
    assert places(read(data, "a.gif"))


def transparent(ink: int) -> Image.Image:
    plate = Image.new("RGBA", (1200, 220), (ink, ink, ink, 0))
    plate.putalpha(ImageChops.invert(letter()))
    return plate


def sixteen_bits() -> Image.Image:
    return letter().convert("I").point(lambda value: value * 40 + 900).convert("I;16")


@tesseract
@pytest.mark.parametrize(
    "image",
    [
        *(letter().convert(mode) for mode in ("RGB", "P", "1", "RGBA")),
        transparent(0),
        transparent(255),
        sixteen_bits(),
        ImageChops.invert(letter()),
        letter().rotate(2, fillcolor=255),
        letter().transpose(Image.Transpose.ROTATE_180),
        letter().transpose(Image.Transpose.ROTATE_90),
        letter().resize((400, 73), Image.Resampling.LANCZOS),
    ],
    ids=lambda image: f"{image.mode}-{image.size[0]}",
)
def test_letters_are_read_however_they_are_stored(reader, image):
    assert places(read(saved(image, "PNG"), "a.png"))


@tesseract
def test_the_camera_says_what_is_up(reader):
    turned = Image.Exif()
    turned[0x0112] = 6
    sideways = letter().transpose(Image.Transpose.ROTATE_90)
    assert places(read(saved(sideways, "JPEG", exif=turned), "a.jpg"))


@tesseract
def test_a_screenshot_of_two_screens_is_read(reader):
    wide = Image.new("L", (3840, 1080), 240)
    for n in range(12):
        ImageDraw.Draw(wide).text((60, 60 + n * 30), f"{WORDS}, {PLAIN}", 20, font(15))
    assert places(read(saved(wide, "PNG"), "a.png"))


@tesseract
def test_a_long_screenshot_keeps_its_letters(reader):
    roll = Image.new("L", (800, 14_000), 255)
    ImageDraw.Draw(roll).text((60, 13_000), f"bistånd {PLAIN}", 0, font(22))
    assert places(read(saved(roll, "PNG"), "a.png"))


@tesseract
@pytest.mark.parametrize("invert", [False, True])
def test_a_clipping_without_margin_is_read(reader, invert):
    sheet = scan(PLAIN)
    clipping = sheet.crop(ImageChops.invert(sheet).getbbox())
    clipping = ImageChops.invert(clipping) if invert else clipping
    assert places(read(saved(clipping, "PNG"), "a.png"))


@tesseract
def test_a_picture_in_a_document_is_read(reader):
    data = making.edit(making.word(), {"word/media/image1.png": saved(letter(), "PNG")})
    assert places(read(data, "a.docx"))


# ---- photographs ---------------------------------------------------------------------------


def shown_to_tesseract(monkeypatch) -> list[Image.Image]:
    """Fills with the pictures that tesseract looks at."""
    shown: list[Image.Image] = []
    work = ocr._shown
    monkeypatch.setattr(ocr, "_shown", lambda page: (shown.append(page), work(page))[1])
    return shown


NO_LETTERS = {
    "photograph": photograph(),
    "noise": Image.effect_noise((1200, 900), 60),
    "gradient": Image.radial_gradient("L").resize((2000, 1500)),
    "white": Image.new("L", (2000, 1500), 255),
    "one pixel": Image.new("RGBA", (1, 1)),
}


@tesseract
@pytest.mark.parametrize("name", NO_LETTERS)
def test_a_picture_without_text_is_clean_and_quick(reader, name, monkeypatch):
    data = saved(NO_LETTERS[name], "PNG")
    shown = shown_to_tesseract(monkeypatch)
    found = read(data, "a.png")
    assert len(shown) <= 1  # the quick look, and no reading
    assert all(one.width * one.height <= picture.SHARP_GLANCE for one in shown)
    assert reasons(found) == []
    assert contents(found).strip() == "a.png"


@tesseract
def test_a_mail_with_a_photograph_is_clean(reader):
    data = saved(photograph().convert("RGB"), "JPEG")
    assert examine(mail(data, "semester.jpg"), JOB)[0].coverage is Coverage.CLEAN


# ---- what the file says of itself ----------------------------------------------------------


def exif(tag: int, value) -> Image.Exif:
    tags = Image.Exif()
    tags[tag] = value
    return tags


def iptc(text: str) -> bytes:
    record = b"\x1c\x02\x78" + struct.pack(">H", len(text)) + text.encode()
    resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(record)) + record
    content = b"Photoshop 3.0\0" + resource + b"\0" * (len(resource) % 2)
    return b"\xff\xed" + struct.pack(">H", len(content) + 2) + content


def png_texts(**texts: str) -> PngInfo:
    info = PngInfo()
    for key, value in texts.items():
        info.add_itxt(key, value, zip=True)
    return info


def said() -> dict[str, bytes]:
    plain = Image.new("RGB", (320, 240), "grey")
    jpeg = saved(plain, "JPEG")
    xmp = f"<x:xmpmeta><rdf:li>nr {PLAIN}</rdf:li></x:xmpmeta>".encode()
    wide = f"nr {PLAIN}".encode("utf-16-le")
    return {
        "jpeg comment": saved(plain, "JPEG", comment=PLAIN),
        "gif comment": saved(plain, "GIF", comment=PLAIN),
        "exif description": saved(plain, "JPEG", exif=exif(0x010E, PLAIN)),
        "exif comment": saved(plain, "JPEG", exif=exif(0x9286, b"UNICODE\0" + wide)),
        "exif of windows": saved(plain, "JPEG", exif=exif(0x9C9C, wide)),
        "exif in webp": saved(plain, "WEBP", exif=exif(0x010E, PLAIN)),
        "exif in png": saved(plain, "PNG", exif=exif(0x010E, PLAIN)),
        "tag of tiff": saved(plain, "TIFF", description=PLAIN),
        "xmp": saved(plain, "JPEG", xmp=xmp),
        "xmp attribute": saved(plain, "WEBP", xmp=f'<rdf:D dc:title="{PLAIN}"/>'.encode()),
        "iptc": jpeg[:2] + iptc(PLAIN) + jpeg[2:],
        "png text": saved(plain, "PNG", pnginfo=png_texts(Description=PLAIN)),
    }


SAID = said()


@pytest.mark.parametrize("name", SAID)
def test_properties_are_read(without_ocr, name):
    found = read(SAID[name], "a")
    assert reasons(found) == ["image"]
    (place,) = places(found)
    assert place.steps[-1].kind is StepKind.PROPERTY


@tesseract
@pytest.mark.parametrize("name", SAID)
def test_properties_are_read_beside_the_picture(reader, name):
    found = read(SAID[name], "a")
    assert places(found)
    assert reasons(found) == []


# ---- hostile files -------------------------------------------------------------------------


def chunk(kind: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def flood(width: int, height: int, colour=0) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1_000_000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


@tesseract
@pytest.mark.parametrize("data", [flood(60_000, 60_000), flood(8000, 8000, 2), flood(1 << 31, 2)])
def test_a_flood_of_pixels_is_bounded(reader, data, monkeypatch):
    loaded = []
    monkeypatch.setattr(ImageFile.ImageFile, "load", loaded.append)
    found = read(data, "a.png")
    assert loaded == []  # no pixel is unpacked
    assert [each.cls for each in found.not_examined] == [Class.OVER_LIMIT]
    assert reasons(found) == ["image-size"]


def specks(size, share: int) -> Image.Image:
    """Black squares of 3 by 3 pixels at random; the larger `share`, the fewer."""
    grains = Image.effect_noise((size[0] // 3, size[1] // 3), 60)
    return grains.point(lambda grey: 0 if grey > share else 255).resize(size, Image.NEAREST)


@tesseract
def test_a_flood_of_specks_is_bounded(reader, monkeypatch):
    """Tesseract's layout analysis alone would take minutes, and cannot be stopped."""
    data = saved(specks((3000, 2400), 200), "PNG")
    shown = shown_to_tesseract(monkeypatch)
    assert reasons(read(data, "a.png")) == []
    assert shown
    assert max(map(ocr._specks, shown)) <= ocr.SPECKS


@tesseract
def test_a_dirty_scan_is_read(reader):
    sheet = scan(WORDS, f"personnummer {PLAIN}", size=(2400, 900), pixels=60)
    grains = Image.effect_noise(sheet.size, 60).point(lambda grey: 0 if grey > 250 else 255)
    assert places(read(saved(ImageChops.darker(sheet, grains), "PNG"), "a.png"))


@tesseract
@pytest.mark.parametrize("form", FORMATS)
def test_a_cut_file_is_broken(reader, form):
    data = saved(photograph((600, 400)), form)
    found = read(data[: len(data) // 2], "a")
    assert [each.cls for each in found.not_examined] == [Class.BROKEN]


@tesseract
def test_a_format_that_is_not_ours_is_not_opened(reader):
    for data in (b"AT&TFORM" + b"\0" * 100, b"\xff\x0a" + b"\0" * 100):
        assert reasons(read(data, "a")) == ["image"]


def test_an_empty_file_of_a_rare_format_is_broken(reader):
    for data in (b"8BPS" + b"\0" * 100, b"\0\0\0\x18ftypheic" + b"\0" * 50):
        assert reasons(read(data, "a")) == ["broken-document"]


PIECES = [saved(scan("hej", size=(120, 60)), form) for form in FORMATS] + list(SAID.values())


@tesseract
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(PIECES), st.data())
def test_damaged_files_never_raise(reader, data, draw):
    changed = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 5))):
        at = draw.draw(st.integers(0, len(changed) - 1))
        changed[at : at + draw.draw(st.integers(0, 3))] = draw.draw(st.binary(max_size=5))
        if not changed:
            return
    read(bytes(changed), "a.png")


# ---- time ----------------------------------------------------------------------------------


def ticking(step: float):
    """A clock that goes on at each look."""
    ticks = iter(range(1_000_000))
    return lambda: next(ticks) * step


@tesseract
def test_what_the_time_does_not_reach_is_over_limit(reader):
    data = pdf(*[scan(f"{WORDS} {n}") for n in range(4)], letter())
    found = read(data, "a.pdf", budget=Budget(clock=ticking(4)))
    assert [(each.reason, each.cls) for each in found.not_examined] == [
        ("ocr-time", Class.OVER_LIMIT)
    ]
    assert found.not_examined[0].place.steps[-1].n == 3
    assert contents(found).count("Öberg") == 2  # what was read counts


@tesseract
def test_a_page_that_takes_too_long_ends_by_itself(reader):
    """Tesseract is told when to end; a page that it has not ended is not tried upside down."""
    dense = scan(*[WORDS] * 80, size=(1100, 3000), pixels=20)
    found = ocr.recognise(dense, 0.001)
    assert not found.complete
    assert found.text.count("Öberg") < 80
    assert reasons(read(saved(dense, "PNG"), "a.png", budget=Budget(ocr=0.2))) == ["ocr-time"]


@tesseract
def test_the_page_that_the_time_did_not_reach_is_named(reader):
    data = saved(scan(WORDS), "TIFF", save_all=True, append_images=[letter(), scan(WORDS)])
    found = read(data, "fax.tif", budget=Budget(clock=ticking(5)))
    assert [each.place.steps[-1].n for each in found.not_examined] == [2]


@tesseract
def test_frames_without_end_are_bounded(reader, monkeypatch):
    monkeypatch.setattr(picture, "FRAMES", 5)
    assert reasons(read(animation(10), "a.gif")) == ["too-many-pages"]


def animation(count: int) -> bytes:
    frame = Image.new("L", (400, 300), 255)
    frames = [frame.copy() for _ in range(count)]
    for n, each in enumerate(frames):
        each.putpixel((n % 400, n // 400), 0)  # equal frames are not stored
    return saved(frame, "GIF", save_all=True, append_images=frames)


@tesseract
def test_decoding_and_looking_are_work(reader):
    """Decoding is charged to the message; who has no work left for looks leaves pictures to others,
    and keeps half for texts; who may take minutes looks at all of them."""
    data = animation(10)
    assert reasons(read(data, "a.gif", budget=Budget(work=3_000))) == ["too-much-work"]
    assert reasons(read(data, "a.gif", budget=Budget(work=20_000))) == ["ocr-time"]
    hasty = Budget(work=WORK // 2 + 100_000, recognise=False)
    assert reasons(read(data, "a.gif", budget=hasty)) == ["ocr-time"]
    assert WORK // 2 - 100_000 < hasty.work <= WORK // 2 + 100_000
    assert reasons(read(data, "a.gif", budget=Budget(work=20_000, patient=True))) == []


@tesseract
def test_text_is_read_when_the_time_is_up(reader):
    budget = Budget(ocr=0)
    found = read(
        making.edit(making.word(PLAIN), {"word/media/a.png": saved(letter(), "PNG")}), budget=budget
    )
    assert places(found)
    assert reasons(found) == ["ocr-time"]


# ---- without OCR, and confined -------------------------------------------------------------


def test_without_ocr_images_are_unread(without_ocr):
    for data in (saved(letter(), "PNG"), saved(letter(), "PNG")[:200]):
        found = read(data, "a.png")
        assert [each.cls for each in found.not_examined] == [Class.UNSUPPORTED]
    assert reasons(read(pdf(letter()), "a.pdf")) == ["pdf-without-text"]


def test_a_mail_with_a_picture_needs_a_worker():
    """Until the picture is known: tests/test_known_pictures.py."""
    for size in ((200, 80), (800, 600)):
        message = EmailMessage()
        message["From"] = "a@exempelkommun.example"
        message.set_content("<p>Hej <img src='cid:logo@a'></p>", subtype="html")
        data = saved(Image.new("RGB", size, "navy"), "PNG")
        message.add_related(data, "image", "png", cid="<logo@a>", disposition="inline")
        assert examine_small(message.as_bytes().replace(b"\n", b"\r\n"), JOB) is None


def test_what_is_missing_is_said(without_ocr, monkeypatch, tmp_path):
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    assert "tesseract-ocr-swe" in picture.prepare()
    assert not ocr.ready()


@tesseract
@needs_data
async def test_a_confined_worker_reads_pictures(tmp_path):
    with running(tmp_path / "scan.sock"):
        pool = Pool(tmp_path / "scan.sock", wait=60)  # however busy the machine is
        for data, name in ((saved(letter(), "PNG"), "a.png"), (pdf(letter()), "a.pdf")):
            found = await pool.examine(mail(data, name), JOB)
            assert found.coverage is Coverage.HIT
            assert "se.personnummer" in {each.kind for each in found.findings}


def test_the_metafile_of_libreoffice_is_an_image():
    """Every presentation with a table has one: it must not be held as content of no known type."""
    assert reasons(read(b"VCLMTF\1\0" + bytes(40), "TablePreview1.svm")) == ["image"]


ALONE = """
import resource
from PIL import Image
from mailfilter.extract.image import ocr, picture
assert ocr.prepare() == ()
resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
page = Image.effect_mandelbrot((1600, 1200), (-2, -1.5, 1, 1.5), 60)
print(ocr.lines(picture.reduced(page, picture.GLANCE)))
"""


@tesseract
@needs_data
def test_a_picture_that_makes_tesseract_speak_does_not_end_a_worker_that_may_open_no_file():
    """It says "Empty page!!" of this one."""
    done = subprocess.run(
        [sys.executable, "-c", ALONE], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr
