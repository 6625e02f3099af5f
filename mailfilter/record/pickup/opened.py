"""A box that its link opened: its row, its key, what lies under it, and how that is shown.

From → to: a box's id and its link's secret → `Opened`, or Permanent: no such box, ended, or a
newer link has taken the place of this one.
"""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.config.pickup import Proof
from mailfilter.errors import Permanent
from mailfilter.record.pickup import rows
from mailfilter.record.pickup.contract import TRIES, Found, View
from mailfilter.record.pickup.seal import WRONG, open_facts, unwrap

Sealed = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Opened:
    """A box that its link opened."""

    row: Row[Any]
    key: bytes
    facts: Sealed  # of the box
    about: Sealed  # of the deposit


async def open_box(c: AsyncConnection, box_id: str, secret: str, *, lock: bool = False) -> Opened:
    """The box; Permanent if this link does not open it (any more)."""
    row = await rows.box_row(c, box_id, lock=lock)
    if row is None or row.d_ended:
        raise Permanent(WRONG)
    return opened_box(row, secret)


def opened_box(row: Row[Any], secret: str) -> Opened:
    key = unwrap(row.wrap, secret, row.id)
    return Opened(
        row, key, open_facts(key, row.facts, row.id), open_facts(key, row.d_facts, row.d_id)
    )


def view_of(opened: Opened, found: Found) -> View:
    row, facts, about = opened.row, opened.facts, opened.about
    view = View(
        found=found,
        box=row.id,
        proof=Proof(row.proof),
        shared=row.shared,
        answer=bool(row.d_answers),
        person=about["person"],
        unit=about["unit"],
        case=about["case"],
        language=about["language"],
        passphrase=bool(facts["passphrase"]),
        at=row.d_at,
        expires_at=row.d_expires_at,
        read_at=row.read_at,
    )
    return replace(
        view,
        mobile=str(facts["mobile"])[-2:],
        answered_at=row.answered_at,
        tries_left=max(TRIES - row.tries, 0),
        texted=row.code is not None,
    )


def plain(code: str) -> str:
    """A code without the spaces and signs that people write into it, in lower case."""
    return "".join(sign for sign in code.casefold() if sign.isalnum())
