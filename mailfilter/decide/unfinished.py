"""Mail whose scans were not all read within the budget before the reply: who waits for the rest.

From → to: the verdicts by all that is known, and by what has been read so far → the verdicts, of
which those that only the unread scans hold back carry `Reason.READING`. Their recipients' copy is
kept, read on in the background and decided on again (``outbox/reading_on.py``).

A refusal, a finding, another part that could not be examined: such a verdict stands at once, and
so does a rule that passes what is over-limit, for that is what the operator said. A rule that
refuses or redirects for over-limit alone stands as well: only what would be held can wait.
"""

from collections.abc import Sequence
from dataclasses import replace

from mailfilter.decide.reasons import Reason
from mailfilter.model import Action, Examination, Verdict

UNFINISHED = frozenset({"ocr-time"})  # codes of ``not_examined.py`` that more time may help


def is_unfinished(examination: Examination) -> bool:
    """Something of it was not read for want of time."""
    return any(part.reason in UNFINISHED for part in examination.not_examined)


def so_far(examination: Examination) -> Examination:
    """What has been read, as if that were all there is."""
    rest = tuple(p for p in examination.not_examined if p.reason not in UNFINISHED)
    return replace(examination, not_examined=rest)


def marked(verdicts: Sequence[Verdict], otherwise: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """`verdicts`, with the mark on those that would relay by what has been read so far."""
    return tuple(
        replace(verdict, reasons=(*verdict.reasons, Reason.READING.value))
        if verdict.action is Action.QUARANTINE and other.action is Action.RELAY
        else verdict
        for verdict, other in zip(verdicts, otherwise, strict=True)
    )


def waits(verdict: Verdict) -> bool:
    """The verdict is not the last word: reading goes on."""
    return Reason.READING in verdict.reasons


def unmarked(verdict: Verdict) -> Verdict:
    """The same verdict as the last word."""
    reasons = tuple(code for code in verdict.reasons if code != Reason.READING)
    return replace(verdict, reasons=reasons)
