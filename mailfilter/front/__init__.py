"""The pages that the world reaches: the sender finishes her own mail, the recipient reads hers.

Two sides that meet at a Unix socket (`front.sock`):

    front (its own process)                         desk
    guard.py     who may connect, headers, log      desk_side.py   one request at a time
    door.py      form tokens, method → `Visit`      verbs.py       the closed list of verbs
    pages.py     the table of pages                 sender_acts.py what each of them does
    sender.py    one page, its forms
    asking.py    asks desk
    wire.py      the frames, on both sides
    contract.py  `Ask`, `Answer`, `Refused`, what a verb is given

The process of front opens no database and holds no key; what it may know it is told by a verb,
which proves the link's secret first. ``README.md`` is the manual.
"""

from mailfilter.front.build import build

__all__ = ["build"]
