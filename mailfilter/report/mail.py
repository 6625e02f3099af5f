"""The weekly mail: text, HTML and the chart as an SVG attachment.

Times and ids are arguments. Sending is the outbox's (parcel kind ``report``, its note the week).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape

from mailfilter.report.chart import render_chart
from mailfilter.report.numbers import WeekReport
from mailfilter.report.page import render_html
from mailfilter.report.render import Anchor, render_text, title


@dataclass(frozen=True, slots=True)
class Stamp:
    """What makes a mail a mail: addresses, id without brackets, time."""

    sender: str
    recipients: Sequence[str]
    message_id: str
    at: datetime


def weekly_mail(
    report: WeekReport, stamp: Stamp, language: str, anchor: Anchor | None = None
) -> EmailMessage:
    """The message; `anchor` is the audit log's head, to be kept by who gets it."""
    message = EmailMessage(policy=SMTP)
    message["From"] = stamp.sender
    message["To"] = ", ".join(stamp.recipients)
    message["Subject"] = title(report, language)
    message["Date"] = format_datetime(stamp.at)
    message["Message-ID"] = f"<{stamp.message_id}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = language
    message.set_content(render_text(report, language, anchor))
    message.add_alternative(_page(report, language, anchor), subtype="html")
    message.add_attachment(
        render_chart(report, language),
        maintype="image",
        subtype="svg+xml",
        filename=f"{report.week}.svg",
    )
    return message


def _page(report: WeekReport, language: str, anchor: Anchor | None) -> str:
    fragment = render_html(report, language, anchor)
    heading = escape(title(report, language))
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}"><head><meta charset="utf-8">'
        f"<title>{heading}</title></head>\n<body>\n{fragment}\n</body></html>\n"
    )
