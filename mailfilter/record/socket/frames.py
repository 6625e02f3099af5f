"""Frames on desk's socket: a small JSON header, then bytes.

``!IQ`` (length of the header, length of the bytes), header, bytes. A request's header is
``{"id", "verb", ...}``, an answer's ``{"id", "ok"}`` or ``{"id", "temporary"}`` or
``{"id", "permanent"}``. The bytes of a stage are the wrapped key, the sealed dossier and the sealed
chunks one behind the other, their lengths in the header. Both lengths are limited: a frame that is
too long, or no frame, ends the connection.
"""

import asyncio
import json
import struct
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mailfilter import limits
from mailfilter.model import Action
from mailfilter.record.contract import StagedItem
from mailfilter.record.sealing.seal import Sealed

HEADER = 4 * limits.MIB  # a thousand recipients in a hundred items are far below
BLOB = 2 * limits.MESSAGE_SIZE  # the operator's own limit may be above the default
FIRST = 3  # pieces sent with the header: key, dossier and the body's first chunk
_LENGTHS = struct.Struct("!IQ")
_JSON = json.JSONEncoder(separators=(",", ":"))


class FrameError(ConnectionError):
    """What came is no frame of ours."""


async def read_header(reader: asyncio.StreamReader) -> tuple[dict[str, Any], int]:
    """(header, length of the bytes that follow)."""
    header_length, blob_length = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
    if header_length > HEADER or blob_length > BLOB:
        raise FrameError("the frame is too long")
    try:
        header = json.loads(await reader.readexactly(header_length))
    except ValueError as error:
        raise FrameError("the header is no JSON") from error
    if not isinstance(header, dict) or not isinstance(header.get("id"), int):
        raise FrameError("the header has no id")
    return header, blob_length


async def write(
    writer: asyncio.StreamWriter, header: dict[str, Any], blobs: Sequence[bytes] = ()
) -> None:
    """Send one frame; the caller sees to it that no other is sent meanwhile."""
    first = [head(header, sum(map(len, blobs))), *blobs[:FIRST]]
    writer.writelines(first)  # most mails are one piece: one call of the kernel, nobody wakes twice
    await writer.drain()
    for blob in blobs[FIRST:]:
        writer.write(blob)
        await writer.drain()


def head(header: dict[str, Any], length: int = 0) -> bytes:
    """What stands before the bytes of a frame; all of it where there are none."""
    text = _JSON.encode(header).encode("ascii")
    return _LENGTHS.pack(len(text), length) + text


def split(blob: bytes, lengths: Sequence[int]) -> list[bytes]:
    """The pieces of `blob`; FrameError if the lengths do not add up."""
    if any(n < 0 for n in lengths) or sum(lengths) != len(blob):
        raise FrameError("the lengths do not add up")
    pieces, start = [], 0
    for n in lengths:
        pieces.append(blob[start : start + n])
        start += n
    return pieces


def sealed_header(sealed: Sealed) -> tuple[dict[str, Any], list[bytes]]:
    """(header fields, bytes) of a stage."""
    blobs = [sealed.wrapped, sealed.dossier, *sealed.chunks]
    fields = {
        "message": sealed.id,
        "join_key": sealed.join_key.hex(),
        "incident_key": sealed.incident_key.hex(),
        "at": sealed.at.isoformat(),
        "department": sealed.department,
        "controller": sealed.controller,
        "protected": sealed.protected,
        "rules_hash": sealed.rules_hash,
        "items": [
            [i.action.value, i.connector, list(i.recipients), i.reading] for i in sealed.items
        ],
        "notice": sealed.notice,
        "size": sealed.size,
        "lengths": [len(blob) for blob in blobs],
    }
    return fields, blobs


def read_sealed(header: dict[str, Any], blob: bytes) -> Sealed:
    """The reverse; raises KeyError, TypeError or ValueError on anything else."""
    wrapped, dossier, *chunks = split(blob, header["lengths"])
    return Sealed(
        id=str(header["message"]),
        join_key=bytes.fromhex(header["join_key"]),
        incident_key=bytes.fromhex(header["incident_key"]),
        at=datetime.fromisoformat(header["at"]),
        department=str(header["department"]),
        controller=str(header["controller"]),
        protected=bool(header["protected"]),
        rules_hash=str(header["rules_hash"]),
        items=tuple(
            StagedItem(Action(action), str(connector), tuple(map(int, recipients)), bool(reading))
            for action, connector, recipients, reading in header["items"]
        ),
        notice=bool(header["notice"]),
        size=int(header["size"]),
        wrapped=wrapped,
        dossier=dossier,
        chunks=tuple(chunks),
    )
