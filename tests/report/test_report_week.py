"""The week's report: its numbers, its forms, its mail. No personal data, nothing that acts."""

import csv
import io
import json
import re
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from xml.etree import ElementTree

import pytest

from mailfilter.model import Action
from mailfilter.record.contract import Count
from mailfilter.report import fragment, parse, render, weekly
from mailfilter.report.chart import render_chart
from mailfilter.report.mail import Stamp, weekly_mail
from mailfilter.report.numbers import TableName, WeekReport
from mailfilter.report.page import render_html
from mailfilter.report.render import render_csv, render_json, render_text
from mailfilter.report.weeks import Week, week_of
from mailfilter.report.words import WORDS

WEEK = parse("2026-W47")
NASTY = "=HYPERLINK(1)<script>"


def mails(n: int, action: str = "relay", **changes: object) -> Count:
    values: dict[str, object] = {
        "day": WEEK.first,
        "department": "Skola",
        "direction": "external",
        "kind": "",
        "rule": {"relay": "default", "reject": "no-lists"}.get(action, "high"),
        "action": action,
        "mode": "enforce",
        "n": n,
    }
    return Count(**(values | changes))  # type: ignore[arg-type]


COUNTS = [
    mails(800),
    mails(100, department="Vård", day=WEEK.last),
    mails(60, "quarantine"),
    mails(3, "quarantine", department="Vård"),
    mails(37, "reject", department=NASTY),
    mails(60, "quarantine", kind="se.personnummer"),
    mails(2, "quarantine", kind="health"),
    mails(30, kind="not-examined:unsupported"),
    mails(9, "quarantine", kind="not-examined:encrypted"),
    mails(25, "quarantine", rule="trial", mode="observe"),
    mails(25, "quarantine", rule="trial", mode="observe", kind="health"),
    mails(7, "quarantine", kind="protected", department="", rule=""),
    mails(500, day=WEEK.before.first),
    mails(10_000, day=date(2026, 11, 23)),  # the week after
    mails(10_000, day=date(2026, 11, 8)),  # the week before the week before
]


@pytest.fixture(scope="module")
def report() -> WeekReport:
    return weekly(COUNTS, WEEK)


def shown(report: WeekReport, table: TableName) -> dict[str, list[str]]:
    return {row.name: [cell.shown for cell in row.cells] for row in report.table(table).rows}


def test_the_numbers(report: WeekReport) -> None:
    assert (report.total.n, report.total.before) == (1000, "500")
    assert report.protected.shown == "7"
    assert shown(report, TableName.MESSAGES) == {
        NASTY: ["0", "0", "0", "0", "37", "37"],
        "Skola": ["*", "0", "0", "*", "0", "860"],
        "Vård": ["*", "0", "0", "<5", "0", "103"],
        "*": ["900", "0", "0", "63", "37", "1000"],
    }
    assert shown(report, TableName.DIRECTIONS) == {"external": ["1000"]}
    assert shown(report, TableName.KINDS) == {
        "health": ["0", "0", "0", "<5", "0", "<5"],
        "se.personnummer": ["0", "0", "0", "60", "0", "60"],
    }
    assert shown(report, TableName.UNREAD) == {
        "encrypted": ["0", "0", "0", "9", "0", "9"],
        "unsupported": ["30", "0", "0", "0", "0", "30"],
    }
    assert shown(report, TableName.RULES) == {
        "default": ["900", "0", "0", "0", "0"],
        "high": ["0", "0", "0", "63", "0"],
        "no-lists": ["0", "0", "0", "0", "37"],
    }
    assert shown(report, TableName.OBSERVED) == {"trial": ["0", "0", "0", "25", "0"]}


def test_shares(report: WeekReport) -> None:
    unread = report.table(TableName.UNREAD)
    assert [row.cells[-1].per_mille for row in unread.rows] == [9.0, 30.0]
    health = report.table(TableName.KINDS).rows[0]
    assert health.cells[-1].per_mille is None  # it would tell the number


def test_an_empty_week() -> None:
    empty = weekly([], WEEK)
    assert empty.total.shown == "0"
    assert "Inga." in render_text(empty, "sv")
    assert b"<svg" in render_chart(empty, "sv")
    assert json.loads(render_json(empty))["tables"]["kinds"] == {}


@pytest.mark.parametrize("language", ["sv", "en"])
def test_text(report: WeekReport, language: str) -> None:
    text = render_text(report, language, anchor=(12, "ab" * 32))
    assert "2026-W47" in text
    assert "<5 (0)" in text
    assert "1000 " in text
    assert "ab" * 32 in text
    assert ("fem sekunder" if language == "sv" else "five seconds") in text


def test_hidden_numbers_are_hidden_in_every_form() -> None:
    odd = weekly([mails(971), mails(3, "reject"), mails(643, "reject", department="Vård")], WEEK)
    forms = [
        render_text(odd, "sv"),
        render_json(odd),
        render_csv(odd, "sv"),
        render_html(odd, "sv"),
    ]
    forms.append(render_chart(odd, "sv").decode())
    for form in forms:
        assert not re.search(r"\b(974|643)\b", form)


def test_json(report: WeekReport) -> None:
    value = json.loads(render_json(report))
    assert (value["week"], value["first"], value["last"]) == (
        "2026-W47",
        "2026-11-16",
        "2026-11-22",
    )
    messages = value["tables"]["messages"]
    assert messages["*"]["quarantine"] == {"n": 63, "before": 0, "per_mille": 63.0}
    assert messages["Vård"]["quarantine"]["n"] == "<5"
    assert messages["Skola"]["quarantine"] == {"n": "*", "before": 0, "per_mille": None}


def test_csv_has_no_formulas(report: WeekReport) -> None:
    rows = list(csv.reader(io.StringIO(render_csv(report, "sv"))))
    assert rows[0] == ["week", "table", "row", "column", "n", "before", "per_mille"]
    assert {len(row) for row in rows} == {7}
    assert [row for row in rows if row[2] == f"'{NASTY}"]
    assert not [cell for row in rows for cell in row if cell[:1] in "=+-@\t" and cell]


def test_html_escapes_and_fetches_nothing(report: WeekReport) -> None:
    html = render_html(report, "sv")
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert html.startswith("<h2>")
    assert "style=" not in html
    assert "http" not in html


def test_the_chart_acts_not_and_fetches_nothing(report: WeekReport) -> None:
    svg = render_chart(report, "sv")
    assert svg == render_chart(report, "sv")
    for part in (b"script", b"style", b"href", b"url(", b"<!--", b"http://www.w3.org/1999"):
        assert part not in svg
    assert svg.count(b"http") == svg.count(b"http://www.w3.org/2000/svg") == 1
    assert ElementTree.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_mail(report: WeekReport, language: str) -> None:
    stamp = Stamp(
        "mailfilter@kommun.example",
        ["a@kommun.example", "b@kommun.example"],
        "report-2026-w47@kommun.example",
        datetime(2026, 11, 23, 6, 0, tzinfo=UTC),
    )
    made = weekly_mail(report, stamp, language, (3, "cd" * 32))
    read = message_from_bytes(made.as_bytes(), policy=policy.default)
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["To"] == "a@kommun.example, b@kommun.example"
    assert "2026-W47" in read["Subject"]
    text = read.get_body(("plain",))
    html = read.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "cd" * 32 in text.get_content()
    assert "<table>" in html.get_content()
    (svg,) = read.iter_attachments()
    assert svg.get_content_type() == "image/svg+xml"
    assert svg.get_filename() == "2026-W47.svg"


def test_both_languages_have_the_same_words() -> None:
    assert WORDS["sv"].keys() == WORDS["en"].keys()
    fields = re.compile(r"\{[a-z]+\}")
    for key, sentence in WORDS["sv"].items():
        assert sorted(fields.findall(sentence)) == sorted(fields.findall(WORDS["en"][key])), key
    assert {action.value for action in Action} <= WORDS["sv"].keys()


# ---- from an archive -----------------------------------------------------------------------


class Counting:
    """Of an archive only this is needed."""

    async def counts(self, first: date, last: date) -> list[Count]:
        return [count for count in COUNTS if first <= count.day <= last]


@pytest.mark.parametrize("form", ["text", "json", "csv"])
async def test_render(form: str) -> None:
    archive = Counting()
    text = await render(archive, "2026-W47", form, "sv")  # type: ignore[arg-type]
    assert "1000" in text


async def test_render_refuses(report: WeekReport) -> None:
    for week, form in (("2026-W47", "pdf"), ("2026-47", "text"), ("2026-W54", "text")):
        with pytest.raises(ValueError, match="no"):
            await render(Counting(), week, form, "sv")  # type: ignore[arg-type]


async def test_fragment() -> None:
    html = await fragment(Counting())("2026-W47", "en")  # type: ignore[arg-type]
    assert "<h2>Outgoing mail, week 2026-W47</h2>" in html
    assert "<svg" in html


# ---- weeks ---------------------------------------------------------------------------------


def test_weeks_are_those_of_stockholm() -> None:
    late = datetime(2026, 11, 15, 23, 30, tzinfo=UTC)  # half past midnight on Monday there
    assert week_of(late) == WEEK
    assert week_of(date(2026, 11, 15)) == WEEK.before == Week(2026, 46)
    assert (WEEK.first, WEEK.last) == (date(2026, 11, 16), date(2026, 11, 22))
    assert str(Week(2027, 1).before) == "2026-W53"
    assert str(week_of(date(2027, 1, 1))) == "2026-W53"
