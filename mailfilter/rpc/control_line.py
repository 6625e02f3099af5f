"""The line to a running desk: one request of JSON, one answer. The verbs are in ``control.py``.

From → to: a socket and ``{"verb": ..., "actor": ..., ...}`` → ``{"ok": value}`` or ``{"error":
sentence}``; None where nobody listens. It stands alone, so that a command that only asks imports
nothing of what answers.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

LINE = 8 * 1024 * 1024


async def ask(path: Path, request: dict[str, Any]) -> dict[str, Any] | None:
    """The answer of a running desk; None if none is running."""
    try:
        reader, writer = await asyncio.open_unix_connection(str(path), limit=LINE)
    except OSError:
        return None
    writer.write(json.dumps(request).encode() + b"\n")
    await writer.drain()
    answer = json.loads(await reader.readline() or b'{"error": "desk ended before it answered"}')
    writer.close()
    assert isinstance(answer, dict)
    return answer
