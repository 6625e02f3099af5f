"""Checkpoints: the head of the audit log, signed, to be kept where the database is not.

A log without a witness is a promise. A checkpoint is one line of text that says which line was the
last at some time and what its hash was; each line covers all before it. Whoever has it can show
later that the log was cut off, made anew, or rolled back with the database.

::

    mailfilter-checkpoint log=<16> line=1234 hash=<64> at=2026-11-16T08:00:00Z key=<16> sig=<86>

From → to: text of a file, of a syslog or of saved mails → the checkpoints in it, wherever in a line
they stand. A line that is only a number and a hash, as the weekly mail and the auditors' page show
them, counts too: whoever wrote it down vouches for it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from mailfilter.record.ledgers.audit_key import AuditKey

_FORM = "%Y-%m-%dT%H:%M:%SZ"
_SIGNED = re.compile(
    r"mailfilter-checkpoint log=(?P<log>[0-9a-f]{16}) line=(?P<line>\d{1,18})"
    r" hash=(?P<hash>[0-9a-f]{64}|-) at=(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"
    r" key=[0-9a-f]{16}(?= sig=(?P<signature>[A-Za-z0-9_-]{86}))"
)
_WORD = "mailfilter-checkpoint"
_BARE = re.compile(r"\s*(?P<line>\d{1,18})[\s:]+(?P<hash>[0-9a-f]{64})\s*")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The last line of the log at some time. `log` is "" and `at` None where a number and a hash
    were written down by hand."""

    seq: int
    hash: str
    at: datetime | None = None
    log: str = ""


def written(key: AuditKey, made: Checkpoint) -> str:
    """The line of a checkpoint that has its time."""
    assert made.at is not None, "only what we make ourselves is signed"
    at = made.at.astimezone(UTC).strftime(_FORM)
    text = f"{_WORD} log={made.log} line={made.seq} hash={made.hash or '-'} at={at} key={key.name}"
    return f"{text} sig={key.sign(text)}"


def found(key: AuditKey, lines: Iterable[str]) -> tuple[list[Checkpoint], int]:
    """The checkpoints in a text, and how many more carry no signature of ours."""
    good: list[Checkpoint] = []
    bad = 0
    for line in lines:
        if _WORD in line:
            one = _signed(key, line)
            good += [one] if one else []
            bad += one is None
        elif bare := _BARE.fullmatch(line):
            good.append(Checkpoint(int(bare["line"]), bare["hash"]))
    return good, bad


def likely(lines: Iterable[str]) -> list[str]:
    """The lines in which a checkpoint may stand."""
    return [line.strip() for line in lines if _WORD in line or _BARE.fullmatch(line)]


def _signed(key: AuditKey, line: str) -> Checkpoint | None:
    match = _SIGNED.search(line)
    if match is None or not key.signed(match[0], match["signature"]):
        return None
    try:
        at = datetime.strptime(match["at"], _FORM).replace(tzinfo=UTC)
    except ValueError:
        return None
    return Checkpoint(int(match["line"]), match["hash"].strip("-"), at, match["log"])
