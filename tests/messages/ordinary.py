"""Ordinary mail by the thousand: every profile of a client program × letters, seeded.

`mails(count)` yields (profile, message). ``make ordinary`` reads 2,000 of them and prints a line
for each profile: how many, what was not read in them and why, what was taken for an identity number
or found "hidden in structure". Ends with 1 if there is any. What the health detector makes of such
letters is another test's concern. These are imitations, not mails of real programs.
"""

import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from detectors.levels import Level
from mailfilter.examine import Job, examine
from mailfilter.model import Examination
from mailfilter.place import StepKind
from tests.messages.contents import Letter, letter
from tests.messages.machines import (
    dotnet,
    forwarded,
    invitation,
    javamail,
    list_digest,
    phpmailer,
    pythonic,
    report,
    scanner,
)  # fmt: skip
from tests.messages.profiles import (
    Profile,
    apple,
    domino,
    evolution,
    express,
    gmail,
    groupwise,
    iphone,
    kmail,
    mutt,
    outlook,
    outlook_mobile,
    outlook_plain,
    roundcube,
    samsung,
    thunderbird,
)  # fmt: skip

SEED = 1126
PROFILES: tuple[Profile, ...] = (
    outlook, outlook_plain, outlook_mobile, express, apple, iphone, gmail, thunderbird, samsung,
    domino, groupwise, javamail, roundcube, mutt, evolution, kmail, dotnet, phpmailer, scanner,
    invitation, forwarded, report, pythonic, list_digest,
)  # fmt: skip
JOB = Job(b"k" * 32, date(2026, 11, 24))


def mails(count: int, now: str = "", before: str = "") -> Iterator[tuple[str, bytes]]:
    """`count` mails, the profiles in turn; `now` is added to what is written, `before` to the
    letter that is answered.
    """
    for n in range(count):
        profile = PROFILES[n % len(PROFILES)]
        chance = random.Random(f"{SEED} {n}")
        yield profile.__name__, profile(_with(letter(chance), now, before), chance)


def _with(plain: Letter, now: str, before: str) -> Letter:
    older = plain.history
    if before and older:
        older = (replace(older[0], text=f"{older[0].text}\n\n{before}"), *older[1:])
    text = f"{plain.text}\n\n{now}" if now else plain.text
    return replace(plain, text=text, subject=plain.subject + now, history=older)


def amiss(examination: Examination) -> list[str]:
    """What a mail that nothing is wrong with must not be given."""
    wrong = [unread.reason for unread in examination.not_examined]
    for finding in examination.findings:
        if any(step.kind is StepKind.HIDDEN for step in finding.place.steps):
            wrong.append(f"hidden: {finding.kind}")
        elif finding.kind != "health" and finding.level is not Level.LOW:
            wrong.append(finding.kind)
    return wrong


def main(count: int = 2000) -> int:
    """The table; 0 if all were read."""
    number, wrong = Counter[str](), Counter[tuple[str, str]]()
    for name, data in mails(count):
        number[name] += 1
        wrong.update((name, what) for what in amiss(examine(data, JOB)[0]))
    for name, of in number.items():
        told = ", ".join(f"{what} {n}" for (whose, what), n in wrong.items() if whose == name)
        print(f"{name:<16} {of:>5}  {told or 'all read'}")
    print(f"{number.total()} mails of {len(number)} profiles, {sum(wrong.values())} remarks")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
