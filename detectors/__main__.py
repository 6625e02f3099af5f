"""``python -m detectors < text``: one finding a line, as JSON; what is found is masked.

From → to: text on standard input (UTF-8; tab between cells, newline between rows) → lines of
``{"start", "end", "kind", "confidence", "mask", "evidence"}``; offsets count characters.
``--text`` adds what was matched, ``--evidence`` says the evidence in Swedish.
"""

import argparse
import json
import sys
from collections.abc import Sequence

from . import find
from .contract import Match
from .explain import worded
from .health import judge


def main(arguments: Sequence[str] | None = None) -> int:
    """Reads standard input; 0, found or not, so that a pipe goes on."""
    parser = argparse.ArgumentParser(prog="detectors", description=__doc__)
    parser.add_argument("--text", action="store_true", help="with the text that was matched")
    parser.add_argument("--evidence", action="store_true", help="evidence in words, in Swedish")
    options = parser.parse_args(arguments)
    text = sys.stdin.buffer.read().decode("utf-8", "replace")
    judge.load()
    for match in find(text):
        print(json.dumps(_shown(match, text, options), ensure_ascii=False))
    return 0


def _shown(match: Match, text: str, options: argparse.Namespace) -> dict[str, object]:
    said = worded if options.evidence else str
    return {
        "start": match.start,
        "end": match.end,
        "kind": match.kind,
        "confidence": match.confidence,
        "mask": match.mask,
        "evidence": [said(code) for code in match.evidence],
        **({"text": text[match.start : match.end]} if options.text else {}),
    }


if __name__ == "__main__":
    sys.exit(main())
