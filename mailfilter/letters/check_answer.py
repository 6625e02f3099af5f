"""What a check before sending says: would it be stopped, of what, what was not read, what to do.

From → to: an examination and the rules → a `Dossier` without anything of the draft's own (`told`)
→ `Said` in one language, for the answer of the mailbox and for the page alike.

Invariants: never "passes" without a word about what was not examined, of whatever class; what
leaves here are kinds, stars, classes, places without names and our own sentences (P10).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from mailfilter.config import Settings
from mailfilter.decide.unfinished import UNFINISHED
from mailfilter.letters.notice_lines import found, not_read, open_advice, opened, service
from mailfilter.letters.notice_words import Words
from mailfilter.model import Action, Decision, Envelope, Examination, Path, Verdict
from mailfilter.record.contract import Dossier

ANYBODY = Path(b"<nagon@medborgare.invalid>", b"nagon@medborgare.invalid")  # whom a draft is for
_TIME = UNFINISHED | {"too-long"}


def colleague(settings: Settings) -> Path:
    """Somebody inside."""
    name = next(iter(settings.organisation.domains), "intern.invalid")
    raw = f"kollega@{name.removeprefix('*.').rpartition('@')[2]}".encode("ascii", "replace")
    return Path(b"<" + raw + b">", raw)


def verdicts(
    decide: Callable[[Envelope], Decision], envelope: Envelope, inside: Path
) -> tuple[Verdict, Verdict]:
    """What the rules would do with a citizen's copy, and with a colleague's, each sent alone."""
    outer, inner = (decide(replace(envelope, rcpts=(who,))) for who in (ANYBODY, inside))
    return outer.verdicts[0], inner.verdicts[0]


def told(examination: Examination, judged: tuple[Verdict, Verdict], mail: Path) -> Dossier:
    """All that is remembered of a draft until its answer has gone."""
    facts = examination.facts
    return Dossier(
        sender=mail.text,
        subject="",
        message_id=facts.message_id,  # so that the answer stands beside the draft
        mail=mail,
        rcpts=(),
        verdicts=judged,
        findings=tuple(
            replace(
                one,
                place=one.place.nameless(),
                masked="" if any(map(str.isdigit, one.masked)) else one.masked,
                person="",
                evidence=(),
            )
            for one in examination.findings
        ),
        not_examined=tuple(
            replace(one, place=one.place.nameless()) for one in examination.not_examined
        ),
        persons=0,
        language=facts.language,
        opened=tuple(place.nameless() for place in examination.opened),
    )


@dataclass(frozen=True, slots=True)
class Said:
    """The answer in one language. `result`: stopped, passes, or unread (passes, not all read)."""

    result: str
    title: str
    lead: str
    ways: tuple[str, ...]
    found: tuple[str, ...]
    unread: tuple[str, ...]
    todo: tuple[str, ...]


def said(dossier: Dossier, settings: Settings, words: Words) -> Said:
    """The answer; the verdicts of the dossier are those of `verdicts`."""
    unread = not_read(dossier, words, everything=True)
    result = _result(dossier)
    outer, inner = (_way(verdict, settings, words) for verdict in dossier.verdicts)
    return Said(
        result=result,
        title=words.say(f"check/subject-{result}"),
        lead=words.say(f"check/lead-{result}"),
        ways=(
            words.say("check/outside", way=outer),
            words.say("check/inside", way=inner),
        ),
        found=(*found(dossier, words), *opened(dossier, words)),
        unread=unread,
        todo=tuple(_todo(dossier, settings, words)),
    )


def _result(dossier: Dossier) -> str:
    if dossier.verdicts[0].action is not Action.RELAY:
        return "stopped"
    return "unread" if dossier.not_examined else "passes"


def _way(verdict: Verdict, settings: Settings, words: Words) -> str:
    return words.say(f"check/{verdict.action}", service=service(verdict.connector, settings, words))


def _todo(dossier: Dossier, settings: Settings, words: Words) -> list[str]:
    lines = []
    if dossier.findings:
        name = settings.secure_service
        lines.append(words.say("check/needed"))
        title = service(name, settings, words)
        lines.append(words.say("todo/secure" if name else "todo/secure-any", service=title))
    if any(part.reason in _TIME for part in dossier.not_examined):
        lines.append(words.say("check/again"))
    lines += open_advice((p for p in dossier.not_examined if p.reason not in _TIME), words)
    if lines and settings.organisation.guideline_url:
        lines.append(words.say("todo/guideline", url=settings.organisation.guideline_url))
    return lines
