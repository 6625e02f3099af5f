"""The dossier as JSON, for sealing: no pickle, and every field named.

Raw bytes (paths, XFORWARD) become Latin-1 strings, which map each byte to one character. Reading
raises ValueError, TypeError or KeyError on anything that `to_bytes` did not write.
"""

import json
from typing import Any

from detectors.levels import Level
from mailfilter.model import Action, Class, Finding, NotExamined, Path, Verdict
from mailfilter.place import Place
from mailfilter.record.contract import Dossier

_JSON = json.JSONEncoder(separators=(",", ":"))  # making one costs as much as a field or two


def to_bytes(dossier: Dossier) -> bytes:
    """The JSON of a dossier, ASCII."""
    value = {
        "sender": dossier.sender,
        "subject": dossier.subject,
        "message_id": dossier.message_id,
        "mail": _path(dossier.mail),
        "rcpts": [_path(path) for path in dossier.rcpts],
        "verdicts": [_verdict(verdict) for verdict in dossier.verdicts],
        "findings": [_finding(finding) for finding in dossier.findings],
        "not_examined": [[n.place.to_json(), n.reason, n.cls.value] for n in dossier.not_examined],
        "persons": dossier.persons,
        "language": dossier.language,
        "automatic": dossier.automatic,
        "xforward": [line.decode("latin-1") for line in dossier.xforward],
        "internal_domains": list(dossier.internal_domains),
        "opened": [place.to_json() for place in dossier.opened],
        "answer": [mark.hex() for mark in dossier.answer],
        "files": list(dossier.files),
    }
    return _JSON.encode(value).encode("ascii")


def from_bytes(data: bytes) -> Dossier:
    """The reverse."""
    value: dict[str, Any] = json.loads(data)
    return Dossier(
        sender=value["sender"],
        subject=value["subject"],
        message_id=value["message_id"],
        mail=_read_path(value["mail"]),
        rcpts=tuple(_read_path(path) for path in value["rcpts"]),
        verdicts=tuple(_read_verdict(verdict) for verdict in value["verdicts"]),
        findings=tuple(_read_finding(finding) for finding in value["findings"]),
        not_examined=tuple(
            NotExamined(Place.from_json(place), reason, Class(cls))
            for place, reason, cls in value["not_examined"]
        ),
        persons=value["persons"],
        language=value["language"],
        automatic=value["automatic"],
        xforward=tuple(line.encode("latin-1") for line in value["xforward"]),
        internal_domains=tuple(value["internal_domains"]),
        opened=tuple(map(Place.from_json, value.get("opened", ()))),  # not in older rows
        answer=tuple(map(bytes.fromhex, value.get("answer", ()))),
        files=tuple(value.get("files", ())),
    )


def _path(path: Path) -> list[str]:
    return [part.decode("latin-1") for part in (path.raw, path.address, path.parameters)]


def _read_path(value: list[str]) -> Path:
    raw, address, parameters = (part.encode("latin-1") for part in value)
    return Path(raw, address, parameters)


def _verdict(verdict: Verdict) -> list[Any]:
    return [
        verdict.recipient,
        verdict.action.value,
        verdict.rule,
        list(verdict.reasons),
        verdict.connector,
        verdict.recipient_class,
        [[rule, action.value] for rule, action in verdict.observed],
    ]


def _read_verdict(value: list[Any]) -> Verdict:
    recipient, action, rule, reasons, connector, recipient_class, observed = value
    return Verdict(
        recipient,
        Action(action),
        rule,
        tuple(reasons),
        connector,
        recipient_class,
        tuple((name, Action(would)) for name, would in observed),
    )


def _finding(finding: Finding) -> list[Any]:
    return [
        finding.kind,
        finding.confidence,
        finding.place.to_json(),
        finding.masked,
        finding.person,
        list(finding.evidence),
        finding.level.value,
    ]


def _read_finding(value: list[Any]) -> Finding:
    kind, confidence, place, masked, person, evidence, *said = value
    level = Level(said[0]) if said else _level_then(confidence)
    place = Place.from_json(place)
    return Finding(kind, confidence, place, masked, person, tuple(evidence), level)


def _level_then(confidence: int) -> Level:
    """Rows of 0.2 and earlier hold no level; these were its thresholds."""
    return Level.HIGH if confidence >= 80 else Level.MEDIUM if confidence >= 50 else Level.LOW
