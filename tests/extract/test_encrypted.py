"""Files with a password: opened by one that the mail tells, else encrypted; and what it costs."""

import json
import logging
import pickle
import re
import struct
import subprocess
import sys
import zlib
from functools import partial

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from py7zr import compressor

from detectors import Role
from mailfilter import limits
from mailfilter.extract import Budget, extract
from mailfilter.extract.archive import sevenzip
from mailfilter.extract.kit.budget import SMALL, Growth
from mailfilter.extract.locked import encrypted, office
from mailfilter.extract.locked import zip as encrypted_zip
from mailfilter.extract.locked.passwords import MOST, candidates
from mailfilter.extract.locked.tries import COST
from mailfilter.model import Text
from mailfilter.parse import parse, roles
from mailfilter.place import Place, StepKind
from tests.effort import within_a_minute
from tests.extract import making
from tests.extract import making_archives as m
from tests.extract.making import zipped
from tests.extract.making_archives import PASSWORD
from tests.extract.reading import NUMBER, attachment, body, places, reasons
from tests.extract.test_robust import well_formed

LOCKED = {
    "aes.zip": m.zip_aes(m.NOTE),
    "aes128.zip": m.zip_aes(m.NOTE, bits=128),
    "stored.zip": m.zip_aes({"mapp/a.docx": making.word(NUMBER)}),
    "old.zip": m.zip_old(m.NOTE),
    "a.7z": m.seven_zip(m.NOTE, PASSWORD),
    "names.7z": m.seven_zip(m.NOTE, PASSWORD, names=True),
    "a.pdf": m.pdf(),
    "rc4.pdf": m.pdf_old(),
    "a.docx": m.office(making.word(NUMBER)),
    "a.xlsx": m.office(making.sheet_with(NUMBER)),
    "a.xls": m.excel_old(),
    "a.doc": m.word_old(),
}
TOLD = f"Lösenord: {PASSWORD}"


def mail(text: str, *files: tuple[str, bytes], budget=None, **more):
    parts = [body(text.encode()), *(attachment(data, name) for name, data in files)]
    return extract(parts, parse=parse, roles=roles.split, budget=budget or Budget(), **more)


@pytest.mark.parametrize("name", LOCKED)
def test_the_right_password_opens(name):
    found = mail(f"Hej!\n\n{TOLD}\n\nMvh Anna", (name, LOCKED[name]))
    assert places(found)
    assert reasons(found) == []
    assert len(found.opened) == 1
    assert found.opened[0].steps[0].name == name


@pytest.mark.parametrize("name", LOCKED)
@pytest.mark.parametrize("text", ["Hej!", "Lösenord: Vinter1999", "Lösenordet kommer i ett sms."])
def test_without_it_the_file_stays_encrypted(name, text):
    found = mail(text, (name, LOCKED[name]))
    assert reasons(found) == ["encrypted"]
    assert found.opened == ()
    assert not places(found)


def test_places_are_those_of_the_open_file():
    locked = mail(TOLD, ("a.xlsx", LOCKED["a.xlsx"]))
    plain = mail(TOLD, ("a.xlsx", making.sheet_with(NUMBER)))
    assert places(locked) == places(plain)
    inside = mail(TOLD, ("stored.zip", LOCKED["stored.zip"]))
    assert [step.kind for step in places(inside)[0].steps] == [
        StepKind.ATTACHMENT,
        StepKind.MEMBER,
    ]


def test_names_are_said_once():
    for name in ("aes.zip", "a.7z", "names.7z"):
        texts = [text.content for text in mail(TOLD, (name, LOCKED[name])).texts]
        assert len(texts) == len({text.strip() for text in texts})


@pytest.mark.parametrize("make", [m.zip_aes, m.zip_old])
def test_some_members_may_stay_locked(make):
    """Two zips put together as one are what WinZip makes when members are added."""
    both = m.zip_aes({"a.txt": m.TEXT, "b.txt": b"hej"})
    found = mail(TOLD, ("a.zip", both))
    assert len(found.opened) == 2
    assert places(found)
    assert make


def test_excel_s_own_password_opens_by_itself():
    found = mail("Hej", ("a.xlsx", m.office(making.sheet_with(NUMBER), "VelvetSweatshop")))
    assert places(found)
    assert reasons(found) == []


def test_a_pdf_that_only_forbids_is_no_locked_one():
    found = mail("Hej", ("a.pdf", m.pdf(user="")))
    assert places(found)
    assert reasons(found) == []
    assert found.opened == ()


def test_a_locked_file_in_a_locked_file():
    inner = m.zip_aes({"kod.txt": f"lösenordet är Vinter2027 och {NUMBER}".encode()})
    second = m.seven_zip(m.NOTE, "Vinter2027")
    found = mail(TOLD, ("a.zip", m.zip_aes({"b.zip": inner})), ("b.7z", second))
    assert len(places(found)) == 2
    assert reasons(found) == []


def test_a_member_that_is_locked_otherwise_stays_encrypted():
    inner = m.seven_zip(m.NOTE, "annat-losen-9")
    found = mail(TOLD, ("a.zip", m.zip_aes({"b.7z": inner})))
    assert reasons(found) == ["encrypted"]
    assert len(found.opened) == 1


def test_what_is_broken_behind_its_lock_is_broken():
    found = mail(TOLD, ("a.zip", m.zip_aes({"b.zip": zipped({"a.txt": "x" * 900})[:60]})))
    assert reasons(found) == ["broken-archive"]


# ---- where passwords stand -----------------------------------------------------------------

SAID = [
    "Lösenord: Sommar2026",
    "lösenord:Sommar2026",
    "LÖSENORD = Sommar2026",
    "Lösenordet är Sommar2026.",
    "Lösen är Sommar2026, hälsar Anna",
    'Lösenordet till filen är "Sommar2026".',
    "lösenordet för att öppna bilagan: Sommar2026",
    "Lösenord för filen\nSommar2026\n",
    "Lösenord:\n\nSommar2026\n\nMvh",
    "Koden är Sommar2026",
    "Kod: Sommar2026",
    "pwd Sommar2026",
    "Password: Sommar2026",
    "The password is Sommar2026!",
    "pw: Sommar2026",
    "Sommar2026 är lösenordet",
    "(lösen: Sommar2026)",
    "Hej\r\n\r\nLösenord:\r\nSommar2026\r\n",
    "> Lösenord: Sommar2026\n> Mvh",
    "> Lösenordet är:\n> Sommar2026",
    "Öppnas med lösenordet Sommar2026",
    "Lösenord – Sommar2026",
    "\nSommar2026\n\nMvh",
    "> Sommar2026\r\n> Mvh",
    "Listan (Sommar2026) som du bad om",
]


def text_at(content: str, role=Role.BODY) -> Text:
    return Text(content, ((0, Place(role)),))


@pytest.mark.parametrize("said", SAID)
def test_ways_to_tell_a_password(said):
    found = candidates([text_at(f"Hej Bo,\nhär kommer listan.\n{said}")])
    assert PASSWORD in found
    assert len(found) <= MOST


def test_a_password_in_the_name_of_a_file():
    assert PASSWORD in candidates([text_at(f"lista lösen {PASSWORD}.zip", Role.NAME)])


def test_dates_addresses_and_plain_words_are_no_lonely_passwords():
    said = (
        "Hej!\n2026-11-28\nanna@exempel.example\nhttps://exempel.example/a1\n(bilaga)\nHälsningar\n"
    )
    assert candidates([text_at(said)]) == ()


def test_odd_passwords_are_found_as_they_stand():
    for password in ("a b c d", "Hej.", "å/ä!ö", "1234", "(x)y", "Fyra Små Ord"):
        assert password in candidates([text_at(f"Lösenord: {password}\n")])


def test_what_nobody_can_type_is_left_out():
    found = candidates([text_at("Lösenord: Sommar\u00ad20\ud80026\0\n")])
    assert PASSWORD in found
    for each in found:
        each.encode()


def test_the_likeliest_come_first_and_are_not_too_many():
    junk = "\n".join(f"Lösenord {n} ord{n} mer{n}" for n in range(300))
    found = candidates([text_at(junk, Role.ATTACHMENT), text_at(TOLD)])
    assert len(found) == MOST
    assert found.index(PASSWORD) < 5


@pytest.mark.parametrize(
    ("text", "files", "heard"),
    [
        ("", [], [f"Ärende 12, lösen: {PASSWORD}"]),
        ("", [("l.txt", TOLD.encode())], []),
        ("", [("l.docx", making.word(TOLD))], []),
        (f"Hej\n\n-----Ursprungligt meddelande-----\nFrån: B\nSkickat: x\n\n{TOLD}", [], []),
        ("", [("m.eml", f"Subject: {TOLD}\r\n\r\nHej".encode())], []),
    ],
)
def test_the_password_may_stand_anywhere_in_the_mail(text, files, heard):
    texts = [text_at(each, Role.SUBJECT) for each in heard]
    found = mail(text, ("a.zip", LOCKED["aes.zip"]), *files, heard=texts)
    assert places(found)
    assert reasons(found) == []


def test_in_html():
    parts = [
        body(f"<p>Lösenord:</p><p><b>{PASSWORD}</b></p>".encode(), "text/html"),
        attachment(LOCKED["aes.zip"], "a.zip"),
    ]
    assert places(extract(parts, parse=parse, roles=roles.split, budget=Budget()))


def test_the_subject_is_heard_by_examine():
    import base64
    from datetime import date

    from mailfilter.examine import Job, examine, from_json, to_json
    from mailfilter.place import describe

    data = base64.encodebytes(LOCKED["aes.zip"]).decode()
    message = (
        f"From: a@b.se\nSubject: password: {PASSWORD}\nMIME-Version: 1.0\n"
        'Content-Type: application/zip; name="a.zip"\nContent-Transfer-Encoding: base64\n'
        f'Content-Disposition: attachment; filename="a.zip"\n\n{data}'
    )
    found, _ = examine(message.replace("\n", "\r\n").encode(), Job(b"k" * 32, date(2026, 11, 24)))
    assert found.findings
    assert not found.not_examined
    assert [describe(place) for place in found.opened] == ["bilaga 1 (zip) / anteckning.txt"]
    crossed = json.loads(json.dumps(to_json(found)))
    assert from_json(crossed) == found
    for broken in ([["nowhere", []]], [3], None):
        with pytest.raises((ValueError, TypeError, KeyError)):
            from_json(crossed | {"opened": broken})
    flood = from_json(crossed | {"opened": crossed["opened"] * 10_000})
    assert len(flood.opened) == limits.OPENED


def test_looking_for_passwords_is_linear():
    for piece in ("lösenord ", "lösenord:\n", "pw=", "lösenord är ", "kod\n\n\n", "lösen'a'"):
        text = text_at(piece * (1_000_000 // len(piece)))
        within_a_minute(lambda text=text: candidates([text]))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.sampled_from(SAID))
@example("\n\x1f", "Lösenord: Sommar2026")  # a line of nothing but a sign that separates
def test_any_text_gives_short_candidates(text, said):
    for found in candidates([text_at(text + said + text)]):
        assert 0 < len(found) <= 64


# ---- secrecy -------------------------------------------------------------------------------


def test_the_password_is_in_no_result_and_no_log(caplog):
    secret = "Hemlig-Fras-77"
    caplog.set_level(logging.DEBUG)
    files = [
        ("a.zip", m.zip_aes(m.NOTE, secret)),
        ("b.7z", m.seven_zip(m.NOTE, secret)),
        ("c.docx", m.office(making.word(NUMBER), secret)),
        ("d.pdf", m.pdf(user=secret)),
        ("e.xls", m.excel_old(secret)),
    ]
    found = mail(f"lösen: {secret}", *files)
    assert reasons(found) == []
    told = pickle.dumps((found.texts[1:], found.not_examined, found.opened, found.labels))
    assert secret.encode() not in told
    assert secret not in caplog.text


# ---- what it costs -------------------------------------------------------------------------

_WRONG = "\n".join(f"Lösenord: fel{n}ord" for n in range(60))


def slow_seven_zip() -> bytes:
    """A key that takes 2^24 rounds; checksums are right."""
    data = bytearray(m.seven_zip(m.NOTE, PASSWORD, names=True))
    at = data.find(b"\x06\xf1\x07\x01") + 4
    at += 1 if data[at] & 0x3F != 19 else 0
    data[at] = data[at] & 0xC0 | 24
    start, size = struct.unpack_from("<2Q", data, 12)
    struct.pack_into("<I", data, 28, zlib.crc32(data[32 + start : 32 + start + size]))
    struct.pack_into("<I", data, 8, zlib.crc32(data[12:32]))
    return bytes(data)


def slow_office() -> bytes:
    data, count = re.subn(rb'spinCount="100000"', b'spinCount="999999"', LOCKED["a.docx"])
    assert count
    return data


def large_old_zip() -> bytes:
    return m.zip_old({"a.bin": zlib.compress(b"x") + bytes(range(256)) * 40_000})


EXPENSIVE = {
    "slow.7z": slow_seven_zip,
    "a.7z": lambda: LOCKED["a.7z"],
    "slow.docx": slow_office,
    "a.docx": lambda: LOCKED["a.docx"],
    "many.zip": lambda: m.zip_aes({f"{n}.txt": b"x" for n in range(400)}, "annat"),
    "large.zip": large_old_zip,
}


def key_work(monkeypatch, rounds: int) -> list[int]:
    """Fills with what each key that is made costs, in microseconds as the readers count them."""
    done: list[int] = []

    def count(owner, name, cost):
        work = getattr(owner, name)

        def counted(*args, **more):
            done.append(cost(*args))
            return work(*args, **more)

        monkeypatch.setattr(owner, name, counted)

    count(encrypted_zip.hashlib, "pbkdf2_hmac", lambda *args: args[3] * 3 // 2)
    count(encrypted_zip, "_decrypt", lambda _key, data: len(data) // 3)
    count(office, "_key", lambda *_: rounds // office.ROUNDS)
    count(compressor, "calculate_key", lambda _, cycles, *__: (1 << cycles) // sevenzip.ROUNDS)
    return done


@pytest.mark.parametrize("name", EXPENSIVE)
def test_wrong_passwords_cost_no_more_than_is_given(name, monkeypatch):
    data = EXPENSIVE[name]()
    monkeypatch.setattr(encrypted, "Tries", partial(encrypted.Tries, left=COST // 4))
    done = key_work(monkeypatch, rounds=999_999 if name.startswith("slow") else 100_000)
    found = mail(_WRONG, *((f"{n}-{name}", data) for n in range(5)))
    assert sum(done) <= COST // 4
    assert "encrypted" in reasons(found)
    assert found.opened == ()


def test_a_bomb_behind_a_lock_is_bounded(monkeypatch):
    unpacked = []
    add = Growth.add
    monkeypatch.setattr(
        Growth, "add", lambda one, size: (unpacked.append(one.size + size), add(one, size))[1]
    )
    zeros = b"\0" * (30 << 20)
    files = [
        ("a.zip", m.zip_aes({"a": zeros})),
        ("b.7z", m.seven_zip({"a": zeros}, PASSWORD)),
    ]
    for each in files:
        found = mail(TOLD, each, budget=Budget(ratio=50))
        over = [size for size in unpacked if size > SMALL]  # until there a file may grow at will
        assert len(over) == 1  # and that was its end
        unpacked.clear()
        assert reasons(found)[0] in ("inflated-ratio", "encrypted")


# ---- the locked worker, changes ------------------------------------------------------------

_CONFINED = """
import pathlib, sys
from mailfilter.extract import Budget, extract, warm
from mailfilter.parse import parse, roles
from mailfilter.workers.confine import confine
from tests.extract.reading import attachment, body, places, reasons
files = [(file.name, file.read_bytes()) for file in sorted(pathlib.Path(sys.argv[1]).iterdir())]
warm()
assert confine() == "full"
for name, data in files:
    parts = [body(sys.argv[2].encode()), attachment(data, name)]
    found = extract(parts, parse=parse, roles=roles.split, budget=Budget())
    assert places(found) and not reasons(found), (name, reasons(found))
sys.exit(len(files))  # a locked worker is mute
"""


def test_all_is_opened_in_a_locked_worker(tmp_path):
    for name, data in LOCKED.items():
        (tmp_path / name).write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", _CONFINED, str(tmp_path), TOLD],
        capture_output=True,
        check=False,
    )
    assert done.returncode == len(LOCKED)
    assert done.stderr == b""


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(LOCKED)), st.data())
def test_changed_files_never_raise(name, draw):
    changed = bytearray(LOCKED[name])
    for _ in range(draw.draw(st.integers(1, 4))):
        at = draw.draw(st.integers(0, len(changed) - 1))
        changed[at : at + draw.draw(st.integers(0, 4))] = draw.draw(st.binary(max_size=5))
        if not changed:
            break
    well_formed(mail(TOLD, (name, bytes(changed))))
