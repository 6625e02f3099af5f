"""Outlook's transport format (winmail.dat): the number in every hiding place, hostile lengths."""

import struct
from datetime import date
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detectors import Role
from mailfilter.examine import Job, examine
from mailfilter.extract import Budget
from mailfilter.model import Coverage
from mailfilter.place import StepKind
from tests.extract import making
from tests.extract.making_old import (
    TEXT,
    attribute,
    compressed_rtf,
    html_rtf,
    mapi_list,
    message_properties,
    msg,
    tnef,
    tnef_attachment,
    wide,
)
from tests.extract.reading import NUMBER, contents, kinds, places, read, reasons

_INNER = tnef(attribute(1, 0x8004, 1, f"Om {NUMBER}".encode() + b"\0"))
_OBJECT = b"\7\3\2\0\0\0\0\0\xc0\0\0\0\0\0\0\x46"  # IID_IMessage
FILES = {
    "subject": _INNER,
    "body": tnef(attribute(1, 0x800C, 2, TEXT.encode("cp1252") + b"\0")),
    "sender": tnef(attribute(1, 0x8000, 0, b"\1\0\2\0\3\0\4\0Tolvan " + NUMBER.encode() + b"\0")),
    "body-property": tnef(message_properties((0x1000, 0x1F, wide(TEXT + "\0")))),
    "second-property": tnef(
        message_properties((0x1A, 0x1E, b"IPM.Note\0"), (0xE06, 0x40, b"\0" * 8))
        + message_properties((0x8005, 0x1F, wide(f"{NUMBER}\0")))
    ),
    "html": tnef(message_properties((0x1013, 0x102, b"<p>1912<b>1212</b>-1212"))),
    "rtf": tnef(
        message_properties((0x1009, 0x102, compressed_rtf(b"{\\rtf1 " + NUMBER.encode() + b"}")))
    ),
    "rtf-of-html": tnef(message_properties((0x1009, 0x102, compressed_rtf(html_rtf(NUMBER))))),
    "recipient": tnef(
        attribute(1, 0x9004, 6, struct.pack("<I", 1) + mapi_list((0x3001, 0x1E, NUMBER.encode())))
    ),
    "file": tnef(tnef_attachment("brev.txt", TEXT.encode())),
    "second-file": tnef(
        tnef_attachment("a.txt", b"hej"), tnef_attachment("b.docx", making.word(NUMBER))
    ),
    "file-name": tnef(tnef_attachment(f"{NUMBER}.txt", b"hej")),
    "long-name": tnef(tnef_attachment("A~1.TXT", b"hej", (0x3707, 0x1F, wide(f"{NUMBER}.txt\0")))),
    "mail": tnef(tnef_attachment("Mail", b"", (0x3701, 0x0D, _OBJECT + _INNER))),
    "msg": tnef(tnef_attachment("brev.msg", msg(p1000001F=TEXT))),
    "object": tnef(tnef_attachment("", b"", (0x3701, 0x0D, b"\0" * 16 + making.old_excel()))),
    "property-beside-data": tnef(tnef_attachment("a.txt", b"hej", (0x3701, 0x102, TEXT.encode()))),
}
_FAST = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("name", FILES)
def test_the_number_is_found(name):
    found = read(FILES[name], "winmail.dat", "application/ms-tnef")
    assert places(found), contents(found)
    assert reasons(found) == []


def test_places_are_those_of_a_mail():
    assert {p.role for p in places(read(FILES["subject"]))} == {Role.SUBJECT}
    assert {p.role for p in places(read(FILES["body"]))} == {Role.BODY}
    assert StepKind.MAIL in kinds(read(FILES["mail"]))
    assert StepKind.MAIL not in kinds(read(FILES["body"]))
    assert StepKind.MEMBER in kinds(read(FILES["second-file"]))


def test_a_wrong_checksum_does_not_matter():
    data = bytearray(FILES["subject"])
    data[-1] ^= 0x55
    assert places(read(bytes(data)))
    assert reasons(read(bytes(data))) == []


@pytest.mark.parametrize("size", [0x7FFFFFFF, 0xFFFFFFFF, 60])
def test_a_length_that_lies_is_broken(size):
    data = FILES["subject"] + struct.pack("<BHHI", 1, 0x800C, 2, size) + b"hej"
    found = read(data)
    assert places(found)
    assert reasons(found) == ["broken-document"]


def test_counts_that_lie_are_broken():
    lists = [
        struct.pack("<I", 0xFFFFFFFF),
        struct.pack("<IHHI", 1, 0x101F, 0x8001, 0xFFFFFFFF),
        struct.pack("<IHH", 1, 0x3F, 0x1A),
        struct.pack("<IHH", 1, 0x1E, 0x1A) + struct.pack("<II", 0xFFFFFFFF, 0),
    ]
    for each in lists:
        found = read(tnef(attribute(1, 0x9003, 6, each)))
        assert reasons(found) == ["broken-document"]


def test_many_values_are_over_the_limit():
    data = struct.pack("<I", 200) + struct.pack("<HHI", 0x101E, 0x1A, 60_000) + b"\0" * 240_000
    found = read(tnef(attribute(1, 0x9003, 6, data * 3)))
    assert set(reasons(found)) <= {"broken-document", "too-many-parts"}
    assert reasons(found)


def test_mails_in_mails_end():
    data = _INNER
    for _ in range(30):
        data = tnef(tnef_attachment("Mail", b"", (0x3701, 0x0D, _OBJECT + data)))
    assert "too-deep" in reasons(read(data))


def test_a_file_that_is_none_is_broken():
    assert reasons(read(b"\0\1\2\3" * 30, "winmail.dat", "application/ms-tnef")) == [
        "broken-document"
    ]


@_FAST
@given(st.sampled_from(sorted(FILES)), st.data())
def test_mutated_files_never_raise(name, draw):
    changed = bytearray(FILES[name])
    for _ in range(draw.draw(st.integers(1, 8))):
        at = draw.draw(st.integers(4, len(changed) - 1))
        changed[at : at + 1] = draw.draw(st.binary(max_size=4))
    read(bytes(changed), "winmail.dat", budget=Budget(inflated=1 << 22))


@_FAST
@given(st.binary(max_size=300))
def test_arbitrary_attributes_never_raise(data):
    read(b"\x78\x9f\x3e\x22\0\0" + data)
    read(tnef(attribute(1, 0x9003, 6, data), attribute(2, 0x9005, 6, data)))


@pytest.mark.parametrize("kind", ["application/ms-tnef", "application/octet-stream"])
def test_winmail_in_a_mail_is_read(kind):
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = "a@x.example", "b@y.example", "hej"
    mail.set_content("se bilaga")
    mail.add_attachment(FILES["file"], *kind.split("/"), filename="winmail.dat")
    found, _ = examine(bytes(mail), Job(b"k" * 32, date(2026, 11, 24)))
    assert found.coverage is Coverage.HIT
    assert {finding.kind for finding in found.findings} == {"se.personnummer"}
