"""Which state of an item may follow which: a closed table.

``STAGED`` is left by a commit only, ``READING`` by what reading on comes to (``reading.py``) or by
a reviewer who does not wait for it; it never expires. A held item is released, refused, deleted,
handed over or expires; a release or hand-off that failed comes back. A state may follow itself
where a process that died is taken up again. From an ended state nothing leads on.
"""

from collections.abc import Sequence

from mailfilter.model import State

NEXT: dict[State, frozenset[State]] = {
    State.STAGED: frozenset({State.READING, State.HELD, State.ACCEPTED}),
    State.READING: frozenset(
        {State.HELD, State.RELEASING, State.ACCEPTED, State.REFUSED, State.DELETED}
    ),
    State.HELD: frozenset(
        {State.RELEASING, State.ACCEPTED, State.REFUSED, State.DELETED, State.EXPIRED}
    ),
    State.RELEASING: frozenset({State.RELEASING, State.RELEASED, State.RELEASE_FAILED}),
    State.RELEASE_FAILED: frozenset(
        {State.RELEASING, State.ACCEPTED, State.REFUSED, State.DELETED, State.EXPIRED}
    ),
    State.ACCEPTED: frozenset({State.HANDING_OVER, State.HELD, State.DELETED}),
    State.HANDING_OVER: frozenset({State.HANDING_OVER, State.HANDED_OVER, State.HELD}),
    State.RELEASED: frozenset(),
    State.HANDED_OVER: frozenset(),
    State.REFUSED: frozenset(),
    State.DELETED: frozenset(),
    State.EXPIRED: frozenset(),
}
ENDED = frozenset(state for state, following in NEXT.items() if not following)
WAITING = (State.HELD, State.RELEASE_FAILED)  # for a person; what expires
BUSY = frozenset({State.RELEASING, State.HANDING_OVER})  # entering one is an attempt


def allowed(before: Sequence[State], after: State) -> tuple[State, ...]:
    """Those of `before` from which an act may lead to `after`; ValueError if there is none.

    Leaving ``STAGED`` is a commit, never an act.
    """
    fit = tuple(s for s in before if s is not State.STAGED and after in NEXT[s])
    if not fit:
        raise ValueError(f"no item may go from {[s.value for s in before]} to {after.value}")
    return fit
