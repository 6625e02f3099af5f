"""``mailfilter read``: any document or message, exactly one object a line, and what it says."""

import io
import json
import os
import sys
from types import SimpleNamespace

import pytest

from mailfilter.commands import read as command
from mailfilter.commands.scan import print_json
from mailfilter.commands.sources import Unusable, documents, is_mail, messages, wrapped
from mailfilter.examine import joined
from mailfilter.parse import parse
from mailfilter.place import Place
from tests.extract import documents as pages
from tests.extract import making
from tests.running import run

NUMBER = "Personnummer: 191212121212"
HEAD = "From: a@b.example\nTo: c@d.example\nSubject: Hej\n"
MAIL = f"{HEAD}\n{NUMBER}\n".encode()
LABELS_ODD = os.fsdecode(b"\xff\xe5.txt")


def told(found) -> list[str]:
    return [str(each) if isinstance(each, Unusable) else each[0] for each in found]


def kind(data: bytes) -> str:
    return "document" if data.startswith(b"MIME-Version: 1.0\r\nContent-Type: multi") else "mail"


@pytest.mark.parametrize(
    ("name", "data", "wanted"),
    [
        ("a.eml", MAIL, "mail"),
        ("a.eml", b"no mail at all", "mail"),
        ("a.EML", MAIL, "mail"),
        ("brev", MAIL, "mail"),
        ("fall.17", MAIL, "mail"),  # an ending that says nothing
        ("a.txt", MAIL, "document"),
        ("a.docx", making.word(NUMBER), "document"),
        ("utan", making.word(NUMBER), "document"),
        ("LICENSE", b"Subject: to the terms below\nyou may", "document"),
        ("a.pdf", b"", "document"),
        ("tom", b"", "document"),
        ("a.mbox", b"no mbox", "document"),
        ("a.msg", b"\xd0\xcf\x11\xe0", "document"),
    ],
)
def test_what_is_a_message_and_what_a_document(tmp_path, name, data, wanted):
    (tmp_path / name).write_bytes(data)
    ((label, read),) = documents([str(tmp_path / name)])
    assert label == str(tmp_path / name)
    assert kind(read) == wanted
    if wanted == "document":
        (part,) = parse(read).parts
        assert (part.data, part.name) == (data, name)
        assert parse(read).defects == ()


def test_a_mailbox_gives_its_messages_and_a_saved_mail_itself(tmp_path):
    line = b"From a@b.example Mon Nov 16 09:00:00 2026\n"
    (tmp_path / "a.mbox").write_bytes(line + MAIL + b"\n" + line + MAIL)
    (tmp_path / "b").write_bytes(line + MAIL + b"\n" + line + MAIL)
    (tmp_path / "c.eml").write_bytes(line + MAIL + b"From here on it is text\n")
    found = dict(documents([str(tmp_path)]))
    names = [label.rpartition("/")[2] for label in found]
    assert names == ["a.mbox#1", "a.mbox#2", "b#1", "b#2", "c.eml"]
    assert found[str(tmp_path / "c.eml")].startswith(b"From: a@b.example\r\n")
    assert found[str(tmp_path / "c.eml")].endswith(b"From here on it is text\r\n")


@pytest.mark.parametrize("source", [documents, messages])
def test_one_bad_path_does_not_keep_the_others(tmp_path, source):
    (tmp_path / "a.eml").write_bytes(MAIL)
    paths = [str(tmp_path / "nowhere"), str(tmp_path / "a.eml"), "a\0b", str(tmp_path / "a.eml")]
    found = list(source(paths))
    assert [isinstance(each, Unusable) for each in found] == [True, False, True, False]
    assert told(found)[0] == f"{tmp_path}/nowhere: cannot be read: No such file or directory"
    assert told(found)[2] == "'a\\x00b': is no path"


def test_standard_input_is_a_mail_or_a_document(monkeypatch):
    for data, wanted in ((MAIL, "mail"), (making.word(NUMBER), "document"), (b"", "document")):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
        ((label, read),) = documents(["-"])
        assert (label, kind(read)) == ("-", wanted)


def test_a_mail_shows_itself_by_two_fields():
    assert is_mail(MAIL)
    assert is_mail(b"Received: x\r\n\ty\r\nX-Loop: 1\r\n\r\n")
    assert not is_mail(b"\n" + MAIL)
    assert not is_mail(b"To: be or not\n\nto be")
    assert not is_mail(b"")


@pytest.mark.parametrize("name", [b"", b"\xff.txt", b'a"b;.txt', b"a\r\nTo: x.txt", b"x" * 255])
def test_any_name_is_wrapped(name):
    message = parse(wrapped(name, b"\0\r\n\n."))
    (part,) = message.parts
    assert (part.data, message.defects, message.facts.visible) == (b"\0\r\n\n.", (), ())
    assert len(part.name) == len(name.replace(b"\r\n", b"")) or b"\r" in name


def test_an_object_is_one_line_whatever_it_holds(monkeypatch):
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=out))
    text = "a\u2028b\u2029c\x85d\ne\x1c\rf\ud800å"
    one = command.result(LABELS_ODD, ([("bilaga 1", text)], [("sida 3", "encrypted", "encrypted")]))
    print_json(one)
    (line,) = out.getvalue().decode("utf-8").splitlines()
    assert json.loads(line) == one
    assert one == {
        "file": LABELS_ODD,
        "parts": [{"place": "bilaga 1", "text": text}],
        "not_examined": [{"place": "sida 3", "reason": "encrypted", "class": "encrypted"}],
    }


def test_a_terminal_obeys_nothing_that_a_document_says(capsys):
    command._show("a\x1b]0;x\x07.txt", ([("bilaga 1", "r\x1b[31mö\x9bd\r\n\tx\ud800")], []))
    said = capsys.readouterr().out
    assert "r␛[31mö\ufffdd\n\tx?" in said
    assert "\x1b]0" not in said
    assert "\x07" not in said


def test_texts_of_one_place_are_not_glued_together():
    place = Place("body")
    assert joined([(place, "a"), (place, "b\n"), (place, "c\t"), (place, "d")], "sv") == [
        ("mejltexten", "a\nb\nc\td")
    ]


@pytest.mark.system
def test_the_command_reads_all_that_it_can(tmp_path):
    files = {
        "1 brev.eml": MAIL,
        "2 utan": making.word(NUMBER),
        "3 fel.docx": pages.pdf(NUMBER),
        "4 tom.docx": b"",
        "5 trasig.docx": making.word(NUMBER)[:3000],
        "6 lista.xlsx": making.sheet_with("191212121212", "7B"),
        "7 allt.zip": making.zipped({"kopia.docx": making.word(NUMBER)}),
        "8 lang.txt": b"ord " * 800_000 + NUMBER.encode(),  # longer than a reviewer is shown
        LABELS_ODD: NUMBER.encode(),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    done = run("read", "--json", str(tmp_path / "nowhere"), str(tmp_path), text=False)
    assert done.returncode == 2
    assert done.stderr.decode() == (
        f"{tmp_path}/nowhere: cannot be read: No such file or directory\n"
    )
    found = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [one["file"] for one in found] == [f"{tmp_path}/{name}" for name in sorted(files)]
    assert all(list(one) == ["file", "parts", "not_examined"] for one in found)
    places = {
        one["file"].rpartition("/")[2]: [
            part["place"] for part in one["parts"] if "191212121212" in part["text"]
        ]
        for one in found
        if "trasig" not in one["file"]
    }
    assert places == {
        "1 brev.eml": ["mejltexten"],
        "2 utan": ["bilaga 1"],
        "3 fel.docx": ["bilaga 1 (docx), sida 1"],
        "4 tom.docx": [],
        "6 lista.xlsx": ["bilaga 1 (xlsx), blad 7B"],
        "7 allt.zip": ["bilaga 1 (zip) / kopia.docx"],
        "8 lang.txt": ["bilaga 1 (txt)"],
        LABELS_ODD: ["bilaga 1 (txt)"],
    }
    classes = [[unread["class"] for unread in one["not_examined"]] for one in found]
    assert [bool(each) for each in classes] == [name == "5 trasig.docx" for name in sorted(files)]
