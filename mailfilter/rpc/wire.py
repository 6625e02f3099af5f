"""Frames on front's socket: one request and one answer for each connection.

``!I`` length of the JSON, the JSON, then the bytes in chunks of ``!I`` length and content, ended by
a chunk of length 0. Every length has a limit that the reader names; a frame that is too long, or no
frame, ends the connection. The JSON is an object.
"""

import asyncio
import json
import struct
from collections.abc import Mapping
from typing import Any

from mailfilter.rpc.contract import CHUNK

_LENGTH = struct.Struct("!I")


class FrameError(ConnectionError):
    """What came is no frame of ours."""


async def read(reader: asyncio.StreamReader, most: int) -> dict[str, Any]:
    """The JSON of a frame, of at most `most` bytes."""
    data = await _piece(reader, most)
    try:
        value = json.loads(data)
    except ValueError as error:
        raise FrameError("no JSON") from error
    if not isinstance(value, dict):
        raise FrameError("no object")
    return value


async def read_body(reader: asyncio.StreamReader, most: int) -> bytes:
    """The bytes behind it, of at most `most`."""
    body = bytearray()
    while piece := await _piece(reader, CHUNK):
        body += piece
        if len(body) > most:
            raise FrameError("too many bytes")
    return bytes(body)


async def write(writer: asyncio.StreamWriter, fields: Mapping[str, Any], body: bytes = b"") -> None:
    """Send a frame."""
    data = json.dumps(fields, separators=(",", ":")).encode("ascii")
    writer.write(_LENGTH.pack(len(data)) + data)
    for start in range(0, len(body), CHUNK):
        piece = body[start : start + CHUNK]
        writer.write(_LENGTH.pack(len(piece)) + piece)
        await writer.drain()
    writer.write(_LENGTH.pack(0))
    await writer.drain()


async def _piece(reader: asyncio.StreamReader, most: int) -> bytes:
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    if length > most:
        raise FrameError("a piece is too long")
    return await reader.readexactly(length)
