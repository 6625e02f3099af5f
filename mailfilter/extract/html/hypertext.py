"""HTML as a reader sees it, and HTML as source.

From → to: bytes → `Text`s. As shown: block elements break lines, cells are divided by tabs and
rows by newlines, inline tags join without a space (``<b>1912</b>1212`` stays together), what CSS
hides is gone. As source: hidden text, comments, attributes that people write into, addresses of
links; ``data:`` URIs become parts. Scripts and style sheets hold no text for people and are
skipped, but for their ``data:`` URIs.

Invariants: linear in the input. Lexbor builds the tree that browsers build; tags that are nested
deeper than any mail program nests make its work quadratic, so such input is read by stripping tags,
and as source.

Sources: HTML living standard (raw text elements, block elements); threats.md 2.3.
Known gaps: style sheets are matched by simple rules (``.x{display:none}``); colours are not
compared: what may be hidden (white, tiny, off the page) counts as shown, which is the safe side,
and a text without it is read as well.
"""

import re
from collections.abc import Iterator
from itertools import accumulate

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from mailfilter.extract.html import flat, generated_digits, hidden_html
from mailfilter.extract.html.links import readable
from mailfilter.extract.kit.charset import decode
from mailfilter.extract.kit.context import Ctx, Found, text_at
from mailfilter.extract.kit.prefilter import Page
from mailfilter.extract.kit.references import unescape
from mailfilter.extract.text.plain import data_uris, placed, strip_markup
from mailfilter.model import Part
from mailfilter.place import Step, StepKind

_OPEN_CLOSE = re.compile(
    r"<(/?)(?!(?:br|img|hr|input|meta|link|p|li|td|th|tr|col|source|wbr|option|dd|dt)\b)[a-z]",
    re.IGNORECASE,
)
_META = re.compile(rb"(?i)<meta[^>]{0,200}charset\s*=\s*[\"']?([\w.:-]{1,40})")
_META_TAG = re.compile(r"(?i)<meta\s[^>]{1,2000}>")
_GENERATOR = re.compile(r"(?i)\sname\s*=\s*[\"']?(?:generator|progid)\b")
_CONTENT = re.compile(r"(?i)\scontent\s*=\s*(?:\"([^\"]{1,1000})\"|'?([^'>]{1,1000}))")
HEAD = 8192  # characters in which a page names its maker
# Of what the serialiser writes: names may have quotes and brackets in them, values have no quote
_TAG_BODY = r"[^\s/>]*+(?:[ /][^\s/>][^\s/>=]*+(?:=\"[^\"]*+\")?+)*+[ /]*+>"
_CELL_END = re.compile(r"</t[dh]>")
_ROW_END = re.compile(r"\t?\s*</tr>\s*")
_BLOCKS = (
    "p|div|li|ul|ol|dl|dt|dd|h[1-6]|table|caption|thead|tbody|blockquote|pre|section|article|"
    "header|footer|aside|nav|main|address|fieldset|form|figure|figcaption|title|option|select|"
    "textarea|center|details|summary|rt"
)
_BREAK = re.compile(rf"<(?:/?(?:{_BLOCKS})|br|hr)(?=[\s>]){_TAG_BODY}")
_TAG = re.compile(r"</?[a-zA-Z]" + _TAG_BODY + r"|<![a-zA-Z][^>]*+>")
_ODD = re.compile(r"<[a-zA-Z][^\s<>]*+<")
_WHOLE = re.compile(r"[/!]?[a-zA-Z][^\s\"<>]*+(?: [^\s\"=<>]++(?:=\"[^\"]*+\")?+)*+")
_NOT_SIMPLE = ("<td", "<th", "<pre", "<textarea", "<!--")
_WRITTEN = ",".join(f"[{name}]" for name in flat.WRITTEN)
_RAW = "script,xmp,iframe,noembed,noframes,plaintext"
_NAMES = tuple(name.encode() for name in flat.WRITTEN)
_UNSHOWN = tuple(f"<{name}".encode() for name in (*_RAW.split(","), "style"))
VIEWS, CHARACTERS = 300, 25  # steps of any page; characters in a step
# Browsers show nothing of these, mail programs that do not know them do
_UNRENDERED = "template", "datalist", "canvas", "audio", "video", "dialog", "noscript"
_UNRENDERED_TAGS = tuple(f"<{name}".encode() for name in _UNRENDERED)
HIDDEN = 2000  # hidden elements that are taken out; more are read as if they were shown
RULES = 60  # hiding rules of style sheets that are tried


def read(part: Part, ctx: Ctx) -> Iterator[Found]:
    """All views of an HTML part."""
    for source in decode(part.data, part.charset or _meta_charset(part.data)):
        ctx.budget.take_work(effort(source))
        page = Page(source)
        found = _without_tree(page)
        if found is None:
            for maker in _makers(source[:HEAD]):
                ctx.maker(maker)
            found = _with_tree(page)
        shown, extras = found
        yield placed(shown, part, ctx)
        if extras:
            yield text_at(extras, part.place.down(Step(StepKind.HIDDEN)))
        yield from data_uris(source, part)
        if "&" in source and ("ata&" in source or "ATA&" in source):  # the colon as a reference
            yield from data_uris(unescape(source), part)


def effort(source: str) -> int:
    """Steps of reading a page; measured, 0.3 to 1 microsecond each."""
    marks = source.count("<") + source.count("&") + source.count("=")
    return VIEWS + len(source) // CHARACTERS + marks


def _makers(head: str) -> Iterator[str]:
    """The program that ``<meta name="generator" content="...">`` names, in either order."""
    for tag in _META_TAG.findall(head):
        if _GENERATOR.search(tag) and (found := _CONTENT.search(tag)):
            yield unescape(found[1] or found[2])


def _meta_charset(data: bytes) -> str:
    found = re.search(_META, data[:2048])
    return found[1].decode("ascii") if found else ""


def views(source: str) -> tuple[str, str]:
    """(text as shown, all else that the source says)."""
    page = Page(source)
    return _without_tree(page) or _with_tree(page)


def _without_tree(page: Page) -> tuple[str, str] | None:
    """The views of a page whose markup is plain."""
    shown = flat.flat(page)
    if shown is None:
        return None
    rest = [*generated_digits.sandwiched(page)]
    if page.has_six_digits():
        hidden = list(filter(None, hidden_html.numbered_tags(page, flat.WRITTEN)))
        rest = [*hidden, *hidden_html.left_over(page, "\n".join([shown, *hidden])), *rest]
    return shown, "\n".join(filter(None, rest))


def _with_tree(page: Page) -> tuple[str, str]:
    """The same for any page."""
    source = page.source
    if _too_deep(source):
        return _stripped(source), unescape(source)
    tree = LexborHTMLParser(source)
    if tree.root is None:
        return _stripped(source), unescape(source)
    return _of_tree(tree, page)


def _of_tree(tree: LexborHTMLParser, page: Page) -> tuple[str, str]:
    """The views that a tree gives, which is used up."""
    extras = [*hidden_html.numbered_tags(page, flat.WRITTEN)]
    rules: list[str] = []
    markup = tree.html or ""
    cut = _cut(markup)
    if cut is not None and page.source.count("<") <= len(cut) // 2:
        page.told = _told(cut)  # no tag of the source is left out
    if page.tells(_UNSHOWN):
        extras += [*_attributes(tree), *_take_raw(tree)]
        rules = _take_styles(tree, extras)
        page.told = None  # what sheets and scripts say tells, too
        markup = tree.html or ""
        cut = _cut(markup)
    elif cut is None or page.tells(_NAMES):
        extras += _attributes(tree)
    hides = rules or page.tells(flat.MAY_HIDE) or page.tells(_UNRENDERED_TAGS)
    whole = _with_hidden(tree, markup, rules) if hides else []
    if whole:
        markup = tree.html or ""
    if whole or cut is None or any(map(markup.__contains__, _NOT_SIMPLE)):
        cut, markup = None, _marked_pre(markup)
    extras += map(as_text, hidden_html.without_doubtful(tree, page))
    if "<!--" in markup:
        markup, comments = hidden_html.without_comments(markup)
        extras += map(strip_markup, comments)
    shown = as_text(markup) if cut is None else _joined(cut)
    hidden = "\n".join(filter(None, [*whole, *extras]))
    rest = hidden_html.left_over(page, f"{shown}\n{hidden}")
    return shown, "\n".join(filter(None, [hidden, *rest, *generated_digits.readings(page, shown)]))


def _too_deep(source: str) -> bool:
    if source.count("<") < flat.DEPTH:
        return False
    steps = (-1 if close else 1 for close in _OPEN_CLOSE.findall(source))
    return max(accumulate(steps), default=0) > flat.DEPTH


def _stripped(source: str) -> str:
    """Without a tree: every tag is cut out."""
    return unescape(strip_markup(source))


def as_text(markup: str) -> str:
    """Serialised markup → text. The serialiser quotes attributes and escapes, so this is exact."""
    text = flat.one_space(markup)
    if "<td" in text or "<th" in text:
        text = _ROW_END.sub("\n", "".join(_cells(text)).replace("\t ", "\t"))
    if _ODD.search(text):  # a name with a whole tag in it
        return flat.lines(_TAG.sub(lambda tag: "\n" if _BREAK.match(tag[0]) else "", text))
    return flat.lines(_TAG.sub("", _BREAK.sub("\n", text)))


def _cut(markup: str) -> list[str] | None:
    """Text and the insides of tags in turn, text first; None unless each tag is as it should be.

    The name of a tag or attribute may have a quote or the beginning of a tag in it.
    """
    pieces = flat.one_space(markup).replace("<", ">").split(">")
    whole = len(pieces) == 2 * markup.count("<") + 1
    return pieces if whole and all(map(_WHOLE.fullmatch, set(pieces[1::2]))) else None


def _told(cut: list[str]) -> bytes:
    """The tags of a page, each once, in small letters."""
    return f"<{' <'.join(set(cut[1::2]))}".lower().encode("latin-1", "replace")


def _joined(pieces: list[str]) -> str:
    """What `as_text` makes of simple markup, at half the cost: without tables (`_NOT_SIMPLE`)."""
    tags = pieces[1::2]
    shown = {tag: "\n" if _BREAK.match(f"<{tag}>") else "" for tag in set(tags)}
    pieces[1::2] = map(shown.__getitem__, tags)
    return flat.lines("".join(pieces))


def _cells(text: str) -> Iterator[str]:
    """Cells end by a tab; what breaks a line inside a cell becomes a space, so that rows stay."""
    for piece in _CELL_END.split(text):
        start = max(piece.rfind("<td>"), piece.rfind("<td "))  # the innermost starts last
        start = max(start, piece.rfind("<th>"), piece.rfind("<th "))
        if start < 0:
            yield piece
        else:
            inside = _TAG.sub("", _BREAK.sub(" ", piece[start:])).strip(" ")
            yield piece[:start] + inside + "\t"


def _marked_pre(markup: str) -> str:
    """Newlines that are shown (pre, textarea) survive as vertical tabs."""
    if "<pre" not in markup and "<textarea" not in markup:
        return markup
    pieces = re.split(r"(</?(?:pre|textarea)\b)", markup)
    inside = False
    for n, piece in enumerate(pieces):
        if n % 2:
            inside = not piece.startswith("</")
        elif inside:
            pieces[n] = piece.replace("\n", "\x0b")
    return "".join(pieces)


def _attributes(tree: LexborHTMLParser) -> Iterator[str]:
    """Attributes that hold words, numbers or addresses."""
    for node in tree.css(_WRITTEN):
        for name in flat.WRITTEN:
            value = node.attributes.get(name)
            if value and not value.lower().startswith("data:"):
                yield readable(value)


def _take_raw(tree: LexborHTMLParser) -> Iterator[str]:
    """Elements that are serialised without escapes leave the tree; their text is returned."""
    for node in tree.css(_RAW):
        content = node.text() or ""
        if node.tag != "script" or hidden_html.DIGITS.search(content):
            yield strip_markup(content)
        node.decompose()


def _take_styles(tree: LexborHTMLParser, extras: list[str]) -> list[str]:
    """Style sheets leave the tree, if with digits to `extras`; selectors that hide are returned."""
    hiding = []
    for node in tree.css("style"):
        if hidden_html.DIGITS.search(node.text() or ""):
            extras.append(node.text() or "")
        for rule in (node.text() or "").split("}"):
            selector, brace, declarations = rule.rpartition("{")
            slow = "(" in selector  # :has() looks through the page for each element
            if brace and not slow and flat.HIDING.search(declarations):
                selector = selector.rpartition("{")[2].rpartition("-->")[2]
                hiding.append(selector.rpartition("<!--")[2].strip())
        node.decompose()
    return list(dict.fromkeys(hiding))[:RULES]


def _with_hidden(tree: LexborHTMLParser, markup: str, rules: list[str]) -> list[str]:
    """If something is hidden: the text with it; then it leaves the tree."""
    hidden = hidden_html.outermost(list(_hidden(tree, rules)))
    if not hidden:
        return []
    whole = as_text(hidden_html.without_comments(_marked_pre(markup))[0])
    alone = [node.text() or "" for node in hidden]
    hidden_html.remove(hidden)
    return [whole, *alone]


def _hidden(tree: LexborHTMLParser, rules: list[str]) -> Iterator[LexborNode]:
    seen: set[int] = set()
    for node in _candidates(tree, rules):
        if len(seen) == HIDDEN:
            return
        if node.mem_id not in seen and node.tag not in ("html", "head", "body"):
            seen.add(node.mem_id)
            yield node


def _candidates(tree: LexborHTMLParser, rules: list[str]) -> Iterator[LexborNode]:
    yield from tree.css(",".join(("[hidden]", *_UNRENDERED)))
    for node in tree.css("[style]"):
        if flat.HIDING.search(node.attributes.get("style") or ""):
            yield node
    for rule in rules:
        try:
            yield from tree.css(rule or "nothing")
        except SelectolaxError:
            continue
