"""``mailfilter demo --once``: every example gets the verdict that its file promises."""

import re
import socket
from importlib.resources import files

import pytest

from tests.running import free_port, run

pytestmark = pytest.mark.system  # it needs no programs, but many processes and their time


def configuration(folder, broken: bool = False):
    """The shipped configuration on free ports; broken: without the rule that rejects."""
    text = (files("mailfilter.demo") / "demo.toml").read_text("utf-8")
    inbox = free_port()
    text = text.replace("10025", str(free_port())).replace("10026", str(inbox))
    text = text.replace("8025", str(free_port())).replace("8026", str(free_port()))
    text = text.replace("8027", str(free_port()))
    if broken:
        text, _, rule = text.partition("[[rule]]")
        assert 'action = "reject"' in rule
    path = folder / "demo.toml"
    path.write_text(text)
    return path


def test_each_example_keeps_its_promise(tmp_path):
    done = run("demo", "--once", "-c", str(configuration(tmp_path)), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    for said in (
        "skickas",
        "nekas",
        "hålls kvar",
        "säker tjänst",
        "avsändaren avgör",
        "550 5.7.1 Stoppat",
        "mejl till",
    ):
        assert said in done.stdout, said
    assert len(re.findall(r"^│ \d\d ", done.stdout, re.MULTILINE)) >= 12
    assert re.search(r"http://127\.0\.0\.1:\d+/login/\S{20,}", done.stdout)
    kept = sum(map(done.stdout.count, ("hålls kvar", "säker tjänst", "avsändaren avgör")))
    assert len(re.findall(r"mejl till \S+@", done.stdout)) == kept, (
        "each sender of what is kept was told"
    )
    assert (tmp_path / "var" / "mailfilter.db").exists()
    assert list((tmp_path / "var" / "inbox").glob("*.eml"))


def test_a_broken_rule_is_noticed_and_the_example_is_named(tmp_path):
    done = run("demo", "--once", "-c", str(configuration(tmp_path, broken=True)), cwd=tmp_path)
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert re.search(r"03.*promised reject, got redirect", said)
    assert "no example ended in reject" in said


def test_a_taken_port_is_a_sentence(tmp_path):
    path = configuration(tmp_path)
    port = int(re.search(r"\[listen\]\nport = (\d+)", path.read_text())[1])
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", port))
        sock.listen()
        done = run("demo", "--once", "-c", str(path), cwd=tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert re.search(f"listen.port.*{port}.*in use", done.stderr)
