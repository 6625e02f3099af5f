"""Case numbers as people quote them: ``KT6RP-K3JVX`` in any case, with or without its item.

From → to: text of a search field, an address or a command line → `Case`, or None if it can be none.

A sender reads her number from a notice and writes it in a mail or says it on the telephone: small
letters, a space or a long dash in the middle or nothing at all, O for 0, I or L for 1 (the letters
are Crockford's, which leave those out), and rarely the ``.1`` of the item. A word of ten letters
may look the same: whoever asks tries the number first and the word then.

The number is looked up as it is: it is the key of the rows, in clear in the audit log too, so that
a hash of it would hide nothing. The statement leaves the rows of protected mail out (V5).
"""

import re
import unicodedata
from dataclasses import dataclass

LONGEST = 80
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−_"), "-")
_MEANT = str.maketrans("OIL", "011")
_AROUND = " \t#:;,<>()[]\"'”“’«»"
_NUMBER = re.compile(r"([0-9A-TV-Z]{5})[- ]{0,3}([0-9A-TV-Z]{5})(?:\.([0-9]{1,3}))?\.?")
_AS_STORED = re.compile(r"([A-Za-z0-9_-]{1,64})(?:\.([0-9]{1,3}))?")


@dataclass(frozen=True, slots=True)
class Case:
    """`names` are the ids of messages that may be meant, the likeliest first; `n` is the item, 0
    for all of them."""

    names: tuple[str, ...]
    n: int = 0

    @property
    def items(self) -> tuple[str, ...]:
        """The ids of items; none where no item was named."""
        return tuple(f"{name}.{self.n}" for name in self.names) if self.n else ()


def read(text: str) -> Case | None:
    """The case that `text` names, whoever wrote it."""
    if len(text) > LONGEST:
        return None
    plain = unicodedata.normalize("NFKC", text).translate(_DASHES).strip(_AROUND)
    plain = plain.rpartition("/")[2]  # of an address of ours
    names: dict[str, None] = {}
    n = "0"
    if found := _NUMBER.fullmatch(plain.upper()):
        names[f"{found[1]}-{found[2]}".translate(_MEANT)] = None
        n = found[3] or n
    if stored := _AS_STORED.fullmatch(plain):
        names[stored[1]] = None
        n = stored[2] or n
    return Case(tuple(names), int(n)) if names else None
