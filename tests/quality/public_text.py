"""``make public-text``: public Swedish text about nobody, as mails; how many would be stopped.

    python tests/quality/public_text.py [FOLDER]     # FOLDER keeps the packages between runs

From → to: Debian packages with Swedish prose, manuals, a thesaurus and a dictionary → `PIECES`
pieces of 200 to 1,500 characters, chosen by their hash, the same number from each package that has
so many → mails, read as the gateway does → those of level medium or higher. The packages are
fetched by name and unpacked in a folder, nothing is installed, and no text of theirs is kept in
the project. What they are licensed under stands in `SOURCES`.
"""

import gzip
import hashlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from base_rate import scanned, upper_bound
from selectolax.lexbor import LexborHTMLParser

PIECES = 2000
SHORT, LONG = 200, 1500  # characters of a piece
ROFF = re.compile(r"^[.'][A-Za-z]+ ?|\\f[A-Z]|\\[-&|^]|\\\(..", re.MULTILINE)
TAGS = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of text: the package, what it is licensed under, where its files lie."""

    package: str
    licence: str
    files: str


SOURCES = (
    Source("libreoffice-help-sv", "MPL-2.0", "usr/share/libreoffice/help/sv/text/**/*.html"),
    Source("gimp-help-sv", "GFDL-1.2+", "usr/share/gimp/*/help/sv/*.html"),
    Source("gnome-user-docs", "CC-BY-SA-3.0", "usr/share/help/sv/**/*.page"),
    Source("debian-edu-doc-sv", "GPL-2+", "usr/share/doc/**/*.html"),
    Source("debian-edu-doc-legacy-sv", "GPL-2+", "usr/share/doc/**/*.html"),
    Source(
        "installation-guide-amd64", "GPL-2+", "usr/share/doc/installation-guide-amd64/sv/*.html"
    ),
    Source("manpages-sv", "GPL-2+ and others", "usr/share/man/sv/**/*.gz"),
    Source("lifelines-doc-sv", "MIT", "usr/share/doc/lifelines-doc-sv/*.sv.html"),
    Source("mythes-sv", "LGPL-3", "usr/share/mythes/th_sv_SE*.dat"),
    Source("dict-freedict-swe-eng", "GPL-2+", "usr/share/dictd/*.dict.dz"),
)


def fetched(folder: Path, source: Source) -> Path:
    """The package's files, in a folder of their own."""
    place = folder / source.package
    if not place.exists():
        subprocess.run(
            ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", source.package],
            cwd=folder,
            check=True,
        )
        package = next(folder.glob(f"{source.package}_*.deb"))
        subprocess.run(["dpkg", "-x", str(package), str(place)], check=True)
    return place


def text_of(file: Path) -> str:
    """What a reader sees of a file."""
    raw = file.read_bytes()
    if file.suffix in (".gz", ".dz"):
        raw = gzip.decompress(raw)
    text = raw.decode("utf-8", "replace")
    if file.suffix == ".html":
        body = LexborHTMLParser(text).body
        return body.text(separator="\n") if body else ""
    if file.suffix == ".page":
        return TAGS.sub("", text)
    return ROFF.sub("", text) if "man" in file.parts else text


def pieces(text: str) -> Iterator[str]:
    """Whole lines, up to `LONG` characters together."""
    piece = ""
    for line in text.splitlines():
        words = " ".join(line.split())
        if len(piece) + len(words) > LONG:
            yield piece
            piece = ""
        piece += words[:LONG] + "\n" if words else ""
    yield piece


def chosen(folder: Path) -> list[dict]:
    """The pieces as labelled mails; `hand` is the package."""
    left, rows = PIECES, []
    every = []
    for source in SOURCES:
        files = sorted(fetched(folder, source).glob(source.files))
        found = {piece for file in files for piece in pieces(text_of(file)) if len(piece) >= SHORT}
        order = sorted(found, key=lambda piece: hashlib.sha256(piece.encode()).digest())
        every.append((len(order), source, order))
    for done, (_, source, order) in enumerate(sorted(every, key=lambda one: one[0])):
        mine = order[: left // (len(every) - done)]
        left -= len(mine)
        rows += [_mail(f"{source.package}-{n}", source, text) for n, text in enumerate(mine)]
    return rows


def _mail(name: str, source: Source, text: str) -> dict:
    address = {"from": "anna.berg@kommun.example", "to": ["info@foretag.example"]}
    plain = {"subject": "Underlag", "text": text, "attachments": [], "hand": source.package}
    return {"id": name, **address, **plain}


def main(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    rows = chosen(folder)
    found = scanned(rows)
    print(
        "| package | licence | pieces | stopped for health | for identity |",
        "|---|---|---|---|---|",
        sep="\n",
    )
    whole = dict.fromkeys(("health", "identity"), 0)
    for source in SOURCES:
        mine = [found[row["id"]] for row in rows if row["hand"] == source.package]
        stopped = {family: sum(family in said for said in mine) for family in whole}
        for family, count in stopped.items():
            whole[family] += count
        counts = " | ".join(map(str, (len(mine), *stopped.values())))
        print(f"| {source.package} | {source.licence} | {counts} |")
    for family, count in whole.items():
        bound = 1000 * upper_bound(count, len(rows))
        print(f"{family}: {count} of {len(rows)} stopped (at most {bound:.1f} in 1,000, 95 %)")
        print(*[row["id"] for row in rows if family in found[row["id"]]])
    return 0


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main(Path(sys.argv[1])))
    with tempfile.TemporaryDirectory() as name:
        sys.exit(main(Path(name)))
