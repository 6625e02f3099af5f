"""The walk over a message: header, parts, parts of parts → leaves, texts, reasons.

From → to: ``Walk().message(...)`` fills `parts`, `texts` and `defects` of a `Walk`.

A walk owns what one message may cost: parts, depth, decoded bytes. Every message in it, the
outermost first, counts its attachments for itself, as a person counts them in her mail program; an
attached mail is one of them. Pictures in the text are not counted (``n`` is 0).

Invariants: recursion is bounded by ``limits.DEPTH``; a byte is decoded once on each level of mail
inside encoded mail, at most. A part whose structure cannot be read is still read as far as it goes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from detectors import Role
from mailfilter import limits
from mailfilter.byte_search import Needles
from mailfilter.model import NotExamined, Part, Text
from mailfilter.not_examined import not_examined
from mailfilter.parse import (
    encoding,
    facts,
    header,
    mime,
    multipart,
    oldcodes,
    protected,
    seams,
    union,
)
from mailfilter.parse.charset import codec_for, fallback, is_plain
from mailfilter.parse.header import Block
from mailfilter.parse.mime import Label
from mailfilter.parse.protected import Kind
from mailfilter.parse.words import text_of
from mailfilter.place import Place, Step, StepKind

_MAIL = {"message/rfc822", "message/global", "message/news"}
_SIGNATURES = {
    "application/pgp-signature",
    "application/pgp-keys",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
}
_SMIME = {"application/pkcs7-mime", "application/x-pkcs7-mime"}
_READABLE = {  # text in all but name
    "message/delivery-status",
    "message/global-delivery-status",
    "message/disposition-notification",
    "message/global-disposition-notification",
    "message/feedback-report",
    "message/tracking-status",
}


# One of these stands in all that `_inside_text` looks for.
_WORTH_A_LOOK = Needles(b"-----BEGIN PGP", b"begin", b"BinHex", b"ransfer", b"ontent-")
_BODY = Place(Role.BODY)
_BEGINNING = 4096  # bytes of a file in which an old encoding announces itself


@dataclass(slots=True)
class Context:
    """Where in the message the walk stands."""

    steps: tuple[Step, ...] = ()
    depth: int = 0
    boundaries: tuple[bytes, ...] = ()
    default: str = "text/plain"
    inside: str = ""  # the multipart type around it
    first: bool = True  # the first part of that
    count: list[int] = field(default_factory=lambda: [0, 0])  # attachments, mails of this message


@dataclass(slots=True)
class Walk:
    """What has been read, and what may still be."""

    parts: list[Part] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    defects: list[NotExamined] = field(default_factory=list)
    left: int = limits.PARTS
    bytes_left: int = limits.INFLATED_SIZE
    above: str = ""  # what the text above ends with

    def blame(self, place: Place, *codes: str) -> None:
        """Report reasons at a place."""
        self.defects += [not_examined(place, code) for code in codes]

    # ---- messages and multiparts -----------------------------------------------------------

    def message(self, data: bytes, block: Block, end: int, ctx: Context) -> facts.Shown:
        """A message whose header is read: its header's text, then its content."""
        shown = facts.show(block.fields, ctx.steps)
        if shown.text:
            self.texts.append(shown.text)
        if shown.more:
            self.blame(Place(Role.HEADER, ctx.steps), "addresses")
        if not block.fields and not block.codes:
            self.blame(Place(Role.HEADER, ctx.steps), "header-empty")
        self.entity(data, block, end, ctx)
        return shown

    def entity(self, data: bytes, block: Block, end: int, ctx: Context) -> None:
        """A message or part: what its label says it is."""
        label = mime.label(block, ctx.default)
        if label.type.startswith("multipart/") and label.boundary:
            self._multipart(data, block.body, end, label, ctx)
        else:
            self._leaf(data, block.body, end, label, block, ctx)

    def _multipart(self, data: bytes, start: int, end: int, label: Label, ctx: Context) -> None:
        place = Place(Role.BODY, ctx.steps) if ctx.steps else _BODY
        boundary = label.boundary or b""
        if label.codes:
            self.blame(place, *label.codes)
        if label.encoding not in ("7bit", "8bit", "binary"):
            self.blame(place, "multipart-encoded")
        if any(b.startswith(boundary) or boundary.startswith(b) for b in ctx.boundaries):
            self.blame(place, "boundary-reused")
        if ctx.depth >= limits.DEPTH:
            self.blame(place, "depth")
            return
        found = multipart.split(data, start, end, boundary, self.left)
        if found.codes:
            self.blame(place, *found.codes)
        if found.padded:
            self.second_net(data[start:end])
        self._outside(data, found, ctx)
        inner = Context(
            ctx.steps,
            ctx.depth + 1,
            (*ctx.boundaries, boundary),
            "message/rfc822" if label.type == "multipart/digest" else "text/plain",
            label.type,
            count=ctx.count,
        )
        for number, (part_start, part_end) in enumerate(found.parts):
            self._part(data, part_start, part_end, inner, number == 0)
        if "delimiter-absent" in found.codes:
            self._leaf(data, start, end, Label("text/plain", "8bit"), Block([], 0, 0), inner)

    def _part(self, data: bytes, start: int, end: int, ctx: Context, first: bool) -> None:
        self.left -= 1
        ctx.first = first
        block = header.read(data, start, end)
        if block.fields:
            self._part_header(block, ctx)
        self.entity(data, block, end, ctx)

    def _part_header(self, block: Block, ctx: Context) -> None:
        """Fields of a part that some program may show, such as Content-Description."""
        if facts.SILENT.issuperset([name for name, _ in block.fields]):
            return
        shown = facts.show(block.fields, ctx.steps).text
        if shown:
            self.texts.append(shown)

    def _outside(self, data: bytes, found: multipart.Split, ctx: Context) -> None:
        """What stands before and after the parts: text, and a reason unless it is a remark."""
        for start, end in (found.before, found.after):
            raw = data[start : min(end, start + 65536)].strip(b"\r\n \t")
            if not raw:
                continue
            content = fallback(raw)
            self._hidden(content, ctx)
            if end - start > 65536 or not multipart.is_remark(content):
                self.blame(Place(Role.BODY, ctx.steps), "outside-parts")

    # ---- leaves ----------------------------------------------------------------------------

    def _leaf(
        self, data: bytes, start: int, end: int, label: Label, block: Block, ctx: Context
    ) -> None:
        decoded = encoding.decode(data, label.encoding, start, end)
        content = decoded.content
        codes = _codes(label, decoded)
        self.bytes_left -= len(content)
        if self.bytes_left < 0:
            self.blame(Place(Role.BODY, ctx.steps), "decoded-size")
            return
        main = label.type.partition("/")[0]
        if label.type == "text/rfc822-headers" and not codes:
            self._headers(content, ctx)
            return
        if main == "multipart":  # without a boundary
            main, label.type = "text", "text/plain"
        if main == "text" and label.disposition != "attachment" and not label.name:
            place = Place(Role.BODY, ctx.steps) if ctx.steps else _BODY
        elif label.type in _READABLE:
            place = Place(Role.BODY, ctx.steps)
            label.type = "text/plain"
        elif main == "message":
            self._mail(content, label, codes, ctx)
            return
        else:
            place = self._attachment_place(label, ctx)
            if self._is_protected(content, label, place, ctx):
                self.blame(place, *codes)
                self._names((label.name, *label.names), place)
                return
        if codes:
            self.blame(place, *codes)
        self._emit(content, label, block, place, ctx)
        if decoded.other:
            self._hidden(fallback(decoded.other), ctx)
        if main == "text":
            self._inside_text(content, place, ctx)
            self._seam(content, ctx)
        else:
            self._inside_file(content, place, ctx)

    def _emit(self, content: bytes, label: Label, block: Block, place: Place, ctx: Context) -> None:
        content_id = block.first(b"content-id")
        inline = (
            label.disposition == "inline"
            or (content_id != b"" and label.disposition != "attachment")
            or (ctx.inside == "multipart/related" and not ctx.first)
        )
        charset = codec_for(content, label.charset) if label.charset else ""
        identifier = text_of(content_id).strip(" <>") if content_id else ""
        self.parts.append(Part(place, label.type, content, label.name, charset, inline, identifier))
        if not label.names:
            return
        self._names([name for name in label.names if name != label.name], place)

    def _names(self, names: Iterable[str], place: Place) -> None:
        """What some program may show as the name of a part."""
        for name in dict.fromkeys(names):
            if name:
                self.texts.append(Text(name, ((0, place.down(role=Role.NAME)),)))

    def _attachment_place(self, label: Label, ctx: Context) -> Place:
        """The place of an attachment, counted unless it is a picture in the text."""
        counted = not label.type.startswith("image/") or (
            label.disposition != "inline" and ctx.inside != "multipart/related"
        )
        ctx.count[0] += counted
        name = label.name.replace("\\", "/").rpartition("/")[2]
        stem, _, extension = name.rpartition(".")
        form = extension.lower() if stem and extension.isalnum() and len(extension) <= 5 else ""
        step = Step(StepKind.ATTACHMENT, ctx.count[0] if counted else 0, label.name, form)
        return Place(Role.ATTACHMENT, (*ctx.steps, step))

    def _mail(self, content: bytes, label: Label, codes: list[str], ctx: Context) -> None:
        """A message in the message."""
        ctx.count[0] += 1
        ctx.count[1] += 1
        steps = (*ctx.steps, Step(StepKind.MAIL, ctx.count[1]))
        place = Place(Role.BODY, steps)
        self.blame(place, *codes)
        for name in dict.fromkeys(label.names):
            self.texts.append(Text(name, ((0, Place(Role.NAME, steps)),)))
        if label.type not in _MAIL:
            code = {"message/partial": "message-partial", "message/external-body": "external-body"}
            self.blame(place, code.get(label.type, "type-syntax"))
        if ctx.depth >= limits.DEPTH or self.left <= 0:
            self.blame(place, "depth")
            return
        self.left -= 1
        content, alike = header.with_crlf(content)
        if not alike:
            self.blame(place, "line-ends")
        block = header.read(content, 0, len(content))
        self.message(content, block, len(content), Context(steps, ctx.depth + 1))

    def _headers(self, content: bytes, ctx: Context) -> None:
        """The header of a returned mail, as it is shown; what else stands there is text."""
        block = header.read(content, 0, len(content))
        shown = facts.show(block.fields, ctx.steps).text
        if shown:
            self.texts.append(shown)
        if block.codes or content[block.body :].strip():
            self._hidden(fallback(content), ctx)

    def second_net(self, data: bytes) -> None:
        """What a reader without any idea of structure finds in an ambiguous message."""
        for stretch in union.scan(data):
            self._hidden(stretch, Context())

    def _hidden(self, content: str, ctx: Context) -> None:
        place = Place(Role.BODY, (*ctx.steps, Step(StepKind.HIDDEN)))
        self.texts.append(Text(content, ((0, place),)))

    def _is_protected(self, content: bytes, label: Label, place: Place, ctx: Context) -> bool:
        """Signatures, encrypted and signed content; True if nothing else is to be done."""
        name = label.name.lower()
        if label.type in _SIGNATURES or name.endswith(".p7s"):
            if protected.is_signature(label.type, content):
                return True
            if protected.smime(content)[0] is not Kind.SIGNED:
                self.blame(place, "signature-false")
                return False
            self._smime(content, place, ctx)
        elif label.type in _SMIME or name.endswith((".p7m", ".p7z")):
            self._smime(content, place, ctx)
        elif label.type == "application/pgp-encrypted" and protected.is_version(content):
            return True
        elif _may_be_pgp(label, name, ctx) and protected.is_encrypted(content):
            self.blame(place, "pgp-encrypted")
            self._remarks(content, place)
        else:
            return False
        return True

    def _smime(self, content: bytes, place: Place, ctx: Context) -> None:
        kind, signed = protected.smime(content)
        if kind is Kind.ENCRYPTED:
            self.blame(place, "smime-encrypted")
            self._remarks(content, place)
        elif kind is not Kind.SIGNED:
            self.blame(place, "smime-unread")
        elif ctx.depth >= limits.DEPTH:
            self.blame(place, "depth")
        else:
            signed, alike = header.with_crlf(signed)  # NSS and old OpenSSL sign bare line feeds
            if not alike:
                self.blame(place, "line-ends")
            block = header.read(signed, 0, len(signed))
            inner = replace(ctx, depth=ctx.depth + 1, default="text/plain")
            self.entity(signed, block, len(signed), inner)

    def _remarks(self, content: bytes, place: Place) -> None:
        """What can be read of a part that is encrypted."""
        if text := protected.remarks(content).strip():
            self.texts.append(Text(text, ((0, place.down(Step(StepKind.HIDDEN))),)))

    def _seam(self, content: bytes, ctx: Context) -> None:
        """What stands over the seam between this text and the one above it."""
        if ctx.inside == "multipart/alternative":
            return
        if both := seams.over(self.above, seams.beginning(content)):
            self._hidden(both, ctx)
        self.above = seams.end(content)

    def _inside_text(self, content: bytes, place: Place, ctx: Context) -> None:
        """PGP messages and encoded files in a text."""
        if not _WORTH_A_LOOK.within(content):
            return
        kind = protected.armour(content) if b"-----BEGIN PGP" in content else None
        if (
            kind and kind is not Kind.LOCKED
        ):  # for what is locked extract tries the mail's passwords
            self.blame(place, "pgp-encrypted" if kind is Kind.ENCRYPTED else "pgp-unread")
        begins = b"begin" in content
        if (begins or b"BinHex" in content) and oldcodes.is_there(content):
            self._old(content, place, ctx)
        if ctx.inside and encoding.holds_part(content):
            self.blame(place, "delimiter-broken")
        elif place.role is Role.BODY and encoding.begins_with_header(content):
            self.blame(place, "header-syntax")
        if begins and b"begin " in content:
            self._uuencoded(content, ctx)

    def _inside_file(self, content: bytes, place: Place, ctx: Context) -> None:
        """Encodings of old that announce themselves at the beginning of a file."""
        beginning = content[:_BEGINNING]
        if b"begin" in beginning or b"BinHex" in beginning:
            self._uuencoded(content, ctx)
            if oldcodes.is_there(beginning):
                self._old(content, place, ctx)

    def _uuencoded(self, content: bytes, ctx: Context) -> None:
        for found in encoding.uuencoded(content):
            label = Label("application/octet-stream", "8bit", name=text_of(found.name))
            where = self._attachment_place(label, ctx)
            self.bytes_left -= len(found.content)
            if self.bytes_left < 0:
                self.blame(where, "decoded-size")
                return
            if found.code:
                self.blame(where, found.code)
            self._emit(found.content, label, Block([], 0, 0), where, ctx)

    def _old(self, content: bytes, place: Place, ctx: Context) -> None:
        """Files in yEnc, BinHex and the like: searched, and ambiguous all the same."""
        self.blame(place, "old-encoding")
        for found in oldcodes.files(content):
            self.bytes_left -= len(found)
            if self.bytes_left >= 0:
                self._hidden(fallback(found), ctx)


def _codes(label: Label, decoded: encoding.Decoded) -> list[str]:
    """What is amiss with a leaf: an unknown charset only if it matters."""
    codes = [*label.codes, decoded.code] if decoded.code else label.codes
    if "charset-unknown" in codes and is_plain(decoded.content, label.charset):
        return [code for code in codes if code != "charset-unknown"]
    return codes


def _may_be_pgp(label: Label, name: str, ctx: Context) -> bool:
    return (
        ctx.inside == "multipart/encrypted"
        or label.type == "application/pgp-encrypted"
        or name.endswith((".pgp", ".gpg", ".asc"))
    )
