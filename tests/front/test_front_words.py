"""The catalogues of the front: the same keys with the same blanks in every language."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from mailfilter.front.build import completed
from mailfilter.front.pages import CATALOGUES
from mailfilter.web.words import read

TEMPLATES = Path(str(files("mailfilter.front") / "templates"))


@pytest.mark.parametrize("language", ["en", "fi"])
def test_the_words_of_the_front_are_complete(language):
    words = read("mailfilter.front.words")
    swedish, other = words["sv"].sentences, words[language].sentences
    assert swedish.keys() == other.keys()
    for key, sentence in swedish.items():
        assert blanks(sentence) == blanks(other[key]), key


def blanks(sentence: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", sentence))


def test_every_word_that_a_template_says_exists():
    words = completed(read(*CATALOGUES))
    for path in TEMPLATES.glob("*.html"):
        for key in re.findall(r"\bt\(\"([a-z-]+\.[a-z-]*[a-z])\"[,)]", path.read_text("utf-8")):
            for language in words.values():
                assert key in language.sentences, f"{path.name}: {key}"
