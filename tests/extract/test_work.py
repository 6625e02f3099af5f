"""One budget of work for a message: all kinds are charged to it, ordinary large documents are not
hurt by it, and what it does not reach is said."""

import base64
import random
import sys
from pathlib import Path

import pytest

from detectors.search.cost import effort
from mailfilter import limits
from mailfilter.extract import extract
from mailfilter.extract.decoded.disguise import readings
from mailfilter.extract.kit import budget
from mailfilter.extract.kit.budget import PART, Budget, Unreadable
from mailfilter.extract.kit.charset import decode, is_noise
from mailfilter.parse import parse, roles
from tests.extract import making
from tests.extract.reading import NUMBER, attachment, contents, places, read, reasons

DEAR = "Anna Karlsson har diabetes. "


def test_of_a_text_that_is_too_dear_the_beginning_is_searched():
    data = (NUMBER + "\n" + DEAR * 20_000).encode()
    found = read(data, "a.txt", budget=Budget(work=400_000))
    assert reasons(found) == ["too-much-text"]
    assert places(found)
    (text,) = [text for text in found.texts if NUMBER in text.content]
    assert 0 < len(text.content) < len(data) // 2
    assert all(at < len(text.content) for at, _ in text.places)
    assert reasons(read(data, "a.txt", budget=Budget())) == []


def test_a_dear_text_takes_more_than_a_plain_one():
    spent = []
    for unit in (DEAR, "Anna Karlsson har en ny adress. "):
        one = Budget()
        read((unit * 10_000).encode(), "a.txt", budget=one)
        one.settle()
        spent.append(limits.WORK - one.work)
    assert spent[0] > 10 * spent[1]


def test_small_texts_are_weighed_only_when_they_add_up(monkeypatch):
    seen = []
    monkeypatch.setattr(budget, "effort", lambda text: seen.append(len(text)) or effort(text))
    one = Budget(work=10_000)
    assert one.take_text("x" * 3000) == 3000
    assert not seen
    assert one.take_text("y" * 6000) == 6000
    assert seen == [3000]
    assert one.work < 10_000


def test_work_counts_beside_texts_that_were_not_weighed_yet():
    one = Budget(work=10_000)
    assert one.take_text(DEAR * 200) == 5600
    with pytest.raises(Unreadable):
        one.take_work(7000)


def test_lines_are_work_as_well_as_characters():
    data = b"x\n" * 60_000 + NUMBER.encode()
    assert reasons(read(data, "a.txt", budget=Budget(work=100_000))) == ["too-much-text"]
    assert reasons(read(data, "a.txt", budget=Budget(work=200_000))) == []


@pytest.mark.parametrize(
    ("data", "name", "work"),
    [
        (b"<html><body>" + b'<b title="a">a</b>' * 5000, "a.html", 10_000),
        (b"<?xml version='1.0'?><a>" + b"&#49;" * 5000 + b"</a>", "a.xml", 10_000),
        (making.edit(making.word(), {"word/a.xml": b"<a>" + b" " * 900_000}), "a.docx", 15_000),
        (making.zipped({f"{n}.txt": "a" for n in range(60)}), "a.zip", 60 * PART),
    ],
)
def test_what_costs_more_than_its_text_is_work(data, name, work):
    assert set(reasons(read(data, name, budget=Budget(work=work)))) == {"too-much-work"}
    assert reasons(read(data, name)) == []


def test_all_kinds_share_one_budget():
    """Neither of two files is too much, both together are; the number in the first still counts."""
    page = f"<html><body>{NUMBER}{'<b>a</b>' * 3000}".encode()
    references = b"<?xml version='1.0'?><a>" + b"&#49;" * 2000 + b"</a>"
    files = [attachment(page, "a.html"), attachment(references, "b.xml")]

    def reading(work, *parts):
        one = Budget(work=work)
        found = extract(parts, parse=parse, roles=roles.split, budget=one)
        one.settle()
        return found, work - one.work

    work = max(reading(limits.WORK, each)[1] for each in files) + 1000
    assert [reasons(reading(work, each)[0]) for each in files] == [[], []]
    both, _ = reading(work, *files)
    assert set(reasons(both)) <= {"too-much-work", "too-much-text"}
    assert reasons(both)
    assert places(both)


@pytest.fixture(scope="module")
def documents():
    sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))
    import documents

    yield documents
    sys.path.remove(str(Path(__file__).parents[1] / "bench"))


@pytest.mark.parametrize(
    ("make", "name"),
    [("xlsx", "a.xlsx"), ("word", "a.docx"), ("word_edited", "a.docx"), ("pdf", "a.pdf")],
)
def test_large_office_documents_leave_most_of_it(documents, make, name):
    one = Budget()
    found = read(getattr(documents, make)(), name, budget=one)
    assert set(reasons(found)) <= {"pdf-without-text"}
    one.settle()
    assert one.work > limits.WORK * 3 // 4


# ---- noise ---------------------------------------------------------------------------------


def noise(low: int, size: int = 60_000) -> bytes:
    chosen = random.Random(low)
    return bytes(chosen.randrange(low, 256) for _ in range(size))


@pytest.mark.parametrize("low", [1, 32, 128])
def test_noise_is_read_in_few_ways(low):
    assert is_noise(noise(low))
    assert len(decode(noise(low))) <= 2
    for text in decode(noise(low)):
        assert sum(map(len, readings(text))) <= len(text)


@pytest.mark.parametrize("low", [1, 32, 128])
def test_a_number_in_noise_is_found_however_it_is_written(low):
    written = [
        NUMBER.encode(),
        base64.b64encode(b"Personnummer: " + NUMBER.encode()),
        b"".join(b"%%%02X" % code for code in NUMBER.encode()),
        b"".join(b"=%02X" % code for code in NUMBER.encode()),
    ]
    for one in written:
        data = noise(low, 30_000) + b"\n" + one + b"\n" + noise(low, 30_000)
        assert any(NUMBER in each for text in decode(data) for each in (text, *readings(text))), one


def test_writing_in_many_languages_is_no_noise():
    latin = "".join(map(chr, [*range(0x20, 0x7F), *range(0xC0, 0xD6), *range(0xE0, 0xF6)])) * 300
    assert not is_noise(latin)
    for charset in ("koi8-r", "cp1251", "iso8859-7", "cp850", "mac-roman"):
        text = "".join(map(chr, [*range(0x41, 0x5B), *range(0x410, 0x450), *range(0x391, 0x3CA)]))
        assert not is_noise((text * 400).encode(charset, "ignore"))


def test_contents_of_noise_are_searched_once():
    found = read(noise(32) + NUMBER.encode(), "a.txt", "text/plain", budget=Budget())
    assert contents(found).count(NUMBER) <= 1
