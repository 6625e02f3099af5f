"""Saved Outlook items (msg): the number in every hiding place, items in items, hostile files."""

import io

import olefile
import oxmsg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detectors import Role
from mailfilter.extract import Budget
from mailfilter.extract.kit.budget import Unreadable
from mailfilter.extract.office.packing import compound_file
from mailfilter.extract.outlook import encapsulated, lzfu
from mailfilter.place import StepKind
from tests.extract import making
from tests.extract.making_media import protected
from tests.extract.making_old import (
    TEXT,
    attached,
    attached_item,
    compressed_rtf,
    html_rtf,
    msg,
    msg_tree,
)
from tests.extract.reading import NUMBER, contents, kinds, places, read, reasons

_RTF = rb"{\rtf1\ansi Hej 1912{\b 1212}-1212\par}"
FILES = {
    "subject": msg(p0037001F=f"Om {NUMBER}"),
    "body": msg(p1000001F=TEXT),
    "body-8-bit": msg(p1000001E=TEXT.encode("cp1252"), numbers=[(0x3FFD, 3, 1252)]),
    "html": msg(p10130102=b"<p>1912<b>1212</b>-1212 \xe5</p>", numbers=[(0x3FDE, 3, 1252)]),
    "html-text": msg(p1013001F="<p>1912<b>1212</b>-1212</p>"),
    "rtf": msg(p10090102=compressed_rtf(_RTF)),
    "rtf-of-html": msg(p10090102=compressed_rtf(html_rtf(f"Nr {NUMBER}"))),
    "sender": msg(p0C1A001F=f"Tolvan {NUMBER}"),
    "header": msg(p007D001F=f"From: a@b.example\r\nX-Nr: {NUMBER}\r\n"),
    "encoded-header": msg(p007D001F="Subject: =?utf-8?q?19121212-1212?=\r\n"),
    "recipient": msg(recipients=[msg_tree(8, p3001001F=NUMBER)]),
    "property": msg(p8005001F=NUMBER),
    "property-number": msg(numbers=[(0x8005, 0x14, 191212121212)]),
    "file": msg(attachments=[attached("brev.txt", TEXT.encode())]),
    "second-file": msg(
        attachments=[attached("a.txt", b"hej"), attached("b.docx", making.word(NUMBER))]
    ),
    "file-name": msg(attachments=[attached(f"{NUMBER}.txt", b"hej")]),
    "item": msg(attachments=[attached_item(msg_tree(24, p1000001F=TEXT))]),
    "item-in-item": msg(
        attachments=[
            attached_item(msg_tree(24, attachments=[attached_item(msg_tree(24, p0037001F=NUMBER))]))
        ]
    ),
    "old-excel": msg(attachments=[attached("lista.xls", making.old_excel())]),
}
_FAST = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("name", FILES)
def test_the_number_is_found(name):
    found = read(FILES[name], "brev.msg")
    assert places(found), contents(found)
    assert reasons(found) == []


@pytest.mark.parametrize("name", FILES)
def test_the_files_are_what_other_readers_take(name):
    with olefile.OleFileIO(io.BytesIO(FILES[name])) as file:
        assert file.exists("__properties_version1.0")
        assert not file.parsing_issues


def test_another_reader_sees_the_same():
    message = oxmsg.Message.load(io.BytesIO(FILES["body"]))
    assert message.body == TEXT


def test_places_are_those_of_a_mail():
    assert {p.role for p in places(read(FILES["subject"]))} == {Role.SUBJECT}
    assert {p.role for p in places(read(FILES["body"]))} == {Role.BODY}
    assert {p.role for p in places(read(FILES["sender"]))} == {Role.HEADER}
    assert StepKind.MAIL in kinds(read(FILES["body"]))
    (deep,) = places(read(FILES["item-in-item"]))
    assert [step.kind for step in deep.steps].count(StepKind.MAIL) == 3


def test_the_mail_inside_stands_below_its_number():
    (place,) = places(read(FILES["item"], "brev.msg"))
    assert [(s.kind, s.n) for s in place.steps if s.kind is StepKind.MAIL][-1] == (StepKind.MAIL, 1)
    assert place.role is Role.BODY


def test_a_label_is_a_fact():
    name = "MSIP_Label_11111111-2222-3333-4444-555555555555_Name=Konfidentiell; x=1"
    assert "konfidentiell" in read(msg(p8001001F=name)).labels


def test_a_link_to_own_storage_is_said():
    tree = msg_tree(8, p3707001F="plan.docx", p370D001F="https://exempel.sharepoint.com/plan")
    found = read(msg(attachments=[tree]))
    assert "https://exempel.sharepoint.com/plan" in contents(found)


def test_broken_items_are_broken():
    tree = msg_tree(p1000001F=TEXT)
    del tree["__properties_version1.0"]
    found = read(compound_file(tree))
    assert places(found)
    assert reasons(found) == ["broken-document"]
    assert "broken-document" in reasons(read(msg(p10090102=b"\0" * 40)))
    assert "broken-document" in reasons(read(FILES["body"][:1000], "a.msg"))


def test_protected_mail_is_said_to_be():
    rpmsg = attached("message.rpmsg", protected())
    assert reasons(read(msg(attachments=[rpmsg]))) == ["rights-protected"]


def test_items_in_items_end():
    tree = msg_tree(24, p1000001F=TEXT)
    for _ in range(30):
        tree = msg_tree(24, attachments=[attached_item(tree)])
    assert "too-deep" in reasons(read(msg(attachments=[attached_item(tree)])))


# ---- compressed RTF ------------------------------------------------------------------------

_EXAMPLE = bytes.fromhex(  # MS-OXRTFCP 3.2.1 and 3.2.2
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af320"
    "68656c090020627705b06c647d0a800fa0"
)
_REPEATED = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")


def test_the_examples_of_the_specification():
    assert lzfu.unpack(_EXAMPLE, Budget()) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert lzfu.unpack(_REPEATED, Budget()) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


def test_rtf_that_is_not_compressed():
    data = (len(_RTF) + 12).to_bytes(4, "little") + b"\0" * 4 + b"MELA" + b"\0" * 4 + _RTF
    assert lzfu.unpack(data, Budget()) == _RTF


@given(st.binary(max_size=6000))
@_FAST
def test_compressed_rtf_comes_back(data):
    assert lzfu.unpack(compressed_rtf(data), Budget()) == data


def test_a_bomb_of_rtf_ends():
    body = b"\0{\\rtf1  " + (b"\xff" + b"\0\x0e" * 8) * 70_000  # 16 bytes for every two
    bomb = (1 << 31).to_bytes(4, "little") + b"\0" * 4 + b"LZFu" + b"\0" * 4 + body
    with pytest.raises(Unreadable):
        lzfu.unpack(bomb, Budget())


def test_html_inside_rtf_is_taken_out():
    html = encapsulated.html(html_rtf("H\\'e5r \\u252?\\line {\\b fet}"))
    assert html == "<p>H\u00e5r \u00fc\nfet</p>"


@given(st.binary(max_size=400))
@_FAST
def test_html_inside_rtf_never_raises(data):
    encapsulated.html(b"{\\rtf1\\fromhtml1 " + data)


# ---- hostile files -------------------------------------------------------------------------


@_FAST
@given(st.sampled_from(sorted(FILES)), st.data())
def test_mutated_items_never_raise(name, draw):
    changed = bytearray(FILES[name])
    for _ in range(draw.draw(st.integers(1, 8))):
        at = draw.draw(st.integers(0, len(changed) - 1))
        changed[at] = draw.draw(st.integers(0, 255))
    read(bytes(changed), "a.msg", budget=Budget(inflated=1 << 22))
