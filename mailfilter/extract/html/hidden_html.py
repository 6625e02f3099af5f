"""Odd places of numbers in HTML: attributes that hold no words, text turned or cut by style.

From → to: source or tree → further stretches of text. Each function has a gate, so that ordinary
mail pays for a search or two.

- `numbered_tags`: any attribute (``id``, ``data-x``, ``src``) with six digits in a row.
- `left_over`: whatever number stands in the source and in none of the views (names of tags, ends of
  tags, what the tree drops).
- `without_doubtful`: the page without the elements that its styles *may* hide, in case they stand
  between digits, and with those turned round that are written from the right.

Invariants: linear; the tree is used up by `without_doubtful`, so it comes last.
"""

import html
import re
from collections.abc import Collection, Iterator
from itertools import islice
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser, LexborNode

from mailfilter.extract.kit.prefilter import Page
from mailfilter.extract.kit.references import unescape

DIGITS = re.compile(r"[0-9]{6}")
_NUMBER = re.compile(r"[0-9]{10,}|[0-9]{6,8}[-+ ][0-9]{4}")
_ALONE = re.compile(rf"(?<![0-9A-Za-z])(?:{_NUMBER.pattern})(?![0-9A-Za-z])")
_TAG = re.compile(r"<[a-zA-Z][^<>]*[0-9]{6}[^<>]*")
_ATTRIBUTE = re.compile(r"(?<![\w:-])([\w:-]++)\s*+=\s*+(\"[^\"]*|'[^']*|[^\s>]+)")
_CUT = re.compile(r"<[a-zA-Z][^<>]*+>[^<>]{0,60}+</[a-zA-Z][^<>]*+>[0-9]")
_MAY_HIDE = re.compile(
    r"color\s*:\s*(?:#fff\b|#ffffff|white|transparent|rgba?\([^)]{0,40},\s{0,3}0\s*\))"
    r"|font-size\s*:\s*[01](?:\.\d+)?\s*(?:p[xt]|e?m|%|[;!]|$)|left\s*:\s*-\d|top\s*:\s*-\d|indent\s*:\s*-\d"
    r"|(?:height|width)\s*:\s*[01](?:\.\d+)?\s*(?:p[xt]|em|%|[;!]|$)|clip(?:-path)?\s*:|opacity\s*:\s*0?\.[01]",
    re.IGNORECASE,
)
WORDS = "color", "font-size", "left", "top:", "indent", "height", "width", "clip", "opacity"
_WORDS = tuple(word.encode() for word in WORDS)
_TURNING = "bdo[dir],[style*='bidi-override']"
ELEMENTS = 2000  # styled elements that are looked at
TURNED = 100
VALUES = 1000  # attributes in tags with long digits that are looked at


def numbered_tags(page: Page, known: Collection[str]) -> Iterator[str]:
    """Values with long digits of attributes that are not among the `known` ones."""
    if not page.has_six_digits():
        return
    source, left = page.source, VALUES
    for tag in _TAG.finditer(source):
        closed = source.startswith(">", tag.end())  # the tree knows nothing of one that is not
        for name, quoted in islice(_ATTRIBUTE.findall(tag[0]), left):
            left -= 1
            value = quoted.strip("\"'")
            if (name.lower() in known and closed) or value.lower().startswith(("data:", "cid:")):
                continue
            if DIGITS.search(value):
                yield unquote(unescape(value))


def left_over(page: Page, views: str) -> list[str]:
    """The numbers of the source that `views` lacks, or has only with letters close to it: there may
    be a button or a drawing between."""
    found = _NUMBER.findall(page.source) if page.has_six_digits() else []
    if not found:
        return []
    left = set(found).difference(_NUMBER.findall(views))
    alone = set(_ALONE.findall(page.source)).difference(_ALONE.findall(views))
    return sorted(left | alone)


def stands_between(page: Page) -> bool:
    """Whether a digit stands behind an element, as if the element were between digits."""
    return b">0" in page.zeroed and _CUT.search(page.source) is not None


def without_doubtful(tree: LexborHTMLParser, page: Page) -> Iterator[str]:
    """The markup without what may be hidden, and the text of what is turned round."""
    if page.tells((b"bdo", b"bidi-override")):
        left = 2 * len(page.source)  # they may lie in one another
        for node in tree.css(_TURNING)[:TURNED]:
            turned = (node.text() or "")[::-1]
            left -= len(turned)
            if left < 0:
                break
            yield html.escape(turned)
    if not page.tells(_WORDS) or not stands_between(page):
        return
    styled = tree.css("[style]")[:ELEMENTS]
    doubtful = [n for n in styled if _MAY_HIDE.search(n.attributes.get("style") or "")]
    if doubtful:
        remove([node for node in doubtful if node.tag not in ("html", "head", "body")])
        yield tree.html or ""


def without_comments(markup: str) -> tuple[str, list[str]]:
    """(markup without comments, what they say); one that does not end is none."""
    kept, said, at = [], [], 0
    while (start := markup.find("<!--", at)) >= 0 and (end := markup.find("-->", start + 4)) >= 0:
        kept.append(markup[at:start])
        said.append(markup[start + 4 : end])
        at = end + 3
    return "".join([*kept, markup[at:]]), said


def outermost(nodes: list[LexborNode]) -> list[LexborNode]:
    """The nodes that lie in no other of them: their texts together are no longer than the page."""
    ids = {node.mem_id for node in nodes}
    free: set[int] = set()  # elements above which none of the nodes stands
    return [node for node in nodes if not _below(node, ids, free)]


def remove(nodes: list[LexborNode]) -> None:
    """Remove the outermost ones only: removing frees all below, which must not be touched again."""
    for node in outermost(nodes):
        node.decompose()


def _below(node: LexborNode, ids: set[int], free: set[int]) -> bool:
    passed = []
    above = node.parent
    while above is not None and above.mem_id not in free:
        if above.mem_id in ids:
            return True
        passed.append(above.mem_id)
        above = above.parent
    free.update(passed)
    return False
