"""The labelled mails as questions: what the judge is trained and measured on.

    .venv/bin/python tests/quality/judge/sets.py build/judge/questions.json

From → to: the JSONL sets → `Mail`s with the questions that the rules ask about them, by the code
that asks in use. A question of a mail with health data is positive if it touches a proving
stretch, left out if it does not; each question of another mail is negative. Sets in which nothing
is trained on are never read here (`BLIND`).
"""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from random import Random

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "eval"), str(ROOT / "tests" / "quality" / "health")]

from questions import Asked, Mail  # noqa: E402

from detectors import health  # noqa: E402
from detectors.health import asked, hearing, message  # noqa: E402

ORDINARY = ROOT / "tests" / "quality" / "ordinary"
OLD = ROOT / "tests" / "quality" / "health"
BLIND = {"blind", "aside"}
LONG = 1500  # characters of all texts, from which a mail is a long one
EXTRA = 2  # passages of one text that the rules did not flag
SENTENCE = re.compile(r"[^.!?…\n]{12,}[.!?…]?")
_LETTERS = re.compile(r"\W+")


@cache
def argued() -> frozenset[str]:
    """Mails of ``ordinary/`` whose label can be argued."""
    lines = (ORDINARY / "argued.txt").read_text("utf-8").splitlines()
    return frozenset(line.partition("\t")[0] for line in lines if line[:1] != "#")


def files() -> list[Path]:
    """The sets that may be trained on."""
    found = [*OLD.glob("*.jsonl"), ROOT / "tests" / "eval" / "dev.jsonl", *ORDINARY.glob("*.jsonl")]
    return sorted(path for path in found if path.stem.rpartition(".")[2] not in BLIND)


def read(paths: list[Path]) -> Iterator[Mail]:
    """The mails of some sets; those whose label can be argued are left out."""
    from mail_texts import sources_of_mail

    for path in paths:
        for number, line in enumerate(path.read_text("utf-8").splitlines()):
            row = json.loads(line)
            if "health" in row.get("optional", ()) or row["id"] in argued():
                continue
            sources = sources_of_mail(row, number)
            size = sum(len(source.content) for source in sources)
            group = f"{path.stem}/{row.get('topic') or row['id']}"
            parts = health.parts_of(sources)
            found, certain = _questions(parts, row)
            extra = tuple(_extra(parts, row, {each.text for each in found}))
            id = f"{path.stem}/{row['id']}"
            long, trap = size > LONG, row.get("hard") == "trap"
            yield Mail(id, path.stem, group, row["health"], long, found, extra, trap, certain)


def _questions(parts: list[message.Part], row: dict) -> tuple[tuple[Asked, ...], int]:
    """What the judge is asked about the mail, and the best of what it is not asked about."""
    judged = [own for _, own in message.judged(parts)]
    spans = [_bare(span) for span in row["spans"]]
    found = []
    for part, own in zip(parts, judged, strict=True):
        for each in hearing.questions_of(part, own, hearing.subject_of(parts)):
            stretch = _bare(part.reading.plain.cased[each.start : each.end])
            found.append((each, any(_touch(span, stretch) for span in spans)))
    alone = len(found) == 1 and len(parts) <= 3
    certain = [one.confidence for own in judged for one in own if hearing.is_certain(one)]
    every = tuple(
        Asked(each.text, each.best, False if not row["health"] else touches or alone or None)
        for each, touches in found
    )
    return every, max(certain, default=0)


def _extra(parts: list[message.Part], row: dict, have: set[str]) -> Iterator[Asked]:
    """Passages that the rules did not flag: what proves, and of innocent mail a few of any kind."""
    random, subject = Random(row["id"]), hearing.subject_of(parts)
    for part in parts:
        text = part.reading.plain.cased
        places = [found.span() for found in SENTENCE.finditer(text)]
        if row["health"]:
            places = [(at, at + len(s)) for s in row["spans"] if (at := text.find(s)) >= 0]
        mine = "" if part.role() in message.TITLES else subject
        for start, end in random.sample(places, min(len(places), EXTRA)):
            asks = asked.question(text, asked.around(text, start, end), mine, False)
            if asks not in have:
                have.add(asks)
                yield Asked(asks, 0, row["health"])


def _bare(text: str) -> str:
    return _LETTERS.sub(" ", text).casefold().strip()


def _touch(span: str, stretch: str) -> bool:
    """Whether a proving stretch and what is asked about share most of the shorter of them."""
    if not span:
        return False
    return span in stretch or stretch in span or span[:60] in stretch or span[-60:] in stretch


def main() -> None:
    """Write the questions of all sets that may be trained on, and say how many there are."""
    mails = list(read(files()))
    path = Path(sys.argv[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(mail) for mail in mails], ensure_ascii=False))
    innocent = sum(not mail.health for mail in mails)
    asks = sum(len(mail.questions) for mail in mails)
    print(f"{len(mails)} mails, {innocent} innocent, {asks} questions")


if __name__ == "__main__":
    main()
