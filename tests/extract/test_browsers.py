"""Odd markup as browsers read it: what published tests of HTML parsers showed, made anew."""

import re

import pytest

from mailfilter.extract.html.hypertext import views
from tests.extract.reading import NUMBER, places, read_body


@pytest.mark.parametrize(
    "markup",
    [
        "19121<template>Hello</template>212-1212",
        "19121<canvas>x</canvas>212-1212",
        "19121<datalist><option>x</datalist>212-1212",
        "19121<div<div>212-1212",
        '19121<a">212-1212',
        "<a'b>1912<b>1212</b>-1212",
        '<a b"c>1912<b>1212</b>-1212',
        "19121<noscript>x</noscript>212-1212",
    ],
)
def test_a_number_is_read_across_what_browsers_do_not_show(markup):
    assert places(read_body(markup.encode(), "text/html"))


@pytest.mark.parametrize(
    "markup",
    [
        f"{NUMBER}<template>x</template>",
        f"{NUMBER}<button>x</button>",
        f"<b>x</b><svg><text>x</text></svg>{NUMBER}<math><mi>y</mi></math>",
        f"<object>x</object>{NUMBER}<img>x",
        f"{NUMBER}<listing>x</listing>",
    ],
)
def test_a_number_stands_alone_beside_a_box(markup):
    found = read_body(markup.encode(), "text/html")
    assert any(re.search(rf"(?<!\w){NUMBER}(?!\w)", text.content) for text in found.texts)


def test_text_behind_an_odd_name_is_not_lost():
    shown, _ = views('<p title="a &lt;b&quot;">Hej</p><a">d<i x"y>u</i></a">! <b z=\'"\'>Slut</b>')
    assert shown.split() == ["Hej", "du!", "Slut"]
