"""False alarms as labelled cases: what was found, how surely and why, in codes.

From → to: a dossier → the `detail` of a case; a case → a line of the export. No word of the mail is
in it. One is unconfirmed where its sender decided alone that the mail may go: no reviewer has seen
it, and by itself it proves nothing. Who runs the installation may add the message itself while it
still exists (``mailfilter false-alarms export --with-content``), which is an act of its own in the
audit log.
"""

from typing import Any

from mailfilter.model import Action
from mailfilter.record.archive.sender_rows import FalseAlarm
from mailfilter.record.contract import Dossier


def detail(dossier: Dossier, rules_hash: str) -> dict[str, Any]:
    """The case in codes."""
    return {
        "rules": rules_hash[:12],
        "rule": sorted({v.rule for v in dossier.verdicts if v.action is not Action.RELAY}),
        "language": dossier.language,
        "findings": [
            {
                "kind": finding.kind,
                "confidence": finding.confidence,
                "role": finding.place.role.value,
                "steps": [step.kind.value for step in finding.place.steps],
                "evidence": list(finding.evidence),
            }
            for finding in dossier.findings
        ],
        "not_examined": [
            {"class": part.cls.value, "reason": part.reason} for part in dossier.not_examined
        ],
    }


def line(case: FalseAlarm) -> dict[str, Any]:
    """A line of the export."""
    return {
        "case": case.message,
        "label": "false-alarm",
        "unconfirmed": case.unconfirmed,
        "day": case.at.date().isoformat(),
        "department": case.department,
        **case.detail,
    }
