"""Pictures that were read and say nothing: known to all processes until something changes."""

import os
from dataclasses import replace
from email.message import EmailMessage

import pytest

from detectors.levels import LEVELS
from mailfilter import pictures
from mailfilter.app import examining
from mailfilter.examine import examine_small
from mailfilter.extract.image import ocr
from mailfilter.model import Coverage
from mailfilter.pictures import DIGEST, GROUPS, SECRET, WAYS, Memory
from mailfilter.workers import checked, master
from mailfilter.workers.pool import Pool
from mailfilter.workers.rehearsal import rehearse
from tests.extract.test_pictures import saved
from tests.extract.test_small_pictures import clipping, logo
from tests.test_workers import JOB

A, B = b"a" * DIGEST, b"b" * DIGEST


def test_a_hash_is_known_until_all_is_forgotten():
    memory = Memory()
    assert not memory.has(A)
    memory.add(A)
    assert (memory.has(A), memory.has(B)) == (True, False)
    before = memory.secret
    memory.forget()
    assert not memory.has(A)
    assert memory.secret != before


def test_the_memory_is_bounded():
    memory = Memory()
    many = [A[:8] + n.to_bytes(8, "big") for n in range(WAYS * 3)]
    for each in many:
        memory.add(each)
    assert sum(map(memory.has, many)) == WAYS
    assert memory.has(many[-1])
    memory.add(b"short")
    assert SECRET + GROUPS * WAYS * DIGEST <= 2 << 20


def test_a_process_that_looks_cannot_write():
    memory = Memory()
    memory.add(A)
    if not (pid := os.fork()):
        status = 1
        try:
            file = os.dup(memory._file)
            memory.look_only()
            with pytest.raises(TypeError):
                memory.add(B)
            with pytest.raises(PermissionError):
                os.pwrite(file, B, SECRET)
            assert memory.has(A)
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0
    memory.add(B)
    assert memory.has(B)


def test_who_leaves_knows_nothing():
    memory = Memory()
    memory.add(A)
    memory.leave()
    assert (memory.has(A), memory.secret) == (False, b"")
    memory.add(A)
    memory.forget()


def test_the_key_depends_on_all_that_the_answer_depends_on(monkeypatch):
    def key(job=JOB) -> bytes:
        return pictures.key(b"s" * SECRET, *examining._facts(job))

    known = {key()}
    known.add(key(replace(JOB, levels=replace(LEVELS, health=LEVELS.identity))))
    monkeypatch.setattr(examining, "__version__", "another")
    known.add(key())
    monkeypatch.setattr(ocr, "fingerprint", lambda: b"another")
    known.add(key())
    monkeypatch.setattr(examining.registers, "bundle", lambda _: b"another")
    known.add(key())
    assert len(known) == 5
    assert pictures.key(b"", b"facts") == b""


@pytest.mark.parametrize("value", [None, 5, [5], ["xx"], ["00"], "00" * DIGEST, {"a": 1}])
def test_what_no_honest_worker_says_is_not_remembered(value):
    assert checked.pictures(value) == []


def letter(*files: bytes) -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "a@exempelkommun.example", "hej"
    message.set_content("Hej, vi ses.")
    message.add_alternative("<p>Hej, vi ses. <img src='cid:a'></p>", subtype="html")
    for data in files:
        page = message.get_payload()[1]
        page.add_related(data, "image", "png", cid="<a>")
    return message.as_bytes().replace(b"\n", b"\r\n")


@pytest.mark.system
async def test_a_logo_is_read_once(tmp_path, monkeypatch):
    """The second mail with it is read as text, also by the smtp process itself."""
    if ocr.folder() is None:
        pytest.skip("no tesseract data: apt install tesseract-ocr-swe tesseract-ocr-eng")
    memory = Memory()
    job = replace(JOB, pictures=pictures.key(memory.secret, b"facts"))
    clean, bad = letter(saved(logo(), "PNG")), letter(saved(clipping(), "PNG"))
    doors = master.listen(tmp_path / "scan.sock")
    rehearse()
    if not (pid := os.fork()):
        try:
            memory.look_only()
            master.run(doors, 1, pulse=master.Pulse(pictures=memory))
        finally:
            os._exit(0)
    doors.close()
    try:
        pool = Pool(tmp_path / "scan.sock", pictures=memory)
        assert examine_small(clean, job, memory) is None
        assert (await pool.examine(clean, job)).coverage is Coverage.CLEAN
        assert examine_small(clean, job, memory).coverage is Coverage.CLEAN
        asked = []
        work = pool._ask
        monkeypatch.setattr(pool, "_ask", lambda kind, q: (asked.append(kind), work(kind, q))[1])
        assert (await pool.examine(clean, job)).coverage is Coverage.CLEAN
        assert asked == ["text"]
        for _ in range(2):
            assert (await pool.examine(bad, job)).coverage is Coverage.HIT
            assert examine_small(bad, job, memory) is None
        memory.forget()
        assert (await pool.examine(clean, job)).coverage is Coverage.CLEAN
        assert asked[-2:] == ["text", "document"]
    finally:
        os.kill(pid, 15)
        os.waitpid(pid, 0)
