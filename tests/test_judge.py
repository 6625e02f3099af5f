"""The second stage: what the rules flag is judged, and never lost where the judge is silent."""

import subprocess
import sys
from datetime import date

import pytest

from detectors import detect
from detectors.contract import Match, Role, Source
from detectors.health import asked, hearing, judge
from detectors.levels import CALIBRATION, LEVELS, Level, Levels, Line, Thresholds
from mailfilter import pipeline
from mailfilter.examine import Job, examine, examine_small, from_json, to_json

TODAY = date(2026, 12, 1)
NEEDLE = "Min son Elias har fått diagnosen ADHD och äter medicin mot ångest."
LETTER = (
    "From: a@kommun.example\r\nTo: b@firma.example\r\nSubject: Hej\r\nMIME-Version: 1.0\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n"
)


@pytest.fixture
def sitting() -> None:
    """The shipped judge in this process."""
    assert judge.load(), judge.missing()


class Says:
    """A judge that gives one answer to everything, and remembers what it was asked."""

    def __init__(self, odds: float) -> None:
        self._odds, self.heard = odds, []

    def odds(self, text: str) -> float:
        self.heard.append(text)
        return self._odds


@pytest.fixture
def doubtful(monkeypatch: pytest.MonkeyPatch) -> Says:
    """A judge that believes nothing."""
    says = Says(-8.0)
    monkeypatch.setattr(judge._Seat, "judge", says)
    return says


def health(text: str, *more: Source) -> list[Match]:
    found = detect([Source(text), *more], TODAY)
    return [match for match in found if match.kind in ("health", "social-care")]


def surest(text: str) -> int:
    return max((match.confidence for match in health(text)), default=0)


def level(text: str) -> Level:
    return LEVELS.of("health", surest(text))


INNOCENT = (
    "Hej, nu har Treserva hängt sig tre gånger, timglas när man signerar journalanteckning.",
    "Snyggt! Jag skulle ta bort bilden på tanten med rollator, det är inte ens äldreomsorg.",
)


@pytest.mark.parametrize("text", INNOCENT)
def test_the_shipped_judge_lets_pass_what_the_rules_alone_stop(sitting, text):
    assert level(text) is Level.LOW
    judge.unload()
    assert level(text) is not Level.LOW


def test_a_reply_about_a_meeting_is_read_with_its_subject(sitting):
    subject = Source("Sv: metodmöte tors", [(0, Role.SUBJECT)])
    body = Source("Jag tar punkten om tandvård, du tar intygen. Bokar Storstugan 13-15.")
    found = detect([subject, body], TODAY)
    assert all(LEVELS.of(match.kind, match.confidence) is Level.LOW for match in found)


def test_the_shipped_judge_finds_a_person(sitting):
    assert level(NEEDLE) is Level.HIGH


def test_the_judge_says_the_same_twice_and_whatever_stands_elsewhere(sitting):
    question = f"query: Hej | {NEEDLE}"
    assert judge.odds(question) == judge.odds(question)
    assert judge.odds(question) != judge.odds("query: Vi ses på torsdag")


def test_without_a_judge_the_rules_decide_and_say_so():
    found = health(NEEDLE)
    assert max(match.confidence for match in found) >= LEVELS.health.medium
    assert any(hearing.NOT_JUDGED in match.evidence for match in found)


def test_a_judge_lowers_what_it_does_not_believe(doubtful):
    assert level(NEEDLE) is Level.LOW
    assert doubtful.heard


def test_decoys_before_a_needle_do_not_lower_it(doubtful):
    decoys = "\n\n".join(f"{NEEDLE} Det var vecka {n} som vi hörde av er." for n in range(50))
    needle = "Kerstin har haft feber sedan i går."
    found = health(f"{decoys}\n\n{needle}")
    assert len(doubtful.heard) <= hearing.MOST + 1
    assert not any("Kerstin har haft" in question for question in doubtful.heard)
    silent = [match for match in found if hearing.NOT_JUDGED in match.evidence]
    assert silent
    for match in silent:
        said = next(code for code in match.evidence if code.startswith(hearing.RULES))
        assert match.confidence == CALIBRATION.alone(int(said.partition(":")[2]))


def test_a_clear_expression_is_asked_about_however_general_the_text_around_it(doubtful):
    health(
        "Riktlinje för vård vid cancer. Rutinen gäller alla enheter och revideras årligen av "
        "medicinskt ansvarig. Kursen om cancer ges i maj.\n\n"
        "Riktlinjen beskriver hur personal bemöter patienter och hur behandling planeras.\n\n"
        "– hon går på strålning varje eftermiddag till november\n"
    )
    assert any("strålning" in question for question in doubtful.heard)


def test_each_text_has_a_question_of_its_own(doubtful):
    many = "\n\n".join(f"{NEEDLE} Vecka {n}." for n in range(30))
    other = Source("Pelle har diabetes och får insulin.", ((0, Role.ATTACHMENT),))
    health(many, other)
    assert any("insulin" in text for text in doubtful.heard)


@pytest.mark.parametrize("error", [RuntimeError, ValueError, MemoryError])
def test_a_judge_that_fails_lowers_nothing(error, monkeypatch):
    class Fails:
        def odds(self, text: str) -> float:
            raise error("no")

    monkeypatch.setattr(judge._Seat, "judge", Fails())
    failed = [(match.confidence, match.evidence) for match in health(NEEDLE)]
    monkeypatch.setattr(judge._Seat, "judge", None)
    assert failed == [(match.confidence, match.evidence) for match in health(NEEDLE)]


def test_one_row_in_a_list_of_four_hundred_is_found(doubtful):
    rows = [f"Elev {n}\tKlass 4B\tnärvarande" for n in range(400)]
    rows[250] = "911112-2397\tKlass 4B\tADHD, medicineras"
    text = "Personnummer\tKlass\tAnteckning\n" + "\n".join(rows)
    assert surest(text) >= LEVELS.health.medium
    assert not any("ADHD" in question for question in doubtful.heard)


def test_flagged_small_mail_goes_to_a_worker_and_other_small_mail_does_not():
    job = Job(b"k" * 32, TODAY)
    flagged = LETTER.format(text=NEEDLE).encode()
    assert examine_small(flagged, job) is None
    assert examine_small(LETTER.format(text="Vi ses på torsdag.").encode(), job) is not None


def test_where_there_is_no_judge_small_mail_stays(monkeypatch):
    monkeypatch.setattr(judge, "missing", lambda: "not installed")
    assert examine_small(LETTER.format(text=NEEDLE).encode(), Job(b"k" * 32, TODAY)) is not None


def test_the_log_counts_what_was_not_judged(doubtful, monkeypatch):
    job, mail = Job(b"k" * 32, TODAY), LETTER.format(text=NEEDLE).encode()
    assert pipeline._not_judged(examine(mail, job)[0]) == 0
    monkeypatch.setattr(judge._Seat, "judge", None)
    assert pipeline._not_judged(examine(mail, job)[0]) > 0


def test_a_damaged_file_is_refused(tmp_path):
    other = tmp_path / judge.FILE.name
    other.write_bytes(b"other")
    with pytest.raises(ValueError, match="damaged"):
        judge._check(other)


def test_loading_leaves_no_thread_behind():
    told = (
        "import os; from detectors.health import judge; judge.load(); judge.odds('query: Hej');"
        "print(len(os.listdir('/proc/self/task')))"
    )
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"


def test_a_question_hides_whose_number_it_is_and_keeps_its_shape():
    text = "Karin 911112-2397 har feber"
    plain = asked.question(text, (0, len(text)), "Ärende 20261201", row=False)
    assert plain == "query: Ärende 00000000 | Karin 000000-0000 har feber"


def test_a_line_between_points_rises():
    line = Line((0, 50, 100), (0, 20, 99))
    assert [line(x) for x in (-5, 0, 25, 50, 200)] == [0, 0, 10, 20, 99]


def test_what_the_rules_call_medium_is_medium_without_a_judge():
    for family in (LEVELS.health,):
        assert family.of(CALIBRATION.alone(50)) is Level.MEDIUM
        assert family.of(CALIBRATION.alone(49)) is Level.LOW
        assert family.of(CALIBRATION.alone(80)) is Level.HIGH


def test_the_operators_levels_reach_the_findings_and_cross_processes():
    strict = Levels(Thresholds(1, 2), Thresholds(99, 100))
    data = LETTER.format(text=f"{NEEDLE} Personnummer 911112-2397.").encode()
    found, _ = examine(data, Job(b"k" * 32, TODAY, levels=strict))
    assert {f.level for f in found.findings if f.kind == "health"} == {Level.HIGH}
    again = from_json(to_json(found))
    assert [f.level for f in again.findings] == [f.level for f in found.findings]
    job = Job(b"k" * 32, TODAY, levels=strict)
    assert Job.from_json(job.to_json()).levels == strict


@pytest.mark.parametrize(
    "text",
    [
        "Hej!\n\nUlla Ek har demens.",
        "Karin Berg, 82 år, har fått diabetes och behöver hjälp.",
        "Elias Holm i 3B har epilepsi.",
    ],
)
def test_an_illness_said_by_first_and_last_name_counts_whoever_judges(text, doubtful):
    assert level(text) is Level.MEDIUM
    assert doubtful.heard, "it is asked all the same"


@pytest.mark.parametrize(
    "text",
    [
        "Hej!\n\nUlla har demens.",  # one of many
        "Ulla Ek har demensboendet som ansvar.",  # another word
        "Ulla Ek har demens som ämne för sin föreläsning.",
        "Ulla Ek frågar om demens.",
        "Kronans Apotek har diabetes i fokus.",
    ],
)
def test_what_is_less_than_that_is_the_judges(text, doubtful):
    assert level(text) is Level.LOW
