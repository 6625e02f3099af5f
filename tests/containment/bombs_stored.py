"""The Office bombs once more, unpacked: as large as they are, they pass the limit on growth.

A packed one is mostly stopped at that limit, and the reader behind it never sees it.
"""

import io
import zipfile
from collections.abc import Callable
from typing import Any

from tests.containment import bombs_office  # noqa: F401 - they must be entered before
from tests.containment.bomb import BOMBS, Bomb

_CHOSEN = (
    *("docx/many-paragraphs", "docx/paragraphs-of-digits", "docx/deep-tables"),
    *("docx/deep-elements", "docx/unclosed-deletions", "docx/many-attributes"),
    *("docx/huge-attribute", "docx/many-namespaces", "docx/blanks-in-tags", "docx/open-comments"),
    *("xlsx/million-cells", "xlsx/regular-cells", "xlsx/far-cells", "xlsx/shared-strings"),
    *("xlsx/merged-cells", "xlsx/defined-names", "xlsx/styles", "xlsx/formulas"),
    *("xlsx/comments", "xlsx/open-cells"),
)


def _unpacked(build: Callable[..., bytes]) -> Callable[..., bytes]:
    def made(*size: Any) -> bytes:
        out = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(build(*size))) as packed,
            zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as plain,
        ):
            for name in packed.namelist():
                plain.writestr(name, packed.read(name))
        return out.getvalue()

    return made


BOMBS += [
    Bomb(f"{each.name}-stored", each.file, _unpacked(each.build), each.big, each.small)
    for name in _CHOSEN
    for each in BOMBS
    if each.name == name
]
