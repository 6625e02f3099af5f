"""OpenDocument: what stands in attributes, in hidden styles, beside the cells of a sheet."""
# ruff: noqa: E501  (markup reads best on one line)

import pytest

from mailfilter.place import StepKind
from tests.extract.making import zipped
from tests.extract.reading import NUMBER, PLAIN, contents, kinds, places, read, reasons

_KINDS = ("office", "text", "table", "drawing", "presentation", "style", "meta", "form")
_PREFIX = {"drawing": "draw"}
_SPACES = " ".join(
    f'xmlns:{_PREFIX.get(kind, kind)}="urn:oasis:names:tc:opendocument:xmlns:{kind}:1.0"'
    for kind in _KINDS
)


def packed(body: str, kind="text", styles="") -> bytes:
    content = (
        f"<office:document-content {_SPACES}><office:automatic-styles>{styles}"
        f"</office:automatic-styles><office:body><office:{kind}>{body}</office:{kind}>"
        "</office:body></office:document-content>"
    )
    media = f"application/vnd.oasis.opendocument.{kind}"
    return zipped(
        {"mimetype": media, "content.xml": content, "META-INF/manifest.xml": "<manifest/>"}
    )


def line(text: str) -> str:
    return f"<text:p>{text}</text:p>"


def sheet(cell: str, more="") -> str:
    return (
        f'<table:table table:name="Blad">{more}<table:table-row><table:table-cell {cell}/>'
        "</table:table-row></table:table>"
    )


HIDING = '<style:style style:name="T9"><style:text-properties text:display="none"/></style:style>'
TEXTS = {
    "hidden text": line(f'<text:hidden-text text:string-value="{NUMBER}"/>'),
    "if so": line(f'<text:conditional-text text:string-value-if-true="{NUMBER}">x</text:conditional-text>'),
    "if not": line(f'<text:conditional-text text:string-value-if-false="{NUMBER}">x</text:conditional-text>'),
    "hidden paragraph": line(f'<text:hidden-paragraph text:is-hidden="true"/>{NUMBER}'),
    "hidden section": f'<text:section text:display="none">{line(NUMBER)}</text:section>',
    "variable": line(f'<text:variable-set office:value="{PLAIN}" text:display="none"/>'),
    "user field": '<text:user-field-decl office:value="1.91212121212E+011"/>',
    "choice": line(f'<text:drop-down><text:label text:value="{NUMBER}"/></text:drop-down>'),
    "index": line(f'<text:alphabetical-index-mark text:string-value="{NUMBER}"/>'),
    "formula": line(f'<text:expression text:formula="ooow:{PLAIN}">x</text:expression>'),
    "bookmark": line(f'<text:bookmark text:name="{NUMBER}"/>'),
}  # fmt: skip
SHEETS = {
    "formula": sheet('table:formula="of:=&quot;19121212&quot;&amp;&quot;-1212&quot;"'),
    "validation": f'<table:content-validation table:condition="list(&quot;{NUMBER}&quot;)"/>',
    "error": f'<table:error-message table:title="{NUMBER}"/>',
    "name": f'<table:named-expression table:expression="&quot;{NUMBER}&quot;"/>',
    "filter": f'<table:filter-condition table:value="{NUMBER}"/>',
    "scenario": f'<table:scenario table:comment="{NUMBER}"/>',
    "before a change": f'<table:tracked-changes><table:x office:value="{PLAIN}"/></table:tracked-changes>',
    "box over the cells": sheet("", f"<table:shapes>{line(NUMBER)}</table:shapes>"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_texts_find_the_number(name):
    found = read(packed(TEXTS[name]), "brev.odt")
    assert (bool(places(found)), reasons(found)) == (True, []), contents(found)


@pytest.mark.parametrize("name", SHEETS)
def test_sheets_find_the_number(name):
    body = SHEETS[name] + ("" if "table:table " in SHEETS[name] else sheet(""))
    found = read(packed(body, "spreadsheet"), "lista.ods")
    assert (bool(places(found)), reasons(found)) == (True, []), contents(found)


def test_a_style_that_hides_is_hidden_and_what_is_around_it_meets():
    hidden = '<text:span text:style-name="T9">99</text:span>'
    around = read(packed(line(f"19121212-{hidden}1212"), styles=HIDING), "a.odt")
    assert kinds(around) == {StepKind.ATTACHMENT}
    inside = f'<text:span text:style-name="T9">{NUMBER}</text:span>'
    assert StepKind.HIDDEN in kinds(read(packed(line(inside), styles=HIDING), "a.odt"))


def test_a_cut_file_is_broken_and_read():
    found = read(packed(line(NUMBER))[:-40], "a.odt")
    assert (bool(places(found)), reasons(found)) == (True, ["broken-archive"])
