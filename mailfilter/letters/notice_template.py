"""Templates of notices: the operator's own words for an outcome, a language, a department.

From → to: (language, department, outcome) + the facts of a notice → subject and `Piece`s. Ours is
``templates/notice.txt`` for all of them; in ``notice.templates`` the operator may put

    sv/held.txt                      every "held" in Swedish
    sv/socialförvaltningen/held.txt  only that department's

The first line is ``Subject: ...``, then a blank line. Of what follows, ``# `` begins a heading,
``- `` a line of a list, ``=> ADDRESS WORDS`` a button, ``~ `` small print; all else is paragraphs,
separated by blank lines.

A template is Jinja2 in a sandbox and knows the names of `NAMES` and no other. None of them holds
anything of the mail but what `notice_lines` may say: so an operator cannot put content into a
notice, and ``check-config`` says which name she used instead (`faults`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mailfilter.config import Settings
from mailfilter.errors import ConfigError
from mailfilter.letters.notice_words import WORDS, Piece, PieceKind, own_text

Key = tuple[str, str, str]  # language, department ("" = every), outcome
OUTCOMES = (
    *("held", "redirected", "rejected", "not-sent", "expired", "refused"),
    *("release-failed", "handoff-failed", "needs-mobile", "done", "digest"),
)
NAMES: dict[str, str] = {
    "subject_line": "the subject of our own for this outcome",
    "hello": "the greeting",
    "lead": "list: what happened, and why",
    "found": "list: what was found and where, masked",
    "unread": "list: what could not be read, and why",
    "opened": "list: what a password of the same mail opened",
    "recipients": "list: what became of each recipient",
    "todo": "list: what to do now",
    "heading": "our headings: heading.found, heading.recipients, ...",
    "case": "the case number",
    "organisation": "the organisation's name",
    "contact": "whom to reach, empty if not set",
    "urgent": "whom to telephone when it is urgent",
    "guideline": "the address of the guideline, empty if not set",
    "link": "the address of the sender's page, empty without one",
    "button": "the words on its button",
    "date": "the day on which the mail came",
    "time": "the time at which it came",
    "days": "after how many days",
    "footer": "who wrote this, and the case number",
}
_CONTENT = frozenset(  # names under which somebody would look for what stands in the mail
    """subject body text content attachment attachments file filename file_name finding findings
    matched match dossier message mail name names number numbers sender recipient""".split()  # noqa: SIM905 - a list of words reads as words
)
_MARKS = {
    "# ": PieceKind.HEADING,
    "- ": PieceKind.LINE,
    "=> ": PieceKind.BUTTON,
    "~ ": PieceKind.SMALL,
}
_SANDBOX = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
)
_OURS = _SANDBOX.from_string(own_text("notice.txt"))


@dataclass(frozen=True, slots=True)
class Said:
    """A notice in one language."""

    subject: str
    pieces: tuple[Piece, ...]


class Templates:
    """The templates of an installation."""

    def __init__(self, own: Mapping[Key, Template] | None = None) -> None:
        self._own = own or {}

    def say(self, key: Key, facts: Mapping[str, Any]) -> Said:
        """The notice of these facts: the department's own template, the operator's, or ours."""
        language, _, outcome = key
        template = self._own.get(key) or self._own.get((language, "", outcome)) or _OURS
        return read(template.render({name: facts[name] for name in NAMES}))


def load(settings: Settings) -> Templates:
    """The templates that the settings name; ConfigError lists every fault, one a line."""
    folder = settings.notice.templates
    if folder is None:
        return Templates()
    if not folder.is_dir():
        raise ConfigError(f"notice.templates: {folder} is no folder")
    found = {path: _key(path.relative_to(folder)) for path in sorted(folder.rglob("*.txt"))}
    wrong = [fault for path, key in found.items() if (fault := _fault(path, key, settings))]
    wrong += _missing({key for key in found.values() if key}, settings)
    if wrong:
        raise ConfigError("\n".join(f"notice.templates: {fault}" for fault in wrong))
    return Templates(
        {key: _SANDBOX.from_string(path.read_text("utf-8")) for path, key in found.items() if key}
    )


def _key(path: Path) -> Key | None:
    """What a file is for: LANGUAGE/[DEPARTMENT/]OUTCOME.txt."""
    match path.with_suffix("").parts:
        case (language, outcome):
            return language, "", outcome
        case (language, department, outcome):
            return language, department, outcome
        case _:
            return None


def _fault(path: Path, key: Key | None, settings: Settings) -> str:
    if key is None:
        return f"{path}: a template lies at LANGUAGE/OUTCOME.txt or LANGUAGE/DEPARTMENT/OUTCOME.txt"
    language, _, outcome = key
    if language not in settings.notice.languages:
        return f'{path}: "{language}" is no language of notice.languages'
    if outcome not in OUTCOMES:
        return f'{path}: "{outcome}" is no outcome; there are {", ".join(OUTCOMES)}'
    try:
        return _fault_of_text(path, path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return f"{path}: cannot be read as UTF-8"


def _fault_of_text(path: Path, text: str) -> str:
    try:
        used = meta.find_undeclared_variables(_SANDBOX.parse(text))
        if fault := _unknown(used):
            return f"{path}: {fault}"
        said = read(_SANDBOX.from_string(text).render(sample()))
    except TemplateError as error:
        return f"{path}: {error.message or type(error).__name__}"
    except (TypeError, ValueError) as error:
        return f"{path}: cannot be filled in: {error}"
    if not said.subject:
        return f'{path}: the first line must be "Subject: ..."'
    return ""


def _unknown(used: set[str]) -> str:
    for name in sorted(used - NAMES.keys()):
        if name.lower() in _CONTENT:
            return f'"{name}" could carry what stands in the mail; a notice never repeats it'
        return f'"{name}" is not known; there are {", ".join(NAMES)}'
    return ""


def _missing(keys: set[Key], settings: Settings) -> list[str]:
    """A template in one language alone would leave the other half of the notice in our words."""
    wanted = {(department, outcome) for _, department, outcome in keys}
    return [
        f"{'/'.join(filter(None, (department, outcome)))}.txt: there is none in {language}"
        for department, outcome in sorted(wanted)
        for language in settings.notice.languages
        if (language, department, outcome) not in keys
    ]


def sample() -> dict[str, Any]:
    """Facts with which a template is tried."""
    lists = ("lead", "found", "unread", "opened", "recipients", "todo")
    words = WORDS["sv"]
    return (
        {name: name for name in NAMES}
        | {name: (name, name) for name in lists}
        | {"heading": words.table["heading"], "days": 14}
    )


def read(text: str) -> Said:
    """A filled-in template as subject and pieces."""
    first, _, rest = text.lstrip().partition("\n")
    subject = first.removeprefix("Subject:").strip() if first.startswith("Subject:") else ""
    pieces: list[Piece] = []
    paragraph: list[str] = []
    for line in [*rest.splitlines(), ""]:
        mark = next((mark for mark in _MARKS if line.startswith(mark)), "")
        if (mark or not line.strip()) and paragraph:
            pieces.append(Piece(PieceKind.PARAGRAPH, " ".join(paragraph)))
            paragraph = []
        if mark:
            pieces.append(_piece(_MARKS[mark], line.removeprefix(mark).strip()))
        elif line.strip():
            paragraph.append(line.strip())
    return Said(subject, tuple(piece for piece in pieces if piece.text))


def _piece(kind: PieceKind, text: str) -> Piece:
    if kind is PieceKind.BUTTON:
        link, _, words = text.partition(" ")
        return Piece(kind, words or link, link)
    return Piece(kind, text)
