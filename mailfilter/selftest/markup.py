"""Ways to hide a number in HTML.

From → to: `ways()` yields (name, function from twelve digits to an entity, why it is missed or "").

Sources: HTML living standard, CSS 2.1; what is shown and what is only in the source both count.
"""

import base64
from collections.abc import Callable, Iterator
from urllib.parse import quote

from mailfilter.selftest.mails import Make, entity, hyphened, page, whole_page

Way = tuple[str, Make, str]
LOW = "seen, at low confidence: a date and four digits apart are mostly something else"
DRAWN = "what is shown is computed by the reader's program (style, font, script), not written"
_SVG = '<svg xmlns="http://www.w3.org/2000/svg"><text>{}</text></svg>'
_HEAD = '<html><head><style type="text/css">{}</style></head><body>{}</body></html>'
junk = '<i class="q">7</i>'
media = "@media screen{.q{font-size:0}}"


def ways() -> Iterator[Way]:
    """All ways of this kind."""
    yield from _unseen()
    yield from _attributes()
    yield from _elements()
    for table in (
        _SPLIT,
        _REFERENCES,
        _UNSEEN,
        _ATTRIBUTES,
        _ADDRESSES,
        _ELEMENTS,
    ):
        for name, make in table.items():
            yield name, make, ""
    for known in (
        _SPLIT_MISSED,
        _ADDRESSES_MISSED,
        _DRAWN_MISSED,
    ):
        for name, (make, miss) in known.items():
            yield name, make, miss


def _page(write: Callable[[str], str]) -> Make:
    return lambda number: page(write(number))


def _each(before: str, after: str) -> Make:
    """Every digit between two stretches of markup."""
    return _page(lambda n: "".join(f"{before}{digit}{after}" for digit in n))


def _between(markup: str) -> Make:
    return _page(markup.join)


def _around(before: str, after: str) -> Make:
    return _page(lambda n: f"{before}{hyphened(n)}{after}")


def _cells(cuts: tuple[int, ...]) -> Make:
    def write(number: str) -> str:
        ends = (*cuts, len(number))
        cells = (number[a:b] for a, b in zip((0, *cuts), ends, strict=True))
        return f"<table><tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr></table>"

    return _page(write)


def _unseen() -> Iterator[Way]:
    for name, style in {
        "display:none": "display:none",
        "visibility": "visibility: hidden",
        "font-size 0": "font-size:0px",
        "font-size 1": "font-size:1px",
        "white on white": "color:#ffffff;background:#fff",
        "opacity 0": "opacity:0",
        "off the page": "position:absolute;left:-9999px",
        "height 0": "max-height:0;overflow:hidden",
        "mso-hide": "mso-hide:all",
        "clipped": "clip:rect(0,0,0,0);position:absolute",
    }.items():
        yield (f"html: hidden by {name}", _around(f'<span style="{style}">', "</span>"), "")
        junk = f'<span style="{style}">7</span>'
        if name in ("display:none", "visibility", "font-size 0", "opacity 0", "mso-hide"):
            yield (f"html: between digits, hidden by {name}", _between(junk), "")
    for name, style in {
        "white": "color:#fff",
        "transparent": "color:transparent",
        "font-size 1": "font-size:1px",
        "off the page": "position:absolute;left:-9999px",
        "height 0": "display:inline-block;width:0;height:0;overflow:hidden",
    }.items():
        yield (f"html: between digits, {name}", _between(f'<span style="{style}">7</span>'), "")


def _styled(style: str, body: str) -> bytes:
    return whole_page(_HEAD.format(style, f"<p>Det gäller {body} här.</p>"))


def _classed(style: str, before: str, after: str) -> Make:
    return lambda number: _styled(style, f"{before}{hyphened(number)}{after}")


def _attributes() -> Iterator[Way]:
    for name in (
        "title",
        "aria-label",
        "aria-description",
        "data-id",
        "id",
        "class",
        "name",
        "lang",
        "summary",
    ):
        yield (f"html: {name}", _around(f'<span {name}="', '">x</span>'), "")


def link(address: str) -> str:
    return f'<a href="{address}">länk</a>'


def percent(text: str) -> str:
    return "".join(f"%{ord(character):02X}" for character in text)


def based(number: str, markup: str = "Personnummer {}") -> str:
    return base64.b64encode(markup.format(number).encode()).decode()


def _elements() -> Iterator[Way]:
    for name, before, after in (
        ("comment", "<!-- ", " -->"),
        ("conditional comment", "<!--[if mso]><p>", "</p><![endif]-->"),
        ("comment that ends oddly", "<!-- ", " --!>"),
        ("CDATA", "<![CDATA[", "]]>"),
        ("processing instruction", "<?xml ", "?>"),
        ("noscript", "<noscript>", "</noscript>"),
        ("template", "<template><p>", "</p></template>"),
        ("textarea", "<textarea>", "</textarea>"),
        ("option", "<select><option>", "</option></select>"),
        ("datalist", '<datalist><option value="', '"></datalist>'),
        ("details", "<details><summary>x</summary>", "</details>"),
        ("button", "<button>", "</button>"),
        ("noframes", "<noframes>", "</noframes>"),
        ("iframe", "<iframe>", "</iframe>"),
        ("object", "<object>", "</object>"),
        ("audio", "<audio>", "</audio>"),
        ("canvas", "<canvas>", "</canvas>"),
        ("ruby", "<ruby>x<rt>", "</rt></ruby>"),
        ("xmp", "<xmp>", "</xmp>"),
        ("plaintext", "<plaintext>", ""),
        ("SVG text", "<svg><text>", "</text></svg>"),
        ("SVG title", "<svg><title>", "</title></svg>"),
        ("SVG desc", "<svg><desc>", "</desc></svg>"),
        ("MathML", "<math><mn>", "</mn></math>"),
        ("dialog", "<dialog>", "</dialog>"),
        ("script, as a string", '<script>var a = "', '";</script>'),
        ("JSON-LD", '<script type="application/ld+json">{"id": "', '"}</script>'),
        ("style, comment", "<style>/* ", " */</style>"),
        ("style, content", '<style>.q::before{content:"', '"}</style>'),
        ("tag that is not closed", '<a title="', ""),
    ):
        yield (f"html: {name}", _around(before, after), "")


def _columns(number: str) -> str:
    rows = (number[n : n + 4] for n in range(0, 12, 4))
    cells = zip(*rows, strict=True)
    marked = ("".join(f"<td>{cell}</td>" for cell in row) for row in cells)
    return f"<table><tr>{'</tr><tr>'.join(marked)}</tr></table>"


def _flexed(number: str) -> str:
    order = (11, 3, 7, 0, 10, 5, 2, 9, 4, 8, 1, 6)
    spans = "".join(f'<b style="order:{n}">{number[n]}</b>' for n in order)
    return f'<div style="display:flex">{spans}</div>'


def _fonted(number: str) -> str:
    other = "".join(str((int(digit) + 3) % 10) for digit in number)
    face = "@font-face{font-family:q;src:url(https://exempel.example/q.woff)}"
    return f'<style>{face}</style><span style="font-family:q">{other}</span>'


_SPLIT: dict[str, Make] = {
    "html: as it is": _page(hyphened),
    "html: split by <b>": _page(lambda n: f"{n[:5]}<b>{n[5:9]}</b>{n[9:]}"),
    "html: each digit a <span>": _each("<span>", "</span>"),
    "html: each digit a <font>": _each('<font color="#000001">', "</font>"),
    "html: each digit an inline <div>": _each('<div style="display:inline">', "</div>"),
    "html: each digit a floating <div>": _each('<div style="float:left">', "</div>"),
    "html: each digit an inline-block": _each('<p style="display: inline-block">', "</p>"),
    "html: <wbr> between digits": _between("<wbr>"),
    "html: empty <i> between digits": _between("<i></i>"),
    "html: unknown tag between digits": _between("<x-y>"),
    "html: empty picture between digits": _between('<img src="cid:x" width="0">'),
    "html: comment between digits": _between("<!-- x -->"),
    "html: false comment between digits": _between("<!x>"),
    "html: conditional comment between digits": _between("<![if !mso]><![endif]>"),
    "html: office tag between digits": _between("<o:p></o:p>"),
    "html: <template> before the last four": _page(
        lambda n: f"{n[:8]}<template>Hej</template>{n[8:]}"
    ),
    "html: <canvas> before the last four": _page(lambda n: f"{n[:8]}<canvas>a</canvas>{n[8:]}"),
    "html: <template> close behind": _page(lambda n: f"{hyphened(n)}<template>Hej</template>"),
    "html: <button> close behind": _page(lambda n: f"{hyphened(n)}<button>Visa</button>"),
    "html: drawing close before": _page(lambda n: f"<svg><text>a</text></svg>{hyphened(n)}"),
    "html: quote in the name of a tag": _page(lambda n: f'<a">{n[:4]}<b>{n[4:8]}</b>{n[8:]}'),
    "html: tag in the name of a tag": _page(lambda n: f"{n[:8]}<div<div>{n[8:]}"),
    "html: <br> before the last four, with the word": _page(
        lambda n: f"personnummer {n[:8]}<br>{n[8:]}"
    ),
    "html: <br> between digits": _between("<br>"),
    "html: cells, date and last four, with a heading": _page(
        lambda n: (
            f"<table><tr><th>Personnummer</th><th></th></tr><tr><td>{n[:8]}</td><td>{n[8:]}</td></tr></table>"
        )
    ),
    "html: cells, one a digit": _cells(tuple(range(1, 12))),
    "html: list, one a digit": _page(lambda n: f"<ul>{''.join(f'<li>{d}</li>' for d in n)}</ul>"),
    "html: spaces of many kinds": _between("&nbsp;&thinsp;"),
}

_SPLIT_MISSED: dict[str, tuple[Make, str]] = {
    "html: <br> before the last four": (_page(lambda n: f"{n[:8]}<br>{n[8:]}"), LOW),
    "html: cells, date and last four": (_cells((8,)), LOW),
    "html: cells in two rows": (
        _page(lambda n: f"<table><tr><td>{n[:8]}</td></tr><tr><td>{n[8:]}</td></tr></table>"),
        LOW,
    ),
}

_REFERENCES: dict[str, Make] = {
    "html: references, decimal": _page(lambda n: "".join(f"&#{ord(d)};" for d in n)),
    "html: references, hexadecimal": _page(lambda n: "".join(f"&#X{ord(d):X};" for d in n)),
    "html: references with noughts": _page(lambda n: "".join(f"&#{ord(d):07};" for d in n)),
    "html: references without semicolon": _page(lambda n: "".join(f"&#{ord(d)}" for d in n) + " "),
    "html: references, full-width": _page(lambda n: "".join(f"&#{65296 + int(d)};" for d in n)),
    "html: &shy; between digits": _between("&shy;"),
    "html: &#8203; between digits": _between("&#8203;"),
    "html: &ZeroWidthSpace; between digits": _between("&ZeroWidthSpace;"),
    "html: &zwnj; and tags between digits": _between("<b>&zwnj;</b>"),
    "html: &minus;": _page(lambda n: f"{n[:8]}&minus;{n[8:]}"),
    "html: references, twice": _page(lambda n: "".join(f"&amp;#{ord(d)};" for d in n)),
}

_UNSEEN: dict[str, Make] = {
    "html: hidden attribute": _around("<p hidden>", "</p>"),
    "html: hidden by a class": _classed(".q{display:none}", "<i class=q>", "</i>"),
    "html: between digits, by a class": lambda n: _styled(".q {display : none}", junk.join(n)),
    "html: between digits, by a class for screens": lambda n: _styled(media, junk.join(n)),
}

_ATTRIBUTES: dict[str, Make] = {
    "html: alt": _around('<img src="cid:a" alt="', '">'),
    "html: placeholder": _around('<input placeholder="', '">'),
    "html: value": _around('<input type="text" value="', '">'),
    "html: hidden field": _around('<input type="hidden" name="a" value="', '">'),
    "html: label of an option": _around('<select><option label="', '">x</option></select>'),
    "html: meta": lambda n: whole_page(
        f'<head><meta name="description" content="{hyphened(n)}"></head><body>Hej</body>'
    ),
    "html: meta refresh": lambda n: whole_page(
        f'<html><head><meta http-equiv="refresh" content="9;url=https://exempel.example/?p={n}"></head><body>Hej</body></html>'
    ),
    "html: srcdoc": _page(
        lambda n: f'<iframe srcdoc="&lt;p&gt;{n[:6]}&lt;b&gt;{n[6:]}&lt;/b&gt;"></iframe>'
    ),
    "html: attribute without quotes": _page(lambda n: f"<a title={n}>x</a>"),
    "html: attribute of a script's event": _page(lambda n: f"""<a onclick="alert('{n}')">x</a>"""),
    "html: style attribute": _page(lambda n: f"""<a style="font-family:'{n}'">x</a>"""),
}

_ADDRESSES: dict[str, Make] = {
    "link: https query": _page(lambda n: link(f"https://exempel.example/?p={n}")),
    "link: path": _page(lambda n: link(f"https://exempel.example/{hyphened(n)}/x")),
    "link: percent": _page(lambda n: link(f"https://exempel.example/?p={percent(n)}")),
    "link: mailto": _page(lambda n: link(f"mailto:{n}@exempel.example")),
    "link: mailto subject": _page(
        lambda n: link(f"mailto:a@exempel.example?subject={quote('Ang ' + hyphened(n))}")
    ),
    "link: mailto body, percent": _page(
        lambda n: link(f"mailto:a@exempel.example?body={percent(n)}")
    ),
    "link: tel": _page(lambda n: link(f"tel:{n}")),
    "link: sms": _page(lambda n: link(f"sms:123?body={n}")),
    "link: javascript": _page(lambda n: link(f"javascript:alert({n})")),
    "link: picture": _page(lambda n: f'<img src="https://exempel.example/{n}.png">'),
    "link: background": _page(
        lambda n: f'<table background="https://exempel.example/{n}.png"><tr><td>x</td></tr></table>'
    ),
    "link: base64 in the query": _page(lambda n: link(f"https://exempel.example/?p={based(n)}")),
    "data: URI, base64": _page(lambda n: link(f"data:text/plain;base64,{based(n)}")),
    "data: URI, percent": _page(lambda n: link(f"data:text/plain,{percent(n)}")),
    "data: URI, base64 HTML in a frame": _page(
        lambda n: f"""<iframe src="data:text/html;base64,{based(n, "<p>{}</p>")}"></iframe>"""
    ),
    "data: URI, base64 SVG picture": _page(
        lambda n: f'<img src="data:image/svg+xml;base64,{based(n, _SVG)}">'
    ),
    "data: URI, within a style sheet": lambda n: _styled(
        f".q{{background:url(data:text/plain;base64,{based(n)})}}", "x"
    ),
}

_ADDRESSES_MISSED: dict[str, tuple[Make, str]] = {
    "link: anchor": (
        _page(lambda n: link(f"#{n}")),
        "seen, at low confidence: what stands behind # is a case or a chapter",
    ),
}

_ELEMENTS: dict[str, Make] = {
    "html: counter of a list": _page(
        lambda n: f'<ol start="{n[:8]}"><li></li></ol><ol start="{n[8:]}"><li></li></ol>'
    ),
    "html: order by flex": _page(_flexed),
    "html: columns, one a digit, top to bottom": _page(_columns),
    "html: title of the page": lambda n: whole_page(
        f"<html><head><title>{hyphened(n)}</title></head><body>Hej</body></html>"
    ),
    "html: SVG, one <tspan> a digit": _page(
        lambda n: f"<svg><text>{''.join(f'<tspan>{d}</tspan>' for d in n)}</text></svg>"
    ),
    "html: MathML, one <mn> a digit": _page(
        lambda n: f"<math>{''.join(f'<mn>{d}</mn>' for d in n)}</math>"
    ),
    "html: after </html>": lambda n: whole_page(f"<html><body>Hej</body></html>\n{hyphened(n)}"),
    "html: in a text mail's tags": lambda n: entity(
        "text/plain", f"<p>{n[:4]}<b>{n[4:]}</b></p>\r\n".encode()
    ),
    "html: enriched text": lambda n: entity(
        "text/enriched", f"<bold>{n[:4]}</bold>{n[4:]}\r\n".encode()
    ),
    "html: turned by <bdo>": _page(lambda n: f'<bdo dir="rtl">{n[::-1]}</bdo>'),
    "html: turned by style": _page(
        lambda n: f'<span style="unicode-bidi:bidi-override;direction:rtl">{n[::-1]}</span>'
    ),
    "html: turned by U+202E": _page(lambda n: f"&#8238;{n[::-1]}&#8236;"),
}

_DRAWN_MISSED: dict[str, tuple[Make, str]] = {
    "html: written by a script": (
        _page(lambda n: f"<script>document.write({int(n[:6])}*1e6+{int(n[6:])})</script>"),
        DRAWN,
    ),
    "html: font with exchanged digits": (_page(_fonted), DRAWN),
}
