"""The documents are true: every command, option, link, reply and metric in them exists.

The Postfix guide is proved by starting a Postfix from its own blocks.
"""

import ast
import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer

from mailfilter import commands, not_examined, replies
from mailfilter.decide.reasons import SENTENCES, Reason
from mailfilter.model import Reply
from tests import postfix
from tests.running import Gateway, free_port, greets, send, wait_until
from tests.sink import Sink

Command = Any  # click's, or typer's own copy of it
ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DOORS = [
    "receive", "parse", "extract", "act", "decide", "record", "report", "web", "front",
    "connectors", "workers", "demo", "selftest", "config", "desk", "letters", "next_hop", "outbox",
    "own_addresses", "pages", "pickup", "rpc",
]  # fmt: skip


def documents() -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return sorted({ROOT / line for line in done.stdout.splitlines() if (ROOT / line).is_file()})


DOCUMENTS = documents()
ENDS = {"|", "&&", "||", ";", ">", "2>", "<"}
FENCE = re.compile(r"^ *```([^\n]*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


def blocks(path: Path) -> list[tuple[str, str]]:
    return FENCE.findall(path.read_text("utf-8"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


# ---- commands --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def program() -> Command:
    app = typer.Typer()
    commands.register(app)
    return typer.main.get_command(app)


def calls(text: str) -> list[list[str]]:
    """The words behind each ``mailfilter`` or ``-m mailfilter`` of a shell block."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True) if "mailfilter" in line else []
        for n, word in enumerate(words):
            before = words[n - 1] if n else ""
            if word.rpartition("/")[2] == "mailfilter" and is_call(word, before, words[n + 1 :]):
                rest = words[n + 1 :]
                ends = [
                    i for i, w in enumerate(rest) if w in ("|", "&&", "||", ";", ">", "2>", "<")
                ]
                found.append(rest[: ends[0]] if ends else rest)
    return found


def is_call(word: str, before: str, rest: list[str]) -> bool:
    """A program of that name, and not the user, the folder or the service."""
    program = word.endswith("bin/mailfilter") or before in ("", "-m", "mailfilter", "--")
    return bool(program and rest)


def fault_of(command: Command, words: list[str]) -> str:
    """What is wrong with these words, by the program's own parser; nothing is run."""
    while children := getattr(command, "commands", None):
        if not words or words[0].startswith("-"):
            known = {name for option in command.params for name in option.opts} | {"--help"}
            return "" if known & set(words) else f"{command.name}: needs a command"
        if words[0] not in children:
            return f"{words[0]}: no such command"
        command, words = children[words[0]], words[1:]
    if "--help" in words:
        return ""
    try:
        command.make_context(command.name, list(words))
    except Exception as error:  # typer brings a copy of click with it, or does not
        say = getattr(error, "format_message", error.__str__)
        return f"{type(error).__name__}: {say()}"
    return ""


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_every_command_exists_with_its_options(path, program):
    shell = (text for kind, text in blocks(path) if kind in ("sh", ""))
    shown = [call for text in shell for call in calls(text)]
    assert [
        f"{' '.join(call)}: {fault}" for call in shown if (fault := fault_of(program, call))
    ] == []


def test_the_manual_shows_every_command(program):
    shown = {tuple(call[:2]) for _, block in blocks(DEPLOY / "README.md") for call in calls(block)}
    wanted = {
        (name, sub) if sub else (name,)
        for name, command in program.commands.items()
        for sub in getattr(command, "commands", {"": None})
    }
    assert [
        words for words in wanted if not any(call[: len(words)] == words for call in shown)
    ] == []


def test_a_false_command_would_be_seen(program):
    assert fault_of(program, ["quarantine", "frob", "ID"])
    assert fault_of(program, ["quarantine", "release", "ID"])  # --reason is missing
    assert fault_of(program, ["report", "--weak", "2026-W47"])
    assert not fault_of(program, ["report", "--week", "2026-W47", "-c", "x"])


# ---- links, settings, metrics ------------------------------------------------------------------


def anchors(path: Path) -> set[str]:
    heads = re.findall(r"^#{1,6} (.+)$", FENCE.sub("", path.read_text("utf-8")), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", head.lower()) for head in heads]
    return {head.strip().replace(" ", "-") for head in plain}


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_every_relative_link_resolves(path):
    text = re.sub(r"`[^`\n]*`", "", FENCE.sub("", path.read_text("utf-8")))
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        good = there.exists() and (not anchor or there.suffix != ".md" or anchor in anchors(there))
        broken += [] if good else [target]
    assert broken == []


@pytest.mark.parametrize("path", sorted(DEPLOY.glob("*.md")), ids=name)
def test_every_configuration_in_the_documents_is_good(path):
    import tomllib

    from mailfilter import config

    for kind, text in blocks(path):
        if kind == "toml":
            config.validate(tomllib.loads(text), name(path))


@pytest.mark.parametrize("path", sorted(DEPLOY.glob("*.md")), ids=name)
def test_every_metric_exists(path):
    source = "".join(p.read_text("utf-8") for p in (ROOT / "mailfilter").rglob("*.py"))
    named = re.findall(r"\bmailfilter_([a-z_]+)", path.read_text("utf-8"))
    assert [metric for metric in named if f'"{metric}"' not in source] == []


@pytest.mark.parametrize("path", sorted(DEPLOY.glob("*.md")), ids=name)
def test_every_log_line_in_the_documents_is_written(path):
    source = "".join(p.read_text("utf-8") for p in (ROOT / "mailfilter").rglob("*.py"))
    rows = re.findall(r"^\| `event: ([a-z-]+)`", path.read_text("utf-8"), re.MULTILINE)
    assert [event for event in rows if f'"{event}"' not in source] == []


def test_every_log_line_that_is_written_stands_in_the_manual():
    source = "".join(p.read_text("utf-8") for p in (ROOT / "mailfilter").rglob("*.py"))
    call = r'\blog\.(?:info|warning|error|written)\(\s*"([a-z-]+)"'
    rows = re.findall(r"^\| (`event: .+?) \|", (DEPLOY / "README.md").read_text(), re.MULTILINE)
    told = {event for row in rows for event in re.findall(r"`(?:event: )?([a-z-]+)`", row)}
    assert sorted(set(re.findall(call, source)) - told) == []


def test_the_changelog_has_this_version():
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[
        1
    ]
    assert f"## {version}" in (DEPLOY / "CHANGELOG.md").read_text("utf-8")


# ---- doors -------------------------------------------------------------------------------------


@pytest.mark.parametrize("room", DOORS)
def test_every_room_has_a_door(room):
    text = (ROOT / "mailfilter" / room / "README.md").read_text("utf-8")
    assert text.count("\n") <= 60
    assert "Never here" in text


@pytest.mark.parametrize("room", DOORS)
def test_a_door_names_only_files_that_exist(room):
    folder = ROOT / "mailfilter" / room
    for file in re.findall(
        r"`([a-z0-9_]+\.(?:py|toml))`", (folder / "README.md").read_text("utf-8")
    ):
        places = (folder, ROOT / "mailfilter", ROOT / "deploy")
        assert any((place / file).exists() for place in places), file


# ---- closed lists ------------------------------------------------------------------------------


def test_every_reason_has_both_languages():
    for code, reason in not_examined.REASONS.items():
        assert reason.sv, code
        assert reason.en, code
        assert reason.sv != reason.en, code
    assert set(SENTENCES) == set(Reason)
    assert [reason for reason, said in SENTENCES.items() if not said["sv"] or not said["en"]] == []


REPLIES = {key: reply for key, reply in vars(replies).items() if isinstance(reply, Reply)}
WITHOUT_CODE = {"BANNER", "HELLO", "DATA_GO"}  # RFC 2034: not for 220 greetings, HELO and 3xx


@pytest.mark.parametrize("key", REPLIES)
def test_every_reply_is_plain_and_has_its_code(key):
    reply = REPLIES[key]
    assert reply.text.isascii()
    assert reply.text.isprintable()
    assert len(reply.text) < 200
    code = re.match(r"([245])\.\d{1,3}\.\d{1,3} \S", reply.text)
    assert bool(code) != (key in WITHOUT_CODE)
    assert code is None or code[1] == str(reply.code)[0]


ANSWERING = ["receive/*.py", "pipeline.py", "act/carry_out.py", "next_hop/relay.py"]


def test_no_reply_of_ours_stands_elsewhere():
    """Other files may pass on or repeat what they were given."""
    for path in (p for pattern in ANSWERING for p in (ROOT / "mailfilter").glob(pattern)):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Reply":
                said = [arg.value for arg in node.args[1:2] if isinstance(arg, ast.Constant)]
                assert not any(said), f"{name(path)}:{node.lineno}"


# ---- the service and the Postfix guide ---------------------------------------------------------


def test_the_unit_and_the_container_start_a_real_command(program):
    unit = (DEPLOY / "mailfilter.service").read_text("utf-8")
    container = (DEPLOY / "Containerfile").read_text("utf-8")
    starts = re.findall(r"^ExecStart=(.*)", unit, re.MULTILINE)
    arrays = re.findall(r"^(?:ENTRYPOINT|CMD) (.*)", container, re.MULTILINE)
    starts.append(" ".join(word for array in arrays for word in json.loads(array)))
    found = [call for start in starts for call in calls(start)]
    assert len(found) == 2
    assert [fault for call in found if (fault := fault_of(program, call))] == []


def block(kind: str) -> str:
    return dict(blocks(DEPLOY / "postfix.md"))[kind]


MAIL = (
    b"From: anna@exempelkommun.example\r\nTo: bo@elsewhere.example\r\n"
    b"Message-ID: <%b@exempelkommun.example>\r\nSubject: Hej\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%b\r\n"
)


@pytest.mark.system
@pytest.mark.parametrize("way", ["A", "B"])
def test_the_postfix_guide_works(way, tmp_path, monkeypatch):
    back = free_port()
    folder = tmp_path / "gateway"
    folder.mkdir()
    with Sink() as sink, Gateway(folder, back) as gateway:
        front = free_port()
        ports = {
            "127.0.0.1:10025": f"127.0.0.1:{gateway.port}",
            "127.0.0.1:10026": f"127.0.0.1:{back}",
        }
        ports |= {"[127.0.0.1]:10025": f"[127.0.0.1]:{gateway.port}"}
        main, master = block(f"main.cf {way}"), block(f"master.cf {way}")
        for shown, ours in ports.items():
            main, master = main.replace(shown, ours), master.replace(shown, ours)
        master = re.sub(r"^smtp      inet", f"127.0.0.1:{front} inet", master, flags=re.MULTILINE)
        rest = postfix.MASTER_CF.strip().partition("\n")[2]
        monkeypatch.setattr(postfix, "MASTER_CF", f"{master}{rest}\n")
        with postfix.Postfix("guide", relay_to=sink.port, more=main, port=front) as server:
            wait_until(lambda: greets(back), server.log)
            more = {
                "mail_options": ["BODY=8BITMIME", "RET=HDRS"],
                "rcpt_options": ["NOTIFY=FAILURE"],
            }
            who = ("anna@exempelkommun.example", ["bo@elsewhere.example"])
            clean = MAIL % (b"clean", "Hej på dig, lunchen är klar.".encode())
            held = MAIL % (b"held", "Elevens personnummer är 191212121212.".encode())
            assert send(front, clean, *who, **more)[0] == 250
            assert send(front, held, *who, **more)[0] == 250
            wait_until(lambda: sink.mails and gateway.items("held"), server.log)
            assert clean.partition(b"\r\n\r\n")[2] in sink.mails[0].data
            assert b"NOTIFY=FAILURE" in sink.mails[0].rcpts[0]
            # the notice of the held one may have come by then, the mail itself must not
            assert not [mail for mail in sink.mails if b"191212121212" in mail.data]
            assert "postfix/checked/smtpd" in server.log()
            assert "fatal" not in server.log()
