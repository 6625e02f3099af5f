"""Old Office files (doc, xls, ppt), xlsb, mht, epub: the number in every hiding place.

The files in tests/documents were written by LibreOffice 25.2 from flat OpenDocument; that of
PowerPoint without its picture of the first page, which is large. Others are made here by hand.
"""

import io
import pathlib
import struct
import subprocess
import sys
import zlib

import olefile
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detectors import Role
from mailfilter.extract import Budget
from mailfilter.extract.office.packing import compound_file
from mailfilter.place import StepKind
from tests.extract import making
from tests.extract.making_old import TEXT, word_95, word_97, xlsb
from tests.extract.reading import NUMBER, PLAIN, contents, kinds, places, read, reasons

_FOLDER = pathlib.Path(__file__).parent.parent / "documents"
DOC, XLS, PPT = (
    (_FOLDER / name).read_bytes() for name in ("doc/brev.doc", "xls/lista.xls", "ppt/bilder.ppt")
)
_FAST = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


def streams_of(data: bytes) -> dict:
    """The streams of the root."""
    with olefile.OleFileIO(io.BytesIO(data)) as file:
        return {path[0]: file.openstream(path).read() for path in file.listdir() if len(path) == 1}


def lines(data: bytes, step: StepKind | None, role: Role = Role.ATTACHMENT) -> list[str]:
    """The lines of the texts whose innermost step is of this kind; None is the file itself."""
    found = []
    for text in read(data).texts:
        for _, place in text.places[:1]:
            last = place.steps[-1].kind
            if place.role is role and last is (step or StepKind.ATTACHMENT):
                found += text.content.splitlines()
    return found


# ---- Word ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (None, f"Stycke {NUMBER} med åäö"),
        (None, f"Delat {NUMBER}"),
        (None, f"Kring {NUMBER} dold"),  # hidden text in the middle
        (None, f"Struket {NUMBER} text"),  # and deleted text
        (None, f"Kyrillisk Ж {NUMBER}"),
        (None, f"Tolvan\t{NUMBER}"),
        (None, f"Ruta {NUMBER}"),
        (StepKind.NOTES, f"\tFotnot {NUMBER}"),
        (StepKind.NOTES, f"\tSlutnot {NUMBER}"),
        (StepKind.HEADER, f"Huvud {NUMBER}"),
        (StepKind.HEADER, f"Fot {NUMBER}"),
        (StepKind.COMMENT, f"Kommentar {NUMBER}"),
        (StepKind.HIDDEN, "Struket 1912771212-1212 text"),
        (StepKind.HIDDEN, f' HYPERLINK "https://exempel.example/?nr={PLAIN}"'),
    ],
)
def test_word_has_its_stories(step, line):
    assert line in lines(DOC, step)


def test_word_properties_and_labels():
    found = read(DOC, "brev.doc")
    assert "konfidentiell" in found.labels
    assert f"Titel {NUMBER}" in lines(DOC, StepKind.PROPERTY, Role.PROPERTY)
    assert reasons(found) == []


@pytest.mark.parametrize(
    "pieces",
    [
        [TEXT],
        ["Hej 1912", "1212", "-1212 och"],
        ["Hej Ж 1912", "1212-1212"],
        ["Namn\7Personnr\7\7Tolvan\7", f"{NUMBER}\7\7"],
        [f'\x13 HYPERLINK "x" \x14{NUMBER}\x15'],
        [f"\x13 \x13 {NUMBER} \x14 a\x15 \x14b\x15"],
        ["19121212\x1e1212"],
        ["1912\x05\x021212-1212"],
    ],
)
def test_pieces_are_joined(pieces):
    found = read(word_97(pieces), "brev.doc")
    assert places(found), contents(found)
    assert reasons(found) == []


def test_word_95_is_read_unless_it_was_saved_fast():
    assert places(read(word_95(TEXT), "brev.doc"))
    assert reasons(read(word_95(TEXT, flags=4), "brev.doc")) == ["old-office"]


def test_an_encrypted_document_is_encrypted():
    assert "encrypted" in reasons(read(word_97([TEXT], flags=0x100), "brev.doc"))


def test_pieces_that_point_outside_are_broken():
    found = read(word_97([TEXT], shift=1 << 20), "brev.doc")
    assert reasons(found) == ["broken-document"]


def test_pieces_that_overlap_are_counted():
    found = read(word_97([TEXT * 200], repeated=20_000), "brev.doc", budget=Budget(text=1 << 22))
    assert reasons(found) == ["too-much-text"]


def test_embedded_documents_are_read():
    inner = {name: data for name, data in streams_of(DOC).items() if name != "x"}
    package = {"Package": making.sheet_with(NUMBER), "\1Ole": b"\0" * 20}
    native = b"\0\0\0\0\2\0brev.txt\0C:\\brev.txt\0\0\0\3\0\4\0\0\0tmp\0"
    native += struct.pack("<I", len(TEXT.encode())) + TEXT.encode()
    chart = {"package_stream": making.sheet_with(NUMBER), "\1CompObj": b"\0" * 40}
    for pool in (inner, package, chart, {"\1Ole10Native": native}):
        data = compound_file({**word_97_streams(), "ObjectPool": {"_1234": pool}})
        found = read(data, "brev.doc")
        assert StepKind.MEMBER in kinds(found), contents(found)
        assert reasons(found) == []
    data = compound_file({**word_97_streams(), "ObjectPool": {"_1": {"\1CompObj": b"\0" * 40}}})
    assert reasons(read(data, "brev.doc")) == ["embedded-object"]


def word_97_streams() -> dict:
    return streams_of(word_97(["Hej"]))


def test_pictures_of_a_document_come_out():
    png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\3\x64\0\0\3\x64" + b"\0" * 90
    blip = struct.pack("<HHI", 0x6E0 << 4, 0xF01E, len(png) + 17) + b"\0" * 17 + png
    metafile = zlib.compress(b"\1\0\0\0" * 40)
    packed = struct.pack("<HHI", 0x3D4 << 4, 0xF01A, len(metafile) + 50) + b"\0" * 50 + metafile
    data = compound_file({**word_97_streams(), "Data": b"\0" * 9 + blip + packed})
    assert reasons(read(data, "brev.doc"))
    names = [text.content for text in read(data, "brev.doc").texts]
    assert {"bild.png", "bild.emf"} <= set(names)


# ---- Excel ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (StepKind.COMMENT, f"Kommentar {NUMBER}"),
        (StepKind.HEADER, f" Huvud {NUMBER}"),
        (StepKind.SHEET, f"Ruta {NUMBER}"),
        (StepKind.HIDDEN, f"https://exempel.example/?nr={PLAIN}"),
        (StepKind.ROW, f"Tolvan\t{NUMBER}"),
    ],
)
def test_excel_has_what_stands_beside_its_cells(step, line):
    assert line in lines(XLS, step)
    assert reasons(read(XLS, "lista.xls")) == []


def test_the_name_of_a_sheet_is_text():
    assert NUMBER in lines(XLS, StepKind.SHEET, Role.NAME)


def test_excel_sees_only_the_workbook_that_was_checked():
    inner = {"Workbook": streams_of(making.old_excel(locked=True))["Workbook"]}
    data = compound_file({**streams_of(XLS), "MBD00000001": inner})
    found = read(data, "lista.xls")
    assert places(found)
    assert reasons(found) == ["encrypted"]


@pytest.mark.parametrize(
    ("kind", "data", "reason"),
    [
        (0x200, struct.pack("<IIHHH", 0, 0xFFFF0000, 0, 0xFFFF, 0), []),  # an extent
        (0xFC, struct.pack("<II", 9, 0xFFFF0000), ["broken-document"]),  # a count of strings
    ],
)
def test_sizes_that_lie_take_no_memory(kind, data, reason):
    book = streams_of(making.old_excel())["Workbook"].rstrip(b"\0")
    end = book.rfind(struct.pack("<HH", 0x203, 14))
    book = book[:end] + struct.pack("<HH", kind, len(data)) + data + book[end:]
    found = read(compound_file({"Workbook": book + b"\0\0\0"}), "lista.xls")
    assert reasons(found) == reason
    assert bool(places(found)) is not bool(reason)


def test_what_a_pivot_table_keeps_is_read():
    value = struct.pack("<HB", len(NUMBER), 0) + NUMBER.encode()
    kept = struct.pack("<HH", 0xCD, len(value)) + value
    kept += struct.pack("<HHd", 0xC9, 8, float(PLAIN)) + struct.pack("<HHd", 0xC9, 8, float("nan"))
    data = compound_file({**streams_of(making.old_excel()), "_SX_DB_CUR": {"0001": kept}})
    assert (
        len([place for place in places(read(data)) if place.steps[-1].kind is StepKind.HIDDEN]) == 2
    )


# ---- Excel, binary -------------------------------------------------------------------------


def test_a_binary_workbook_is_read():
    found = read(xlsb(), "lista.xlsb")
    assert {StepKind.ROW, StepKind.COMMENT, StepKind.HEADER} <= kinds(found), contents(found)
    assert (
        len([place for place in places(found) if StepKind.ROW in {s.kind for s in place.steps}])
        == 2
    )
    assert reasons(found) == []


# ---- PowerPoint ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (StepKind.SLIDE, f"Rubrik {NUMBER}"),
        (StepKind.SLIDE, f"Ruta Ж {NUMBER}"),
        (StepKind.SLIDE, f"Delat {NUMBER}"),
        (StepKind.SLIDE, f"Andra {NUMBER}"),
        (StepKind.NOTES, f"Anteckning {NUMBER}"),
        (StepKind.COMMENT, f"Kommentar {NUMBER}"),
        (StepKind.HEADER, f"Fot {NUMBER}"),
    ],
)
def test_powerpoint_has_its_texts(step, line):
    assert line in lines(PPT, step)
    assert reasons(read(PPT, "bilder.ppt")) == []


def test_slides_have_their_numbers():
    for text_ in read(PPT).texts:
        if f"Andra {NUMBER}" in text_.content:
            assert [s.n for s in text_.places[0][1].steps if s.kind is StepKind.SLIDE] == [2]


def test_an_encrypted_presentation_is_encrypted():
    streams = streams_of(PPT)
    user = bytearray(streams["Current User"])
    user[12:16] = struct.pack("<I", 0xF3D1C4DF)
    data = compound_file({**streams, "Current User": bytes(user)})
    assert "encrypted" in reasons(read(data, "bilder.ppt"))
    session = struct.pack("<HHI", 0xF, 0x2F14, 0)
    data = compound_file(
        {**streams, "PowerPoint Document": streams["PowerPoint Document"] + session}
    )
    assert "encrypted" in reasons(read(data, "bilder.ppt"))


@pytest.mark.parametrize("packed", [False, True])
def test_objects_in_a_presentation_are_read(packed):
    inner = making.old_excel()
    body = struct.pack("<I", len(inner)) + zlib.compress(inner) if packed else inner
    streams = streams_of(PPT)
    stored = struct.pack("<HHI", packed << 4, 0x1011, len(body)) + body
    data = compound_file({"PowerPoint Document": stored, "Current User": streams["Current User"]})
    assert StepKind.MEMBER in kinds(read(data, "bilder.ppt"))


def test_a_deep_presentation_ends():
    heads = [struct.pack("<HHI", 0xF, 1000, 8 * n) for n in reversed(range(10_000))]
    found = read(compound_file({"PowerPoint Document": b"".join(heads)}), "bilder.ppt")
    assert reasons(found) == []


def test_a_presentation_that_ends_early_is_broken():
    stream = streams_of(PPT)["PowerPoint Document"]
    found = read(compound_file({"PowerPoint Document": stream[:9000]}), "bilder.ppt")
    assert reasons(found) == ["broken-document"]


# ---- beside the text -----------------------------------------------------------------------


def test_alternative_texts_are_read():
    named = b"\0\1\2" + f"Bild {NUMBER}".encode("utf-16-le") + b"\0\0"
    shape = struct.pack("<HHI", 0x13, 0xF00B, len(named)) + named
    slides = compound_file({"PowerPoint Document": shape})
    assert StepKind.HIDDEN in kinds(read(slides, "bilder.ppt"))
    book = streams_of(XLS)["Workbook"]
    drawing = struct.pack("<HH", 0xEC, len(named)) + named
    found = lines(compound_file({"Workbook": book + drawing}), StepKind.HIDDEN)
    assert f"Bild {NUMBER}" in found


def test_variables_of_a_document_are_read():
    streams = word_97_streams()
    stream, table = bytearray(streams["WordDocument"]), streams["1Table"]
    struct.pack_into("<II", stream, 0x9A + 60 * 8, len(table), 60)
    table += b"\xff\xff\1\0\2\0" + NUMBER.encode("utf-16-le")
    data = compound_file({"WordDocument": bytes(stream), "1Table": table})
    assert StepKind.HIDDEN in kinds(read(data, "brev.doc"))


# ---- what is zip or mail -------------------------------------------------------------------


def test_a_saved_web_page_is_read():
    page = (
        "From: <Saved by Blink>\r\nSubject: Sida\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/related; type="text/html"; boundary="x"\r\n\r\n'
        "--x\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: "
        "quoted-printable\r\nContent-Location: https://exempel.example/\r\n\r\n"
        "<p>1912<b>1212</b>-1212 =C3=A5</p>\r\n--x--\r\n"
    )
    for name in ("sida.mht", "sida.mhtml"):
        found = read(page.encode(), name)
        assert places(found), contents(found)
        assert reasons(found) == []


def test_a_book_is_read():
    container = (
        '<container><rootfiles><rootfile full-path="OEBPS/content.opf"/></rootfiles></container>'
    )
    book = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": container,
        "OEBPS/content.opf": f"<package><title>Titel {NUMBER}</title></package>",
        "OEBPS/ett.xhtml": "<html><body><p>1912<b>1212</b>-1212</p></body></html>",
    }
    found = read(making.zipped(book), "bok.epub", "application/epub+zip")
    assert len(places(found)) >= 2
    assert reasons(found) == []


@pytest.mark.parametrize("stream", ["VisioDocument", "Quill"])
def test_what_is_not_read_is_said(stream):
    assert reasons(read(compound_file({stream: TEXT.encode()}), "a.vsd")) == ["old-office"]


def test_a_notebook_is_not_read():
    data = bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3") + b"\0\1" * 500
    assert reasons(read(data, "anteckningar.one")) == ["unknown-content"]


# ---- hostile files -------------------------------------------------------------------------


@_FAST
@given(st.sampled_from([DOC, XLS, PPT, xlsb(), word_97([TEXT])]), st.data())
def test_mutated_files_never_raise(data, draw):
    changed = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 10))):
        at = draw.draw(st.integers(0, len(changed) - 1))
        changed[at] = draw.draw(st.integers(0, 255))
    read(bytes(changed), "a.doc", budget=Budget(inflated=1 << 22))


@_FAST
@given(st.sampled_from([DOC, XLS, PPT]), st.data())
def test_mutated_streams_never_raise(data, draw):
    streams = streams_of(data)
    name = draw.draw(st.sampled_from(sorted(name for name in streams if streams[name])))
    changed = bytearray(streams[name])
    for _ in range(draw.draw(st.integers(1, 10))):
        at = draw.draw(st.integers(0, len(changed) - 1))
        size = draw.draw(st.integers(0, 4))
        changed[at : at + size] = draw.draw(st.binary(max_size=4))
        if not changed:
            break
    read(compound_file({**streams, name: bytes(changed)}), "a.doc", budget=Budget(inflated=1 << 22))


@pytest.mark.parametrize("part", [8, 4, 2])
def test_cut_files_are_broken(part):
    for data in (DOC, XLS, PPT):
        assert "broken-document" in reasons(read(data[: len(data) // part], "a.doc"))


def test_a_circle_in_the_tree_ends():
    data = bytearray(compound_file({"A": {"B": {"WordDocument": b"x" * 100}}}))
    at = data.find("B".encode("utf-16-le") + b"\0" * 20)
    data[at + 76 : at + 80] = struct.pack("<I", 1)  # its child is its parent
    assert reasons(read(bytes(data), "a.doc"))


def test_the_readers_work_in_a_confined_process():
    code = (
        "import sys\nfrom mailfilter.extract import warm\nwarm()\n"
        "from mailfilter.workers.confine import confine\n"
        "from tests.extract.reading import read, places\n"
        "files = [open(name, 'rb').read() for name in sys.argv[1:]]\n"
        "confine()\n"
        "sys.exit(0 if all(places(read(data)) for data in files) else 1)"
    )
    files = [str(_FOLDER / name) for name in ("doc/brev.doc", "xls/lista.xls", "ppt/bilder.ppt")]
    root = _FOLDER.parent.parent
    command = [sys.executable, "-c", code, *files]
    assert subprocess.run(command, check=False, cwd=root, timeout=60).returncode == 0
