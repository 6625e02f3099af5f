"""Decoding a still picture of HEVC, as telephones write it, by libde265.

From → to: parameter sets and slices → the brightness of the picture, which is all that OCR needs.

The library is the one in the wheel of pi-heif, called directly: libheif and all that stands on it
start a thread for each decoder, and a confined worker may not: who has taken it over could fill the
machine with them. Without threads of its own libde265 decodes in the caller's.

Invariants: the library is loaded before a worker is locked down (`available`); pixels are copied
before the decoder is freed; raises only `Unreadable`.

Sources: libde265's de265.h (its C interface since 0.4); ISO 14496-15 for the order of the units.
"""

import ctypes
import re
from collections.abc import Sequence
from contextlib import suppress
from ctypes.util import find_library
from functools import cache
from pathlib import Path

from PIL import Image

from mailfilter import limits
from mailfilter.extract.kit.budget import Unreadable

_OK, _WAITING = 0, 13  # DE265_ERROR_WAITING_FOR_INPUT_DATA
_WARNINGS = 1000  # and more of them: the picture is there, but something of it was not understood
_STEPS = 10_000  # calls for one picture: one a slice
_MAPPED = re.compile(r"(/\S{1,4096}libde265[^/\s]{0,99})$", re.MULTILINE)


def available() -> bool:
    """Whether pictures can be decoded; loads the library."""
    return _library() is not None


@cache
def _library() -> ctypes.CDLL | None:
    for path in _paths():
        with suppress(OSError, AttributeError):
            return _declared(ctypes.CDLL(path))
    return None


def _paths() -> list[str]:
    """Where the library is: beside pi-heif, which loads it, or the system's own."""
    found = []
    with suppress(ImportError, OSError):
        import pi_heif

        del pi_heif
        found += _MAPPED.findall(Path("/proc/self/maps").read_text())
    system = find_library("de265") if not found else None  # asks by starting programs
    return found + ([system] if system else [])


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer, number = ctypes.c_void_p, ctypes.c_int
    for name, result, arguments in (
        ("new_decoder", pointer, ()),
        ("free_decoder", number, (pointer,)),
        ("push_NAL", number, (pointer, ctypes.c_char_p, number, ctypes.c_int64, pointer)),
        ("flush_data", number, (pointer,)),
        ("decode", number, (pointer, ctypes.POINTER(number))),
        ("get_next_picture", pointer, (pointer,)),
        ("get_image_width", number, (pointer, number)),
        ("get_image_height", number, (pointer, number)),
        ("get_bits_per_pixel", number, (pointer, number)),
        ("get_image_plane", pointer, (pointer, number, ctypes.POINTER(number))),
    ):
        function = getattr(library, f"de265_{name}")
        function.restype, function.argtypes = result, arguments
    return library


def grey(units: Sequence[bytes]) -> Image.Image:
    """The picture that these units make: "L", or "I;16" with more than eight bits."""
    library = _library()
    if library is None:
        raise Unreadable("image")
    decoder = library.de265_new_decoder()
    if not decoder:
        raise Unreadable("image-size")
    try:
        for unit in units:
            if library.de265_push_NAL(decoder, unit, len(unit), 0, None) != _OK:
                raise Unreadable("broken-document")
        library.de265_flush_data(decoder)
        return _plane(library, _decoded(library, decoder))
    finally:
        library.de265_free_decoder(decoder)


def _decoded(library: ctypes.CDLL, decoder: int) -> int:
    more = ctypes.c_int(1)
    for _ in range(_STEPS):
        error = library.de265_decode(decoder, ctypes.byref(more))
        if picture := library.de265_get_next_picture(decoder):
            return int(picture)
        if not more.value or (error not in (_OK, _WAITING) and error < _WARNINGS):
            break
    raise Unreadable("broken-document")


def _plane(library: ctypes.CDLL, picture: int) -> Image.Image:
    width = library.de265_get_image_width(picture, 0)
    height = library.de265_get_image_height(picture, 0)
    size = 1 if library.de265_get_bits_per_pixel(picture, 0) <= 8 else 2
    row = ctypes.c_int(0)
    plane = library.de265_get_image_plane(picture, 0, ctypes.byref(row))
    if not plane or not 0 < width * size <= row.value or height <= 0:
        raise Unreadable("broken-document")
    if row.value * height > limits.PICTURE_SIZE:
        raise Unreadable("image-size")
    pixels = ctypes.string_at(plane, row.value * height)
    mode = "L" if size == 1 else "I;16"
    return Image.frombytes(mode, (width, height), pixels, "raw", mode, row.value)
