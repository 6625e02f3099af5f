"""Bombs against expressions and detectors, in the body of a mail or a text file; and HTML."""

import base64

from tests.containment.bomb import BODY, HTML, NR, bomb

_NR = ("\n\n" + NR + "\n").encode()


def _flood(name: str, piece: str, count: int, file: str = BODY) -> None:
    """The piece so many times, then the number on a line of its own."""
    raw = piece.encode()
    bomb(f"text/{name}", file, big=count, small=2)(lambda n: raw * n + _NR)


# what identity numbers are made of
_flood("digits", "1", 6_000_000)
_flood("digits-and-dashes", "1-", 3_000_000)
_flood("digits-and-blanks", "1 ", 3_000_000)
_flood("half-numbers", "191212-", 800_000)
_flood("wrong-numbers", "19121212-1213 ", 300_000)
_flood("right-numbers", "19121212-1212 ", 100_000)
_flood("dates", "2026-11-24 10:00 ", 300_000)
_flood("phone-numbers", "070-174 06 05, ", 300_000)
_flood("numbers-in-other-scripts", "١٩١٢-", 500_000)
_flood("invisible-signs-between-digits", "1\u200b\u00ad", 500_000)
_flood("combining-marks", "1\u0301\u0301\u0301", 400_000)
_flood("many-marks-on-one-letter", "\u0301", 2_000_000)
_flood("letters-like-digits", "lO", 2_000_000)
_flood("personnummer", "personnummer ", 300_000)
_flood("spelt-numbers", "ett nio ett två ", 300_000)
# words
_flood("one-long-word", "a", 8_000_000)
_flood("one-long-compound", "sjukhus", 800_000)
_flood("health-words", "diabetes depression cancer ", 150_000)
_flood("misspelt-health-words", "diabtes depresion cancr ", 150_000)
_flood("names", "Anna Andersson ", 300_000)
_flood("names-and-sickness", "Anna Andersson har diabetes. ", 100_000)
_flood("capitals", "Ab ", 1_500_000)
_flood("blanks", " ", 10_000_000)
_flood("lines", "\n", 5_000_000)
_flood("blank-lines", " \n", 4_000_000)
_flood("quotes", "> ", 3_000_000)
_flood("quoted-lines", ">>>>>> a\n", 500_000)
_flood("wrote-lines", "Den 3 mars skrev Anna:\n", 200_000)
_flood("from-lines", "\nFrån: a\nSkickat: b\n", 200_000)
_flood("signatures", "-- \nAnna\n", 400_000)
_flood("addresses", "http://a.b.c/ ", 400_000)
_flood("address-marks", "http://", 800_000)
_flood("at-signs", "a@", 2_000_000)
_flood("password-words", "lösenord: a ", 400_000)
_flood("apostrophes", "'", 4_000_000)
# what is decoded by hand
_flood("base64", base64.b64encode(b"hej och hej ").decode() + " ", 300_000)
_flood("one-long-base64", base64.b64encode(b"hej och hej ").decode(), 400_000)
_flood("hex", "31 32 ", 800_000)
_flood("unicode-escapes", "\\u0031", 500_000)
_flood("percent-escapes", "%31", 1_500_000)
_flood("references", "&#49;", 1_000_000)
_flood("half-references", "&#", 3_000_000)
_flood("encoded-words", "=?utf-8?q?a?=", 400_000)
_flood("data-uris", "data:,a ", 500_000)
_flood("data-uri-marks", "data:", 1_000_000)
_flood("morse", ".- ", 1_500_000)
_flood("turned", "2121-21212191 ", 300_000)
_flood("one-letter-a-line", "1\n", 3_000_000)
_flood("as-a-file", "1-1-1-", 2_000_000, "a.txt")
_flood("semicolons", ";", 5_000_000, "a.csv")
_flood("open-quotes-in-rows", '"a;\n', 1_000_000, "a.csv")
_flood("brackets", "[", 5_000_000, "a.json")


def _html(name: str, piece: str, count: int, before: str = "", after: str = "") -> None:
    """The piece so many times in the body of a page, the number in a paragraph behind it."""

    def build(n: int) -> bytes:
        return f"<html>{before}<body>{piece * n}{after}<p>{NR}</p></body></html>".encode()

    bomb(f"html/{name}", HTML, big=count, small=1)(build)


_html("deep-divs", "<div>", 500_000)
_html("deep-tables", "<table><tr><td>", 200_000)
_html("deep-formats", "<b><i>", 200_000)
_html("crossed-formats", "<b><p><i></b>", 60_000)
_html("open-links", "<a href=x>y", 200_000)
_html("under-the-depth", "<div>" * 900 + "</div>" * 900, 800)
_html("formats-over-paragraphs", "<font color=a><p>", 400)
_html("formats-never-closed", "<p><b class=x1><b class=x2><b class=x3><i class=x4>", 40_000)
_html("misplaced-in-tables", "<table><b>x", 60_000)
_html("paragraphs", "<p>a", 600_000)
_html("many-attributes", "<p " + "a=b " * 100_000 + ">", 10)
_html("other-attributes", "".join(f"<p a{n}=b>" for n in range(1000)), 300)
_html("written-attributes", "<p alt=1-1-1- title=2-2-2->", 200_000)
_html("huge-attribute", "<p alt='" + "a " * 1000 + "'>", 2000)
_html("quotes-that-stay-open", '<a "', 1_000_000, after="<p>")
_html("less-than", "<", 4_000_000)
_html("greater-than", ">", 4_000_000)
_html("open-comments", "<!--", 1_000_000, after="-->")
_html("comments", "<!-- a -->", 400_000)
_html("references", "&amp;&#49;&lt;", 400_000)
_html("unknown-references", "&aaaaaaaaa", 400_000)
_html("hidden", "<p style='display:none'>a</p>", 150_000)
_html("hidden-in-hidden", "<div hidden><span style='display:none'>", 450)
_html(
    "hiding-rules",
    "<p class=a1>x</p>",
    100_000,
    "<style>" + "".join(f".a{n} p *:not(.b){{display:none}}" for n in range(3000)) + "</style>",
)
_html(
    "slow-selectors",
    "<p class=a>x</p>",
    20_000,
    "<style>" + "".join(f".a~.a~.a~.b{n}{{display:none}}" for n in range(60)) + "</style>",
)
_html(
    "selectors-of-descent",
    "<div class=a>" * 30 + "</div>" * 30,
    4000,
    "<style>" + "".join(f".a .a .a .a .a .b{n}{{display:none}}" for n in range(60)) + "</style>",
)
_html(
    "has-selectors",
    "<div class=a>x</div>",
    40_000,
    "<style>" + "".join(f"div:has(.b{n}) ~ div{{display:none}}" for n in range(60)) + "</style>",
)
_html("doubtful-styles", "<p style='color:white'>a</p>1", 100_000)
_html("turned", "<bdo dir=rtl>2121-21212191</bdo>", 60_000)
_html("tags-with-digits", "<p id=191212121212>", 150_000)
_html("data-uris", "<img src='data:text/plain;base64,aGVq'>", 100_000)
_html("data-in-data", "<a href='data:text/html,", 100_000, after="'>x</a>")
_html("cells", "<td>1</td>", 400_000, after="<table><tr>")
_html("rows", "<tr><td>1</td><td>2</td></tr>", 200_000, before="<table>")
_html("preformatted", "<pre>a\nb</pre>", 200_000)
_html("scripts", "<script>a='191212'</script>", 100_000)
_html("styles", "<style>.a{color:red}</style>", 100_000)
_html("frames", "<iframe srcdoc='<p>a</p>'></iframe>", 100_000)
_html("selects", "<select><option>a", 150_000)
_html("templates", "<template>", 100_000)
_html("drawings", "<svg><foreignObject>", 100_000)
_html("break-marks", "<wbr>&shy;1", 400_000)
_html("words-with-sickness", "<td>Anna</td><td>diabetes</td>", 60_000)
