"""Reading of the word lists beside the detectors.

From → to: a file of this package → entries by section. A line that begins with ``#`` is a comment
(source, date, licence), one in square brackets opens a section; entries are parted by blanks.
"""

from importlib.resources import files


def read_sections(path: str) -> dict[str, list[str]]:
    """The entries of each section; those before the first one under the empty name."""
    section = ""
    entries: dict[str, list[str]] = {}
    for line in files(__package__).joinpath(path).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif not line.startswith("#"):
            entries.setdefault(section, []).extend(line.split())
    return entries
