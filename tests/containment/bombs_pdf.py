"""Bombs that are PDF files, written object by object."""
# ruff: noqa: E501  (the insides of files read best on one line)

import zlib

from tests.containment.bomb import NR, bomb
from tests.containment.bombs_zip import MIB

_FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
_SAID = (
    b"BT /F1 12 Tf 50 700 Td ("
    + NR.encode()
    + b" och mer text, som det brukar vara i ett brev, lite till) Tj ET"
)


def pdf(objects: dict[int, bytes], prev: int | None = None, tail: bytes = b"") -> bytes:
    """A file of these objects; 1 is the catalogue."""
    out, places = bytearray(b"%PDF-1.7\n"), {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    top = max(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % top
    for number in range(1, top):
        used = number in places
        out += b"%010d 00000 %b \n" % (places.get(number, 0), b"n" if used else b"f")
    more = b"/Prev %d" % (start if prev is None else prev) if prev != -1 else b""
    out += b"trailer\n<</Size %d/Root 1 0 R%b%b>>\nstartxref\n%d\n%%%%EOF\n" % (
        top,
        more,
        tail,
        start,
    )
    return bytes(out)


def stream(data: bytes, more: bytes = b"") -> bytes:
    return b"<</Length %d%b>>\nstream\n%b\nendstream" % (len(data), more, data)


def flate(data: bytes, more: bytes = b"") -> bytes:
    return stream(zlib.compress(data, 9), b"/Filter/FlateDecode" + more)


def big_zlib(mib: int, byte: bytes = b" ", tail: bytes = b"") -> bytes:
    """A zlib stream of so many MiB and a tail, without packing them all."""
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(byte * MIB) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x78\x9c" + block * mib + zlib.compress(tail, 9, -15) + b"\0\0\0\0"


def page(
    content: bytes = stream(_SAID), resources: bytes = b"", more: bytes = b"", **objects
) -> bytes:
    """One page with this content; object 5 is the content, more objects by number (n10=...)."""
    made = {
        1: b"<</Type/Catalog/Pages 2 0 R%b>>" % objects.pop("root", b""),
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 5 0 R"
        b"/Resources<</Font<</F1 4 0 R>>%b>>%b>>" % (resources, more),
        4: _FONT,
        5: content,
    }
    return pdf(made | {int(name[1:]): body for name, body in objects.items()}, -1)


@bomb("pdf/flat-content", "a.pdf", big=3000, small=1)
def flat(mib: int) -> bytes:
    return page(stream(big_zlib(mib, b" ", _SAID), b"/Filter/FlateDecode"))


@bomb("pdf/cascade-of-flate", "a.pdf", big=12, small=2)
def cascade(levels: int) -> bytes:
    data = _SAID + b" " * (100 * MIB if levels > 2 else 9)
    for _ in range(levels):
        data = zlib.compress(data, 9)
    return page(stream(data, b"/Filter[" + b"/FlateDecode" * levels + b"]"))


@bomb("pdf/cascade-of-hex", "a.pdf", big=20, small=2)
def hexes(levels: int) -> bytes:
    data = _SAID
    for _ in range(min(12, levels)):
        data = data.hex().encode() + b">"
    return page(stream(data, b"/Filter[" + b"/ASCIIHexDecode" * min(levels, 12) + b"]"))


@bomb("pdf/thousand-filters", "a.pdf", big=5000, small=1)
def filters(count: int) -> bytes:
    data = zlib.compress(_SAID)
    return page(stream(data, b"/Filter[/FlateDecode" + b"/ASCIIHexDecode" * (count - 1) + b"]"))


@bomb("pdf/run-length", "a.pdf", big=8_000_000, small=1)
def run_length(count: int) -> bytes:
    data = b"\x81 " * count
    said = bytes([len(_SAID) - 1]) + _SAID
    return page(stream(data + said + b"\x80", b"/Filter/RunLengthDecode"))


@bomb("pdf/wide-predictor", "a.pdf", big=2_000_000_000, small=10)
def predictor(columns: int) -> bytes:
    packed = zlib.compress(b"\0" + _SAID.ljust(10 if columns > 10 else len(_SAID)), 9)
    wide = columns if columns > 10 else len(_SAID)
    more = b"/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns %d>>" % wide
    return page(stream(packed, more))


@bomb("pdf/prev-to-itself", "a.pdf", big=None, small=-1)
def prev(target: int | None) -> bytes:
    made = {1: b"<</Type/Catalog/Pages 2 0 R>>", 2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>"}
    made[3] = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 5 0 R/Resources<</Font<</F1 4 0 R>>>>>>"
    )
    return pdf(made | {4: _FONT, 5: stream(_SAID)}, target)


@bomb("pdf/many-revisions", "a.pdf", big=20_000, small=2)
def revisions(count: int) -> bytes:
    out = bytearray(page())
    start = out.rfind(b"xref\n0")
    for _ in range(count):
        at = len(out)
        out += b"xref\n0 0\ntrailer\n<</Size 6/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (
            start,
            at,
        )
        start = at
    return bytes(out)


@bomb("pdf/object-stream-in-itself", "a.pdf", big=True, small=False)
def object_stream(looping: bool) -> bytes:
    inside = b"10 0 " + b"<</Length 11 0 R>>"
    more = b"/Type/ObjStm/N 1/First 5" + (b"/Extends 10 0 R" if looping else b"")
    return page(n10=flate(inside, more), n11=b"11 0 R" if looping else b"5")


@bomb("pdf/references-in-a-ring", "a.pdf", big=5000, small=1)
def ring(count: int) -> bytes:
    links = {f"n{10 + n}": b"%d 0 R" % (10 + (n + 1) % count) for n in range(count)}
    return page(
        more=b"/Rotate 10 0 R/UserUnit 11 0 R",
        **(links if count > 1 else {"n10": b"0", "n11": b"1"}),
    )


def _tree(kids: list[bytes], count: int, **objects) -> bytes:
    made = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Count %d/Kids[%b]>>" % (count, b" ".join(kids)),
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 5 0 R/Resources<</Font<</F1 4 0 R>>>>>>",
        4: _FONT,
        5: stream(_SAID),
    }
    return pdf(made | {int(name[1:]): body for name, body in objects.items()}, -1)


@bomb("pdf/pages-in-a-loop", "a.pdf", big=True, small=False)
def page_loop(looping: bool) -> bytes:
    return _tree([b"3 0 R"] + [b"2 0 R"] * 100 * looping, 1 + 100 * looping)


@bomb("pdf/million-pages-of-one", "a.pdf", big=1_000_000, small=2)
def one_page(count: int) -> bytes:
    return _tree([b"3 0 R"] * count, count)


@bomb("pdf/claims-many-pages", "a.pdf", big=2_000_000_000, small=1)
def claimed_pages(count: int) -> bytes:
    return _tree([b"3 0 R"], count)


@bomb("pdf/many-pages", "a.pdf", big=30_000, small=2)
def pages(count: int) -> bytes:
    body = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 5 0 R/Resources<</Font<</F1 4 0 R>>>>>>"
    return _tree(
        [b"3 0 R"] + [b"%d 0 R" % (n + 10) for n in range(count)],
        count + 1,
        **{f"n{n + 10}": body for n in range(count)},
    )


@bomb("pdf/deep-page-tree", "a.pdf", big=3000, small=2)
def deep_tree(depth: int) -> bytes:
    nodes = {
        f"n{n + 10}": b"<</Type/Pages/Parent %d 0 R/Count 1/Kids[%d 0 R]>>" % (n + 9, n + 11)
        for n in range(depth)
    }
    nodes[f"n{depth + 10}"] = (
        b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 612 792]/Contents 5 0 R/Resources<</Font<</F1 4 0 R>>>>>>"
        % (depth + 9)
    )
    return _tree([b"3 0 R", b"10 0 R"], 2, **nodes)


@bomb("pdf/many-annotations", "a.pdf", big=200_000, small=2)
def annotations(count: int) -> bytes:
    note = b"<</Type/Annot/Subtype/Text/Rect[0 0 9 9]/Contents(x)>>"
    return page(more=b"/Annots[" + note * count + b"]")


@bomb("pdf/annotations-of-appearances", "a.pdf", big=1500, small=2)
def appearances(count: int) -> bytes:
    note = b"<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/V(x)/Rect[0 0 9 9]/AP<</N 10 0 R>>>>"
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X %d 0 R>>>>" % (
        10 + (count < 9)
    )
    return page(
        more=b"/Annots[" + note * count + b"]",
        root=b"/AcroForm<</Fields[]>>",
        n10=stream(b"/X Do " * 50, form),
    )


@bomb("pdf/forms-of-forms", "a.pdf", big=(25, 10), small=(2, 2))
def forms(levels: int, width: int) -> bytes:
    """Each form draws the next so many times."""
    made = {}
    for n in range(levels):
        more = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X %d 0 R>>>>" % (
            11 + n
        )
        made[f"n{10 + n}"] = stream(b"/X Do " * width, more)
    made[f"n{10 + levels}"] = stream(b"0 0 m", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]")
    return page(stream(b"/X Do " + _SAID), b"/XObject<</X 10 0 R>>", **made)


@bomb("pdf/form-of-itself", "a.pdf", big=b"10 0 R", small=b"11 0 R")
def form_loop(target: bytes) -> bytes:
    more = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X %b>>>>" % target
    empty = stream(b"", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]")
    return page(
        stream(b"/X Do " + _SAID),
        b"/XObject<</X 10 0 R>>",
        n10=stream(b"/X Do " * 9, more),
        n11=empty,
    )


@bomb("pdf/glyphs-of-glyphs", "a.pdf", big=b"/F2", small=b"/F1")
def type3(font: bytes) -> bytes:
    """A Type 3 font whose glyph is written in that font."""
    glyph = stream(b"9 0 d0 BT %b 1 Tf (aaaaaaaaaa) Tj ET" % font)
    made = b"<</Type/Font/Subtype/Type3/FontBBox[0 0 9 9]/FontMatrix[1 0 0 1 0 0]/CharProcs<</a 11 0 R>>/Encoding<</Differences[97/a]>>/FirstChar 97/LastChar 97/Widths[9]/Resources<</Font<</F1 4 0 R/F2 10 0 R>>>>>>"
    return page(
        stream(b"BT /F2 9 Tf (aaaa) Tj ET " + _SAID),
        more=b"/Resources<</Font<</F1 4 0 R/F2 10 0 R>>>>",
        n10=made,
        n11=glyph,
    )


@bomb("pdf/huge-cmap", "a.pdf", big=60_000, small=1)
def cmap(count: int) -> bytes:
    ranges = b"1 beginbfrange\n<0000><ffff><0000>\nendbfrange\n" * count
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 10 0 R>>"
    return page(
        stream(_SAID + b" BT /F2 9 Tf (x) Tj ET"),
        b"/XObject<<>>",
        b"/Resources<</Font<</F1 4 0 R/F2 11 0 R>>>>",
        n10=flate(b"begincmap\n" + ranges + b"endcmap"),
        n11=font,
    )


@bomb("pdf/bookmarks-in-a-loop", "a.pdf", big=True, small=False)
def outlines(looping: bool) -> bytes:
    item = b"<</Title(x)/Parent 10 0 R%b>>" % (b"/Next 11 0 R/First 11 0 R" if looping else b"")
    return page(root=b"/Outlines 10 0 R", n10=b"<</First 11 0 R/Last 11 0 R>>", n11=item)


@bomb("pdf/many-bookmarks", "a.pdf", big=100_000, small=2)
def bookmarks(count: int) -> bytes:
    items = {
        f"n{11 + n}": b"<</Title(x)/Parent 10 0 R/Next %d 0 R>>" % (12 + n) for n in range(count)
    }
    items[f"n{11 + count}"] = b"<</Title(x)/Parent 10 0 R>>"
    return page(root=b"/Outlines 10 0 R", n10=b"<</First 11 0 R/Last 11 0 R>>", **items)


@bomb("pdf/names-in-a-loop", "a.pdf", big=b"10 0 R", small=b"")
def name_tree(kid: bytes) -> bytes:
    return page(
        root=b"/Names<</EmbeddedFiles 10 0 R>>",
        n10=b"<</Kids[%b]>>" % (kid * 1).replace(b"R1", b"R 1"),
    )


@bomb("pdf/attached-bomb", "a.pdf", big=2500, small=1)
def attachment(mib: int) -> bytes:
    held = stream(big_zlib(mib), b"/Type/EmbeddedFile/Filter/FlateDecode")
    named = b"<</Names[(a.txt) 11 0 R]>>"
    spec = b"<</Type/Filespec/F(a.txt)/EF<</F 12 0 R>>>>"
    return page(root=b"/Names<</EmbeddedFiles 10 0 R>>", n10=named, n11=spec, n12=held)


@bomb("pdf/many-attachments", "a.pdf", big=5000, small=2)
def attachments(count: int) -> bytes:
    names = b"".join(b"(%06d) 11 0 R" % n for n in range(count))
    spec = b"<</Type/Filespec/F(a.txt)/EF<</F 12 0 R>>>>"
    held = stream(b"hej", b"/Type/EmbeddedFile")
    return page(
        root=b"/Names<</EmbeddedFiles 10 0 R>>", n10=b"<</Names[%b]>>" % names, n11=spec, n12=held
    )


@bomb("pdf/deep-arrays", "a.pdf", big=1_000_000, small=3)
def arrays(depth: int) -> bytes:
    return page(n10=b"[" * depth + b"]" * depth, more=b"/Foo 10 0 R")


@bomb("pdf/deep-brackets", "a.pdf", big=2_000_000, small=3)
def brackets(depth: int) -> bytes:
    return page(n10=b"(" * depth + b")" * depth, more=b"/Foo 10 0 R")


@bomb("pdf/many-operators", "a.pdf", big=3_000_000, small=3)
def operators(count: int) -> bytes:
    return page(flate(b"q 1 0 0 1 0 0 cm " * count + _SAID))


@bomb("pdf/many-letters", "a.pdf", big=400_000, small=3)
def letters(count: int) -> bytes:
    return page(flate(b"BT /F1 1 Tf " + b"1 0 0 1 5 5 Tm (a) Tj " * count + b"ET " + _SAID))


@bomb("pdf/many-paths", "a.pdf", big=1_000_000, small=3)
def paths(count: int) -> bytes:
    return page(flate(b"0 0 m 9 9 l S " * count + _SAID))


@bomb("pdf/shading-of-a-function", "a.pdf", big=(200, True), small=(1, False))
def shading(count: int, deep: bool) -> bytes:
    """A page that is only a shading by a stack of functions."""
    function = b"<</FunctionType 3/Domain[0 1]/Bounds[]/Encode[0 1]/Functions[%d 0 R]>>"
    objects = {f"n{20 + n}": function % (21 + n) for n in range(count)}
    objects[f"n{20 + count}"] = (
        b"<</FunctionType 2/Domain[0 1]/C0[0]/C1[1]/N 1>>" if not deep else b"20 0 R"
    )
    objects["n10"] = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 14400 14400]/Contents 11 0 R/Resources<</Shading<</S 12 0 R>>>>>>"
    )
    objects["n11"] = flate(b"/S sh " * count * 50)
    objects["n12"] = (
        b"<</ShadingType 2/ColorSpace/DeviceGray/Coords[0 0 14400 14400]/Function 20 0 R/Extend[true true]>>"
    )
    return _tree([b"3 0 R", b"10 0 R"], 2, **objects)


@bomb("pdf/metadata", "a.pdf", big=2_000_000, small=2)
def metadata(count: int) -> bytes:
    xmp = b"<rdf:li>x</rdf:li>" * count
    return page(root=b"/Metadata 10 0 R", n10=stream(xmp, b"/Type/Metadata/Subtype/XML"))


@bomb("pdf/xfa", "a.pdf", big=2000, small=1)
def xfa(mib: int) -> bytes:
    held = stream(big_zlib(mib, b" ", b"<a>x</a>"), b"/Filter/FlateDecode")
    return page(root=b"/AcroForm<</Fields[]/XFA 10 0 R>>", n10=held)
