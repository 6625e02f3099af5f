"""Reasons why something was not examined: the closed list that parse and extract share.

From → to: a code and a place → `NotExamined`. A code says its class (V2) and one sentence
in Swedish and in English that a person without training understands.

Invariants: codes are stable, they stand in records, rules and statistics; a sentence never holds
text of a message. One entry a line, in the order of the blocks, so that two people can add at once.
"""

# ruff: noqa: E501 - the table has one entry a line, so that two people can add to it at once
from typing import NamedTuple

from mailfilter.model import Class, NotExamined
from mailfilter.place import Place


class Reason(NamedTuple):
    """Class of the reason and its sentence in Swedish and English."""

    cls: Class
    sv: str
    en: str


REASONS: dict[str, Reason] = {
    # ---- header and structure of the mail (parse) ----
    "header-syntax": Reason(Class.AMBIGUOUS, "Mejlhuvudet har rader som olika e-postprogram läser olika.", "The header has lines that mail programs read differently."),
    "header-empty": Reason(Class.AMBIGUOUS, "Mejlet saknar mejlhuvud.", "The mail has no header."),
    "header-nul": Reason(Class.AMBIGUOUS, "Mejlhuvudet innehåller otillåtna tecken.", "The header holds characters that are not allowed."),
    "header-size": Reason(Class.OVER_LIMIT, "Mejlhuvudet är för stort.", "The header is too big."),
    "header-fields": Reason(Class.OVER_LIMIT, "Mejlhuvudet har för många fält.", "The header has too many fields."),
    "addresses": Reason(Class.OVER_LIMIT, "Mejlhuvudet har för många adresser.", "The header has too many addresses."),
    "line-ends": Reason(Class.AMBIGUOUS, "Mejlet blandar olika radslut.", "The mail mixes kinds of line ends."),
    "field-twice": Reason(Class.AMBIGUOUS, "Mejlet anger innehållets typ eller kodning två gånger.", "The mail states the type or encoding of its content twice."),
    "field-name": Reason(Class.AMBIGUOUS, "Ett fält om innehållets typ eller kodning är felstavat.", "A field about the type or encoding of the content is misspelt."),
    "type-syntax": Reason(Class.AMBIGUOUS, "Innehållets typ är skriven så att e-postprogram läser den olika.", "The type of the content is written so that mail programs read it differently."),
    "parameter-twice": Reason(Class.AMBIGUOUS, "En uppgift om innehållet står två gånger.", "A parameter of the content stands twice."),
    "parameters": Reason(Class.OVER_LIMIT, "Innehållets beskrivning har för många uppgifter.", "The description of the content has too many parameters."),
    "encoding-unknown": Reason(Class.AMBIGUOUS, "Innehållet är kodat på ett sätt som inte finns i standarden.", "The content is encoded in a way that the standard does not know."),
    "charset-unknown": Reason(Class.AMBIGUOUS, "Texten har en okänd teckenkodning.", "The text is in an unknown character encoding."),
    "boundary-syntax": Reason(Class.AMBIGUOUS, "Gränsen mellan mejlets delar är skriven så att e-postprogram läser den olika.", "The boundary between the parts is written so that mail programs read it differently."),
    "boundary-missing": Reason(Class.AMBIGUOUS, "Mejlet säger att det har delar men inte var de börjar.", "The mail says that it has parts but not where they begin."),
    "boundary-reused": Reason(Class.AMBIGUOUS, "Samma gräns används på flera nivåer i mejlet.", "The same boundary is used at several levels."),
    "boundary-misplaced": Reason(Class.AMBIGUOUS, "En gräns mellan delar anges där inga delar finns.", "A boundary is given where there are no parts."),
    "delimiter-broken": Reason(Class.AMBIGUOUS, "En gräns mellan mejlets delar är trasig.", "A delimiter between the parts is broken."),
    "delimiter-absent": Reason(Class.AMBIGUOUS, "Gränserna mellan mejlets delar saknas.", "The delimiters between the parts are absent."),
    "terminator-missing": Reason(Class.AMBIGUOUS, "Mejlets sista del har inget slut.", "The last part has no end."),
    "outside-parts": Reason(Class.AMBIGUOUS, "Det står innehåll före eller efter mejlets delar.", "There is content before or after the parts of the mail."),
    "multipart-encoded": Reason(Class.AMBIGUOUS, "Ett mejl i delar är kodat som helhet.", "A mail of several parts is encoded as a whole."),
    "message-partial": Reason(Class.AMBIGUOUS, "Mejlet är ett stycke av ett uppdelat mejl.", "The mail is a fragment of a divided mail."),
    "external-body": Reason(Class.AMBIGUOUS, "Innehållet ligger utanför mejlet.", "The content lies outside the mail."),
    "base64-syntax": Reason(Class.AMBIGUOUS, "Kodningen (base64) är trasig.", "The encoding (base64) is broken."),
    "quoted-syntax": Reason(Class.AMBIGUOUS, "Kodningen (quoted-printable) är trasig.", "The encoding (quoted-printable) is broken."),
    "uuencode-syntax": Reason(Class.AMBIGUOUS, "En fil i mejltexten (uuencode) är trasig.", "A file in the text (uuencode) is broken."),
    "old-encoding": Reason(Class.AMBIGUOUS, "Mejltexten innehåller en fil i en ovanlig kodning.", "The text holds a file in an unusual encoding."),
    "depth": Reason(Class.OVER_LIMIT, "Mejlet har för många nivåer.", "The mail has too many levels."),
    "parts": Reason(Class.OVER_LIMIT, "Mejlet har för många delar.", "The mail has too many parts."),
    "decoded-size": Reason(Class.OVER_LIMIT, "Mejlets innehåll är för stort när det packas upp.", "The content is too big when unpacked."),
    # ---- workers ----
    "crashed": Reason(Class.CRASHED, "Läsningen av innehållet misslyckades.", "Reading the content failed."),
    "too-long": Reason(Class.CRASHED, "Innehållet tog för lång tid att läsa.", "The content took too long to read."),
    "poisoned": Reason(Class.CRASHED, "Innehållet har stört läsningen förut och öppnas inte.", "The content has upset the reading before and is not opened."),
    "too-much-found": Reason(Class.OVER_LIMIT, "Mejlet innehåller mer än vad som kan redovisas.", "The mail holds more than can be told."),
    # ---- protected mail (parse) ----
    "smime-encrypted": Reason(Class.PROTECTED, "Krypterat till mottagaren (S/MIME).", "Encrypted for the recipient (S/MIME)."),
    "smime-unread": Reason(Class.UNREAD, "Signerat innehåll som inte kunde öppnas (S/MIME).", "Signed content that could not be opened (S/MIME)."),
    "pgp-encrypted": Reason(Class.PROTECTED, "Krypterat till mottagaren (PGP).", "Encrypted for the recipient (PGP)."),
    "pgp-unread": Reason(Class.UNREAD, "PGP-innehåll som inte kunde öppnas.", "PGP content that could not be opened."),
    "rights-protected": Reason(Class.PROTECTED, "Skyddat till mottagaren av Microsoft (message.rpmsg).", "Protected for the recipient by Microsoft (message.rpmsg)."),
    "tnef": Reason(Class.UNREAD, "Outlooks eget format (winmail.dat) läses inte än.", "Outlook's own format (winmail.dat) is not read yet."),
    "signature-false": Reason(Class.AMBIGUOUS, "En del kallas signatur men är något annat.", "A part is called a signature but is something else."),
    # ---- documents, archives, images (extract) ----
    "encrypted": Reason(Class.ENCRYPTED, "Filen är lösenordsskyddad.", "The file has a password."),
    "cloud-attachment": Reason(Class.CLOUD, "Länk till organisationens egen molnlagring.", "Link to the organisation's own cloud storage."),
    "broken-document": Reason(Class.BROKEN, "Filen är skadad eller har fel filändelse.", "The file is damaged or wrongly named."),
    "broken-archive": Reason(Class.BROKEN, "Den packade filen är skadad.", "The archive is damaged."),
    "ambiguous-archive": Reason(Class.AMBIGUOUS, "Olika program läser olika saker i arkivet.", "Programs read different things in the archive."),
    "xml-entities": Reason(Class.AMBIGUOUS, "Dokumentet definierar egna XML-entiteter.", "The document defines its own XML entities."),
    "inflated-size": Reason(Class.OVER_LIMIT, "Innehållet är för stort när det packas upp.", "The content is too big when unpacked."),
    "inflated-ratio": Reason(Class.OVER_LIMIT, "Innehållet växer orimligt när det packas upp.", "The content grows beyond reason when unpacked."),
    "too-many-parts": Reason(Class.OVER_LIMIT, "Bilagorna har för många delar.", "The attachments have too many parts."),
    "too-deep": Reason(Class.OVER_LIMIT, "Filer ligger i varandra i för många nivåer.", "Files lie in files at too many levels."),
    "too-much-text": Reason(Class.OVER_LIMIT, "Mejlet har för mycket text.", "The mail has too much text."),
    "too-much-work": Reason(Class.OVER_LIMIT, "Mejlet är för arbetsamt att läsa i sin helhet.", "The mail takes too much work to read as a whole."),
    "too-many-cells": Reason(Class.OVER_LIMIT, "Kalkylbladet har för många celler.", "The sheet has too many cells."),
    "too-many-pages": Reason(Class.OVER_LIMIT, "Dokumentet har för många sidor.", "The document has too many pages."),
    "unknown-content": Reason(Class.UNREAD, "Filen är av en okänd typ.", "The file is of an unknown type."),
    "old-office": Reason(Class.UNREAD, "Formatet läses inte (Publisher, Visio, Project eller mycket gammal Word).", "The format is not read (Publisher, Visio, Project or very old Word)."),
    "outlook-item": Reason(Class.UNREAD, "Sparade Outlook-mejl (msg) lästes inte.", "Saved Outlook items (msg) were not read."),
    "archive-format": Reason(Class.UNREAD, "Arkivformatet läses inte än.", "The archive format is not read yet."),
    "archive-piece": Reason(Class.BROKEN, "Filen är ett stycke av ett uppdelat arkiv.", "The file is a piece of a divided archive."),
    "archive-method": Reason(Class.UNREAD, "Filen är packad på ett sätt som inte läses.", "The archive's method of packing is not read."),
    "embedded-object": Reason(Class.UNREAD, "Ett inbäddat objekt läses inte.", "An embedded object is not read."),
    "program": Reason(Class.UNREAD, "Filen är ett program eller en databas.", "The file is a program or a database."),
    "image": Reason(Class.UNSUPPORTED, "Bilder läses inte.", "Images are not read."),
    "image-size": Reason(Class.OVER_LIMIT, "Bilden är för stor.", "The image is too big."),
    "ocr-time": Reason(Class.OVER_LIMIT, "Alla bilder och skannade sidor hann inte läsas.", "There was no time to read all images and scanned pages."),
    "sound": Reason(Class.UNSUPPORTED, "Ljud läses inte.", "Sound is not read."),
    "film": Reason(Class.UNSUPPORTED, "Film läses inte.", "Film is not read."),
    "pdf-without-text": Reason(Class.UNSUPPORTED, "PDF-filen har sidor som bara är bilder.", "The PDF has pages that are only images."),
}  # fmt: skip


def not_examined(place: Place, code: str) -> NotExamined:
    """The statement that `place` was not read because of `code`; KeyError for an unknown code."""
    return NotExamined(place, code, REASONS[code].cls)


def explain(code: str, language: str = "sv") -> str:
    """The sentence of a code, in "sv" or "en"."""
    reason = REASONS[code]
    return reason.en if language == "en" else reason.sv
