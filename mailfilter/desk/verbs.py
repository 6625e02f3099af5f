"""The closed list of what front may ask of desk: one line for each group of verbs.

A group is a module of its own with a table ``VERBS: dict[str, Verb]``; two verbs of one name are a
fault of ours and end the program's start.
"""

from mailfilter.desk import check_acts, mine_acts, pickup_acts, quote_acts, sender_acts
from mailfilter.desk.parts import Verb

GROUPS = (
    sender_acts.VERBS,
    quote_acts.VERBS,
    mine_acts.VERBS,
    check_acts.VERBS,
    pickup_acts.VERBS,
)


def table() -> dict[str, Verb]:
    """All verbs by their name."""
    found: dict[str, Verb] = {}
    for group in GROUPS:
        assert not found.keys() & group.keys(), "a verb has two meanings"
        found |= group
    return found
