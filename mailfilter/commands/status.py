"""``mailfilter status``: whether the program is ready, what waits, and what needs a hand.

From → to: /readyz and /metrics at ``web.health_port`` → lines for a person. Counts alone: these
pages hold no address and no text of a mail (P10), and nothing else is read. The limits are those of
``deploy/prometheus/alerts.yml``, for who runs no Prometheus.
"""

import operator
import time
from collections.abc import Iterator, Mapping
from http.client import HTTPException
from typing import Annotated, NamedTuple
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

import typer

from mailfilter.commands.asking import ConfigFile, fail, settings_of
from mailfilter.commands.terminal import plain

PATIENCE = 10.0  # seconds for an answer
DAY = 86_400

Values = Mapping[str, Mapping[str, float]]  # metric: its values by label, "" without one


class Worry(NamedTuple):
    """Not well where a value of `metric` stands so to `limit`, as in the alert; and its cure."""

    metric: str
    sign: str
    limit: float
    sentence: str

    def of(self, values: Values) -> list[str]:
        """The labels for which it holds; "" of a metric without one."""
        found = values.get(self.metric, {})
        return [label for label, value in found.items() if _SIGNS[self.sign](value, self.limit)]


_SIGNS = {"==": operator.eq, ">": operator.gt, "<": operator.lt}
WORRIES = (
    Worry("standstill", "==", 1, "restored and not let go: mailfilter restore --go"),
    Worry("backup_age_seconds", ">", 90_000, "no good backup for a day: mailfilter backup DIR"),
    Worry("quarantine_items_late", ">", 0, "mail waits for over a day: open the review page"),
    Worry("judge", "==", 0, "health is judged by the rules alone: install mailfilter anew"),
    Worry("audit_checkpoint_seconds", ">", 7_200, "no checkpoint for two hours: log, `schedule`"),
    Worry("audit_checkpoint_failed", ">", 0, "checkpoint not written: log, `audit-checkpoint`"),
    Worry("certificate_days", "<", 14, "a certificate runs out within two weeks: renew it"),
)
UNCONFINED = "processes that read mail are confined by less than everything: manual, section 1"


def status(
    file: ConfigFile = None,
    watch: Annotated[
        float | None, typer.Option("--watch", min=1, help="say it again each SECONDS")
    ] = None,
) -> None:
    """Say whether the program is ready, what waits, and what needs a hand.

    Exit code 1 where it does not answer or is not ready. A worry alone leaves it 0.
    """
    port = settings_of(file).web.health_port
    if not port:
        raise fail("web.health_port is 0: set it to a port, 8027 by default, and start serve anew")
    well = _say(port)
    while watch:
        time.sleep(watch)
        typer.echo()
        well = _say(port)
    if not well:
        raise typer.Exit(1)


def _say(port: int) -> bool:
    """One look, said; whether the program is ready."""
    try:
        code, checks = _page(port, "readyz")
        values = values_of(_page(port, "metrics")[1])
    except OSError as error:
        cause = getattr(error, "reason", error)
        typer.echo(
            f"does not answer at 127.0.0.1:{port} ({plain(str(cause))}): start it, "
            "`systemctl start mailfilter`, and read its log"
        )
        return False
    except (HTTPException, ValueError):  # its text is that of a stranger and is not repeated
        values = {}
    if "build_info" not in values:
        typer.echo(
            f"another program answers at 127.0.0.1:{port}: end it, or set web.health_port to a "
            "free port and start serve anew"
        )
        return False
    failed = [line.split()[0] for line in checks.splitlines() if line.endswith(" failed")]
    typer.echo("ready" if code == 200 else f"NOT ready, failed: {plain(', '.join(failed))}")
    for line in lines(values):
        typer.echo(plain(line))
    return code == 200


def _page(port: int, name: str) -> tuple[int, str]:
    """Status and text of a page of the health port; no proxy of the environment is asked."""
    try:
        with build_opener(ProxyHandler({})).open(
            f"http://127.0.0.1:{port}/{name}", timeout=PATIENCE
        ) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode("utf-8", "replace")


def values_of(text: str) -> Values:
    """Our metrics of a page of Prometheus text, without their prefix."""
    from prometheus_client.parser import text_string_to_metric_families

    values: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            label = " ".join(one.labels.values())
            values.setdefault(one.name.removeprefix("mailfilter_"), {})[label] = one.value
    return values


def lines(values: Values) -> Iterator[str]:
    """What there is to say of them: version, today, what waits, worries."""
    for version in values.get("build_info", {}):
        running = values.get("running_seconds", {}).get("", 0.0)
        yield f"version {version}, has run for {running / DAY:.1f} days"
    if "quarantine_items" not in values:  # nothing read yet is not: nothing there
        yield "the store has not been counted yet: ask again in a minute"
        return
    yield f"today: {_counted(values, 'messages_today') or 'no message yet'}"
    yield f"waits: {_counted(values, 'quarantine_items') or 'nothing'}"
    if due := values.get("outbox_due", {}).get("", 0.0):
        yield f"to be sent: {due:.0f}"
    for worry in WORRIES:
        if found := worry.of(values):
            named = ", ".join(filter(None, found))
            yield f"worry: {worry.sentence}" + (f" ({named})" if named else "")
    if values.get("confinement") and "full" not in values["confinement"]:
        yield f"worry: {UNCONFINED}"


def _counted(values: Values, metric: str) -> str:
    return ", ".join(f"{label} {n:.0f}" for label, n in values.get(metric, {}).items() if n)
