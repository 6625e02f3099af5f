"""Word, Excel, PowerPoint: the number in every hiding place, and the place that is named."""

import pytest

from detectors import Role
from mailfilter.extract import pinpoint
from mailfilter.place import StepKind
from tests.extract import making
from tests.extract.reading import NUMBER, PLAIN, contents, kinds, places, read, reasons

_WORD, _SHEETS, _SLIDES = making.word_files(), making.sheet_files(), making.slides_files()


@pytest.mark.parametrize("name", _WORD)
def test_word_finds_the_number(name):
    found = read(_WORD[name], "brev.docx")
    assert places(found), contents(found)
    assert reasons(found) == []


@pytest.mark.parametrize("name", _SHEETS)
def test_excel_finds_the_number(name):
    found = read(_SHEETS[name], "lista.xlsx")
    assert places(found), contents(found)
    assert reasons(found) == []


@pytest.mark.parametrize("name", _SLIDES)
def test_powerpoint_finds_the_number(name):
    found = read(_SLIDES[name], "bilder.pptx")
    assert places(found), contents(found)
    assert reasons(found) == []


@pytest.mark.parametrize(
    ("data", "step"),
    [
        (_WORD["header"], StepKind.HEADER),
        (_WORD["comment"], StepKind.COMMENT),
        (_WORD["footnote"], StepKind.NOTES),
        (_WORD["title"], StepKind.PROPERTY),
        (_WORD["hidden"], StepKind.HIDDEN),
        (_WORD["stranger"], StepKind.MEMBER),
        (_SHEETS["text"], StepKind.ROW),
        (_SHEETS["text"], StepKind.COLUMN),
        (_SHEETS["comment"], StepKind.COMMENT),
        (_SLIDES["title"], StepKind.SLIDE),
        (_SLIDES["notes"], StepKind.NOTES),
    ],
)
def test_the_place_is_what_a_person_looks_for(data, step):
    assert step in kinds(read(data))


def test_a_sheet_name_is_a_name():
    (place, *_) = places(read(_SHEETS["sheet-name"]))
    assert place.role is Role.NAME
    assert not any(step.name for step in place.steps)


def test_a_word_table_has_tabs_and_rows():
    assert f"Namn\tPersonnr\nAnna Andersson\t{NUMBER}" in contents(read(_WORD["table"]))


def test_what_is_hidden_does_not_stand_in_the_shown_text():
    found = read(_WORD["around-hidden"])
    shown = [text for text in found.texts if NUMBER in text.content]
    assert "99" not in shown[0].content


def test_a_large_sheet_is_pinpointed():
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet("Klass")
    page.append(["Namn", "Personnr"])
    for n in range(4000):
        page.append([f"Elev {n}", PLAIN if n == 3210 else n])
    found = read(making.saved(book), "lista.xlsx")
    (text,) = [text for text in found.texts if PLAIN in text.content]
    place = pinpoint(text, text.content.index(PLAIN))
    row = place.steps[-1]
    assert (row.kind, row.n) == (StepKind.ROW, 3212)
    assert (place.steps[-2].name, place.steps[-2].n) == ("Personnr", 2)
    assert len(text.places) < 5000


def test_a_number_format_with_leading_zeros_is_applied():
    found = read(making.sheet_with(101010101, number_format="000000-0000"))
    assert "010101-0101" in contents(found)


def test_a_cell_in_the_last_corner_costs_one_cell():
    markup = (
        '<c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>191212121212</v></c>'
    )
    data = making.edit(making.sheet_with(1), {"xl/worksheets/sheet1.xml": making.cells(markup)})
    found = read(data)
    assert places(found)
    assert len(contents(found)) < 5000


def test_labels_and_makers_are_facts():
    name = "MSIP_Label_11111111-2222-3333-4444-555555555555_Name"
    data = making.edit(making.word(), {"docProps/custom.xml": making.custom(name, "Konfidentiell")})
    found = read(data)
    assert found.labels == (name[11:47], "konfidentiell")
    assert "microsoft macintosh word" in found.made_by


def test_an_encrypted_office_file_is_encrypted():
    data = making.compound({"EncryptedPackage": b"x" * 5000, "EncryptionInfo": b"y" * 200})
    assert reasons(read(data, "brev.docx")) == ["encrypted"]


def test_old_excel_is_read():
    found = read(making.old_excel(), "lista.xls")
    assert len(places(found)) >= 2, (contents(found), found.not_examined)
    assert reasons(found) == []


def test_old_excel_with_a_password_is_encrypted():
    assert reasons(read(making.old_excel(locked=True), "lista.xls")) == ["encrypted"]


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        ("WordDocument", "broken-document"),
        ("VisioDocument", "old-office"),
        ("Quill", "old-office"),
        ("Something", "embedded-object"),
    ],
)
def test_old_formats_are_said_to_be_unread(stream, reason):
    assert reasons(read(making.compound({stream: b"\0" * 100}))) == [reason]


def test_an_object_that_wraps_a_file_is_opened():
    native = b"\0" * 4 + b"\2\0brev.txt\0C:\\brev.txt\0\0\0\3\0\4\0\0\0tmp\0"
    text = f"nr {NUMBER}".encode()
    native += len(text).to_bytes(4, "little") + text
    data = making.compound({"\x01Ole10Native": native})
    assert places(read(data, "oleObject1.bin"))


@pytest.mark.parametrize("name", ["brev.docx", "lista.xlsx", "bilder.pptx"])
def test_broken_files_are_broken(name):
    good = {"b": _WORD["body"], "l": _SHEETS["text"]}.get(name[0], _SLIDES["title"])
    assert reasons(read(good[:-200], name)) == ["broken-archive"]
    assert reasons(read(b"\0\1\2\3" * 99, name)) == ["broken-archive"]


def test_entities_are_never_expanded():
    bomb = (
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]><w:document>&b;</w:document>'
    )
    data = making.edit(making.word(), {"word/document.xml": bomb})
    assert "xml-entities" in reasons(read(data))
