"""``mailfilter scan`` and ``mailfilter read``: what they take, what they print, how they end."""

import json
import mailbox
import subprocess
import sys

import pytest

from tests.extract.making import word
from tests.running import ROOT, run
from tests.test_trouble import with_attachment

pytestmark = pytest.mark.system  # it needs no programs, but many processes and their time
KEYS = {
    "file": str,
    "coverage": str,
    "actions": dict,
    "findings": list,
    "not_examined": list,
    "persons": int,
    "bytes": int,
}
FINDING = {"kind": str, "confidence": int, "level": str, "place": str, "masked": str}
UNREAD = {"place": str, "reason": str, "class": str}
MASKED = "121212+****"  # the sign of those who are over a hundred
NUMBER = "Personnummer: 191212121212"
HOLDS_ALL = """
[[rule]]
name = "allt-halls"
action = "quarantine"
recipient_classes = ["external"]
[organisation]
domains = ["exempelkommun.example"]
"""


def mail(text: str = "Hej", more: str = "") -> bytes:
    head = (
        "From: maj@exempelkommun.example\nTo: Anna <anna@medborgare.example>\n"
        f"Subject: Brev\n{more}MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n"
    )
    return (head + text + "\n").encode()


def scanned(*paths, **more) -> list[dict]:
    done = run("scan", "--json", *map(str, paths), **more)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def folder(tmp_path):
    """Mails of each kind in one folder; `names` in the order of reading."""
    (tmp_path / "b.eml").write_bytes(mail(NUMBER))
    (tmp_path / "a.eml").write_bytes(mail())
    (tmp_path / "under" / "djupt").mkdir(parents=True)
    (tmp_path / "under" / "djupt" / "c.EML").write_bytes(mail(NUMBER))
    (tmp_path / "anteckning.txt").write_text(NUMBER)
    (tmp_path / "under" / "bild.png").write_bytes(b"\x89PNG")
    box = mailbox.mbox(tmp_path / "lada.mbox")
    for text in ("Hej", NUMBER, "From here on\nFrom there"):
        box.add(mail(text))
    box.close()
    for place, text in (("cur", "Hej"), ("new", NUMBER), ("tmp", "halvt")):
        (tmp_path / "post" / place).mkdir(parents=True)
        (tmp_path / "post" / place / "1700000000.M1P1.host:2,S").write_bytes(mail(text))
    return tmp_path


def test_the_shape_of_an_object_is_stable(tmp_path):
    path = tmp_path / "brev.eml"
    path.write_bytes(with_attachment(word(NUMBER)[:3000], "trasig.docx") + mail(NUMBER))
    whole = tmp_path / "hel.eml"
    whole.write_bytes(mail(NUMBER, "Cc: bo@exempelkommun.example\nBcc: dold@medborgare.example\n"))
    broken, found = scanned(path, whole)
    for one in (broken, found):
        assert {key: type(value) for key, value in one.items()} == KEYS
        assert list(one) == list(KEYS)
        assert all({k: type(v) for k, v in f.items()} == FINDING for f in one["findings"])
        assert all({k: type(v) for k, v in n.items()} == UNREAD for n in one["not_examined"])
    assert (broken["coverage"], len(broken["not_examined"]) >= 1) == ("incomplete", True)
    assert found["coverage"] == "hit"
    assert found["findings"][0]["kind"] == "se.personnummer"
    assert found["findings"][0]["level"] == "high"
    assert found["findings"][0]["masked"] == MASKED
    assert found["persons"] == 1
    everybody = ["anna@medborgare.example", "bo@exempelkommun.example", "dold@medborgare.example"]
    assert sorted(found["actions"]) == everybody
    assert set(found["actions"].values()) == {"quarantine"}, "everybody is external"
    assert found["bytes"] == len(whole.read_bytes().replace(b"\n", b"\r\n"))


def test_a_folder_is_read_in_order_and_other_files_are_named(folder):
    done = run("scan", "--json", str(folder))
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    names = [
        "a.eml",
        "b.eml",
        "lada.mbox#1",
        "lada.mbox#2",
        "lada.mbox#3",
        "post/cur/1700000000.M1P1.host:2,S",
        "post/new/1700000000.M1P1.host:2,S",
        "under/djupt/c.EML",
    ]
    assert [one["file"] for one in found] == [f"{folder}/{name}" for name in names]
    hit = ["hit" if one["coverage"] == "hit" else "" for one in found]
    assert hit == ["", "hit", "", "hit", "", "", "hit", "hit"]
    assert f"{folder}/anteckning.txt: " in done.stderr
    assert f"{folder}/under/bild.png: " in done.stderr
    assert "b.eml" not in done.stderr


def test_paths_are_read_in_the_order_given(folder):
    order = [folder / "lada.mbox", folder / "b.eml", folder / "a.eml"]
    names = [one["file"].rpartition("/")[2] for one in scanned(*order)]
    assert names == ["lada.mbox#1", "lada.mbox#2", "lada.mbox#3", "b.eml", "a.eml"]


def test_many_messages_keep_their_order(tmp_path):
    for number in range(60):
        text = NUMBER if number % 3 == 0 else "Hej"
        data = with_attachment(word(text), "a.docx") if number % 10 == 0 else mail(text)
        (tmp_path / f"{number:03}.eml").write_bytes(data)
    found = scanned(tmp_path)
    assert [one["file"].rpartition("/")[2] for one in found] == [f"{n:03}.eml" for n in range(60)]
    assert [n for n, one in enumerate(found) if one["coverage"] == "hit"] == list(range(0, 60, 3))


def test_standard_input_is_a_dash(folder):
    (one,) = scanned("-", input=mail(NUMBER), text=False)
    assert (one["file"], one["coverage"]) == ("-", "hit")
    first, second = scanned("-", folder / "a.eml", input=mail(NUMBER), text=False)
    assert (first["file"], second["file"]) == ("-", f"{folder}/a.eml")


def test_the_configuration_of_serve_decides(folder, tmp_path):
    config = tmp_path / "mailfilter.toml"
    config.write_text(HOLDS_ALL)
    both = mail("Hej", "Cc: bo@exempelkommun.example\n")
    (folder / "a.eml").write_bytes(both)
    (one,) = scanned("-c", config, folder / "a.eml")
    wanted = {"anna@medborgare.example": "quarantine", "bo@exempelkommun.example": "relay"}
    assert one["actions"] == wanted


@pytest.mark.parametrize("command", ["scan", "read"])
def test_a_path_that_is_not_there_is_a_sentence_and_exit_code_2(tmp_path, command):
    done = run(command, str(tmp_path / "finns-inte.eml"))
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert done.stderr == f"{tmp_path}/finns-inte.eml: cannot be read: No such file or directory\n"


def test_other_unusable_input_is_a_sentence_and_exit_code_2(tmp_path):
    (tmp_path / "a.mbox").write_text("no mbox at all\n")
    config = tmp_path / "fel.toml"
    config.write_text("[listen]\nprot = 1\n")
    (tmp_path / "b.eml").write_bytes(mail())
    for words, sentence in (
        ([str(tmp_path / "a.mbox")], "is not an mbox"),
        (["-c", str(config), str(tmp_path / "b.eml")], "listen.prot"),
        ([], "Missing argument"),
    ):
        done = run("scan", *words)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
        assert sentence in done.stderr


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    for number in range(200):
        (tmp_path / f"{number}.eml").write_bytes(mail(NUMBER * 3))
    command = [sys.executable, "-m", "mailfilter", "scan", "--json", str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert json.loads(process.stdout.readline())["coverage"] == "hit"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


def test_the_table_for_people(folder):
    done = run("scan", str(folder / "b.eml"))
    assert done.returncode == 0
    for word_ in ("hit", "quarantine", "se.personnummer", "high", MASKED):
        assert word_ in done.stdout
    assert "191212121212" not in done.stdout


def test_read_shows_the_text_by_part(folder, tmp_path):
    letter = tmp_path / "brev.docx"
    letter.write_bytes(word(NUMBER))
    done = run("read", str(folder / "b.eml"), str(letter))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(NUMBER) == 2
    assert f"{folder}/b.eml: mejltexten" in done.stdout
    done = run("read", "--json", str(letter))
    one = json.loads(done.stdout)
    assert list(one) == ["file", "parts", "not_examined"]
    assert any(NUMBER in part["text"] for part in one["parts"])
    broken = tmp_path / "trasig.docx"
    broken.write_bytes(word(NUMBER)[:3000])
    done = run("read", "--json", str(broken))
    assert [unread["class"] for unread in json.loads(done.stdout)["not_examined"]] == ["broken"]


def test_explain_says_why_and_what_was_dropped(tmp_path):
    text = "Elevens personnummer är 911112-2397. Ärende 911112-2396 gäller <[red]\x1b[31m>."
    (tmp_path / "a.eml").write_bytes(mail(text))
    [told] = scanned("--explain", tmp_path / "a.eml")
    found, dropped = told["explained"]
    assert (found["text"], found["kind"], found["confidence"]) == (
        *("911112-2397", "se.personnummer"),
        told["findings"][0]["confidence"],
    )
    assert "ett ord för personnummer står intill (+36)" in found["reasons"]
    assert (dropped["text"], dropped["kind"], dropped["confidence"]) == ("911112-2396", "", 0)
    assert dropped["reasons"] == ["kontrollsiffran stämmer inte"]
    assert dropped["place"] == "mejltexten"
    shown = run("scan", "--explain", str(tmp_path / "a.eml")).stdout
    assert "kontrollsiffran" in shown
    assert "dropped" in shown
    assert "\x1b[31m" not in shown


def test_without_explain_no_text_is_printed(tmp_path):
    (tmp_path / "a.eml").write_bytes(mail("pnr 911112-2397"))
    assert "2397" not in run("scan", "--json", str(tmp_path / "a.eml")).stdout
    assert "2397" not in run("scan", str(tmp_path / "a.eml")).stdout
