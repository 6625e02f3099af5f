"""Digits woven into markup are read; ordinary pages hold none; a flood costs in line."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from mailfilter.extract.html import generated_digits, hypertext
from mailfilter.extract.kit.prefilter import Page

NUMBER = "198001172389"  # official


@pytest.mark.parametrize(
    "page",
    [
        "<p>Ordernr <b>12</b> och <i>34</i>, 5 st</p>",
        "<table><tr><td>2026</td><td>11</td><td>23</td></tr></table>",
        "H<sub>2</sub>O och 10<sup>3</sup> m<sup>2</sup>, 3<sup>e</sup> plats",
        "<style>p{color:red}.a{float:right}</style><p style='float:right'>0123-45 67 89</p>",
        "<style>q:before{content:'«'}q:after{content:'»'}</style><p>Hej</p>",
        "1<!-- x -->2<br>3<br>4<br>5<br>6<br>7",
    ],
)
def test_ordinary_pages_hold_nothing_woven(page):
    assert not [
        text for text in generated_digits.readings(Page(page), page) if any(map(str.isdigit, text))
    ]


def test_what_stands_between_digits_is_left_out():
    page = "<p>Nr " + '<x-y style="a:b"><b>7</b>7</x-y>'.join(NUMBER) + " ja</p>"
    assert list(generated_digits.between(page)) == [NUMBER]


def test_a_style_sheet_is_put_together_in_the_order_of_the_page():
    sheet = "".join(
        f'.d{digit}::before {{ color: red; content: "{digit}" }}' for digit in "0123456789"
    )
    page = "".join(f'<i class="x d{digit}"></i>' for digit in NUMBER)
    assert NUMBER in list(generated_digits.styled(page, sheet))


def test_numbers_are_turned_only_where_a_style_turns():
    assert list(generated_digits.mirrored(Page("<p>"), NUMBER)) == []
    assert list(generated_digits.mirrored(Page("<p style='transform: scaleX(-1)'>"), NUMBER)) == [
        NUMBER[::-1]
    ]


FLOODS = [
    "1<b>x</b>", "1<b>x</b>2 ", "1<b>", "<b>1<i>", "1<", "1<a ></a x", "1<a><b></a>",
    "<b class='a b c'>", "<style>.a:before{content:'1'}</style>", "<style>content ",
    "<style>content:attr(", "<script>'1'+", "<script>fromCharCode(1,",
    "bidi-override 1 2 3 4 5 6 7",
    "<b style='float:right'>1</b>",
]  # fmt: skip


@pytest.mark.parametrize("unit", FLOODS)
def test_a_flood_costs_in_line(unit):
    assert work(unit * 6000) <= 2.6 * work(unit * 3000) + 500


def work(page: str) -> int:
    """Lines and calls that reading takes: a clock that does not wobble."""
    count = 0

    def count_call(_frame, event, _argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(count_call)
    try:
        list(generated_digits.readings(Page(page), page))
    finally:
        sys.setprofile(None)
    return count


PIECES = [
    "<p>", "</p>", "<b>", "</b>", '<w<i title="q">', '<a title="x>y">', '<a href="<b>">',
    "<i a='\"'>", "<br>", "<br/>",
    '<p style="margin:0">', "text", "1912", "&lt;b&gt;", "<div class=a>", "</div>", '<x"y=1>', "\n",
    "  ", "<h1>", "<o:p>", "</o:p>", "<!doctype html>", '<p title="a&quot;b">', "&nbsp;", "<?xml?>",
    "<svg><title>q</title></svg>", "<select><option>a", "</br>", "<ul><li>",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_the_short_way_to_the_text_of_a_simple_page_is_as_good_as_the_long_one(pieces):
    markup = LexborHTMLParser("".join(pieces)).html or ""
    cut = hypertext._cut(markup)
    assert cut is None or hypertext._joined(cut) == hypertext.as_text(markup)


def test_a_simple_page_goes_the_short_way():
    assert hypertext._cut('<html><body><p class="a" hidden="">Hej</p></body></html>')


@pytest.mark.parametrize(
    "tag",
    [
        "<p a\" style='x>;display:none'>",
        '<p a" b" c" style=\'x>;display:none\'>',
        "<p t='=' a\" b\" c\" style='x>;display:none'>",
        "<p title=\"x>y\" style='display:none'>",
        "<x<p style='display:none'>",
    ],
)
def test_no_quote_in_an_odd_place_hides_what_hides(tag):
    shown, _ = hypertext.views(f"<html><body>1980{tag}55</p></x<p>0117<p>2389</body></html>")
    assert "55" not in shown


@pytest.mark.parametrize("sheet", ["", "<style>p{color:red}</style>", "<script>1</script>"])
def test_what_an_attribute_says_is_said_once(sheet):
    shown, beside = hypertext.views(f"<html>{sheet}<p title='Nummer {NUMBER}'>Hej</p></html>")
    assert (shown, beside.count("Nummer")) == ("Hej", 1)
