"""The field that a number is the value of: a parameter, a tag, a segment of EDI or HL7.

From → to: the text of the line before and behind a number → the `Code`s that the field's own name
gives, or None where it is no field, or one without a meaning of its own. Machines write the name of
a field right at its value, so what else stands on the line is about other values.

Sources: UN/EDIFACT D.96A segments; ANSI X12; HL7 2.x; SWIFT MT940; RFC 4519 and ETSI EN 319 412-1
for names of subjects in certificates.
"""

import re

from .evidence import Code
from .labels import Label, classify

REACH = 70  # characters of a line that are read before a number
_NAMED = re.compile(
    r"(?:(?<![\w.-])(?P<name>[a-zåäö][\w.\-]{0,40})(?P<closed>[\"']?)\s?(?P<sign>=|:)\s?[\"'(\[]{0,2}"
    r"|<(?:\w+:)?(?P<tag>[a-zåäö][\w.\-]{0,40})[^<>]{0,30}>\s?)(?:se|pno\w\w-)?$"
)
_PARENT = re.compile(r"\"(?P<name>\w{1,40})\"\s?:\s?\{[^{}]{0,60}$")
_TABLE = re.compile(r"\b(?:from|into|update|join)\s(?P<name>\w{1,40})\b[^;]*$")  # of SQL
_PARTS = re.compile(r"[\d_.\-]+")
_ADDRESS = re.compile(r"(?:[?&;]|https?://)\S*$")
_PATH = re.compile(r"[^\W\d_]+")
_SEGMENT = re.compile(r"(?:^|['~])\s?(?P<tag>[a-z][a-z0-9]{2})(?:[+*][^'~]*|\|.*)$")
_STATEMENT = re.compile(r"^:(?:20|21|28c?|61):")
_CLEARING = re.compile(r"\b\d{4}-\d[, ]{1,3}$")  # the number of an account follows
_SUBJECT = re.compile(r"\b(?:c|cn|o|sn|gn|givenname|surname)\s?=")
_SEMANTIC = re.compile(r"\b(?:pno|idc|pas)[a-z]{2}-$")
_LICENCE = re.compile(r"(?:^|[\s,;|(])4d[.):]{0,2}\s{0,3}$")
_OF_PERSONS = frozenset(("nad", "pna", "pid", "nk1", "in1", "gt1"))
_OF_PAPERS = frozenset(
    (
        *("bgm", "unb", "unh", "unz", "unt", "lin", "pia", "gin", "doc", "rff", "loc", "tod"),
        *("isa", "beg", "ref", "gs", "st", "po1", "big", "bsn", "orc", "obr", "msh"),
    )
)


def read_field(before: str, after: str) -> list[Code] | None:
    """The codes of the field whose value begins behind `before`."""
    near = before[-REACH:]
    if _LICENCE.search(near) or _SEMANTIC.search(near):
        return [Code.KEYWORD]
    if segment := _SEGMENT.search(before):
        return _of_segment(segment)
    if _STATEMENT.match(before) or _CLEARING.search(near):
        return [Code.REFERENCE]
    named = _NAMED.search(near) if near[-1:] in _CLOSING else None
    return _of_name(named, before, after) if named else None


_CLOSING = frozenset("=:\"'([>-e ")


def _of_segment(segment: re.Match[str]) -> list[Code] | None:
    if segment["tag"] in _OF_PERSONS:
        return [Code.HUMAN]
    return [Code.REFERENCE] if segment["tag"] in _OF_PAPERS else None


def _of_name(named: re.Match[str], before: str, after: str) -> list[Code] | None:
    name = named["name"] or named["tag"]
    if named["sign"] == ":" and not named["closed"]:
        return None  # as people write: `labels` reads it
    if name == "serialnumber":  # of a person, in the subject of a certificate
        subject = _SUBJECT.search(before) or _SUBJECT.search(after)
        return [Code.KEYWORD if subject else Code.REFERENCE]
    label = classify(name) or _of_parts(name)
    parent = _PARENT.search(before) or _TABLE.search(before)
    if label is Label.NEUTRAL and parent:
        label = classify(parent["name"])
    if label is None or label in (Label.NEUTRAL, Label.FUNCTION):
        return _of_address(before) if _ADDRESS.search(before) else None
    return _CODES.get(label)


_CODES = {
    Label.PERSON: [Code.KEYWORD],
    Label.HUMAN: [Code.HUMAN],
    Label.BIRTH: [Code.BIRTH],
    Label.ORGANISATION: [Code.ORGANISATION],
    Label.OTHER: [Code.REFERENCE],
    Label.NOUN: [Code.REFERENCE],
}


def _of_parts(name: str) -> Label | None:
    """ "order_id", "case.number": the last part that is more than a number or an id."""
    for part in reversed(_PARTS.split(name)):
        label = classify(part)
        if label not in (None, Label.NEUTRAL, Label.FUNCTION):
            return label
    return None


def _of_address(before: str) -> list[Code] | None:
    """A thing that the path of an address names: "/faktura?nr="."""
    path = before.rpartition(" ")[2].partition("?")[0]
    labels = {classify(word) for word in _PATH.findall(path)}
    if Label.PERSON in labels or Label.HUMAN in labels:
        return [Code.HUMAN]
    return [Code.REFERENCE] if labels & {Label.OTHER, Label.NOUN} else None
