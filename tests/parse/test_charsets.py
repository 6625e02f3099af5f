"""A number in every charset that Python knows, said rightly, wrongly or not at all.

Said rightly it is found; else it is found or the mail is called unread, never clean.
"""

import base64
from datetime import date
from encodings.aliases import aliases

from mailfilter.examine import Job, examine
from mailfilter.model import Coverage
from mailfilter.parse.charset import codec

JOB = Job(b"k" * 32, date(2026, 11, 24))
TEXT = "Hej Anna 19800117-2389 och mer text i brevet\r\n"  # official
NOT_BY_THAT_NAME = {"ansi", "csHPRoman8"}  # in Python; mail has them
NAMES = sorted(name for name in {*aliases, *aliases.values()} - NOT_BY_THAT_NAME if codec(name))
CLAIMS = ("", "us-ascii", "utf-8", "iso-8859-1", "x-unheard-of", "utf-16", "cp500", "iso-2022-jp")
_FILE = b"Content-Disposition: attachment; filename=a.txt\r\n"


def mail(charset: str, claim: str, attached: bool) -> bytes:
    kind = f"text/plain; charset={claim}" if claim else "text/plain"
    return (
        b"Subject: x\r\nContent-Type: "
        + kind.encode()
        + b"\r\n"
        + _FILE * attached
        + b"Content-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(TEXT.encode(charset)).replace(b"\n", b"\r\n")
    )


def amiss(names, claims) -> list[tuple[str, str, bool]]:
    return [
        (name, claim, attached)
        for name in names
        for claim in claims or (name,)
        for attached in (False, True)
        if examine(mail(name, claim, attached), JOB)[0].coverage
        in ((Coverage.CLEAN,) if claims else (Coverage.CLEAN, Coverage.INCOMPLETE))
    ]


def test_said_rightly_it_is_found():
    assert len(NAMES) >= 300
    assert amiss(NAMES, ()) == []


def test_said_wrongly_it_is_not_clean():
    assert amiss(NAMES[::12], CLAIMS) == []
