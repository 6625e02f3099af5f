"""What the demonstration prints, in Swedish and in English: the table, and the words behind it."""

import sys
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from mailfilter.demo.examples import Example
from mailfilter.model import Action

WIDTH = 150  # where the output is no terminal
WORDS = {
    "sv": {
        "head": ("mejl", "beslut", "varför", "vad avsändaren fick veta"),
        "relay": "skickas",
        "reject": "nekas",
        "quarantine": "hålls kvar",
        "ask": "avsändaren avgör",
        "redirect": "säker tjänst",
        "sent": "ingenting: mejlet skickades",
        "notice": "mejl till {who}",
        "waiting": "inget mejl än",
        "held": "Mejl att granska: {url}",
        "inbox": "Det som kom fram: {folder}/inbox/",
        "own": "Skicka egna mejl till 127.0.0.1:{port}.",
        "end": "Länken gäller en gång, i 15 minuter. Ctrl-C avslutar.",
    },
    "en": {
        "head": ("mail", "verdict", "why", "what the sender was told"),
        "relay": "sent",
        "reject": "refused",
        "quarantine": "held",
        "ask": "the sender decides",
        "redirect": "secure service",
        "sent": "nothing: it was sent",
        "notice": "a mail to {who}",
        "waiting": "no mail yet",
        "held": "Mail to review: {url}",
        "inbox": "What arrived: {folder}/inbox/",
        "own": "Send mail of your own to 127.0.0.1:{port}.",
        "end": "The link opens once, within 15 minutes. Ctrl-C ends.",
    },
}
_COLOURS = {
    "relay": "green",
    "reject": "red",
    "quarantine": "yellow",
    "ask": "magenta",
    "redirect": "cyan",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One example and what became of it; `notified` is who got a notice, if anybody."""

    example: Example
    found: dict[str, Action]
    code: int
    text: str
    why: str = ""
    notified: str = ""
    kept: bool = False


def show(rows: list[Row], language: str) -> None:
    """Print the table."""
    words = WORDS[language]
    table = Table(*words["head"], show_lines=True)
    for row in rows:
        name = f"{row.example.name} {row.example.subject}"
        table.add_row(name, _verdict(row.found, language), row.why, _told(row, language))
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table)


def say(language: str, key: str, **values: object) -> None:
    """Print a sentence."""
    Console().print(str(WORDS[language][key]).format(**values), soft_wrap=True)


def _told(row: Row, language: str) -> str:
    words = WORDS[language]
    if row.kept:
        return (
            str(words["notice"]).format(who=row.notified) if row.notified else str(words["waiting"])
        )
    return str(words["sent"]) if row.code == 250 else f"{row.code} {row.text}"


def _verdict(found: dict[str, Action], language: str) -> str:
    shown = {action: _word(action, language) for action in set(found.values())}
    if len(shown) == 1:
        return next(iter(shown.values()))
    return "\n".join(f"{shown[action]} {who}" for who, action in found.items())


def _word(action: Action, language: str) -> str:
    colour = _COLOURS[action.value]
    return f"[{colour}]{WORDS[language][action.value]}[/]"
