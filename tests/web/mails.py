"""Held mails for the pages: a few that look like a municipality's own, made by arguments."""

from datetime import UTC, datetime, timedelta

from detectors import Role
from detectors.levels import LEVELS
from mailfilter.model import Action, Class, Finding, NotExamined, Path, State, Verdict
from mailfilter.place import Place, Step, StepKind
from mailfilter.record.contract import Dossier, Item

NOW = datetime(2026, 11, 18, 8, 15, tzinfo=UTC)
BODY = Place(Role.BODY)
SUBJECT = Place(Role.SUBJECT)
SHEET = Place(
    Role.ATTACHMENT,
    (
        Step(StepKind.ATTACHMENT, 2, form="xlsx"),
        Step(StepKind.SHEET, 1, "7B"),
        Step(StepKind.COLUMN, 0, "Personnr"),
        Step(StepKind.ROW, 3),
    ),
)
ARCHIVE = Place(Role.ATTACHMENT, (Step(StepKind.ATTACHMENT, 1, form="zip"),))
NUMBER = Finding("se.personnummer", 95, SHEET, "121212-****", "p1")
HEALTH = Finding("health", LEVELS.health.medium, BODY, "diagnos")
LOCKED = NotExamined(ARCHIVE, "encrypted", Class.ENCRYPTED)


def dossier(
    sender: str = "anna.berg@kommunen.example",
    recipients: tuple[str, ...] = ("foralder@post.example",),
    findings: tuple[Finding, ...] = (NUMBER, HEALTH),
    subject: str = "Inför mötet på torsdag",
    not_examined: tuple[NotExamined, ...] = (),
    relayed: tuple[str, ...] = (),
    persons: int = 1,
    *,
    opened: tuple[Place, ...] = (),
) -> Dossier:
    held = [Verdict(who, Action.QUARANTINE, "numbers-out", ("finding-high",)) for who in recipients]
    passed = [
        Verdict(who, Action.RELAY, "internal", ("nothing-found",), recipient_class="internal")
        for who in relayed
    ]
    paths = tuple(Path(f"<{who}>".encode(), who.encode()) for who in (*recipients, *relayed))
    return Dossier(
        sender=sender,
        subject=subject,
        message_id="<1@kommunen.example>",
        mail=Path(f"<{sender}>".encode(), sender.encode()),
        rcpts=paths,
        verdicts=(*held, *passed),
        findings=findings,
        not_examined=not_examined,
        persons=persons,
        opened=opened,
    )


def item(
    message: str = "K7Q2A-91ABC",
    *,
    contents: Dossier | None = None,
    state: State = State.HELD,
    department: str = "Socialförvaltningen",
    hours: float = 2,
    protected: bool = False,
    receipt: str = "",
    size: int = 48_213,
) -> Item:
    contents = contents or dossier()
    at = NOW - timedelta(hours=hours)
    held = tuple(
        n for n, verdict in enumerate(contents.verdicts) if verdict.action is Action.QUARANTINE
    )
    return Item(
        id=f"{message}.1",
        message=message,
        action=Action.QUARANTINE,
        connector="",
        state=state,
        at=at,
        expires_at=at + timedelta(days=14),
        size=size,
        department=department,
        controller="Socialnämnden",
        protected=protected,
        rules_hash="ab12",
        recipients=held,
        dossier=contents,
        receipt=receipt,
    )
