"""What stands around a file, and text under a wrong name: read, or said to be unread."""

import io

import pytest
from PIL import Image

from tests.extract import documents, making_archives
from tests.extract.reading import NUMBER, places, read, reasons

ROWS = f"Namn;Personnr\r\nAda;{NUMBER}\r\n".encode()
PAGE = f"<html><body><p>Ada {NUMBER[:6]}<b>{NUMBER[6:]}</b></p></body></html>".encode()


def picture(form: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(out, form)
    return out.getvalue()


HOSTS = {
    "pdf": documents.pdf("Protokoll"),
    **{form.lower(): picture(form) for form in ("PNG", "GIF", "JPEG", "BMP", "WEBP")},
}


@pytest.mark.parametrize("name", ["x", "x.pdf", "x.png", "x.csv", "x.html"])
@pytest.mark.parametrize("behind", [ROWS, PAGE, b"\0" * 900 + ROWS])
@pytest.mark.parametrize("host", HOSTS)
def test_behind_a_file(host, behind, name):
    assert places(read(HOSTS[host] + behind, name))


@pytest.mark.parametrize("before", [ROWS, PAGE])
def test_before_a_pdf(before):
    assert places(read(before + HOSTS["pdf"], "x.pdf"))


@pytest.mark.parametrize("host", HOSTS)
def test_an_archive_behind_a_file(host):
    assert places(read(HOSTS[host] + making_archives.seven_zip({"a.txt": ROWS}), "x"))


def test_a_name_that_says_text_is_believed_too():
    """A second end of file puts the rows inside: a program that goes by the name shows them."""
    data = HOSTS["pdf"] + ROWS + b"startxref\n9\n%%EOF\n"
    assert places(read(data, "x.csv"))
    assert not places(read(data, "x.pdf"))


@pytest.mark.parametrize("host", HOSTS)
def test_nothing_is_made_of_what_is_not_there(host):
    """What cameras and disks leave behind a file says nothing, and makes nothing unread."""
    good = read(HOSTS[host], f"x.{host}")
    for behind in (b"\r\n", b"\0" * 5000, bytes(range(128, 256)) * 20):
        found = read(HOSTS[host] + behind, f"x.{host}")
        assert reasons(found) == reasons(good)


def test_a_second_picture_of_a_phone_is_not_read_twice():
    photo = HOSTS["jpeg"]
    assert reasons(read(photo + photo, "x.jpg")) == reasons(read(photo, "x.jpg"))
