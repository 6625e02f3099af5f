"""Pictures of telephones and rare formats, by OCR, also in the confined worker; HEIF's boxes."""

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mailfilter.extract import Budget
from mailfilter.extract.image import heif, hevc, image, ocr, picture, sizes
from mailfilter.extract.kit.budget import Unreadable
from mailfilter.limits import PICTURE_SIZE
from mailfilter.model import Coverage
from mailfilter.selftest import numbers
from mailfilter.selftest.pictures import picture as drawn
from mailfilter.selftest.pictures import telephone
from mailfilter.workers.pool import Pool
from tests.extract.reading import places, read, reasons
from tests.extract.test_pictures import JOB, mail, needs_data
from tests.test_workers import running

NUMBER = "191212121212"
WRITTEN = ("19121212-1212", NUMBER)
HEIC = telephone(NUMBER)
FORMS = {"a.avif": "AVIF", "a.jp2": "JPEG2000", "a.tga": "TGA", "a.pcx": "PCX", "a.ico": "ICO"}


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def full(kind: bytes, content: bytes, version: int = 0) -> bytes:
    return box(kind, bytes([version, 0, 0, 0]) + content)


def grid(rows: int = 1, columns: int = 2, *, turned: int = 0, size=(800, 64)) -> bytes:
    """A file in which the picture of `HEIC` is each tile of a larger one, turned as told."""
    file = heif.opened(HEIC)
    [number] = file.pictures()
    tile, known = file.content(number), file.items[number].properties
    shared = b"".join(box(*file.properties[at]) for at in known)
    extra = full(b"ispe", struct.pack(">2I", *size)) + box(b"irot", bytes([turned]))
    few = len(known)
    count = rows * columns
    infos = full(b"infe", struct.pack(">2H4s", 1, 0, b"grid") + b"\0", 2) + b"".join(
        full(b"infe", struct.pack(">2H4s", n + 2, 0, b"hvc1") + b"\0", 2) for n in range(count)
    )
    told = struct.pack(">4B2H", 0, 0, rows - 1, columns - 1, *size)
    whole = struct.pack(">HB", 1, 2) + bytes([few + 1, few + 2])
    each = b"".join(struct.pack(">HB", n + 2, few) + bytes(range(1, few + 1)) for n in range(count))
    inside = told + tile
    spots = struct.pack(">HHHHII", 1, 1, 0, 1, 0, len(told)) + b"".join(
        struct.pack(">HHHHII", n + 2, 1, 0, 1, len(told), len(tile)) for n in range(count)
    )
    tiles = struct.pack(">HH", 1, count) + struct.pack(f">{count}H", *range(2, count + 2))
    meta = full(
        b"meta",
        full(b"pitm", b"\0\1")
        + full(b"iinf", struct.pack(">H", count + 1) + infos)
        + full(b"iref", box(b"dimg", tiles))
        + box(
            b"iprp",
            box(b"ipco", shared + extra)
            + full(b"ipma", struct.pack(">I", count + 1) + whole + each),
        )
        + full(b"iloc", b"\x44\0" + struct.pack(">H", count + 1) + spots, 1)
        + box(b"idat", inside),
    )
    return box(b"ftyp", b"heic\0\0\0\0mif1heic") + meta


@pytest.fixture(scope="module")
def reader():
    if ocr.folder() is None:
        pytest.skip("no tesseract data: apt install tesseract-ocr-swe tesseract-ocr-eng")
    picture.prepare()
    yield
    ocr.forget()


@pytest.mark.system
@pytest.mark.parametrize("name", FORMS)
def test_a_rare_format_is_read(name, reader):
    found = read(drawn(NUMBER, FORMS[name]), name)
    assert places(found, WRITTEN)
    assert reasons(found) == []


@pytest.mark.system
@pytest.mark.parametrize("name", ["IMG_1.HEIC", "IMG_1.jpg", ""])
def test_a_telephones_picture_is_read(name, reader):
    found = read(HEIC, name)
    assert places(found, WRITTEN)
    assert reasons(found) == []


@pytest.mark.system
@needs_data
async def test_a_confined_worker_reads_them(tmp_path):
    """No library may start a thread there, or look for a file."""
    with running(tmp_path / "scan.sock"):
        pool = Pool(tmp_path / "scan.sock", wait=60)
        files = {name: drawn(NUMBER, form) for name, form in FORMS.items()}
        for name, data in {**files, "a.heic": HEIC, "b.heic": grid()}.items():
            found = await pool.examine(mail(data, name), JOB)
            assert found.coverage is Coverage.HIT, name


def test_tiles_are_one_picture():
    one = heif.opened(HEIC)
    [sheet] = heif.pictures(heif.opened(grid(2, 2, size=(800, 128))), Budget())
    [tile] = heif.pictures(one, Budget())
    assert tile.size == (400, 64)
    assert sheet.size == (800, 128)
    for left, top in ((0, 0), (400, 0), (0, 64), (400, 64)):
        assert sheet.crop((left, top, left + 400, top + 64)).tobytes() == tile.tobytes()


@pytest.mark.parametrize(("turned", "size"), [(0, (800, 64)), (1, (64, 800)), (2, (800, 64))])
def test_it_is_turned_as_the_file_says(turned, size):
    [sheet] = heif.pictures(heif.opened(grid(turned=turned)), Budget())
    assert sheet.size == size


def test_sizes_are_not_believed():
    with pytest.raises(Unreadable, match="image-size"):
        list(heif.pictures(heif.opened(grid(size=(60_000, 60_000))), Budget()))
    assert PICTURE_SIZE < 60_000 * 60_000


def test_each_number_of_the_catalogue_has_a_picture():
    for number in numbers():
        assert heif.opened(telephone(number)).pictures()


def test_the_size_is_told_by_the_header():
    assert sizes.dimensions(HEIC) == (400, 64)
    for form in ("AVIF", "JPEG2000", "PCX", "TGA"):
        assert sizes.dimensions(drawn(NUMBER, form)) == (256, 256), form


@pytest.mark.parametrize("data", [b"\0\0\2\0" + bytes(60), b"\0\0\2\0\1\0" + bytes(60)])
def test_a_targa_has_a_header_that_makes_sense(data):
    assert not sizes.is_targa(data)


def test_a_targa_begins_like_a_cursor():
    out = io.BytesIO()
    Image.new("RGB", (30, 20)).save(out, "TGA")
    assert out.getvalue()[:4] == b"\0\0\2\0"
    assert image.sniff_image(out.getvalue())
    assert sizes.is_targa(out.getvalue())


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_damaged_boxes_never_raise(data):
    """Of the file around the pixels; these are the library's."""
    whole = bytearray(data.draw(st.sampled_from([HEIC, grid()])))
    end = whole.find(b"idat") if b"idat" in whole else whole.find(b"mdat")
    for _ in range(data.draw(st.integers(1, 5))):
        whole[data.draw(st.integers(0, end))] = data.draw(st.integers(0, 255))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hevc, "grey", lambda units: Image.new("L", (8 + len(units), 8)))
        try:
            file = heif.opened(bytes(whole))
            file.told()
            list(heif.pictures(file, Budget()))
        except Unreadable:
            return
