"""What the pages say: one TOML file for each language, `sv.toml` first.

From → to: (language, key, values) → a sentence. Keys are `section.name`; a section whose keys are
codes of the program (`kind`, `reason`, `state`, ...) is read with `code`, which answers with the
code itself when a newer part of the program knows one that the catalogue does not.

Invariants: every language has the same keys with the same ``{values}`` (a test); sentences are
plain text and are escaped where they are shown. A new language is one new file here.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from detectors import evidence_texts
from detectors.registers import EVIDENCE as OF_REGISTERS

FIRST = "sv"


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences of one language."""

    language: str
    sentences: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """The sentence of `key`; a missing key is our own fault and raises KeyError."""
        return self.sentences[key].format(**values)

    def code(self, section: str, code: str) -> str:
        """The words for a code of the program, or the code."""
        return self.sentences.get(f"{section}.{code}", code)

    def section(self, name: str) -> tuple[str, ...]:
        """The codes that a section has words for, in the order of the file."""
        start = f"{name}."
        return tuple(key.removeprefix(start) for key in self.sentences if key.startswith(start))


def load() -> dict[str, Words]:
    """The reviewers' catalogues by language, Swedish first."""
    # The detectors say their evidence in Swedish themselves; the other files translate it.
    texts = evidence_texts() | OF_REGISTERS
    evidence = {f"evidence.{code}": text for code, text in texts.items()}
    found = read(__name__)
    first = Words(FIRST, dict(found[FIRST].sentences) | evidence)
    return found | {FIRST: first}


def read(*packages: str) -> dict[str, Words]:
    """The catalogues in the folders of these packages by language, Swedish first."""
    found: dict[str, dict[str, str]] = {}
    for entry in (entry for package in packages for entry in files(package).iterdir()):
        if entry.name.endswith(".toml"):
            table = _flat(tomllib.loads(entry.read_text(encoding="utf-8")))
            found.setdefault(entry.name.removesuffix(".toml"), {}).update(table)
    order = sorted(found, key=lambda language: (language != FIRST, language))
    return {language: Words(language, found[language]) for language in order}


def _flat(table: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {
        f"{section}.{name}": sentence
        for section, sentences in table.items()
        for name, sentence in sentences.items()
    }
