"""What passes by default, because its recipient alone reads it or nobody can, hides nothing."""

import base64
import gzip

import pytest

from mailfilter.model import Class
from mailfilter.parse import parse
from tests.extract import documents, making
from tests.extract.making_media import (
    LICENCE,
    MARK,
    MEDIA,
    NOISE,
    blocks,
    mp3,
    mp4,
    ogg,
    protected,
    tagged,
    wav,
)
from tests.extract.making_old import compound_file
from tests.extract.reading import NUMBER, places, read, read_body, reasons

TEXT = f"Anna Andersson, personnummer {NUMBER}, har epilepsi.\r\n"
LINE = TEXT.encode()
PASSED = {Class.PROTECTED, Class.UNSUPPORTED, Class.CLOUD}
RPMSG = "application/x-microsoft-rpmsg-message"
DOCX = making.word(TEXT)
FILES = {  # what the text may be wrapped in
    "text": LINE * 3,
    "utf-16": (TEXT * 3).encode("utf-16-le"),
    "html": f"<html><body><p>{TEXT}</p></body></html>".encode(),
    "csv": b"Namn;Nummer\r\nAnna;" + NUMBER.encode() + b"\r\n",
    "docx": DOCX,
    "pdf": documents.pdf(NUMBER),
    "rtf": b"{\\rtf1\\ansi " + LINE + b"}",
    "gzip": gzip.compress(LINE, mtime=0),
    "zip": making.zipped({"a.txt": LINE}),
    "xls": making.old_excel(),
    "mail": b"From: a@b.se\r\nSubject: x\r\nMIME-Version: 1.0\r\n\r\n" + LINE,
}
MARKS = {
    "rpmsg": MARK,
    "id3": b"ID3",
    "ogg": b"OggS",
    "flac": b"fLaC",
    "amr": b"#!AMR",
    "mpeg": b"\xff\xfb",
    "midi": b"MThd",
    "wave": b"RIFF\0\0\0\0WAVE",
    "mp4": b"\0\0\0\x18ftypmp42",
    "m4a": b"\0\0\0\x18ftypM4A ",
    "matroska": b"\x1a\x45\xdf\xa3",
    "program": b"\0\0\1\xba",
    "asf": b"0&\xb2u\x8ef\xcf\x11",
    "heic": b"\0\0\0\x18ftypheic",
    "icon": b"\0\0\1\0",
    "jp2": b"\0\0\0\x0cjP  ",
    "djvu": b"AT&TFORM",
    "psd": b"8BPS",
    "wmf": b"\xd7\xcd\xc6\x9a",
}


def passes(found) -> bool:
    """Whether a mail with this would leave: nothing is found, and nothing unread holds it."""
    return not places(found) and all(each.cls in PASSED for each in found.not_examined)


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("name", ["a.txt", "a.docx", "message.rpmsg", "a.mp4", "a"])
def test_a_mark_alone_makes_nothing_pass(mark, file, name):
    assert not passes(read(MARKS[mark] + FILES[file], name))


# ---- rights-protected mail -----------------------------------------------------------------


@pytest.mark.parametrize("level", [0, 6])
@pytest.mark.parametrize("type_", [RPMSG, "application/octet-stream"])
def test_protected_mail_is_for_its_recipient(level, type_):
    assert reasons(read(protected(level=level), "message.rpmsg", type_)) == ["rights-protected"]
    assert reasons(read(protected(), "", RPMSG)) == ["rights-protected"]


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("a.txt", RPMSG),
        ("message.rpmsg", "text/plain"),
        ("a.docx", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_name_and_type_of_protected_mail_agree(name, type_):
    assert not passes(read(protected(), name, type_))


_BROKEN = {
    "bytes behind": protected() + LINE,
    "one byte behind": protected() + b"x",
    "cut": protected()[:-1],
    "text for cipher": protected(LINE * 400),
    "stored text": protected(LINE * 400, level=0),
    "base64 for cipher": protected(base64.b64encode(NOISE)),
    "document for cipher": protected(DOCX),
    "document in noise": protected(NOISE + DOCX + NOISE),
    "archive in noise": protected(NOISE + making.zipped({"a": DOCX}) + NOISE),
    "line in noise": protected(NOISE + LINE + NOISE),
    "wide line in noise": protected(NOISE + TEXT.encode("utf-16-le") + NOISE),
    "text in the licence": protected(licence=LINE * 3),
    "wide text in the licence": protected(licence=LICENCE + TEXT.encode("utf-16-le")),
    "document in the licence": protected(licence=DOCX),
    "one stream more": protected(More=LINE * 3),
    "one storage more": protected(More={"a": DOCX}),
    "noise beside": protected(More=NOISE),
    "no content": blocks(compound_file({"\x06DataSpaces": {"Version": b"abc"}})),
    "no spaces": blocks(compound_file({"\tDRMContent": b"\x20" + bytes(7) + NOISE})),
    "a workbook": blocks(making.old_excel()),
    "a text": blocks(LINE * 400),
    "a docx": blocks(DOCX),
    "no block": MARK,
    "no zlib": MARK + b"\xa0\x0f\0\0\x63\0\0\0\x63\0\0\0" + NOISE[:99],
    "false size": protected()[:12] + b"\0\x20\0\0" + protected()[16:],
}


@pytest.mark.parametrize("case", _BROKEN)
def test_protected_mail_is_that_to_its_last_byte(case):
    assert not passes(read(_BROKEN[case], "message.rpmsg", RPMSG))


def test_a_mail_with_the_mark_is_read_behind_it():
    """As a mail brings it: the stage before does not believe the mark either."""
    mail = b"Content-Type: text/plain; name=message.rpmsg\r\n\r\n" + MARK + LINE
    message = parse(mail)
    assert [part.data for part in message.parts] == [MARK + LINE]
    assert not message.defects


# ---- sound, film, pictures that are not read -----------------------------------------------


@pytest.mark.parametrize("name", MEDIA)
def test_sound_and_film_pass(name):
    data, reason = MEDIA[name]
    assert reasons(read(data, name)) == [reason]
    assert reasons(read(data[: len(data) // 3], name)) != []


_SONGS = {
    "title": tagged(LINE),
    "wide title": tagged(TEXT.encode("utf-16-le")),
    "behind sound": wav() + LINE,
    "in a chunk": wav(LINE * 9),
    "in a box": mp4(udta=LINE),
    "wide, in a box": mp4(udta=TEXT.encode("utf-16-be")),
    "document in a box": mp4(free=DOCX),
    "pdf in a box": mp4(free=documents.pdf(NUMBER)),
    "zip behind": mp3() + FILES["zip"],
    "noise behind": mp3() + NOISE,
    "noise behind ogg": ogg() + NOISE,
    "document in a page": ogg(FILES["gzip"]) * 2,
    "in a heic": mp4(b"heic", meta=LINE),
    "docx in an avif": mp4(b"avif", meta=DOCX),
}


@pytest.mark.parametrize("case", _SONGS)
@pytest.mark.parametrize("name", ["a.mp3", "a.mp4", "a.heic", "a"])
def test_what_can_be_read_in_sound_and_film_is_read(case, name):
    assert not passes(read(_SONGS[case], name))


# ---- files in the organisation's own cloud -------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        f"https://a.sharepoint.com/x {TEXT}",
        f"https://a.sharepoint.com/{NUMBER}.docx",
        f"<a href='https://a.sharepoint.com/?q={NUMBER}'>plan</a>",
        f"<a href='https://a.sharepoint.com/x' title='{NUMBER}'>plan</a>",
    ],
)
def test_what_stands_beside_and_in_a_cloud_link_is_read(text):
    found = read_body(text.encode(), "text/html", cloud_hosts=("a.sharepoint.com",))
    assert "cloud-attachment" in reasons(found)
    assert places(found)
