"""The table of pages: method, address, what shows it. A part adds its rows by one line in `PAGES`.

``/m/ID/SECRET`` is the sender's, ``/h/ID/SECRET`` a recipient's, ``/f/ID/SECRET``
the sender's who follows what she sent securely (pickup). `CATALOGUES` are the
packages whose ``sv.toml``, ``en.toml`` ... hold the words of the pages.
"""

from mailfilter.front import check, mine, pickup, pickup_follow, pickup_letter, sender, start
from mailfilter.front.door import Page

CATALOGUES = ("mailfilter.front.words", "mailfilter.front.pickup_words")

PAGES: tuple[Page, ...] = (
    *start.PAGES,
    *sender.PAGES,
    *mine.PAGES,
    *check.PAGES,
    *pickup.PAGES,
    *pickup_follow.PAGES,
    *pickup_letter.PAGES,
)
