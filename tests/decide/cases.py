"""Building blocks of the decide tests: examinations, envelopes and settings in few words."""

from datetime import date
from pathlib import Path as File

from detectors import Role
from detectors.levels import LEVELS
from mailfilter import config
from mailfilter.model import Class, Envelope, Examination, Facts, Finding, NotExamined, Path
from mailfilter.place import Place

NO_RULES = str(File(__file__).parent / "no_rules.toml")  # only what stands in the settings
TODAY = date(2026, 11, 24)
SENDER = "anna.berg@kommun.example"


def path(address: str) -> Path:
    raw = address.encode()
    return Path(b"<" + raw + b">", raw)


def envelope(sender: str = SENDER, rcpts=("medborgare@hem.example",)) -> Envelope:
    return Envelope(path(sender), tuple(path(rcpt) for rcpt in rcpts))


def finding(text: str) -> Finding:
    words, _, role = text.partition("@")
    kind, confidence, *person = words.split()
    place = Place(Role(role or "body"))
    who = person[0] if person else ""
    # The numbers of the cases read as those of identity numbers: 50 is medium, 80 is high.
    level = LEVELS.identity.of(int(confidence))
    return Finding(kind, int(confidence), place, "******-****", who, (), level)


def unread(cls: str, role: Role = Role.ATTACHMENT) -> NotExamined:
    return NotExamined(Place(role), cls, Class(cls))


def examination(findings=(), not_examined=(), **facts) -> Examination:
    return Examination(
        Facts(**facts),
        tuple(finding(text) for text in findings),
        tuple(unread(cls) for cls in not_examined),
    )


def settings(**more) -> config.Settings:
    table = {
        "organisation": {"domains": ["kommun.example", "*.ny.kommun2.example"]},
        "classes": {
            "partner": ["region.example"],
            "protected": ["*@tidning.example", "ombud@kommun.example"],
        },
        **more,
    }
    return config.validate(table, "test.toml")
