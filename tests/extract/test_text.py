"""Text, HTML, mails, cards, tables of values: charsets, hiding places, roles."""
# ruff: noqa: E501  (markup and headers of files read best on one line)

import base64
import codecs

import pytest

from detectors import Role
from mailfilter.extract import extract, typed
from mailfilter.extract.html.hypertext import views
from mailfilter.extract.kit.budget import Budget
from mailfilter.extract.kit.charset import decode
from mailfilter.extract.kit.remembered import Pictures
from mailfilter.extract.weight import quick
from mailfilter.model import Part
from mailfilter.parse import parse, roles
from mailfilter.place import StepKind
from tests.extract.reading import (
    NUMBER,
    attachment,
    body,
    contents,
    kinds,
    places,
    read,
    read_body,
    reasons,
)

SWEDISH = f"Åsa Öberg, född på Värmdö, har nummer {NUMBER}."
_CHARSETS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"]
_CHARSETS += ["cp1252", "iso-8859-1", "iso-8859-15", "cp850", "mac-roman", "utf-7", "cp037"]


@pytest.mark.parametrize("charset", _CHARSETS)
def test_a_declared_charset_is_believed(charset):
    found = read_body(SWEDISH.encode(charset), charset=charset)
    assert SWEDISH in contents(found)


@pytest.mark.parametrize("charset", [c for c in _CHARSETS if c not in ("utf-7", "cp037")])
@pytest.mark.parametrize("declared", ["", "nonsense", "us-ascii"])
def test_a_wrong_or_missing_charset_is_found_out(charset, declared):
    found = read_body(SWEDISH.encode(charset), charset=declared)
    assert SWEDISH in contents(found)


@pytest.mark.parametrize(
    "declared", ["utf-7", "cp037", "utf-16", "base64", "zlib", "utf-8\0", "x" * 99]
)
def test_a_lying_charset_does_not_hide_plain_text(declared):
    assert NUMBER in contents(read_body(SWEDISH.encode(), charset=declared))


def test_decoding_never_raises_for_any_codec():
    import encodings.aliases

    for name in sorted(set(encodings.aliases.aliases.values())):
        assert decode(bytes(range(256)) * 3, name)
    assert codecs.lookup("utf-8")


def test_roles_split_a_body():
    text = "Hej\r\n\r\nDen 3 mars 2026 kl. 10:15 skrev Anna:\r\n> " + NUMBER + "\r\n"
    (place,) = places(read_body(text.encode()))
    assert place.role is Role.QUOTE


def test_roles_split_an_html_body():
    page = f"<p>Hej</p><p>Från: Anna<br>Skickat: den 3 mars 2026<br>Till: Bo<br>Ämne: x</p><p>{NUMBER}</p>"
    (place,) = places(read_body(page.encode(), "text/html"))
    assert place.role is Role.QUOTE


HTML = {
    "inline": "<b>1912</b><i>1212</i>-1212",
    "comment-between": "19121212<!-- x -->-1212",
    "hidden-between": '19121212<span style="display: none">77</span>-1212',
    "class-between": "<style>.x{color:red} .h {display:none}</style>19121212<i class=h>77</i>-1212",
    "tiny-between": '19121212<font style="font-size:0px">77</font>-1212',
    "hidden": f'<div style="display:none">{NUMBER}</div>',
    "hidden-attribute": f"<div hidden>{NUMBER}</div>",
    "comment": f"<!-- {NUMBER} -->",
    "conditional": f"<!--[if mso]><p>{NUMBER}</p><![endif]-->",
    "alt": f"<img alt='{NUMBER}'>",
    "title": f"<p title='{NUMBER}'>x</p>",
    "value": f"<input value='{NUMBER}'>",
    "meta": f"<meta name=a content='{NUMBER}'>",
    "href": "<a href='https://x.se/?nr=19121212%2D1212'>x</a>",
    "entities": "&#49;9121212&#45;12&#x31;2",
    "soft-hyphen": "19121212&shy;-1212",
    "noscript": f"<noscript>{NUMBER}</noscript>",
    "textarea": f"<textarea>{NUMBER}</textarea>",
    "xmp": f"<xmp>{NUMBER}</xmp>",
    "iframe": f"<iframe srcdoc='<p>{NUMBER}</p>'></iframe>",
    "template": f"<template><p>{NUMBER}</p></template>",
    "svg": "<svg><text>19121212<tspan>-1212</tspan></text></svg>",
    "list": f"<ul><li>{NUMBER}</ul>",
    "unclosed": f"<table><tr><td>x<td>{NUMBER}",
    "page-title": f"<title>{NUMBER}</title>",
    "data-uri": "<a href='data:text/plain;base64,"
    + base64.b64encode(NUMBER.encode()).decode()
    + "'>x</a>",
    "data-uri-in-style": "<style>a{background:url(data:text/plain," + NUMBER + ")}</style>",
    "uppercase": f"<P STYLE='DISPLAY:NONE'>{NUMBER}</P>",
    "deep": "<div>" * 2000 + NUMBER,
    "select": f"<select><option>{NUMBER}</select>",
}


@pytest.mark.parametrize("name", HTML)
def test_html_finds_the_number(name):
    found = read_body(HTML[name].encode(), "text/html")
    hits = places(found, (NUMBER, "19121212\u00ad-1212"))
    assert hits, contents(found)


def test_html_tables_keep_their_shape():
    page = "<table><tr><th>Namn<th>Personnr</tr><tr><td><p>Anna</p><p>B</p></td><td>1</td></tr></table>"
    shown = views(page)[0].splitlines()
    assert shown[0] == "Namn\tPersonnr"
    assert shown[1].split("\t")[1] == "1"


def test_html_breaks_lines_at_blocks():
    assert views("<p>a</p><div>b<br>c</div>d")[0] == "a\nb\nc\nd"


def test_scripts_are_no_text():
    shown, extras = views("<script>var a=1912</script><style>b{}</style>hej")
    assert shown == "hej"
    assert "1912" not in extras


def test_nested_hidden_elements_are_removed_once():
    page = "<div hidden>a<div hidden>b<p style='display:none'>c</p></div></div>" * 50
    assert views(page + "d")[0] == "d"


def test_a_mail_in_a_file_is_read():
    mail = f"Subject: {NUMBER}\nFrom: a@b.se\n\nHej"
    for name, type_ in (("brev.eml", ""), ("", "message/rfc822")):
        assert places(read(mail.encode(), name, type_))


def test_a_mail_in_a_mail_in_a_zip():
    from tests.extract.making import zipped

    mail = (
        "From: a@b.se\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
        f"--x\r\n\r\nHej {NUMBER}\r\n--x\r\nContent-Type: text/csv; name=a.csv\r\n"
        f"Content-Disposition: attachment; filename=a.csv\r\n\r\nNamn;Nr\r\nAnna;{NUMBER}\r\n--x--\r\n"
    )
    found = read(zipped({"brev.eml": mail}), "a.zip")
    assert len(places(found)) == 2
    assert {StepKind.ATTACHMENT, StepKind.MEMBER} <= kinds(found)


def test_a_mailbox_is_split():
    mail = f"From a@b.se Thu Jan  1 00:00:00 2026\nSubject: x\n\nHej {NUMBER}\n\n"
    found = read((mail * 3).encode(), "gammal.mbox")
    assert [place.steps[-1].n for place in places(found)] == [1, 2, 3]


CARDS = {
    "folded": "BEGIN:VCALENDAR\r\nSUMMARY:Hej 1912121\r\n 2-1212\r\nEND:VCALENDAR",
    "escaped": f"BEGIN:VCALENDAR\r\nDESCRIPTION:Hej\\n{NUMBER}\\, och\r\nEND:VCALENDAR",
    "quoted": "BEGIN:VCARD\r\nNOTE;ENCODING=QUOTED-PRINTABLE:1912=31212-=\r\n1212\r\nEND:VCARD",
    "attached": "BEGIN:VCALENDAR\r\nATTACH;FMTTYPE=text/plain;ENCODING=BASE64;VALUE=BINARY:\r\n "
    + base64.b64encode(NUMBER.encode()).decode()
    + "\r\nEND:VCALENDAR",
}


@pytest.mark.parametrize("name", CARDS)
def test_cards_find_the_number(name):
    assert places(read(CARDS[name].encode(), "mote.ics"))


@pytest.mark.parametrize("sign", ";,\t|")
def test_values_become_a_table(sign):
    rows = [["Namn", "Personnr"], ["Anna", NUMBER]]
    found = read("\n".join(sign.join(row) for row in rows).encode(), "a.csv")
    assert f"Namn\tPersonnr\nAnna\t{NUMBER}" in contents(found)
    assert {StepKind.COLUMN, StepKind.ROW} <= kinds(found)


def test_text_files_of_many_kinds():
    files = {
        "a.json": '{"nr": "\\u0031\\u0039121212-1212"}',
        "a.xml": "<a><nr>1912<b/>1212-1212</nr></a>",
        "a.svg": "<svg><text>1912<tspan>1212-1212</tspan></text></svg>",
        "a.md": f"# {NUMBER}",
        "a": NUMBER,
        "a.xls": "<html><table><tr><td>1912<b>1212</b>-1212</td></tr></table></html>",
    }
    for name, text in files.items():
        assert places(read(text.encode(), name)), name


def test_a_file_name_is_text():
    found = read(b"hej", f"{NUMBER}.txt")
    (place,) = places(found)
    assert place.role is Role.NAME
    assert NUMBER not in str(place)


def test_cloud_links_are_named_once():
    text = b"se https://contoso.sharepoint.com/a och https://contoso.sharepoint.com/b"
    assert reasons(read_body(text)) == []
    hosts = ("*.sharepoint.com", "1drv.ms")
    assert reasons(read_body(text, cloud_hosts=hosts)) == ["cloud-attachment"]
    assert reasons(read_body(b"https://sharepoint.com.evil.se", cloud_hosts=hosts)) == []


def test_a_small_inline_image_is_decoration():
    png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x64\0\0\0\x32" + b"\0" * 20
    large = png.replace(b"\0\0\0\x64", b"\0\0\x03\x64")
    assert reasons(read(png, "logo.png", inline=True)) == []
    assert reasons(read(png, "logo.png", content_id="a")) == []
    assert reasons(read(png, "logo.png")) == ["image"]
    assert reasons(read(large, "logo.png", inline=True)) == ["image"]


def test_signatures_are_skipped_and_unknown_content_is_not():
    binary = bytes(range(256)) * 4
    assert reasons(read(b"\x30\x80" + binary, "smime.p7s", "application/pkcs7-signature")) == []
    assert reasons(read(binary, "smime.p7s", "application/pkcs7-signature")) == ["unknown-content"]
    assert places(read(NUMBER.encode(), "smime.p7s", "application/pkcs7-signature"))
    for name in ("a.png", "a.mp3", "a.mp4"):
        assert reasons(read(b"\0\5" + binary, name)) == ["unknown-content"]
    assert reasons(read(binary, "a.xyz")) == ["unknown-content"]
    assert reasons(read(b"ID3" + binary, "a.mp3")) == ["unknown-content"]
    assert reasons(read(b"\0\0\0\x18ftypmp42" + binary, "a.mp4")) == ["unknown-content"]
    assert reasons(read(b"7z\xbc\xaf\x27\x1c" + binary, "a.7z")) == ["broken-archive"]


def test_half_characters_are_replaced():
    found = read_body(b'{"a": "\\u0061 \\ud800"}', "application/json")
    assert contents(found).encode()


def test_what_quick():
    def is_quick(*parts: Part) -> bool:
        return quick(parts, typed(parts), Pictures())

    assert is_quick(body(b"hej"), body(b"<p>hej</p>", "text/html"))
    assert not is_quick(body(b"<b>" * 4000, "text/html"))
    assert not is_quick(body(b"x" * 70000))
    assert not is_quick(attachment(b"%PDF-1.4", "a.pdf"))


def test_all_parts_share_one_budget():
    parts = [body(b"x" * 100), attachment(NUMBER.encode() * 30, "a.txt"), body(b"y" * 100)]
    found = extract(parts, parse=parse, roles=roles.split, budget=Budget(text=300))
    assert reasons(found) == ["too-much-text"]
