"""Rows whose 250 was heard: the store forgets that a retry joins them, a moment later.

From → to: ids of kept messages, as sessions see that their clients go on → `Intake.heard`, at once
for the first and together for those that come meanwhile. What cannot be said is dropped: such a
row joins a retry for six days, as one does whose reply may have been lost (P2).
"""

import asyncio

from mailfilter.errors import Permanent, Temporary
from mailfilter.log import log
from mailfilter.record.contract import Intake


class Heard:
    """Called with each row; `close` waits until the last were said."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._rows: list[str] = []
        self._task: asyncio.Task[None] | None = None

    def __call__(self, row: str) -> None:
        """The client has heard that this row is ours."""
        self._rows.append(row)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._say())

    async def _say(self) -> None:
        while self._rows:
            rows, self._rows = self._rows, []
            try:
                await self._intake.heard(rows)
            except (Temporary, Permanent) as error:
                log.warning("heard-unsaid", rows=len(rows), cause=str(error))
        self._task = None

    async def close(self) -> None:
        """Nothing is waiting any more."""
        if self._task is not None:
            await self._task
