"""What a sender answered once is not asked again: the memory of rules with action ``ask``.

From → to: a mail that would be asked about and what its sender answered before → the same mail,
relayed to those whom she would be asked for. An answer holds for the same sender, the same
sentences (``repeat.py``), and no recipient and no attachment that was not there then; for
`repeat.DAYS`. No header of a thread counts, for whoever answers a mail can write what he likes.

Stored are marks: keyed hashes, each made with the hash of the sentences as its key. The first, of
the sender, finds the answer; the others are its recipients and attachments, of which a later mail
may have fewer.

A retry of the mail that she answered for is known by its join key, and is never relayed beside what
was released (P2).
"""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from mailfilter.decide.reasons import Reason
from mailfilter.model import Action, Decision, Envelope, Examination, Said, Verdict
from mailfilter.record.contract import MARK, Answered

NO_RETRY = b""  # the join key of a mail that is ours already, and is decided on again


class Answers(Protocol):
    """What senders answered: an `Intake`, or desk's own side."""

    async def answered(
        self, firsts: Sequence[bytes], join_key: bytes, at: datetime
    ) -> list[Answered]: ...


def marks(print_: bytes, envelope: Envelope, attached: Iterable[bytes]) -> tuple[bytes, ...]:
    """That of the sender, then those of all recipients and attachments."""
    sender = envelope.mail.address.lower()
    people = sorted({path.address.lower() for path in envelope.rcpts})
    return (
        _mark(print_, b"sender", sender),
        *(_mark(print_, b"recipient", address) for address in people),
        *(_mark(print_, b"attached", digest) for digest in attached),
    )


def _mark(print_: bytes, what: bytes, of: bytes) -> bytes:
    return hmac.digest(print_, b"mailfilter answer|" + what + b"|" + of, "sha256")[:MARK]


def answer_to(decision: Decision, said: Said | None, envelope: Envelope) -> tuple[bytes, ...]:
    """The marks that an answer to this mail would have; none where nobody is asked."""
    if said is None or not said.prints or not decision.having(Action.ASK):
        return ()
    return marks(said.prints[0], envelope, said.attached)


async def recalled(
    answers: Answers,
    decision: Decision,
    examination: Examination,
    envelope: Envelope,
    join_key: bytes,
    at: datetime,
) -> Decision:
    """The decision, by what the sender answered before. Temporary where the store is out."""
    said = examination.said
    if said is None or not said.prints or not decision.having(Action.ASK):
        return decision
    known = {marks(one, envelope, ())[0]: one for one in said.prints}
    for first, others in await answers.answered(tuple(known), join_key, at):
        if first in known and set(marks(known[first], envelope, said.attached)[1:]) <= others:
            return replace(decision, verdicts=tuple(map(_relayed, decision.verdicts)))
    return decision


def _relayed(verdict: Verdict) -> Verdict:
    if verdict.action is not Action.ASK:
        return verdict
    reasons = (*verdict.reasons, Reason.ANSWERED.value)
    return replace(verdict, action=Action.RELAY, reasons=reasons)
