"""A labelled mail as the detectors see it: made a real mail, parsed, its documents opened.

From → to: a row of a JSONL set → its `Source`s, as ``mailfilter`` reads them.
"""

from datetime import date
from typing import Any

import mkmail

from detectors.contract import Role, Source
from mailfilter import extract, parse
from mailfilter.detect import sources_of
from mailfilter.examine import Job, read

_JOB = Job(b"key" * 8, date(2026, 1, 15))


def sources_of_mail(row: dict[str, Any], number: int) -> tuple[Source, ...]:
    """All texts of the mail; a row of a test file is one text, or several with ``||``."""
    if "parts" in row:
        return tuple(Source(part, ((0, Role.BODY),)) for part in row["parts"])
    message = parse.parse(mkmail.mail(row, number), ())
    return tuple(sources_of(read(message, _JOB, extract.typed(message.parts)).texts))
