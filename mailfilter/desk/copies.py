"""Copies of one mail, split by recipient on its way to us, are one mail on its sender's page.

Exchange Online splits a mail by the domains of its recipients; P2 makes that one incident and one
notice. From → to: the copy that the link names, and the others → one dossier with all recipients,
and all items, whose indexes count through it. What is stored keeps its own indexes.

Known gap: copies know each other for six days; after that each has its own reminder and link.
"""

from collections.abc import Sequence
from dataclasses import replace

from mailfilter.desk.parts import DeskParts
from mailfilter.errors import Permanent
from mailfilter.record.contract import Dossier, Item
from mailfilter.record.sealing import link_secret

Copy = tuple[Dossier, Sequence[Item]]


async def by_link(
    parts: DeskParts, owner: str, secret: str
) -> tuple[Sequence[Item], Dossier | None]:
    """The items of the mail and its dossier, opened by the link's secret; None once ended."""
    items = await parts.archive.items_of(owner)
    try:
        own = await parts.archive.links.dossier(link_secret.SENDER, owner, secret, parts.now())
    except Permanent:
        return items, None
    return merged([(own, items), *await others(parts, owner)])


async def others(parts: DeskParts, owner: str) -> list[Copy]:
    """The other copies that desk can open; a protected one is not among them."""
    found: list[Copy] = []
    for message in await parts.archive.copies_of(owner):
        items = await parts.archive.items_of(message)
        if items and (dossier := items[0].dossier) is not None:
            found.append((dossier, items))
    return found


def merged(copies: Sequence[Copy]) -> tuple[Sequence[Item], Dossier]:
    """All items and one dossier; the first copy says what was found."""
    first, items = copies[0]
    answer = dict.fromkeys(first.answer)
    rcpts, verdicts, shifted = list(first.rcpts), list(first.verdicts), list(items)
    for dossier, own in copies[1:]:
        start = len(rcpts)
        rcpts += dossier.rcpts
        verdicts += dossier.verdicts
        answer |= dict.fromkeys(dossier.answer)
        shifted += [
            replace(item, recipients=tuple(start + n for n in item.recipients)) for item in own
        ]
    whole = replace(first, rcpts=tuple(rcpts), verdicts=tuple(verdicts), answer=tuple(answer))
    return shifted, whole
