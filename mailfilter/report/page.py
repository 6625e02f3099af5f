"""A week's report as an HTML fragment.

It has headings from h2 on, tables without style or script, and names escaped; it stands in the web
page and in the mail.
"""

from html import escape

from mailfilter.report.numbers import ALL, Table, TableName, WeekReport
from mailfilter.report.render import Anchor, days, per_mille, row_label, sentences, title
from mailfilter.report.words import label, say


def render_html(report: WeekReport, language: str, anchor: Anchor | None = None) -> str:
    """The fragment."""
    total, protected, *notes = (escape(line) for line in sentences(report, language, anchor))
    parts = [
        f"<h2>{escape(title(report, language))}</h2>",
        f"<p>{escape(days(report, language))}</p>",
        f"<p>{total}<br>{protected}</p>",
        *(_table(table, language) for table in report.tables),
        *(f"<p><small>{note}</small></p>" for note in notes),
    ]
    return "\n".join(parts)


def _table(table: Table, language: str) -> str:
    heading = f"<h3>{escape(say(table.name.value, language))}</h3>"
    if not table.rows:
        return f"{heading}\n<p>{escape(say('none', language))}</p>"
    shares = ALL in table.columns
    names = ["", *(label(column, language) for column in table.columns)]
    head = _line("th", [*names, say("per-mille", language)] if shares else names)
    before = escape(say("before", language))
    rows = []
    for row in table.rows:
        cells = "".join(
            f'<td title="{before}: {escape(cell.before)}">{escape(cell.shown)}'
            f" <small>({escape(cell.before)})</small></td>"
            for cell in row.cells
        )
        share = f"<td>{escape(per_mille(row.cells[-1], language))}</td>" if shares else ""
        name = escape(row_label(table, row.name, language))
        rows.append(f'<tr><th scope="row">{name}</th>{cells}{share}</tr>')
    note = escape(say("unread-note", language)) if table.name is TableName.UNREAD else ""
    tail = f"\n<p><small>{note}</small></p>" if note else ""
    return (
        f"{heading}\n<table>\n<thead>{head}</thead>\n<tbody>{''.join(rows)}</tbody>\n</table>{tail}"
    )


def _line(tag: str, texts: list[str]) -> str:
    cells = "".join(f'<{tag} scope="col">{escape(text)}</{tag}>' for text in texts)
    return f"<tr>{cells}</tr>"
