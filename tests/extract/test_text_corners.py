"""Text formats under other names, in other spellings, with values that are packed or placed."""
# ruff: noqa: E501  (markup reads best on one line)

import base64

import pytest

from tests.extract.reading import NUMBER, PLAIN, contents, places, read, reasons

_PACKED = base64.b64encode(f"nr {NUMBER}".encode()).decode()
_MAIL = f"From: a@b.example\r\nSubject: hej\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n{_PACKED}\r\n"
_PAGE = f"From: <x>\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n{_PACKED}\r\n"
_LETTERS = "".join(f'<text x="{n}">{char}</text>' for n, char in enumerate(NUMBER))
FILES = {
    "mail without a name": ("", _MAIL),
    "mail as data": ("a.dat", _MAIL),
    "mail as text": ("a.txt", _MAIL),
    "mail of a Mac": ("a.emlx", f"{len(_MAIL)}\n{_MAIL}"),
    "saved page as doc": ("a.doc", _PAGE),
    "saved page as xls": ("a.xls", _PAGE),
    "old sheet": ("a.xls", f'<?xml version="1.0"?><Workbook><Table><Row><Cell><Data>55</Data></Cell><Cell><Data>{PLAIN}</Data></Cell></Row></Table></Workbook>'),
    "old sheet, stored": ("a.xml", '<?xml version="1.0"?><Workbook><Table><Row><Data>1.91212121212E11</Data></Row></Table></Workbook>'),
    "letters of an svg": ("a.svg", f"<svg>{_LETTERS}</svg>"),
    "entity of its own": ("a.xml", '<!DOCTYPE a [<!ENTITY p "19121212">]><a>&p;-1212</a>'),
    "attribute in references": ("a.xml", '<a b="&#49;9121212-1212"/>'),
    "json, stored": ("a.json", '{"nr": 1.91212121212E11}'),
    "csv of Swedish Excel": ("a.csv", "a;1,91212121212E+11"),
    "markdown": ("a.md", "**1912**1212\\-1212"),
    "value of a card": ("a.vcf", f"BEGIN:VCARD\r\nNOTE;ENCODING=b:{_PACKED}\r\nEND:VCARD\r\n"),
    "value of a meeting": ("a.ics", f"BEGIN:VCALENDAR\r\nDESCRIPTION;ENCODING=BASE64:{_PACKED}\r\nEND:VCALENDAR\r\n"),
    "lines of a Mac": ("a.ics", "BEGIN:VCALENDAR\rSUMMARY:1912\r 1212-1212\rEND:VCALENDAR\r"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_the_number_is_found(name):
    file, text = FILES[name]
    found = read(text.encode(), file)
    assert (bool(places(found)), reasons(found)) == (True, []), contents(found)


def test_cells_of_an_old_sheet_are_not_glued():
    assert PLAIN in contents(read(FILES["old sheet"][1].encode(), "a.xls")).split()


def test_a_note_that_begins_like_a_mail_stays_a_note():
    note = "From: Anna\nTo: Bo\nSubject: lunch\n\nKl 12: base64 är en kodning"
    assert reasons(read(note.encode(), "a.txt")) == []


def test_entities_that_grow_are_left():
    bomb = '<!DOCTYPE a [<!ENTITY p "' + "x" * 900 + '">]><a>' + "&p;" * 100_000 + "</a>"
    found = read(bomb.encode(), "a.xml")
    assert len(contents(found)) < 10 * len(bomb)
