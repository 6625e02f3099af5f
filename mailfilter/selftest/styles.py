"""Ways to hide a number in HTML by styles, scripts, and elements between its digits.

From → to: `ways()` yields (name, function from twelve digits to an entity, why it is missed or "").

Sources: CSS 2.1 and the CSS modules for what takes an element off the page; "cloaked" spam mails as
surveys describe them; HTML living standard for elements whose content is not shown.
"""

import base64
from collections.abc import Callable, Iterator
from urllib.parse import quote

from mailfilter.selftest.mails import Make, entity, hyphened, multipart, page, said, whole_page

Way = tuple[str, Make, str]
DIGITS = "0123456789"
_HIDING = {
    "display:none, important": "display:none !important",
    "indented off the page": "text-indent:-9999px;display:inline-block",
    "clip-path": "clip-path:inset(100%)",
    "scaled to nothing": "transform:scale(0);display:inline-block",
    "moved off the page": "transform:translateX(-9999px);position:absolute",
    "nearly white": "color:#fefefe",
    "alpha of nought": "color:#ffffff00",
    "short font": "font:0/0 a",
    "tiny em": "font-size:.0001em",
    "zoom": "zoom:0",
    "filter": "filter:opacity(0)",
    "behind the page": "z-index:-1;position:absolute",
    "collapsed": "visibility:collapse",
    "width 0": "width:0;overflow:hidden;display:inline-block",
    "negative margin": "margin-left:-9999px;position:fixed",
    "content-visibility": "content-visibility:hidden",
    "fill colour": "-webkit-text-fill-color:transparent",
}
_ELEMENTS = {
    "template": "<template>7</template>",
    "canvas": "<canvas>7</canvas>",
    "audio": "<audio>7</audio>",
    "video": "<video>7</video>",
    "datalist": "<datalist><option>7</option></datalist>",
    "dialog": "<dialog>7</dialog>",
    "details": "<details>7</details>",
    "rp": "<rp>7</rp>",
    "noscript": "<noscript>7</noscript>",
    "noembed": "<noembed>7</noembed>",
    "title": "<title>7</title>",
    "object": "<object></object>",
    "script": "<script>1</script>",
    "style sheet": "<style>.x{}</style>",
    "hidden input": '<input type="hidden" value="7">',
    "processing instruction": "<?x?>",
    "empty end tag": "</>",
    "end tag of nothing": "</ x>",
    "comment that is none": "<!-->",
    "comment of three dashes": "<!--->",
    "condition of Office": "<!--[if mso]>7<![endif]-->",
    "invisible times": "&InvisibleTimes;",
    "left-to-right mark": "&lrm;",
    "reference to nothing": "&#0;",
}


def ways() -> Iterator[Way]:
    """All ways of this kind."""
    for name, style in _HIDING.items():
        yield f"html: between digits, {name}", _between(f'<span style="{style}">7</span>'), ""
    for name, markup in _ELEMENTS.items():
        yield f"html: between digits, {name}", _between(markup), ""
    for table in (_WRITTEN, _SCRIPTED, _TURNED, _PLACES):
        for name, make in table.items():
            yield name, make, ""


def _page(write: Callable[[str], str]) -> Make:
    return lambda number: page(write(number))


def _between(markup: str) -> Make:
    return _page(markup.join)


def _sheet(css: str, body: str) -> str:
    return f"<style>{css}</style>{body}"


def _by_class(number: str) -> str:
    rules = "".join(f'.d{digit}:before{{content:"{digit}"}}' for digit in DIGITS)
    return _sheet(rules, "".join(f'<i class="d{digit}"></i>' for digit in number))


def _escaped(number: str, form: str) -> str:
    codes = "".join(form.format(ord(digit)) for digit in number)
    return _sheet(f'.q:after{{content:"{codes}"}}', '<i class="q"></i>')


def _script(text: str) -> str:
    return f"<script>document.write({text})</script>"


def _based(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _typed(kind: str, text: Callable[[str], str]) -> Make:
    return lambda number: entity(kind, text(number).encode() + b"\r\n")


_WRITTEN: dict[str, Make] = {
    "html: style, escapes": _page(lambda n: _escaped(n, "\\{:x} ")),
    "html: style, escapes of six": _page(lambda n: _escaped(n, "\\{:06x}")),
    "html: style, a class a digit": _page(_by_class),
    "html: style, content of an attribute": _page(
        lambda n: _sheet(
            ".q:before{content:attr(data-n)}", f'<i class="q" data-n="{hyphened(n)}"></i>'
        )
    ),
    "html: style, content of an attribute a digit": _page(
        lambda n: _sheet(
            ".q:before{content:attr(data-n)}", "".join(f'<i class="q" data-n="{d}"></i>' for d in n)
        )
    ),
    "html: style, variables": _page(
        lambda n: _sheet(
            f':root{{--a:"{n[:6]}";--b:"{n[6:]}"}}.q:before{{content:var(--a) var(--b)}}',
            "<i>x</i>",
        )
    ),
}

_SCRIPTED: dict[str, Make] = {
    "html: script, joined": _page(lambda n: _script(f'"{n[:6]}"+"{n[6:]}"')),
    "html: script, escapes": _page(
        lambda n: _script('"' + "".join(f"\\x{ord(d):02x}" for d in n) + '"')
    ),
    "html: script, codes": _page(
        lambda n: _script(f"String.fromCharCode({','.join(str(ord(d)) for d in n)})")
    ),
    "html: script, base64": _page(lambda n: _script(f'atob("{_based(said(n))}")')),
}

_TURNED: dict[str, Make] = {
    "html: turned by a class": _page(
        lambda n: _sheet(
            ".r{unicode-bidi:bidi-override;direction:rtl}", f'<span class="r">{n[::-1]}</span>'
        )
    ),
    "html: mirrored": _page(
        lambda n: f'<span style="display:inline-block;transform:scaleX(-1)">{n[::-1]}</span>'
    ),
    "html: a row reversed": _page(
        lambda n: (
            '<div style="display:flex;flex-direction:row-reverse">'
            + "".join(f"<b>{d}</b>" for d in n[::-1])
            + "</div>"
        )
    ),
    "html: floating to the right": _page(
        lambda n: "".join(f'<b style="float:right">{d}</b>' for d in n[::-1])
    ),
}

_PLACES: dict[str, Make] = {
    "html: chosen option, one list a digit": _page(
        lambda n: "".join(f"<select><option>0<option selected>{digit}</select>" for digit in n)
    ),
    "html: alt, one picture a digit": _page(
        lambda n: "".join(f'<img src="cid:x" alt="{d}">' for d in n)
    ),
    "html: value, one field a digit": _page(
        lambda n: "".join(f'<input size="1" value="{d}">' for d in n)
    ),
    "html: one button a digit": _page(lambda n: "".join(f"<button>{d}</button>" for d in n)),
    "html: one table a digit": _page(
        lambda n: "".join(f'<table align="left"><tr><td>{d}</td></tr></table>' for d in n)
    ),
    "html: one SVG text a digit": _page(
        lambda n: "<svg>" + "".join(f"<text dx='1'>{digit}</text>" for digit in n) + "</svg>"
    ),
    "html: SVG foreignObject": _page(
        lambda n: f"<svg><foreignObject><p>{n[:6]}<b>{n[6:]}</b></p></foreignObject></svg>"
    ),
    "html: MathML text": _page(lambda n: f"<math><mtext>{hyphened(n)}</mtext></math>"),
    "html: VML text path": _page(lambda n: f'<v:textpath string="{hyphened(n)}"/>'),
    "html: picture with sources": _page(lambda n: f'<img srcset="https://a.example/{n}.png 2x">'),
    "html: form action": _page(lambda n: f'<form action="https://a.example/{n}"></form>'),
    "html: base address": _page(lambda n: f'<base href="https://a.example/{n}/">'),
    "html: style sheet elsewhere": _page(
        lambda n: f'<style>@import url("https://a.example/{n}.css");</style>'
    ),
    "html: meter": _page(lambda n: f'<meter value="{n}"></meter>'),
    "html: number of a list item": _page(lambda n: f'<ol><li value="{n}">x</li></ol>'),
    "html: AMP part": lambda n: multipart(
        "alternative",
        entity("text/plain", b"Hej\r\n"),
        entity("text/x-amp-html", f"<p>{n[:4]}<b>{n[4:]}</b></p>\r\n".encode()),
        whole_page("<p>Hej</p>"),
    ),
    "html: said to be XHTML": _typed(
        "application/xhtml+xml", lambda n: f"<p>{n[:4]}<b>{n[4:]}</b>"
    ),
    "html: said to be for a watch": _typed(
        "text/watch-html", lambda n: f"<p>{n[:4]}<b>{n[4:]}</b>"
    ),
    "data: URI, base64 over lines": _page(
        lambda n: (
            '<img src="data:text/plain;base64,\n'
            + base64.encodebytes(said(n).encode() * 3).decode()
            + '">'
        )
    ),
    "data: URI, its colon a reference": _page(
        lambda n: f'<a href="data&#58;text/plain;base64&#44;{_based(said(n))}">x</a>'
    ),
    "data: URI, UTF-16": _page(
        lambda n: (
            '<a href="data:text/html;charset=utf-16le;base64,'
            + base64.b64encode(f"<p>{hyphened(n)}".encode("utf-16-le")).decode()
            + '">x</a>'
        )
    ),
    "data: URI, embedded": _page(
        lambda n: f'<embed src="data:text/html,{quote(f"<b>{n[:5]}</b>{n[5:]}")}">'
    ),
}
