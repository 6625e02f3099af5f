"""``mailfilter init``: the first configuration, its keys and its unit, and what to do next.

Asks on a terminal what no flag has said; elsewhere a missing answer is an error that names its
flag. Nothing is ever overwritten. Exit codes: 0 written, 2 nothing was written, or what was
written has a fault that check-config names.
"""

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailfilter.commands.asking import fail
from mailfilter.errors import ConfigError

if TYPE_CHECKING:
    from mailfilter.commands.first_config import Answers, Places

_ETC, _STATE, _RUN = Path("/etc/mailfilter"), Path("/var/lib/mailfilter"), Path("/run/mailfilter")
Many = list[str] | None
_REQUIRED = ("domains", "networks", "next_hop")
_QUESTIONS = {  # answer: flag, question, what is proposed
    "domains": ("--domain", "Your own mail domains, with spaces between", ""),
    "networks": ("--network", "Networks of the servers that may send to us", "127.0.0.0/8"),
    "next_hop": ("--next-hop", "The server that takes what passes, HOST:PORT", "127.0.0.1:10026"),
    "departments": ("--department", "Departments, NAME=*@DOMAIN, with spaces; may be empty", ""),
    "language": ("--language", "Language of reports, sv or en", "sv"),
    "service": ("--service", "Secure service by SMTP, NAME=HOST; may be empty", ""),
    "front": ("--front", "Address of the senders' pages, https://...; may be empty", ""),
}  # fmt: skip
_LISTS = {"domains", "networks", "departments"}


def init(  # noqa: PLR0913, PLR0917 - a flag for each answer
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", show_default=True)] = _ETC,
    domain: Annotated[Many, typer.Option(help="own mail domain; may be repeated")] = None,
    network: Annotated[Many, typer.Option(help="who may send, 10.1.0.0/16; repeated")] = None,
    next_hop: Annotated[str, typer.Option(help="HOST:PORT that takes what passes")] = "",
    listen: Annotated[str, typer.Option(help="HOST:PORT for your mail server")] = "",
    hostname: Annotated[str, typer.Option(help="our own name in SMTP")] = "",
    name: Annotated[str, typer.Option(help="the organisation, as notices name it")] = "",
    contact: Annotated[str, typer.Option(help="whom a sender reaches, in notices")] = "",
    department: Annotated[Many, typer.Option(help="NAME=*@DOMAIN; may be repeated")] = None,
    language: Annotated[str, typer.Option(help="sv or en")] = "",
    service: Annotated[str, typer.Option(help="NAME=HOST[:PORT] of the secure service")] = "",
    front: Annotated[str, typer.Option(help="https:// address of the senders' pages")] = "",
    reviewer: Annotated[
        Many, typer.Option(help="address that is told what waits; repeated")
    ] = None,
    state: Annotated[
        Path | None, typer.Option(help="database and keys; default DIR/var, or /var/lib/mailfilter")
    ] = None,
    user: Annotated[str, typer.Option(help="the user that the service runs as")] = "mailfilter",
) -> None:
    """Write a first configuration in observe mode, its keys and its unit; never over a file."""
    from mailfilter.commands.first_config import Answers

    flags = Answers(
        tuple(domain or ()), tuple(network or ()), next_hop, listen, hostname, name, contact,
        tuple(department or ()), language, service, front, tuple(reviewer or ()),
    )  # fmt: skip
    places = _places(folder, state, user)
    _is_free(places)
    answers = _answered(flags, places)
    _write(answers, places)
    _keys(places)
    _next(places, _tried(places))


def _places(folder: Path, state: Path | None, user: str) -> "Places":
    from mailfilter.commands.first_config import Places

    folder = folder.absolute()
    whole = folder == _ETC and state is None
    kept = _STATE if whole else (state or folder / "var").absolute()
    return Places(folder, kept, _RUN if whole else kept / "run", user)


def _is_free(places: "Places") -> None:
    for path in (places.config, places.departments, places.unit):
        if path.exists():
            raise fail(
                f"{path} is there already and is not overwritten; name another folder, or move it"
                f" away: mv {path} {path}.old"
            )


def _answered(answers: "Answers", places: "Places") -> "Answers":
    """All answers, each tried as soon as it is known."""
    asks = sys.stdin.isatty()
    for key, (flag, _, _) in _QUESTIONS.items():
        if getattr(answers, key):
            continue
        if asks:
            answers = _asked(answers, key, places)
        elif key in _REQUIRED:
            raise fail(f"init: {flag} is missing, and nobody can be asked; give {flag}")
    _valid(answers, places, fail)
    return answers


def _asked(answers: "Answers", key: str, places: "Places") -> "Answers":
    _, question, proposed = _QUESTIONS[key]
    while True:
        said = typer.prompt(question, default=proposed, show_default=bool(proposed)).strip()
        value: Any = tuple(said.replace(",", " ").split()) if key in _LISTS else said
        tried = replace(answers, **{key: value})
        if (value or key not in _REQUIRED) and _valid(tried, places, _said):
            return tried


def _valid(answers: "Answers", places: "Places", wrong: Callable[[str], Any]) -> bool:
    """Whether check-config takes these answers; `wrong` gets its sentences, and may raise."""
    from mailfilter.commands.first_config import checked

    try:
        checked(answers, places)
    except ConfigError as error:
        told = wrong("\n".join(map(_with_flag, str(error).splitlines())))
        if isinstance(told, BaseException):
            raise told from error
        return False
    return True


def _with_flag(sentence: str) -> str:
    """A sentence of check-config behind the flag that gives its key."""
    bare = sentence.partition(".toml: ")[2] or sentence
    flag = next((flag for key, flag in _FLAGS.items() if bare.startswith(key)), "")
    return f"{flag}: {bare}" if flag else bare


_FLAGS = {
    "listen.networks": "--network",
    "listen.hostname": "--hostname",
    "listen": "--listen",
    "next_hop": "--next-hop",
    "organisation.domains": "--domain",
    "organisation.language": "--language",
    "organisation.name": "--name",
    "organisation.contact": "--contact",
    "notice.reviewers": "--reviewer",
    "front": "--front",
    "connectors": "--service",
    "store": "--state",
}


def _said(sentence: str) -> None:
    typer.echo(sentence, err=True)


def _write(answers: "Answers", places: "Places") -> None:
    from mailfilter.commands import first_config

    program = shutil.which(sys.argv[0]) or f"{sys.executable} -m mailfilter"
    files = {
        places.config: first_config.written(first_config.table(answers, places)),
        places.unit: first_config.unit(places, program),
    }
    if answers.departments:
        files[places.departments] = first_config.departments_file(answers)
    try:
        places.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        for path, text in files.items():
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
            path.chmod(0o644)
            typer.echo(f"written: {path}")
    except OSError as error:
        raise fail(f"{error.filename}: cannot be written: {error.strerror}") from error


def _keys(places: "Places") -> None:
    """The keys, 0600 in a folder of 0700, of the service's user where we may give them away."""
    from mailfilter.record.sealing.keys import ensure_keys

    try:
        for folder in (places.state, places.state / "keys"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for sentence in ensure_keys(places.state / "keys"):
            typer.echo(sentence)
    except (OSError, ConfigError) as error:
        raise fail(f"{places.state}: keys cannot be made: {error}") from error
    if os.geteuid():
        return
    try:
        for path in (places.state, *places.state.rglob("*")):
            shutil.chown(path, places.user, places.user)
    except LookupError:
        typer.echo(
            f"There is no user {places.user} yet: make it, then give it the keys: chown -R"
            f" {places.user}: {places.state}",
            err=True,
        )


def _tried(places: "Places") -> bool:
    """Whether check-config finds no fault; all that it says is printed."""
    from mailfilter.app import preflight

    report = preflight.examined(places.config)
    for fault in report.faults:
        [sentence] = preflight.sentences([fault], places.config)
        typer.echo(f"{_MARKS[fault.kind.value]}{sentence}", err=True)
    return preflight.status(report.faults) != 2


_MARKS = {
    "fault": "fault: ",
    "stale": "fault: ",
    "away": "not there yet: ",
    "warning": "true for now: ",
}


def _next(places: "Places", good: bool) -> None:
    escrow = places.state / "keys" / "escrow.key"
    typer.echo(
        "\nNext:\n"
        f"  cat {escrow}   # print it for the safe, then: shred -u {escrow}\n"
        f"  systemctl enable --now {places.unit}\n"
        f"  mailfilter user add NAME --address ADDRESS -c {places.config}"
    )
    if not good:
        raise fail(f"Mend the faults above first; then: mailfilter check-config {places.config}")
