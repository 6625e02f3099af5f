"""OCR, by tesseract with Debian's Swedish and English data.

From → to: a grey picture → how many lines of text tesseract's layout analysis sees in it (`lines`,
the quick look), and what is written there (`recognise`).

`prepare` is called in the zygote, before a worker is forked and locked down: the data is read
then, and each fork has its copy of the one engine. A process that was not prepared, or lacks the
library or the data, is not `ready`, and images are said to be unread as before.

Invariants: one thread (seccomp lets a worker start none); nothing that a picture shows is printed;
`recognise` stops by itself when its seconds are spent, before the worker's clock does; the layout
analysis, which cannot be stopped, gets no picture with more than `SPECKS` separate specks.

Measured, A4 at 200 dpi of 46 lines: 1.8 s of CPU, the layout at 1,600 pixels 0.1 s; a page upside
down is read twice. Sources: tesseract 5 and its API; ``performance.md`` 9.
Known gaps: handwriting; text of the same brightness as its ground.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

LANGUAGES = {"swe": "tesseract-ocr-swe", "eng": "tesseract-ocr-eng"}  # and Debian's packages
_FOLDERS = ("/usr/share/tesseract-ocr/*/tessdata", "/usr/share/tessdata", "/usr/share/tesseract/*")
DPI = 200  # told to tesseract, so that it need not guess from sizes that anybody may declare
DOUBTFUL = 60  # mean confidence, of 100: upright print has 90, a page upside down 30 to 45
SPECKS = 20_000  # a page of small print has 5,000
_TEXT = range(1, 9)  # publictypes.h: flowing text to captions; what follows are images and rules
FEW = 30  # characters: too little to say that a page stands on its head


@dataclass(frozen=True, slots=True)
class Recognised:
    """What is written in a picture; not `complete` if time was up before the end."""

    text: str
    complete: bool
    confidence: int = 0  # tesseract's mean of its words, of 100


NOTHING = Recognised("", complete=False)
_engines: list[Any] = []  # one API object of tesseract, or none


def folder() -> Path | None:
    """Where the language data lies: TESSDATA_PREFIX, or where distributions put it."""
    named = os.environ.get("TESSDATA_PREFIX")
    for each in [Path(named)] if named else _folders():
        if any((each / f"{language}.traineddata").is_file() for language in LANGUAGES):
            return each
    return None


def fingerprint() -> bytes:
    """Which data is read with: its files by size and day."""
    where = folder()
    stats = [] if where is None else [(f.name, f.stat()) for f in where.glob("*.traineddata")]
    return repr(sorted((name, s.st_size, s.st_mtime_ns) for name, s in stats)).encode()


def _folders() -> Iterator[Path]:
    for pattern in _FOLDERS:
        yield from sorted(Path("/").glob(pattern[1:]), reverse=True)


def prepare() -> tuple[str, ...]:
    """Load library and data; returns what is missing, as names of packages."""
    forget()
    os.environ["OMP_THREAD_LIMIT"] = "1"  # read when the library is loaded
    try:
        import tesserocr
    except ImportError:
        return ("tesserocr",)
    data = folder()
    if data is None:
        return tuple(LANGUAGES.values())
    there = [one for one in LANGUAGES if (data / f"{one}.traineddata").is_file()]
    tesserocr.set_leptonica_log_level(tesserocr.LeptLogLevel.NONE)
    try:
        api = tesserocr.PyTessBaseAPI(
            path=f"{data}/", lang="+".join(there), variables={"debug_file": os.devnull}
        )
    except RuntimeError:  # data of another version, or damaged
        return tuple(LANGUAGES[one] for one in there)
    _engines.append(api)
    recognise(Image.new("L", (32, 32), 255), 1)  # opens what is opened late, before the lock-down
    # At its first message ("Empty page!!") tesseract would open that file, and dies if it may not.
    # From now on its messages go to standard error, which is nowhere in a worker.
    api.SetVariable("debug_file", "")
    return tuple(package for one, package in LANGUAGES.items() if one not in there)


def forget() -> None:
    """Be as before `prepare`."""
    while _engines:
        _engines.pop().End()


def ready() -> bool:
    """True if pictures can be read."""
    return bool(_engines)


def lines(picture: Image.Image) -> int:
    """The number of lines of text that the layout of a calm picture shows; reads none of them."""
    from tesserocr import RIL

    iterator = _shown(picture).AnalyseLayout()
    count, more = 0, iterator is not None
    while more:
        count += iterator.BlockType() in _TEXT
        more = iterator.Next(RIL.TEXTLINE)
    return count


def recognise(picture: Image.Image, seconds: float) -> Recognised:
    """The text of a grey picture. One that reads badly may stand on its head: it is turned."""
    from time import monotonic

    until = monotonic() + seconds
    picture, _specks_left = calm(picture)
    first = _recognise(picture, seconds)
    left = until - monotonic()
    if first.confidence >= DOUBTFUL or len(first.text) < FEW or not first.complete or left <= 0:
        return first
    turned = _recognise(picture.transpose(Image.Transpose.ROTATE_180), left)
    return max(first, turned, key=lambda each: each.confidence)


def calm(picture: Image.Image) -> tuple[Image.Image, int]:
    """A grey picture, made smaller until its specks are not too many for the layout analysis; how
    many they are.

    That part of tesseract cannot be stopped: on noise of 9 million pixels it takes minutes. Dirt
    and halftone dots vanish in the reduction, letters do not.
    """
    while (specks := _specks(picture)) > SPECKS and min(picture.size) > 1:
        picture = picture.reduce(2)
    return picture, specks


def _specks(picture: Image.Image) -> int:
    """The number of dark islands less their holes, by Euler: points - edges + faces."""
    counts = picture.histogram()
    threshold = _threshold(counts)
    ink = picture.point([255] * (threshold + 1) + [0] * (255 - threshold))
    if sum(counts[: threshold + 1]) * 2 > sum(counts):
        ink = ImageChops.invert(ink)  # light letters on a dark ground
    width, height = ink.size
    across = ImageChops.darker(ink.crop((0, 0, width - 1, height)), ink.crop((1, 0, width, height)))
    down = ImageChops.darker(ink.crop((0, 0, width, height - 1)), ink.crop((0, 1, width, height)))
    faces = ImageChops.darker(
        across.crop((0, 0, width - 1, height - 1)), across.crop((0, 1, width - 1, height))
    )
    points, *edges, squares = (each.histogram()[255] for each in (ink, across, down, faces))
    return points - sum(edges) + squares


def _threshold(counts: list[int]) -> int:
    """Otsu's: the grey that parts the histogram into the two classes that differ most."""
    total, mass = sum(counts), sum(grey * count for grey, count in enumerate(counts))
    best, found, below, gathered = 0.0, 127, 0, 0
    for grey, count in enumerate(counts):
        below += count
        gathered += grey * count
        if 0 < below < total:
            apart = gathered / below - (mass - gathered) / (total - below)
            if (between := below * (total - below) * apart * apart) > best:
                best, found = between, grey
    return found


def _recognise(picture: Image.Image, seconds: float) -> Recognised:
    """The text of the picture as it stands."""
    api = _shown(picture)
    complete = bool(api.Recognize(max(int(seconds * 1000), 1)))
    text: str = api.GetUTF8Text()
    confidence = int(api.MeanTextConf())
    api.Clear()
    return Recognised(text, complete, confidence)


def _shown(picture: Image.Image) -> Any:
    """The engine with this picture before it."""
    api = _engines[0]
    width, height = picture.size
    api.SetImageBytes(picture.tobytes(), width, height, 1, width)
    api.SetSourceResolution(DPI)
    return api
