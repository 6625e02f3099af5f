"""What a mail says of health, known again without its text: "this was asked before".

From → to: what the detectors found, the texts and the parts of a mail → `Said`: keyed hashes over
the sentences that findings of medium or higher stand in, and hashes of what is attached. None
where anything but health was found so surely: then its sender is asked nothing.

- Made where the text is, in a worker or for small mail in the smtp process; only hashes leave.
- A sentence ends at its full stop or at an empty line; blanks, marks of quoting and letter case
  count for nothing, so that a mail which is quoted or wrapped anew still says the same. Text
  without full stops (a table) is one sentence: a new row in it is something new.
- `attached` are hashes without a key. They go to the process that has the mail itself, and are
  stored nowhere but under the keyed hash of the sentences (``act/asking.py``).
- There is a key for each day, which lives for `DAYS` (``record/sealing/repeat_keys.py``). Nobody
  can make the hash of a sentence that he guesses once its key is gone.

Known gap: who is meant may stand in another sentence than her illness. Whoever sends the same
sentence to the same recipient about somebody else is not asked again.
"""

import hashlib
import hmac
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from detectors import Match, Source
from detectors.levels import LEVELS, Level, Levels
from mailfilter.model import Part, Said

DAYS = 30  # that an answer lives, and the key that it was made with
KEYS = DAYS + 1  # that live at most: one a day, today's among them
KEY = 32  # bytes of a key, and of a hash
MOST_ATTACHED = 64  # who sends more is asked each time
HEALTH = "health"
_ASIDE = "cloud-link"  # low for every rule that does not name it (``decide/conditions.py``)
_END = re.compile(r"[.!?…](?=\s)|\n[>\s]*\n")  # linear: a run of dots is looked at once
_QUOTED = re.compile(r"(?m)^[ \t]*>[> \t]*")
_REPLY = re.compile(r"^(?:(?:re|sv|vs|vb|fw|fwd) ?: ?)+")
_OWN_TEXT = frozenset({"text/plain", "text/html"})


def said(
    matches: Iterable[Match],
    sources: Sequence[Source],
    parts: Sequence[Part],
    keys: Sequence[bytes],
    levels: Levels = LEVELS,
) -> Said | None:
    """See the module's docstring; None too where there is no key, or too much is attached."""
    strong = [
        match
        for match in matches
        if match.kind != _ASIDE and levels.of(match.kind, match.confidence) is not Level.LOW
    ]
    if not keys or not strong or any(match.kind != HEALTH for match in strong):
        return None
    attached = _attached(parts)
    if len(attached) > MOST_ATTACHED:
        return None
    digest = _digest(_sentences(strong, sources))
    return Said(tuple(hmac.digest(key, digest, "sha256") for key in keys), attached)


def _sentences(matches: Iterable[Match], sources: Sequence[Source]) -> set[str]:
    found: set[str] = set()
    spans: dict[int, list[Match]] = {}
    for match in matches:
        spans.setdefault(match.source, []).append(match)
    for n, those in spans.items():
        content = sources[n].content
        ends = [0, *(end.end() for end in _END.finditer(content)), len(content)]
        edges = {_edges(ends, match) for match in those}
        found |= {_plain(content[start:end]) for start, end in edges}
    return found


def _edges(ends: Sequence[int], match: Match) -> tuple[int, int]:
    """Where the sentences begin and end that the match stands in."""
    first = bisect_right(ends, match.start) - 1
    last = bisect_left(ends, match.end)
    return ends[first], ends[min(last, len(ends) - 1)]


def _plain(sentence: str) -> str:
    if ">" in sentence:
        sentence = _QUOTED.sub(" ", sentence)
    words = " ".join(sentence.casefold().split())
    return _REPLY.sub("", words) if ":" in words[:8] else words


def _digest(sentences: Iterable[str]) -> bytes:
    whole = hashlib.sha256(b"mailfilter said")
    for sentence in sorted(sentences):
        text = sentence.encode("utf-8", "surrogatepass")
        whole.update(len(text).to_bytes(4, "big") + text)
    return whole.digest()


def _attached(parts: Sequence[Part]) -> tuple[bytes, ...]:
    """Of all that is no text of the mail itself: what is attached, and what lies in that."""
    others = (part for part in parts if part.place.steps or part.type not in _OWN_TEXT)
    return tuple(sorted({hashlib.sha256(part.data).digest() for part in others}))
