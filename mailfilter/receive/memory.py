"""The memory budget of a process for messages on their way in (promise P9).

Taken at MAIL by the declared SIZE, else in steps while DATA comes. Bytes on the wire are counted;
joining the chunks and reading a message take as much again, so a process needs about three times
the budget. When it is spent, who wants more waits for a bounded time; the oldest message is served
first, so that one after the other is finished.

Messages without SIZE that come as a crowd could hold all of it, each a part, and all wait for more:
nobody would be finished, and all be refused in the end. So where everything that is taken is held
by those who wait, the youngest of them is refused at once, until the oldest can go on.
"""

import asyncio
import itertools
from bisect import insort
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Wish:
    """`amount` more for the message with this age (lower is older), which has `held` already."""

    age: int
    amount: int
    held: int
    turn: asyncio.Future[bool] = field(repr=False)


class Budget:
    """So many bytes for all messages together."""

    def __init__(self, size: int) -> None:
        self._free = self.size = size
        self._ages = itertools.count(1)
        self._waiting: list[_Wish] = []  # the oldest first
        self._refused = 0  # held by those who were refused and have not given it back

    @property
    def free(self) -> int:
        return self._free

    def age(self) -> int:
        """Of a message that begins now."""
        return next(self._ages)

    def take(self, amount: int) -> bool:
        """Take at once, or not at all."""
        if self._waiting or amount > self._free:
            return False
        self._free -= amount
        return True

    async def wait(
        self, amount: int, seconds: float, held: int = 0, age: int | None = None
    ) -> bool:
        """Take as soon as there is room. False if there was none for so long, or others need it
        more; then what is `held` must be given back before anything is awaited."""
        if amount > self.size:
            return False
        if self.take(amount):
            return True
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        wish = _Wish(self.age() if age is None else age, amount, held, turn)
        insort(self._waiting, wish, key=lambda one: one.age)
        self._serve()
        try:
            async with asyncio.timeout(seconds):
                served = await turn
        except TimeoutError:
            self._leave(wish)
            return False
        except BaseException:
            self._leave(wish)
            raise
        if not served:
            self._refused -= held
        return served

    def give(self, amount: int) -> None:
        """Give back; the oldest that waits is served if its wish fits now, and so on."""
        self._free += amount
        self._serve()

    def _serve(self) -> None:
        while self._waiting and self._waiting[0].amount <= self._free:
            wish = self._waiting.pop(0)
            if not wish.turn.done():
                self._free -= wish.amount
                wish.turn.set_result(True)
        while self._stuck() and (young := self._youngest()) is not None:
            self._waiting.remove(young)
            self._refused += young.held
            young.turn.set_result(False)

    def _stuck(self) -> bool:
        """Whether nobody who could give something back is at work, and what comes is too little."""
        if not self._waiting or self._waiting[0].amount <= self._free + self._refused:
            return False
        held = sum(wish.held for wish in self._waiting)
        return held + self._refused >= self.size - self._free

    def _youngest(self) -> _Wish | None:
        """Of those behind the oldest, who holds something."""
        behind = (wish for wish in reversed(self._waiting[1:]) if wish.held)
        return next((wish for wish in behind if not wish.turn.done()), None)

    def _leave(self, wish: _Wish) -> None:
        if wish in self._waiting:
            self._waiting.remove(wish)
        if wish.turn.done() and not wish.turn.cancelled():
            # decided in the same moment in which it stopped waiting
            if wish.turn.result():
                self._free += wish.amount
            else:
                self._refused -= wish.held
        self._serve()
