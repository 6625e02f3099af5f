"""What is not looked at because a look from afar found no sign holds nothing."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import DETECTORS, Source
from detectors.health import concepts, parts_of
from detectors.health.message import LETTER
from detectors.health.plain import plain
from detectors.health.search import Search
from detectors.search import prefilter
from detectors.search.prefilter import Sign, lacking
from tests.bench.detecting import HOSTILE, TODAY, repeated
from tests.quality.spellings import SPELLINGS
from tests.test_detectors import ROWS, unescape

HERE = Path(__file__).parent
NUMBERS = ["189001019802", "191212121212"]  # official test numbers
HALVES = (
    "kl. 14.30|sista fyra |slutar på |född |pnr |ksf|xxxx|ett nio |nio |två två |noll åtta |1"
    "|12|1234|2385|o|l1|IIz|dropbox.com/s/x|a.com/|pass|AB123456|2 oktober 1985|850312|ab| |."
    "|1985-03-06|\xb2|\xaa|\xad|\u2013|\u0663|\x10|biblio|T\u0301|\u0441|\n|\t|-|, "
)
FRAGMENTS = st.one_of(
    st.sampled_from(HALVES.split("|")),
    st.builds(lambda number, way: SPELLINGS[way](number), st.sampled_from(NUMBERS),
              st.sampled_from(sorted(SPELLINGS))),
)  # fmt: skip
MESSAGES = st.lists(st.lists(FRAGMENTS, max_size=9).map("".join), min_size=1, max_size=3)


def overlooked(texts: Sequence[str]) -> list[str]:
    """The detectors that would find something, but need a sign that was not seen."""
    sources = [Source(text) for text in texts]
    missed = lacking(sources)
    return [
        detector.__name__
        for detector in DETECTORS
        if detector.NEEDS in missed and [*detector.find(sources, TODAY)]
    ]


def corpus() -> Iterator[list[str]]:
    """The rows of the detectors, and the mails of the development set."""
    for _kind, section, row in ROWS:
        text = row.rsplit(" => ", 1)[0] if section == "prose" else row
        yield [unescape(part) for part in text.split(" || ")]
    for line in (HERE.parent / "eval" / "dev.jsonl").read_text("utf-8").splitlines():
        mail = json.loads(line)
        yield [mail["subject"], mail["text"]]


@given(MESSAGES)
@settings(max_examples=400, deadline=None)
def test_no_detector_is_passed_over_that_finds_something(texts: list[str]) -> None:
    assert not overlooked(texts)


def test_no_detector_is_passed_over_in_labelled_texts() -> None:
    assert not [texts for texts in corpus() if overlooked(texts)]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_detector_is_passed_over_in_hostile_text(name: str) -> None:
    assert not overlooked([repeated(HOSTILE[name], 3000), "Hej"])


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("has_island", lambda _shapes: False),
        ("may_look_alike", lambda _shapes: False),
        ("may_be_run", lambda _pieces: False),
        ("may_stand", lambda _shapes, _pieces: False),
        ("ENDS", prefilter.ENDS._replace(pieces=())),
    ],
)
def test_a_look_that_overlooks_is_seen(
    name: str, wrong: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name in ("may_stand", "ENDS"):  # in the company of digits all detectors are asked
        monkeypatch.setattr(prefilter, "FEWEST", 10**9)
    monkeypatch.setattr(prefilter, name, wrong)
    assert any(map(overlooked, corpus()))


def test_ordinary_text_has_no_sign() -> None:
    texts = ["Vi ses kl. 14.30 på biblioteket – välkomna!", "Hej"]
    assert lacking([*map(Source, texts)]) == (Sign.NUMBER, Sign.PARTS, Sign.LINK)


def _is_marked(text: str) -> bool:
    return next(_SEARCH.look(plain(text).latin))[1]


_SEARCH = Search([b" kol"], concepts.marks())
TELLING = "kan|inte|gå|sova|orkar|har|svårt|att|längre|ont|sängen|läkar|can|'t|en|jaksa|i| |\n|.|, "
WORDS = st.sampled_from([*TELLING.split("|"), " ", "-", "_", "2", "\u201d", "\u010d"])


@given(st.lists(WORDS, max_size=12).map(" ".join) | st.lists(WORDS, max_size=20).map("".join))
@settings(max_examples=400, deadline=None)
def test_text_that_tells_of_illness_is_marked(text: str) -> None:
    low = plain(text).text
    assert _is_marked(text) or not concepts.tells(low)


def test_labelled_text_that_tells_of_illness_is_marked() -> None:
    texts = [plain(text) for texts in corpus() for text in texts]
    telling = [text for text in texts if concepts.tells(text.text)]
    assert len(telling) > 100
    assert all(next(_SEARCH.look(text.latin))[1] for text in telling)
    blind = Search([b" kol"], list(concepts.marks())[::2])
    assert not all(next(blind.look(text.latin))[1] for text in telling)


def test_every_part_knows_whether_it_tells_of_illness() -> None:
    short = [texts for texts in corpus() if all(len(text) <= LETTER for text in texts)]
    for texts in short:
        for part in parts_of([Source(text) for text in texts]):
            tells = concepts.tells(part.reading.plain.text)
            assert part.telling is (tells and not part.reading.hits)
