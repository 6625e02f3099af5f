"""The promise by format: good files are read, locked and broken ones are said to be so."""

import subprocess
import sys

import pytest

from mailfilter.extract import Budget, extract
from mailfilter.parse import parse, roles
from tests.extract.corpus import CORPUS, NOISE
from tests.extract.making_archives import PASSWORD
from tests.extract.reading import attachment, body, places, read, reasons
from tests.extract.test_archives_odd import RARE, packed_by

_PROMISED = (
    "txt csv tsv json xml md ics vcf eml mbox svg docx docm xlsx xlsm xlsb pptx doc xls ppt msg "
    "odt ods odp fodt pdf rtf html mht epub tnef zip 7z rar tar gz bz2 xz zst"
)
_FAULTY = [name for name, line in CORPUS.items() if line.fault]
_LOCKED = [name for name, line in CORPUS.items() if line.locked]


def test_every_promised_format_has_its_line():
    assert list(CORPUS) == _PROMISED.split()


@pytest.mark.parametrize("name", CORPUS)
@pytest.mark.parametrize("known", ["by its name", "by its content", "under a wrong name"])
def test_a_good_file_is_read(name, known):
    file = {"by its name": f"a.{name}", "by its content": "", "under a wrong name": "a.dat"}[known]
    found = read(CORPUS[name].good, file)
    assert places(found), reasons(found)
    assert reasons(found) == []


@pytest.mark.parametrize("name", _FAULTY)
def test_a_cut_file_is_said_to_be_broken(name):
    line = CORPUS[name]
    found = read(line.good[: int(len(line.good) * line.kept)], f"a.{name}")
    assert line.fault in reasons(found)


@pytest.mark.parametrize("name", _FAULTY)
def test_noise_under_its_name_is_no_silence(name):
    assert reasons(read(NOISE, f"a.{name}")) == [CORPUS[name].noise]


@pytest.mark.parametrize("name", _LOCKED)
def test_a_locked_file_is_said_to_be_locked(name):
    assert reasons(read(CORPUS[name].locked, f"a.{name}")) == ["encrypted"]


@pytest.mark.parametrize("name", ["xlsb", "pptx", "doc", "xls", "pdf", "zip", "7z"])
def test_a_locked_file_opens_with_the_password_of_its_mail(name):
    told = body(f"Lösenord: {PASSWORD}".encode())
    parts = [told, attachment(CORPUS[name].locked, f"a.{name}")]
    found = extract(parts, parse=parse, roles=roles.split, budget=Budget())
    assert (bool(places(found)), reasons(found)) == (True, [])


_UNSEEN = {
    "a.heic": b"\0\0\0\x18ftypheic",  # without OCR
    "a.avif": b"\0\0\0\x18ftypavif",
    "a.jp2": b"\0\0\0\x0cjP  \r\n\x87\n",
    "a.j2k": b"\xff\x4f\xff\x51",
    "a.jxl": b"\xff\x0a",
    "a.jb2": b"\x97JB2\r\n\x1a\n",
    "a.djvu": b"AT&TFORM",
    "a.psd": b"8BPS" + bytes(18),
}


@pytest.mark.parametrize("name", _UNSEEN)
@pytest.mark.parametrize("known", [True, False])
def test_images_that_are_not_read_are_images(name, known):
    assert reasons(read(_UNSEEN[name] + NOISE, name if known else "")) == ["image"]


_CONFINED = """
import pathlib, sys
from mailfilter.extract import warm
from mailfilter.workers.confine import confine
from tests.extract.reading import places, read, reasons
files = [(file.name, file.read_bytes()) for file in sorted(pathlib.Path(sys.argv[1]).iterdir())]
warm()
assert confine() == "full"
found = [read(data, name) for name, data in files]
sys.exit(sum(bool(places(each)) and not reasons(each) for each in found))
"""


def test_all_is_read_in_a_locked_worker(tmp_path):
    rare = {f"{method}.zip": packed_by(method, data) for method, data in RARE.items()}
    for name, data in {**{f"a.{name}": one.good for name, one in CORPUS.items()}, **rare}.items():
        (tmp_path / name).write_bytes(data)
    command = [sys.executable, "-c", _CONFINED, str(tmp_path)]
    done = subprocess.run(command, check=False, timeout=60)
    assert done.returncode == len(CORPUS) + len(RARE)
