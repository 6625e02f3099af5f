"""Nothing raises: mutated good files, arbitrary bytes, and what the table of formats promises."""

import ast
import pathlib
import re
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mailfilter.extract
from mailfilter.extract import Budget, Extracted, warm
from mailfilter.extract.formats import FORMATS, Kind
from mailfilter.extract.html.hypertext import views
from mailfilter.not_examined import REASONS
from tests.extract import documents, making, test_archives
from tests.extract.reading import NUMBER, places, read, read_body

_ROOM = pathlib.Path(mailfilter.extract.__file__).parent
_ENDINGS = [*sorted({ending for one in FORMATS for ending in one.extensions}), ""]
GOOD = [
    making.word(),
    making.word_table(),
    making.sheet_with(1),
    making.old_excel(),
    documents.pdf(),
    documents.odt(),
    documents.ods(),
    documents.RTF["field"],
    test_archives.GOOD["nested.zip"],
    test_archives.GOOD["a.tgz"],
    test_archives.GOOD["a.txt.xz"],
    test_archives.GOOD["lzma.zip"],
    b"From: a@b.se\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhej\r\n--x--\r\n",
    b"BEGIN:VCARD\r\nPHOTO;ENCODING=B:AAAA\r\nEND:VCARD",
    b"<html><table><tr><td>a</table><p style='display:none'>b<!-- c -->",
    b'Namn;Nr\r\n"A;";1',
    making.compound({"\x01Ole10Native": b"\0" * 40}),
]
_FAST = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def well_formed(found: Extracted) -> None:
    """What the next stage relies on."""
    for text in found.texts:
        offsets = [at for at, _ in text.places]
        assert offsets[0] == 0
        assert offsets == sorted(offsets)
        assert not text.content.isspace()
    for each in found.not_examined:
        assert REASONS[each.reason][0] is each.cls


@_FAST
@given(st.sampled_from(GOOD), st.data(), st.sampled_from(_ENDINGS))
def test_mutated_files_never_raise(data, draw, ending):
    changed = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 6))):
        at = draw.draw(st.integers(0, len(changed) - 1))
        size = draw.draw(st.integers(0, 4))
        changed[at : at + size] = draw.draw(st.binary(max_size=6))
        if not changed:
            break
    well_formed(read(bytes(changed), f"a.{ending}", budget=Budget(inflated=1 << 22)))


@_FAST
@given(st.binary(max_size=600), st.sampled_from(_ENDINGS), st.sampled_from(FORMATS))
def test_arbitrary_bytes_never_raise(data, ending, one):
    well_formed(read(data, f"a.{ending}"))
    marks = {"pdf": b"%PDF-1.4", "zip": b"PK\3\4", "ole": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"}
    kind = one.types[0] if one.types else ""
    well_formed(read(marks.get(one.name, b"") + data, "", kind))


@_FAST
@given(st.binary(max_size=300), st.text(max_size=12), st.sampled_from(["text/plain", "text/html"]))
def test_bodies_never_raise(data, charset, kind):
    well_formed(read_body(data, kind, charset))


@_FAST
@given(
    st.lists(
        st.sampled_from(
            [
                "<p>",
                "</p>",
                "<td",
                "<tr>",
                "a",
                '"',
                "'",
                ">",
                "<!--",
                "-->",
                "<",
                "&#x",
                "style=display:none ",
                "<pre>",
                "\n",
                "<b hidden>",
                "</",
                "<script>",
                "=",
                "data:,x",
            ]
        ),
        max_size=60,
    )
)
def test_html_never_raises(pieces):
    shown, extras = views("".join(pieces))
    assert isinstance(shown + extras, str)


@_FAST
@given(st.binary(max_size=400))
def test_xml_inside_documents_never_raises(inside):
    for name, data in (("word/document.xml", GOOD[0]), ("xl/worksheets/sheet1.xml", GOOD[2])):
        well_formed(read(making.edit(data, {name: b"<w:p><c r='A1'><v>" + inside})))


def test_every_format_has_a_reader_and_no_mark_is_shared():
    for one in FORMATS:
        assert callable(one.reader())
    endings = [ending for one in FORMATS for ending in one.extensions]
    assert len(endings) == len(set(endings))
    assert any(one.kind is Kind.SKIPPED for one in FORMATS)


@pytest.mark.parametrize("ending", _ENDINGS)
@pytest.mark.parametrize("text", ["hej {}", "<p>hej {}</p>", "From hej {}", "\n\nhej: {}\n"])
def test_text_under_any_name_is_read_or_said_to_be_unread(ending, text):
    found = read(text.format(NUMBER).encode(), f"a.{ending}")
    skipped = {each for one in FORMATS if one.kind is Kind.SKIPPED for each in one.extensions}
    assert places(found) or found.not_examined or ending in skipped


def test_every_reason_is_in_the_list():
    used = set()
    for file in _ROOM.glob("*.py"):
        for call in re.findall(
            r'(?:Unreadable|refuse|not_examined)\((?:[\w.]+, )?"([\w-]+)"', file.read_text()
        ):
            used.add(call)
    assert used
    assert used <= set(REASONS)


def test_no_broad_fence_in_this_room():
    for file in _ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ExceptHandler):
                named = ast.unparse(node.type) if node.type else ""
                assert named not in ("", "Exception")
                assert named != "BaseException" or file.name == "spreadsheet.py"


def test_text_mail_imports_no_document_library():
    code = (
        "import sys, mailfilter.extract as e, mailfilter.extract.walk\n"
        "sys.exit(any(m in sys.modules for m in ('pypdfium2', 'python_calamine')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    warm()


@pytest.mark.parametrize("depth", [3, 30])
def test_depth_is_limited(depth):
    found = read(test_archives.nested(depth), "a.zip")
    assert ("too-deep" in [each.reason for each in found.not_examined]) is (depth > 20)
