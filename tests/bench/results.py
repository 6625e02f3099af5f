"""What a run of the harness shows, beside what was asked: JSON of ``peers.py`` → text, chart.

`ASKED` is the table of the issue: our rate in proportion to each peer's, the first figure to be
reached and the one to be tried for. A row counts as reached by the median of the ratios; where
messages were lost, or a target failed, nothing counts.
"""

import json
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pygal

sys.meta_path[:] = [finder for finder in sys.meta_path if hasattr(finder, "find_spec")]  # pygal's

OURS = "mailfilter"
QUIET = 0.12
PEERS = {
    "direct": "direct",
    "postfix-queue": "Postfix queue",
    "postfix-rspamd": "Postfix + rspamd",
    "amavis": "amavis",
}
Row = tuple[str, str]  # the mail's name, "kept" or "fresh"
ASKED: dict[Row, tuple[tuple[float, float], ...]] = {  # in the order of PEERS
    ("4k", "kept"): ((0.17, 0.30), (2.8, 4.5), (4.5, 8), (9, 16)),
    ("4k", "fresh"): ((0.18, 0.26), (1.8, 2.4), (3, 4.5), (7, 11)),
    ("50k", "fresh"): ((0.30, 0.45), (1.4, 2.0), (2.8, 4.2), (14, 20)),
    ("1m", "fresh"): ((0.85, 0.95), (1.3, 1.45), (1.9, 2.2), (3.1, 3.5)),
    ("10m", "fresh"): ((0.75, 0.85), (1.0, 1.1), (1.4, 1.6), (1.8, 2.0)),
}
TITLES: dict[Row, str] = {
    ("4k", "kept"): "4 KiB, connections kept",
    ("4k", "fresh"): "4 KiB, one mail a connection",
    ("50k", "fresh"): "50 KiB, one mail a connection",
    ("1m", "fresh"): "1 MiB opaque attachment",
    ("10m", "fresh"): "10 MiB opaque attachment",
}


@dataclass(frozen=True, slots=True)
class Ratio:
    """Our rate in proportion to a peer's, and what was asked."""

    row: Row
    peer: str
    value: float
    floor: float
    stretch: float

    @property
    def missed(self) -> str:
        """What was missed, empty if nothing."""
        if self.value >= self.floor:
            return ""
        return f"{TITLES[self.row]}: {self.value:.2f} x {PEERS[self.peer]}, asked {self.floor:g}"

    def __str__(self) -> str:
        mark = "**" if self.value >= self.stretch else "" if not self.missed else "_"
        return f"{mark}{self.value:.2f}{mark} ({self.floor:g}; {self.stretch:g})"


class Results:
    """One run of the harness."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.facts = facts
        self.cells: dict[tuple[Row, str], dict[str, Any]] = {
            ((cell["mail"], cell["connections"]), cell["target"]): cell for cell in facts["cells"]
        }
        self.rows = [row for row in ASKED if (row, OURS) in self.cells]

    def ratios(self, row: Row) -> list[Ratio]:
        """Ours to each peer that was measured: by the medians of the ratios to direct."""
        ours = self.cells[row, OURS].get("ratio_to_direct")
        found = []
        for peer, (floor, stretch) in zip(PEERS, ASKED[row], strict=True):
            theirs = self.cells.get((row, peer), {}).get("ratio_to_direct")
            if ours and theirs:
                found.append(Ratio(row, peer, ours / theirs, floor, stretch))
        return found

    def missed(self) -> list[str]:
        """Every figure that was not reached, and every trouble; empty is good."""
        found = [ratio.missed for row in self.rows for ratio in self.ratios(row) if ratio.missed]
        for (row, target), cell in self.cells.items():
            if cell["trouble"]:
                found.append(f"{TITLES.get(row, row)}: {target}: {cell['trouble']}")
        return found

    # ---- text ----------------------------------------------------------------------------

    def markdown(self, day: date, command: str) -> str:
        """All of it as a page; `command` is what was typed."""
        missed = self.missed()
        lines = ["# The gateway beside well-known relays", ""]
        lines += [f"{day}, `{command}`. {self._machine()}", "", *self._versions(), ""]
        lines += ["![messages a second in proportion to direct](results.svg)", ""]
        lines += [*self._summary(), "", "## What was measured"]
        for row in self.rows:
            lines += ["", f"### {TITLES[row]}", "", *self._table(row)]
        lines += ["", "## Missed", ""]
        lines += [f"- {each}" for each in missed] or ["Nothing."]
        return "\n".join(lines) + "\n"

    def _machine(self) -> str:
        machine, busy = self.facts["machine"], self._busy()
        noise = (
            f" **Others used up to {busy:.0%} of the machine meanwhile: not figures to keep.**"
            if busy > QUIET
            else ""
        )
        plan = self.facts["plan"]
        return (
            f"{machine['cores']} cores of {machine['cpu']}, {machine['memory_mib'] / 1024:.0f} GiB,"
            f" Linux {machine['kernel']}, Python {machine['python']}; 10 sessions, every detector"
            f" on, incomplete is relayed; {plan['runs']} runs, {plan['seconds']:g} s for a cell."
            + noise
        )

    def _busy(self) -> float:
        return max((cell["foreign_busy_share"] for cell in self.facts["cells"]), default=0.0)

    def _versions(self) -> list[str]:
        said = self.facts["targets"]
        return [f"- {name}: {said.get(peer)}" for peer, name in PEERS.items() if said.get(peer)]

    def _summary(self) -> list[str]:
        """Our rate by peers; in brackets what was asked, and the figure to be tried for."""
        lines = [
            "Our messages a second in proportion to each; in brackets what is asked and tried",
            "for. Bold: both reached; slanted: missed.",
            "",
            f"| | {' | '.join(PEERS.values())} |",
            "| --- |" + " --- |" * len(PEERS),
        ]
        for row in self.rows:
            known = {ratio.peer: str(ratio) for ratio in self.ratios(row)}
            cells = (known.get(peer, "-") for peer in PEERS)
            lines.append(f"| {TITLES[row]} | {' | '.join(cells)} |")
        return lines

    def _table(self, row: Row) -> list[str]:
        heads = ("msg/s", "x direct", "CPU ms/msg", "peak RSS MiB", "PSS MiB", "p50 ms", "p99 ms")
        lines = [f"| | {' | '.join(heads)} | lost |", "| --- |" + " ---: |" * (len(heads) + 1)]
        for target in (*PEERS, OURS):
            cell = self.cells.get((row, target))
            if cell is not None:
                name = PEERS.get(target, target)
                lines.append(f"| {name} | {' | '.join(_figures(cell))} |")
        share = self.facts["plan"].get("latency_share") or 0
        if share:
            lines += ["", f"Latencies at {share:g} x the rate of each."]
        return lines

    # ---- chart ---------------------------------------------------------------------------

    def chart(self) -> bytes:
        """SVG: bars of the ratio to direct, a group for each row."""
        chart = pygal.Bar(
            js=[],
            width=900,
            height=420,
            legend_at_bottom=True,
            title="messages a second, direct = 1",
            value_formatter=lambda value: f"{value:.2f}",
            print_values=True,
            print_values_position="top",
        )
        chart.x_labels = [TITLES[row] for row in self.rows]
        for target in (*list(PEERS)[1:], OURS):
            cells = [self.cells.get((row, target), {}) for row in self.rows]
            if any(cells):
                ratios = [cell.get("ratio_to_direct") for cell in cells]
                chart.add(PEERS.get(target, target), ratios)
        return bytes(chart.render())


def _figures(cell: dict[str, Any]) -> list[str]:
    runs = cell["runs"]
    if not runs:
        return [cell["trouble"] or "-", *["-"] * 7]
    server = cell.get("server_cpu_ms_per_message") is not None
    figures = [cell["messages_per_second"], cell["ratio_to_direct"]]
    memory: list[float | None] = [None, None]
    if server:
        memory = [max(run[key] for run in runs) / 2**20 for key in ("peak_rss", "pss")]
    figures += [cell.get("server_cpu_ms_per_message"), *memory]
    figures += [cell.get("latency_p50_ms"), cell.get("latency_p99_ms")]
    return [*map(_figure, figures), str(cell["lost"])]


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def read(file: Path) -> Results:
    """The run that ``peers.py --json`` wrote."""
    return Results(json.loads(file.read_text()))
