"""A page read without its tree is the page read with it, to the letter."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailfilter.extract.html import flat
from mailfilter.extract.html.hypertext import _with_tree, views
from mailfilter.extract.kit.prefilter import Page
from tests.bench.load import make_mail
from tests.messages.ordinary import mails

WORDS = [
    "Hej",
    " ",
    "\n",
    "å",
    "19121212",
    "-1212",
    "a  b\t",
    "&nbsp;",
    "&auml;",
    "&#228;",
    "\v",
    "€",
    "\xa0",
]
ODD = [
    *(
        "&",
        "&lt;b&gt;",
        "&amp;nbsp;",
        "&auml",
        "&#10;",
        "&#x41;",
        "&Tab;",
        "&copy",
        "& co",
        "&#8232;",
    ),
    *(
        "\0",
        "<",
        ">",
        '"',
        "<!-- x -->",
        "<br/>",
        "<hr>",
        "<BR>",
        "<td>",
        "</p>",
        "<p>",
        "</b>",
        "<b>",
    ),
    *("<li>", "<pre>", "<svg>", "<title>T</title>", "<script>1</script>", "<a href=x>", "\ud800"),
    *("<head></head>", "</body>", "<body>", "<html>", "</html>", "<!DOCTYPE html>", "<o:p></o:p>"),
    *("<p hidden>x</p>", '<b style="display:none">7</b>', "<i style=font-size:0>7</i>", "<p/>"),
    *(
        '<i style="font-size:10pt">7</i>',
        '<i title="7">',
        '<p x="a>b">',
        '<i style="color:#fff">7</i>',
    ),
    *(
        "<p><div>x</div></p>",
        "<h1><h2>x</h2></h1>",
        "<p><b><p>x</p></b></p>",
        "<p><hr></p>",
        "\r",
        "\f",
    ),
]
SIMPLE = ["b", "i", "span", "font", "o:p", "p", "div", "h1", "blockquote"]
ATTRIBUTES = [
    "",
    ' class="x"',
    ' style="margin:0"',
    " class=MsoNormal",
    " style='color:red'",
    ' STYLE="a  b"',
]
WHOLE = [
    "{}",
    "<html><body>\n{}\n</body></html>\n",
    "<!DOCTYPE html> <html> <head> </head> <body>{}</body></html>",
    "<body bgcolor=white>{}",
    "{}</body></html>",
    "<html><head></head>x<body>{}</body> y</html>",
]


def element(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    made = st.tuples(
        st.sampled_from(SIMPLE), st.sampled_from(ATTRIBUTES), st.lists(inner, max_size=4)
    )
    return made.map(lambda it: f"<{it[0]}{it[1]}>{''.join(it[2])}</{it[0]}>")


TEXTS = st.one_of(st.sampled_from([*WORDS, "<br>"]), st.sampled_from(WORDS))
NESTED = st.recursive(TEXTS, element, max_leaves=12)
PLAIN = st.builds(str.format, st.sampled_from(WHOLE), st.lists(NESTED, max_size=5).map("".join))
TWISTED = st.builds(
    str.format,
    st.sampled_from(WHOLE),
    st.lists(st.one_of(NESTED, st.sampled_from(ODD)), max_size=8).map("".join),
)


def by_tree(source: str) -> tuple[str, str]:
    return _with_tree(Page(source))


@settings(max_examples=600)
@given(PLAIN | TWISTED)
def test_the_same_with_and_without_a_tree(source):
    assert views(source) == by_tree(source)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("whole", WHOLE)
def test_oddities_are_the_same(whole, odd):
    for inner in (f"<p>ett{odd}två</p>", f"<div>{odd}<b>1</b>9121212-1212</div>", f"{odd}x"):
        source = whole.format(inner)
        assert views(source) == by_tree(source)


def test_what_is_plain_needs_no_tree():
    page = make_mail("4k").lf.decode("ascii").partition("<html>")
    source = (page[1] + page[2]).replace('=3D"', '="').replace("=\n", "")
    assert flat.flat(Page(source.partition("\n--")[0])) is not None
    assert (
        flat.flat(Page('<p class=MsoNormal><span style="font-size:11pt">Hej<o:p></o:p></span></p>'))
        == "Hej"
    )


@pytest.mark.parametrize(
    "source",
    [
        "<p><div>x</div></p>",
        "<b><i>x</b></i>",
        "x</p>",
        "<p>x",
        "<td>x</td>",
        "<p hidden>x</p>",
        "x<html><body>y</body></html>",
        "<body>x</body>y",
        '<p title="1">x</p>',
        "&lt",
        "a>b<c",
        "\0",
        '<b style="font-size:0px">1</b>',
        "<b style=opacity:0>1</b>",
        "<P>x</P>",
        "<p/>",
        "<x>1</x>",
    ],
)
def test_what_is_not_plain_is_left_to_the_tree(source):
    assert flat.flat(Page(source)) is None


def test_pages_of_mail_programs_are_the_same():
    for _, mail in mails(48):
        source = mail.decode("latin-1")
        assert views(source) == by_tree(source)
