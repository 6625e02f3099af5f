"""A week's report as text, JSON and CSV. HTML is in ``page.py``.

All forms show the same numbers; what is hidden in one is hidden in all. CSV cells that a
spreadsheet would run as a formula begin with an apostrophe.
"""

import csv
import io
import json
from typing import Any

from mailfilter.report.numbers import ALL, Cell, Table, TableName, WeekReport
from mailfilter.report.words import label, say

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


Anchor = tuple[int, str]  # number and hash of the audit log's last line


def sentences(report: WeekReport, language: str, anchor: Anchor | None = None) -> list[str]:
    """What stands above and below the tables, in order: two lines, then the notes."""
    lines = [
        say("total", language, n=report.total.shown, before=report.total.before),
        say("protected", language, n=report.protected.shown, before=report.protected.before),
        say("small", language),
        say("crash", language),
    ]
    if anchor is not None:
        lines.append(say("anchor", language, seq=anchor[0], hash=anchor[1]))
    return lines


def title(report: WeekReport, language: str) -> str:
    """The heading, and the subject of the weekly mail."""
    return say("title", language, week=report.week)


def days(report: WeekReport, language: str) -> str:
    """From when to when."""
    return say("days", language, first=report.week.first, last=report.week.last)


def row_label(table: Table, name: str, language: str) -> str:
    """A row's name; those of departments and rules are the organisation's own."""
    if name != ALL and table.name in (TableName.MESSAGES, TableName.RULES, TableName.OBSERVED):
        return name
    if table.name is TableName.SENDERS:
        act, colon, rule = name.partition(":")
        return label(f"act-{act}", language) + colon + rule
    return label(name, language, unread=table.name is TableName.UNREAD)


def per_mille(cell: Cell, language: str) -> str:
    """A share with one decimal, or nothing."""
    if cell.per_mille is None:
        return ""
    text = f"{cell.per_mille:.1f}"
    return text.replace(".", ",") if language == "sv" else text


# ---- text ----------------------------------------------------------------------------------


def render_text(report: WeekReport, language: str, anchor: Anchor | None = None) -> str:
    """For a terminal and for the text part of the mail."""
    total, protected, *notes = sentences(report, language, anchor)
    heading = title(report, language)
    parts = [f"{heading}\n{'=' * len(heading)}\n{days(report, language)}", f"{total}\n{protected}"]
    parts += [_text_table(table, language) for table in report.tables]
    return "\n\n".join([*parts, *notes]) + "\n"


def _text_table(table: Table, language: str) -> str:
    heading = say(table.name.value, language)
    lines = [heading, "-" * len(heading)]
    if not table.rows:
        return "\n".join([*lines, say("none", language)])
    grid = _grid(table, language)
    widths = [max(len(row[i]) for row in grid) for i in range(len(grid[0]))]
    for row in grid:
        cells = [row[0].ljust(widths[0])]
        cells += [text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    if table.name is TableName.UNREAD:
        lines.append(say("unread-note", language))
    return "\n".join(lines)


def _grid(table: Table, language: str) -> list[list[str]]:
    """Each number with that of the week before in brackets, and the row's share at the end."""
    head = ["", *(label(column, language) for column in table.columns), say("per-mille", language)]
    rows = [
        [
            row_label(table, row.name, language),
            *(f"{cell.shown} ({cell.before})" for cell in row.cells),
            per_mille(row.cells[-1], language) if ALL in table.columns else "",
        ]
        for row in table.rows
    ]
    return [head, *rows] if ALL in table.columns else [line[:-1] for line in (head, *rows)]


# ---- JSON and CSV --------------------------------------------------------------------------


def render_json(report: WeekReport) -> str:
    """One object; hidden numbers are the strings "<5" and "*"."""
    value = {
        "week": str(report.week),
        "first": report.week.first.isoformat(),
        "last": report.week.last.isoformat(),
        "total": _json_cell(report.total),
        "protected": _json_cell(report.protected),
        "tables": {
            table.name.value: {
                row.name: {
                    column: _json_cell(cell)
                    for column, cell in zip(table.columns, row.cells, strict=True)
                }
                for row in table.rows
            }
            for table in report.tables
        },
    }
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _json_cell(cell: Cell) -> dict[str, Any]:
    before: int | str = int(cell.before) if cell.before.isdigit() else cell.before
    n: int | str = cell.shown if cell.n is None else cell.n
    return {"n": n, "before": before, "per_mille": cell.per_mille}


def render_csv(report: WeekReport, language: str) -> str:
    """One line a cell: week, table, row, column, number, week before, per 1,000."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["week", "table", "row", "column", "n", "before", "per_mille"])
    for table in report.tables:
        for row in table.rows:
            for column, cell in zip(table.columns, row.cells, strict=True):
                fields = [
                    str(report.week),
                    table.name.value,
                    row_label(table, row.name, language),
                    label(column, language),
                    cell.shown,
                    cell.before,
                    "" if cell.per_mille is None else str(cell.per_mille),
                ]
                writer.writerow([safe(field) for field in fields])
    return out.getvalue()


def safe(field: str) -> str:
    """A cell that no spreadsheet takes for a formula (ASVS 1.2.10)."""
    return f"'{field}" if field.startswith(_FORMULA) else field
