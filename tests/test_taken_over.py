"""A worker that a hostile file has taken over may send anything: it is checked, never believed."""

import json
import os
import pickle

import pytest

from mailfilter.examine import Examination, Facts, to_json
from mailfilter.model import Finding, NotExamined
from mailfilter.not_examined import not_examined
from mailfilter.place import Place, Step, StepKind
from mailfilter.workers import checked, wire, worker
from mailfilter.workers.notes import DIGEST, Trail, checked_place
from mailfilter.workers.poison import Poison
from mailfilter.workers.pool import Pool
from tests.extract.making import word
from tests.test_worker_classes import NUMBER, mail
from tests.test_workers import JOB, running

DOCUMENT = mail("Hej", word(NUMBER), "a.docx")
BODY = Place(worker.parse.parse(DOCUMENT).parts[0].place.role)
HASH = "00" * DIGEST
GOOD = to_json(
    Examination(
        Facts(),
        (Finding("se.personnummer", 90, BODY, "19121212-****", "ab", ("checksum",)),),
        (not_examined(BODY, "encrypted"),),
        persons=1,
        size=7,
    )
)


def frame(kind: bytes, content: bytes, length: int | None = None) -> bytes:
    size = len(content) if length is None else length
    return kind + size.to_bytes(wire.LENGTH, "big") + content


def answer(value) -> bytes:
    return frame(wire.ANSWER, json.dumps(value).encode())


def note(value) -> bytes:
    return frame(wire.NOTE, json.dumps(value).encode())


def changed(**fields) -> dict:
    return GOOD | fields


def finding(**fields):
    names = ("kind", "confidence", "place", "mask", "person", "evidence", "level")
    row = dict(zip(names, GOOD["findings"][0], strict=True)) | fields
    return changed(findings=[list(row.values())])


NOT_EXAMINATIONS = {
    "nothing": {},
    "a list": [1],
    "a word": "clean",
    "no facts": changed(facts=None),
    "a kind of its own": finding(kind="<script>alert(1)</script>"),
    "a number as mask": finding(mask="191212121212"),
    "a story as mask": finding(mask="x" * 1000),
    "lines as mask": finding(mask="a\r\nBcc: b@example.org"),
    "a confidence beyond": finding(confidence=1000),
    "endless confidence": finding(confidence=float("inf")),
    "evidence of its own": finding(evidence=["191212121212"]),
    "a level that is none": finding(level="grave"),
    "a long person": finding(person="x" * 100),
    "a place that is none": finding(place=["body", [["cellar", 1, "", ""]]]),
    "a role that is none": finding(place=["nobody", []]),
    "markup as form": finding(place=["attachment", [["attachment", 1, "", "<b>x</b>"]]]),
    "a negative number": finding(place=["attachment", [["attachment", -1, "", ""]]]),
    "a deep place": finding(place=["attachment", [["member", 1, "", ""]] * 1000]),
    "too many findings": changed(findings=GOOD["findings"] * 100_000),
    "too much unread": changed(not_examined=GOOD["not_examined"] * 10_000),
    "a reason of its own": changed(not_examined=[[BODY.to_json(), "fine", "encrypted"]]),
    "another class": changed(not_examined=[[BODY.to_json(), "encrypted", "unsupported"]]),
    "no persons": changed(persons=-1),
    "endless persons": changed(persons=float("inf")),
    "persons as text": changed(persons="many"),
}


def test_an_honest_examination_is_believed():
    found = checked.examination(json.loads(json.dumps(GOOD)), 1234)
    assert found.size == 1234, "the size is ours"
    assert [each.masked for each in found.findings] == ["19121212-****"]
    assert [part.reason for part in found.not_examined] == ["encrypted"]


@pytest.mark.parametrize("value", NOT_EXAMINATIONS.values(), ids=NOT_EXAMINATIONS)
def test_an_examination_that_nobody_makes_is_refused(value):
    with pytest.raises(ValueError, match="examination"):
        checked.examination(value, 1)


NOT_NOTES = {
    "a word": "opens",
    "a number": 1,
    "an object": {"opens": HASH},
    "no place": ["opens", HASH],
    "a short hash": ["opens", "00", BODY.to_json()],
    "no hash": ["opens", "zz" * DIGEST, BODY.to_json()],
    "a number as hash": ["opens", 7, BODY.to_json()],
    "no role": ["opens", HASH, ["nobody", []]],
    "markup": ["opens", HASH, ["attachment", [["attachment", 1, "", "<b>"]]]],
    "place as text": ["opens", HASH, "bilaga 1"],
    "closes nothing": ["closes"],
    "a verb of its own": ["poison", HASH],
}


@pytest.mark.parametrize("value", NOT_NOTES.values(), ids=NOT_NOTES)
def test_a_note_that_nobody_sends_is_refused(value):
    with pytest.raises(ValueError, match=r"^no (?:note|place|hash)$"):
        Trail().take(value)


def test_notes_are_bounded_in_depth_and_number():
    opens = ["opens", HASH, BODY.to_json()]
    deep, long = Trail(), Trail()
    with pytest.raises(ValueError, match="no note"):
        take(deep, [opens] * 1000)
    with pytest.raises(ValueError, match="too many"):
        take(long, [opens, ["closes"]] * 100_000)
    assert len(deep.open) < 100


def take(trail: Trail, notes: list) -> None:
    for each in notes:
        trail.take(each)


def test_a_note_brings_no_name():
    """Names of files may say something about a person: only honest detectors could tell."""
    trail, place = (
        Trail(),
        Place(BODY.role, (Step(StepKind.ATTACHMENT, 1, "Tilde Ask.pdf", "pdf"),)),
    )
    trail.take(["opens", HASH, place.to_json()])
    assert trail.culprit.place == place.nameless()


def test_a_sound_place_passes():
    place = Place(BODY.role, (Step(StepKind.ATTACHMENT, 2, "brev.docx", "docx"),))
    assert checked_place(place.to_json()) == place


OPENED = note(["opens", HASH, ["attachment", [["attachment", 1, "", "docx"]]]])
SAID = {
    "nothing": b"",
    "noise": bytes(range(256)) * 40,
    "half a head": b"A\0",
    "half an answer": frame(wire.ANSWER, b"{", 100),
    "a huge answer": frame(wire.ANSWER, b"{}", 0xFFFFFFFF),
    "a huge note": frame(wire.NOTE, b"{}", 0xFFFFFFFF),
    "a kind of its own": frame(b"X", b"{}"),
    "no JSON": frame(wire.ANSWER, b"\xff\xfe{"),
    "deep JSON": frame(wire.ANSWER, b"[" * 1_000_000),
    "a pickle": frame(wire.ANSWER, pickle.dumps(NotExamined)),
    "a list": answer([1, 2]),
    "no examination": answer({"clean": True}),
    "an empty examination": answer({"examination": {}}),
    "endless numbers": answer({"examination": changed(persons=float("inf"))}),
    "a false mask": answer({"examination": finding(mask="191212121212")}),
    "notes without end": OPENED * 10_000,
    "a false note": note(["opens", HASH, "x"]),
    "heavy": answer({"heavy": True}),
    "pictures": answer({"pictures": True}),
}


def saying(said: dict[str, bytes]):
    """Readers that send what stands for the subject of their mail, and end."""
    read = worker.read

    def reading(message, job, formats, budget=None):
        if budget is not None and message.facts.subject in said:
            budget.watch.sock.sendall(said[message.facts.subject])
            os._exit(0)
        return read(message, job, formats, budget)

    return reading


async def test_whatever_a_worker_says_its_mail_is_crashed_and_the_next_is_read(tmp_path):
    poison = Poison(tmp_path / "poison")
    with running(tmp_path / "scan.sock", do=saying(SAID)):
        pool = Pool(tmp_path / "scan.sock", wait=60, poison=poison)
        for name in SAID:
            found = await pool.examine(mail("Hej", word("x"), "a.docx", name), JOB)
            assert {part.reason for part in found.not_examined} == {"crashed"}, name
            assert found.findings == ()
        assert [each.kind for each in (await pool.examine(DOCUMENT, JOB)).findings]
        for name in ("nothing", "deep JSON", "an empty examination"):  # to a reviewer
            texts, unread = await pool.view(mail("Hej", word("x"), "a.docx", name), JOB, "sv")
            assert (texts, {reason for _, reason, _ in unread}) == ([], {"crashed"}), name
