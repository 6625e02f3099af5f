"""Content that kills its worker is named, and after the second death it is not opened any more."""

import importlib
import os
import zipfile
from io import BytesIO

import pytest

from mailfilter import limits
from mailfilter.errors import Temporary
from mailfilter.model import Class, Coverage
from mailfilter.place import Place
from mailfilter.workers import worker
from mailfilter.workers.notes import DIGEST
from mailfilter.workers.poison import Entry, Poison, digests
from mailfilter.workers.pool import Pool
from tests.extract.making import word
from tests.test_worker_classes import NUMBER, mail
from tests.test_workers import JOB, MAIL, running

DEADLY = b"this content kills"
DAY = 86400
walk = importlib.import_module("mailfilter.extract.walk")  # the package has a function of that name


def killing(end=lambda: os._exit(9)):
    """A reader that ends when it opens a deadly part; the real ones read all else."""
    real = walk._opened
    read = worker.read

    def opened(part, *more):
        if DEADLY in part.data[:100]:
            end()
        return real(part, *more)

    def reading(*arguments):
        walk._opened = opened
        return read(*arguments)

    return reading


def archive(**members: bytes) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:
        for name, data in members.items():
            packed.writestr(name, data)
    return file.getvalue()


PACKED = mail(NUMBER, archive(good=NUMBER.encode(), bad=DEADLY), "a.zip")


FIRST, SECOND = (1,), (1, 2)  # attachment 1, and the second file in it
BODY = ()


def said(found) -> list[tuple[str, tuple[int, ...]]]:
    """Reasons, and the numbers of the steps to where they hold."""
    return [(part.reason, numbers(part.place)) for part in found.not_examined]


def numbers(place: Place) -> tuple[int, ...]:
    return tuple(step.n for step in place.steps)


async def test_content_that_killed_twice_is_not_opened_and_the_rest_is_read(tmp_path):
    list_ = tmp_path / "poison"
    with running(tmp_path / "scan.sock", do=killing()):
        for _ in range(2):
            pool = Pool(tmp_path / "scan.sock", wait=60, poison=Poison(list_, b"secret"))
            found = await pool.examine(PACKED, JOB)
            assert said(found) == [("crashed", SECOND)], "the part is named"
            assert found.coverage is Coverage.INCOMPLETE
        found = await pool.examine(PACKED, JOB)
        assert said(found) == [("poisoned", SECOND)]
        assert {part.cls for part in found.not_examined} == {Class.CRASHED}
        assert {numbers(each.place) for each in found.findings} == {BODY, (1, 1)}
        other = Pool(tmp_path / "scan.sock", wait=60, poison=Poison(list_, b"secret"))
        elsewhere = mail("Hej", DEADLY, "b.pdf")  # the same content in another mail
        assert said(await other.examine(elsewhere, JOB)) == [("poisoned", FIRST)]
        assert Poison(list_).clear() == 1
        assert said(await other.examine(PACKED, JOB)) == [("crashed", SECOND)]


async def test_text_that_kills_is_named_too(tmp_path):
    """Text workers say nothing of parts; the mail is asked about again where that is said."""
    text = mail(NUMBER, DEADLY, "a.txt")
    with running(tmp_path / "scan.sock", do=killing()):
        pool = Pool(tmp_path / "scan.sock", wait=60, poison=Poison(tmp_path / "poison"))
        for _ in range(2):
            assert said(await pool.examine(text, JOB)) == [("crashed", FIRST)]
        assert (await pool.examine(MAIL, JOB)).coverage is Coverage.HIT


async def test_content_that_needs_too_much_cpu_is_accused(tmp_path, monkeypatch):
    def loop():
        while True:
            pass

    monkeypatch.setattr(limits, "WORKER_CPU", 0)
    poison = Poison(tmp_path / "poison")
    with running(tmp_path / "scan.sock", do=killing(loop)):
        pool = Pool(tmp_path / "scan.sock", wait=60, seconds=60, poison=poison)
        found = await pool.examine(PACKED, JOB)
    assert said(found) == [("crashed", SECOND)]
    assert [entry.deaths for entry in poison.entries()] == [1]


async def test_content_that_outruns_the_clock_is_named_and_not_accused(tmp_path):
    """The machine may have been busy: what counts against content is CPU."""
    told, tell = os.pipe()
    poison = Poison(tmp_path / "poison")
    with running(tmp_path / "scan.sock", do=killing(lambda: os.read(told, 1))):
        pool = Pool(tmp_path / "scan.sock", wait=60, seconds=1, poison=poison)
        found = await pool.examine(PACKED, JOB)
    assert said(found) == [("too-long", SECOND)]
    assert {part.cls for part in found.not_examined} == {Class.CRASHED}
    assert poison.entries() == []
    os.close(told)
    os.close(tell)


async def test_an_error_that_nobody_foresaw_is_named_too(tmp_path):
    def fail():
        raise RuntimeError("191212121212")

    with running(tmp_path / "scan.sock", do=killing(fail)):
        found = await Pool(tmp_path / "scan.sock", wait=60).examine(PACKED, JOB)
    assert said(found) == [("crashed", SECOND)]


async def test_a_list_that_cannot_be_written_loses_no_mail(tmp_path):
    poison = Poison(tmp_path / "missing" / "poison")
    with running(tmp_path / "scan.sock", do=killing()):
        found = await Pool(tmp_path / "scan.sock", wait=60, poison=poison).examine(PACKED, JOB)
    assert said(found) == [("crashed", SECOND)]


async def test_the_lack_of_a_document_worker_accuses_nobody(tmp_path):
    poison = Poison(tmp_path / "poison")
    with running(tmp_path / "scan.sock"):
        (tmp_path / "scan-document.sock").unlink()
        with pytest.raises(Temporary):
            await Pool(tmp_path / "scan.sock", wait=60, poison=poison).examine(
                mail(NUMBER, word("x"), "a.docx"), JOB
            )
    assert poison.entries() == []


# ---- the list itself -------------------------------------------------------------------------


def hashed(n: int) -> bytes:
    return n.to_bytes(DIGEST, "big")


def test_two_deaths_make_poison_and_all_processes_see_it(tmp_path):
    ours, theirs = Poison(tmp_path / "poison"), Poison(tmp_path / "poison")
    assert theirs.listed() == b""
    assert [ours.strike(hashed(1)), ours.strike(hashed(2))] == [1, 1]
    assert digests(theirs.listed()) == frozenset()
    assert theirs.strike(hashed(1)) == 2
    assert digests(ours.listed()) == digests(theirs.listed()) == {hashed(1)}
    assert (tmp_path / "poison").stat().st_mode & 0o777 == 0o600


def test_a_single_death_is_forgotten_in_time_and_poison_is_not(tmp_path):
    now = 1000 * DAY
    poison = Poison(tmp_path / "poison", now=lambda: now)
    for n in (1, 1, 2):
        poison.strike(hashed(n))
    now += (limits.POISON_KEPT + 1) * DAY
    poison.strike(hashed(3))
    assert [entry.digest for entry in poison.entries()] == [hashed(1), hashed(3)]


def test_the_list_is_bounded_and_poison_stays_longest(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "POISON", 3)
    poison = Poison(tmp_path / "poison")
    for n in (1, 1, 2, 3, 4):
        poison.strike(hashed(n))
    assert [entry.digest for entry in poison.entries()] == [hashed(1), hashed(3), hashed(4)]
    for n in (3, 4, 5, 5):
        poison.strike(hashed(n))
    assert digests(poison.listed()) == {hashed(3), hashed(4), hashed(5)}


def test_lines_that_are_none_are_passed_over(tmp_path):
    entry = Entry(hashed(7), 2, 5)
    lines = ("", "x", "zz 1 1", "00 2 1", f"{entry.digest.hex()} x 1", "å" * 32 + " 2 1")
    (tmp_path / "poison").write_text("\n".join([*lines, entry.line()]), "utf-8")
    assert Poison(tmp_path / "poison").entries() == [entry]


def test_hashes_are_keyed_with_a_secret(tmp_path):
    keys = {Poison(tmp_path / "poison", secret).key for secret in (b"", b"a", b"b")}
    assert len(keys) == 3


def test_one_hash_can_be_cleared(tmp_path):
    poison = Poison(tmp_path / "poison")
    for n in (1, 2):
        poison.strike(hashed(n))
    assert poison.clear(hashed(2).hex()) == 1
    assert [entry.digest for entry in poison.entries()] == [hashed(1)]
    assert poison.clear("ff") == 0
    assert poison.clear() == 1
    assert poison.listed() == b""
