"""``mailfilter calibrate``: what would each level stop of this organisation's own mail?

From → to: messages of the organisation → how many per 1,000 each level, kind, rule and department
would stop, and the thresholds that would keep false stops to what the shipped ones promise. Nearly
all mail is innocent, so what is stopped of it is nearly all false: the proposal takes every mail
for innocent, and stops too little rather than too much.

Nothing is kept or sent. `--examples` shows sentences that were judged, with what could name anybody
replaced by marks; it needs `organisation.staff_informed`, leaves out mail to protected addresses,
and prints to the terminal only.
"""

import asyncio
import os
import random
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from detectors.levels import LEVELS, Level
from mailfilter import config
from mailfilter.commands.scan import PATIENCE, envelope, exit_codes, fresh_job, in_order, workers
from mailfilter.commands.sources import messages
from mailfilter.decide import Rules, compile_rules
from mailfilter.errors import ConfigError
from mailfilter.model import Action, Decision, Examination
from mailfilter.workers.checked import Explained

SHARES = {"medium": 1 / 1000, "high": 1 / 3000}
FAMILIES = ("health", "identity")
EXAMPLES = 30
LEAST = 1000  # messages under which no threshold is proposed
_NAME = re.compile(r"(?<![\w@])[A-ZÅÄÖÆØÉ][\w'’-]+")
_ADDRESS = re.compile(r"\S+@\S+|https?://\S+")
_DIGITS = re.compile(r"\d+")


@dataclass(slots=True)
class Seen:
    """What was counted. `tops` are the highest confidence of each mail, by family."""

    mails: int = 0
    incomplete: int = 0
    tops: dict[str, list[int]] = field(default_factory=lambda: {name: [] for name in FAMILIES})
    levels: Counter[tuple[str, str]] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    departments: Counter[str] = field(default_factory=Counter)
    of_department: Counter[str] = field(default_factory=Counter)
    examples: list[Explained] = field(default_factory=list)

    def add(self, examination: Examination, decision: Decision) -> None:
        """Count one message."""
        self.mails += 1
        self.incomplete += bool(examination.not_examined)
        for name in FAMILIES:
            mine = [f for f in examination.findings if _family(f.kind) == name]
            self.tops[name].append(max((f.confidence for f in mine), default=0))
            for level in {f.level for f in mine} - {Level.LOW}:
                self.levels[name, level] += 1
        self.kinds.update({f.kind for f in examination.findings if f.level is not Level.LOW})
        stopped = {v.rule for v in decision.verdicts if v.action is not Action.RELAY}
        self.rules.update(stopped)
        self.of_department[decision.department] += 1
        self.departments[decision.department] += bool(stopped)


def _family(kind: str) -> str:
    return "health" if LEVELS.family(kind) is LEVELS.health else "identity"


def calibrate(
    paths: Annotated[
        list[str], typer.Argument(help=".eml files, folders, mbox files or Maildirs of own mail")
    ],
    file: Annotated[
        Path | None, typer.Option("-c", "--config", help="the configuration that serve takes")
    ] = None,
    examples: Annotated[
        bool,
        typer.Option("--examples", help="show 30 judged sentences, names and numbers marked out"),
    ] = False,
) -> None:
    """Say what each level would stop of these messages, and propose levels. Nothing is kept."""
    with exit_codes():
        settings = config.load(file)
        if examples:
            _check_informed(settings)
        seen = asyncio.run(_read(paths, settings, examples))
    console = Console()
    for table in (_levels(seen), _stopped(seen), _departments(seen)):
        console.print(table)
    console.print(proposal(seen))
    if examples:
        _show_examples(console, seen)


def _check_informed(settings: config.Settings) -> None:
    informed = settings.organisation.staff_informed
    if informed is None or informed > date.today():
        raise ConfigError(
            "organisation.staff_informed is not set or lies ahead: staff must be told before"
            " anybody reads sentences of their mail; run calibrate without --examples"
        )


async def _read(paths: list[str], settings: config.Settings, examples: bool) -> Seen:
    seen, rules, job = Seen(), compile_rules(settings), fresh_job(settings)
    with workers(settings.workers or os.cpu_count() or 1) as pool:

        async def asked(data: bytes) -> tuple[Examination, list[Explained], int]:
            why = await pool.explain(data, job, "sv", patience=PATIENCE) if examples else []
            return await pool.examine(data, job, patience=PATIENCE), why, len(data)

        async for _, _, waiting in in_order(messages(paths), asked):
            if waiting is None:
                continue
            examination, why, size = await waiting
            decision = _decided(rules, examination, size)
            seen.add(examination, decision)
            if not decision.protected:
                seen.examples += [one for one in why if _family(one[2]) == "health" and one[2]]
    return seen


def _decided(rules: Rules, examination: Examination, size: int) -> Decision:
    return rules.decide(examination, envelope(examination), size, date.today())


def _per_thousand(count: int, mails: int) -> str:
    return f"{1000 * count / mails:.1f}" if mails else "–"


def _levels(seen: Seen) -> Table:
    table = Table("what", "level", "mails", "per 1,000", title=f"{seen.mails} mails")
    for (name, level), count in sorted(seen.levels.items()):
        table.add_row(name, level, str(count), _per_thousand(count, seen.mails))
    table.add_row(
        "not wholly read", "", str(seen.incomplete), _per_thousand(seen.incomplete, seen.mails)
    )
    return table


def _stopped(seen: Seen) -> Table:
    table = Table("kind or rule", "mails", "per 1,000", title="medium and higher; stopped by rule")
    for name, count in [*seen.kinds.most_common(), *seen.rules.most_common()]:
        table.add_row(name, str(count), _per_thousand(count, seen.mails))
    return table


def _departments(seen: Seen) -> Table:
    table = Table("department", "mails", "stopped", "per 1,000", title="by department")
    for name, count in seen.of_department.most_common():
        stopped = seen.departments[name]
        table.add_row(name, str(count), str(stopped), _per_thousand(stopped, count))
    return table


def thresholds(tops: list[int]) -> dict[str, int]:
    """The least confidences that keep to `SHARES`, were every mail innocent."""
    ordered = sorted(tops, reverse=True)
    found = {name: ordered[int(share * len(ordered))] + 1 for name, share in SHARES.items()}
    found["high"] = max(found["high"], found["medium"])
    return {name: min(value, 100) for name, value in found.items()}


def proposal(seen: Seen) -> str:
    """Lines for the settings, or why there are none."""
    if seen.mails < LEAST:
        return (
            f"{seen.mails} mails are too few to propose levels from: one in 1,000 cannot be seen"
            f" in fewer than {LEAST}."
        )
    lines = ["\\[levels]  # proposed by mailfilter calibrate, if all of this mail is innocent"]
    for name in FAMILIES:
        shipped = getattr(LEVELS, name)
        for level, value in thresholds(seen.tops[name]).items():
            wanted = max(value, getattr(shipped, level))  # never easier to pass than innocent mail
            lines.append(f"{name}_{level} = {wanted}  # shipped: {getattr(shipped, level)}")
    return "\n".join(lines)


def masked(sentence: str, word: str) -> str:
    """The sentence without names, numbers and addresses; the word that was found stays."""
    text = _ADDRESS.sub("[adress]", sentence)
    text = _NAME.sub(
        lambda m: m.group() if m.group().casefold() in word.casefold() else "[…]", text
    )
    return _DIGITS.sub("#", text)


def _show_examples(console: Console, seen: Seen) -> None:
    chosen: list[Any] = random.sample(seen.examples, min(EXAMPLES, len(seen.examples)))
    right = 0
    for place, text, kind, confidence, reasons in chosen:
        del place
        console.print(f"{kind}, {confidence}: {masked(text, '')}", markup=False)
        console.print("  " + "; ".join(reasons), style="dim", markup=False)
        right += typer.confirm("  health of somebody who can be identified?", default=False)
    console.print(f"{right} of {len(chosen)} were right; nothing was kept")
