"""``mailfilter audit``: the sealed log of who has seen and done what."""

from pathlib import Path
from typing import Annotated

import typer

from mailfilter.commands.asking import ConfigFile, ask, fail
from mailfilter.record.ledgers import checkpoint

app = typer.Typer(no_args_is_help=True, help="Read and verify the audit log.")

_MOST = 20_000  # checkpoints of one file, the last ones: two years
_LATE = 2 * 3600  # seconds
Anchor = Annotated[
    Path | None,
    typer.Option(help="checkpoints kept elsewhere: a file, part of a syslog, saved mails"),
]


@app.command("list")
def list_lines(
    after: Annotated[int, typer.Option(help="only lines behind this number")] = 0,
    limit: Annotated[int, typer.Option(help="at most this many")] = 100,
    file: ConfigFile = None,
) -> None:
    """Print lines: number, time, who, what, on what."""
    for line in ask(file, "audit-list", after=after, limit=limit):
        detail = " ".join(f"{key}={value}" for key, value in line["detail"].items())
        who, what = f"{line['actor']} {line['act']}", f"{line['object']} {detail}"
        typer.echo(f"{line['seq']:6} {line['at'][:19]} {who} {what}")


@app.command()
def verify(anchor: Anchor = None, file: ConfigFile = None) -> None:
    """Check the log, its checkpoints and the rows it speaks of; exit code 1 names what is wrong."""
    result = ask(file, "audit-verify", anchors=_anchors(anchor))
    if result["faults"]:
        first, *others = result["faults"]
        for sentence in (f"the audit log does not hold: {first}", *others):
            typer.echo(sentence, err=True)
        raise fail(f"and {result['more']} more" if result["more"] else _checkpoints(result), 1)
    typer.echo(f"{result['lines']} lines, the chain holds")
    if result["keyed"] > 1:
        old = result["keyed"] - 1
        typer.echo(f"the key holds from line {result['keyed']} on; lines 1 to {old} are older")
    else:
        typer.echo("the key holds from line 1 on")
    typer.echo(_checkpoints(result))


@app.command()
def accept(
    reason: Annotated[str, typer.Option(help="why it does not hold, such as: backup restored")],
    anchor: Anchor = None,
    file: ConfigFile = None,
) -> None:
    """Acknowledge what verify complains of, after a restore; the log keeps it with your name."""
    result = ask(file, "audit-accept", reason=reason, anchors=_anchors(anchor))
    typer.echo(f"accepted: {result['lines']} lines of the log say what, by whom and why")


def _anchors(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        lines = checkpoint.likely(path.read_text("utf-8", "replace").splitlines())
    except OSError as error:
        raise fail(f"--anchor {path}: cannot be read: {error.strerror}") from error
    if not lines:
        raise fail(f"--anchor {path}: holds no checkpoint and no line of a number and a hash")
    if len(lines) > _MOST:
        typer.echo(f"{path}: of {len(lines)} checkpoints the last {_MOST} are used", err=True)
    return lines[-_MOST:]


def _checkpoints(result: dict[str, int]) -> str:
    if result["age"] is None:
        return "no checkpoint has been made yet: serve makes one each hour"
    known, age = result["checkpoints"], _age(result["age"])
    said = f"compared with {known} checkpoints, the last is {age} old"
    if result["age"] > _LATE:
        said += ": late, there should be one each hour while serve runs"
    return said


def _age(seconds: int) -> str:
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {word}{'s' if count > 1 else ''}"
    return "less than a minute"
