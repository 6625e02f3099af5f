"""Labels and makers: short facts of a mail and its documents that rules match, in one spelling.

From → to: what a header, a property or a metadata field says → lower case, one line, NFC, at most
`limits.LABEL_LENGTH` characters, at most `limits.LABELS` of each sort in a message. Both stages
that read (parse, extract) and the one that matches (decide) spell by `folded`.

An information class by Microsoft is a set of pairs ``MSIP_Label_IDENTIFIER_ATTRIBUTE`` = value, in
the ``msip_labels`` header, in custom properties of Office and OpenDocument, in a PDF's metadata.
Both its name and its identifier become labels, since the name is the one that the label had when
it was made, which need not be the one that people see; a label whose ``Enabled`` is not "true"
has been taken off and is none. A file may carry labels of several organisations.

Invariants: pure, linear, never raises. None of it is ever logged or put into a notice.

Source: Microsoft Information Protection SDK, "Metadata". Older clients write ``Sensitivity`` = the
name that people see, beside the pairs.
"""

import re
from collections.abc import Iterable, Iterator
from unicodedata import normalize

from mailfilter import limits

_PAIR = re.compile(r"MSIP_Label_([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})_(\w{1,40})")
_SEEN = "Sensitivity"
_HEADER = 65536  # characters of a header that are looked at


def folded(value: str) -> str:
    """The one spelling of a fact."""
    plain = normalize("NFC", value[: 4 * limits.LABEL_LENGTH]).lower()
    return " ".join(plain.replace("\0", " ").split())[: limits.LABEL_LENGTH].rstrip()


def keep(facts: list[str], value: str) -> None:
    """Add a fact, once, while there is room."""
    fact = folded(value)
    if fact and fact not in facts and len(facts) < limits.LABELS:
        facts.append(fact)


def bounded(values: Iterable[str]) -> tuple[str, ...]:
    """The facts among `values`, each once, as many as a message may have."""
    facts: list[str] = []
    for value in values:
        keep(facts, value)
    return tuple(facts)


def msip(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Names and identifiers of the labels that these pairs set."""
    labels: dict[str, dict[str, str]] = {}
    for key, value in pairs:
        if key == _SEEN:
            yield value
        elif found := _PAIR.fullmatch(key):
            labels.setdefault(found[1].lower(), {})[found[2]] = value.strip()
    for identifier, attributes in labels.items():
        if attributes.get("Enabled", "true").lower() == "true":
            yield identifier
            yield attributes.get("Name", "")


def of_header(value: str) -> Iterator[str]:
    """Labels of an ``msip_labels`` header: pairs that semicolons divide."""
    pairs = (pair.partition("=") for pair in value[:_HEADER].split(";"))
    yield from msip((key.strip(), content) for key, _, content in pairs)
