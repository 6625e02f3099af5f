"""A configuration in a folder of its own, and what the program says of it."""

from dataclasses import dataclass, field
from pathlib import Path

from mailfilter.app import preflight
from tests.running import free_port

TEXT = """\
{top}
[listen]
port = {listen}
{in_listen}
[next_hop]
port = {next_hop}
{in_next_hop}
[web]
port = {web}
{in_web}
[store]
url = "{url}"
keys = "{folder}/keys"
run = "{folder}/run"
[organisation]
domains = ["exempelkommun.example"]
{tables}
"""
ONE_DISK = "lies on the same disk"  # as keys and store of a test always do
AUDIT = '[audit]\nsyslog = "udp://127.0.0.1:9"\n'  # checkpoints that leave the machine: no warning


@dataclass
class Place:
    """`folder` holds the file; ports are free ones, the store is SQLite, and nobody runs there."""

    folder: Path
    next_hop: int = field(default_factory=free_port)
    listen: int = field(default_factory=free_port)
    web: int = field(default_factory=free_port)

    @property
    def file(self) -> Path:
        return self.folder / "c.toml"

    def write(self, tables: str = "", url: str = "", **more: str) -> Path:
        """The file, with more keys at the top, in tables, or tables of their own."""
        given = dict.fromkeys(("top", "in_listen", "in_next_hop", "in_web"), "") | more
        tables = tables if "[audit]" in tables else f"{tables}\n{AUDIT}"
        url = url or f"sqlite:///{self.folder}/x.db"
        ports = {"listen": self.listen, "web": self.web, "next_hop": self.next_hop}
        text = TEXT.format(**given, **ports, url=url, folder=self.folder, tables=tables)
        self.file.write_text(text, "utf-8")
        return self.file

    def says(self, tables: str = "", checks=preflight.HERE, **more: str) -> tuple[int, list[str]]:
        """Exit status and sentences of these checks."""
        file = self.write(tables, **more)
        report = preflight.read(file, checks)
        faults = [fault for fault in report.faults if ONE_DISK not in fault.what]
        said = list(preflight.sentences(faults, file))
        return preflight.status(faults, strict=True), said
