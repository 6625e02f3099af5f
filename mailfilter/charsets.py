"""Names of character encodings that Python knows, so that no other is ever asked for.

From → to: a name as a mail gives it → whether looking it up can succeed. Python remembers each name
that it has looked for, found or not, as long as the process lives: names that no codec has would
fill memory, and what somebody writes in place of a charset is content of a mail.

Invariants: pure; never says no to a name that `codecs.lookup` finds.
"""

import encodings
from encodings.aliases import aliases
from pkgutil import iter_modules

_NAMES = {
    *aliases,
    *aliases.values(),
    *(module.name for module in iter_modules(encodings.__path__)),
}


def is_known(name: str) -> bool:
    """Whether a codec may have this name, in any spelling.

    >>> is_known("UTF8"), is_known("Karin Ek")
    (True, False)
    """
    plain = encodings.normalize_encoding(name).lower()
    return plain in _NAMES or plain.replace(".", "_") in _NAMES
