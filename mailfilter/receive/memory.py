"""The memory budget of a process for messages on their way in (promise P9).

Taken at MAIL by the declared SIZE, else in steps while DATA comes. Bytes on the wire are counted;
joining the chunks and reading a message take as much again, so a process needs about three times
the budget. When it is spent, who wants more waits, in order, for a bounded time.
"""

import asyncio
from collections import deque


class Budget:
    """So many bytes for all messages together."""

    def __init__(self, size: int) -> None:
        self._free = self.size = size
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def free(self) -> int:
        return self._free

    def take(self, amount: int) -> bool:
        """Take at once, or not at all."""
        if self._waiting or amount > self._free:
            return False
        self._free -= amount
        return True

    async def wait(self, amount: int, seconds: float) -> bool:
        """Take as soon as there is room; False if there was none for so long."""
        if amount > self.size:
            return False
        if self.take(amount):
            return True
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((amount, turn))
        try:
            async with asyncio.timeout(seconds):
                await turn
        except TimeoutError:
            self._leave(amount, turn)
            return False
        except BaseException:
            self._leave(amount, turn)
            raise
        return True

    def give(self, amount: int) -> None:
        """Give back; the first in the queue whose wish fits now is served, and so on."""
        self._free += amount
        while self._waiting and self._waiting[0][0] <= self._free:
            wanted, turn = self._waiting.popleft()
            if not turn.done():
                self._free -= wanted
                turn.set_result(None)

    def _leave(self, amount: int, turn: asyncio.Future[None]) -> None:
        if turn.done() and not turn.cancelled():
            self.give(amount)  # served in the same moment in which it stopped waiting
            return
        self._waiting = deque(item for item in self._waiting if item[1] is not turn)
        self.give(0)
