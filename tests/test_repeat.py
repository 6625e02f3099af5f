"""A mail's health data is known again without its text, and nothing else is taken for it."""

import stat
from datetime import date, timedelta

import pytest

from detectors import Match, Role, Source
from mailfilter import repeat
from mailfilter.act.asking import marks
from mailfilter.examine import Job, examine, from_json, to_json
from mailfilter.model import Envelope, Part, Path
from mailfilter.place import Place, Step, StepKind
from mailfilter.record.sealing import repeat_keys
from mailfilter.workers import checked
from tests.effort import within_a_minute

KEYS = (b"k" * 32, b"l" * 32)
TODAY = date(2026, 11, 24)
ILL = "Bo Alm har diagnosen schizofreni."


def match(
    text: str, word: str, kind: str = "health", confidence: int = 60, source: int = 0
) -> Match:
    start = text.index(word)
    return Match(source, start, start + len(word), kind, confidence, (), "diagnos", "diagnos")


def said(text: str, *words: str, parts=(), keys=KEYS):
    return repeat.said([match(text, word) for word in words], [Source(text)], parts, keys)


def attached(data: bytes, n: int = 1) -> Part:
    return Part(Place(Role.ATTACHMENT, (Step(StepKind.ATTACHMENT, n),)), "text/plain", data)


PLAIN = "Hej!\n\nBo har feber. Vi ses klockan tio.\n"


@pytest.mark.parametrize(
    "other",
    [
        "Hallå där.\n\nBo har feber. Något helt annat.\n",
        "> Hej!\n>\n> Bo har\n> feber. Vi ses.\n",
        "BO  HAR\tFEBER. ",
    ],
)
def test_the_same_sentence_is_the_same_wherever_it_stands(other):
    word = "FEBER" if "FEBER" in other else "feber"
    assert said(other, word) == said(PLAIN, "feber")


@pytest.mark.parametrize(
    "other", ["Bo har feber i dag. Vi ses.", "Eva har feber. ", "Bo har feber\nEva hosta. "]
)
def test_another_sentence_is_not(other):
    assert said(other, "feber") != said(PLAIN, "feber")


def test_a_new_finding_is_something_new_and_a_repeated_one_is_not():
    more = PLAIN + "Eva har hosta."
    assert said(more, "feber", "hosta") != said(more, "feber")
    twice = PLAIN + PLAIN
    again = [match(twice, "feber"), match(twice, "feber", confidence=55)]
    assert repeat.said(again, [Source(twice)], (), KEYS) == said(PLAIN, "feber")


def test_a_subject_that_answers_is_the_same():
    first, answer = "Bo har feber", "Sv: Re: Bo har feber"
    assert said(first, "feber") == said(answer, "feber")


def test_nothing_is_said_where_more_than_health_was_found():
    text = "Bo har feber, 191212121212"
    number = match(text, "191212121212", "se.personnummer", 90)
    fever = match(text, "feber")
    assert repeat.said([fever, number], [Source(text)], (), KEYS) is None
    low = match(text, "191212121212", "se.personnummer", 30)
    assert repeat.said([fever, low], [Source(text)], (), KEYS) is not None
    assert repeat.said([low], [Source(text)], (), KEYS) is None
    assert said(text, "feber", keys=()) is None


@pytest.mark.parametrize("odd", [".", "> ", "\n>", "\n ", "Re: ", "? ", "\t"])
def test_it_is_linear_on_any_text(odd):
    text = odd * (1_000_000 // len(odd)) + "feber" + odd * (1_000_000 // len(odd))
    found = [match(text, "feber")] * 2000
    assert within_a_minute(lambda: repeat.said(found, [Source(text)], (), KEYS) is not None)


def test_attachments_are_told_apart_and_too_many_are_asked_about_each_time():
    own = Part(Place(Role.BODY), "text/html", b"<p>Bo har feber")
    one, two = attached(b"a"), attached(b"b", 2)
    assert said(PLAIN, "feber", parts=(own,)).attached == ()
    assert len(said(PLAIN, "feber", parts=(own, one, two, one)).attached) == 2
    many = [attached(bytes([n])) for n in range(repeat.MOST_ATTACHED + 1)]
    assert said(PLAIN, "feber", parts=many) is None


def test_without_the_key_of_the_day_nothing_can_be_compared():
    one, other = said(PLAIN, "feber").prints
    assert one != other
    assert said(PLAIN, "feber", keys=(b"m" * 32,)).prints[0] not in (one, other)


def test_the_worker_says_it_and_the_answer_is_checked():
    mail = (
        "From: a@kommun.example\r\nTo: b@hem.example\r\nMIME-Version: 1.0\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{ILL}\r\n"
    ).encode()
    found, _ = examine(mail, Job(b"c" * 32, TODAY, repeat=KEYS))
    assert found.said is not None
    assert len(found.said.prints) == 2
    assert from_json(to_json(found)) == found
    told = to_json(found)
    assert checked.examination(told, len(mail)) == found
    for odd in ([["00"], []], [["00" * 32] * 40, []], [[], ["00" * 32] * 65], "x", [[]]):
        with pytest.raises(ValueError, match="examination"):
            checked.examination(told | {"said": odd}, len(mail))
    quiet, _ = examine(mail, Job(b"c" * 32, TODAY))
    assert quiet.said is None
    job = Job(b"c" * 32, TODAY, repeat=KEYS)
    assert Job.from_json(job.to_json()) == job


def test_marks_are_those_of_sender_recipients_and_attachments():
    def envelope(sender, *rcpts):
        paths = [Path(b"", address) for address in (sender, *rcpts)]
        return Envelope(paths[0], tuple(paths[1:]))

    print_ = b"p" * 32
    first, *rest = marks(print_, envelope(b"Maj@k.example", b"a@x", b"b@x"), [b"f" * 32])
    fewer = marks(print_, envelope(b"maj@k.example", b"B@x"), ())
    assert fewer[0] == first
    assert set(fewer[1:]) < set(rest)
    assert len(rest) == 3
    assert marks(print_, envelope(b"eva@k.example", b"a@x"), ())[0] != first
    assert not set(marks(b"q" * 32, envelope(b"maj@k.example", b"a@x"), ())) & {first, *rest}


def test_a_key_is_made_each_day_and_dies_after_thirty(tmp_path):
    path = tmp_path / "repeat.keys"
    assert repeat_keys.load(path, TODAY) == {}
    assert repeat_keys.renew(path, TODAY)
    assert not repeat_keys.renew(path, TODAY)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (old,) = repeat_keys.load(path, TODAY).values()
    for n in range(1, 31):
        assert repeat_keys.renew(path, TODAY + timedelta(days=n))
    last = TODAY + timedelta(days=30)
    keys = repeat_keys.load(path, last)
    assert list(keys) == sorted(keys, reverse=True)
    assert len(set(keys.values())) == len(keys) == repeat.KEYS
    assert keys[TODAY] == old
    repeat_keys.renew(path, last + timedelta(days=1))
    assert old.hex() not in path.read_text()
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_none_is_no_key(tmp_path):
    path = tmp_path / "repeat.keys"
    path.write_bytes(b"\xff2026-11-24 zz\n2026-13-99 " + b"00" * 32 + b"\n")
    assert repeat_keys.load(path, TODAY) == {}
    path.write_text("2026-13-99 " + "00" * 32 + "\n2026-11-24 " + "ab" * 32 + "\nx\n")
    assert list(repeat_keys.load(path, TODAY)) == [TODAY]
    assert repeat_keys.load(path, TODAY - timedelta(days=1)) == {}, "of a day that is to come"
