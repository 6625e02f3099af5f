"""Text from a mail on somebody's terminal: shown, never obeyed.

From → to: any text → the same without control characters; a picture of each in its place.
"""

# What a terminal would obey; line feeds and tabs stay
_CONTROLS = {n: 0x2400 + n if n < 0x20 else 0xFFFD for n in (*range(32), *range(127, 160))} | {
    0x09: "\t",
    0x0A: "\n",
    0x0D: None,
}


def plain(text: str) -> str:
    """Text that a terminal shows and does not obey."""
    return text.translate(_CONTROLS).encode("utf-8", "replace").decode("utf-8")
