"""Who may sit at a door: so many seats in all, some kept for those who matter, a share for each
address, and where all are taken the slow ones go first.

Pure: no sockets, no clock of its own. A door (SMTP, web) has groups of guests, in the order in
which they give way. A group may have seats that no other group takes (`kept`), a limit of its own
(`most`), and a share for one address. When there is no room, somebody who keeps the door waiting
gives way to the newcomer: of the address that holds the most seats, the one who waits longest; of
an address that holds no more than the newcomer's only one who has been `slow`. So a crowd cannot
lock out anybody who is quicker than it, and a busy door is not emptied by the next who knocks.

Invariants: never more than `total`; a group that holds no more than its kept seats loses none to
another group; who does not keep us waiting (`Guest.waits` is None) keeps its seat.
"""

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Protocol


class Guest(Protocol):
    """Somebody with a seat."""

    def waits(self, now: float) -> float | None:
        """Since when (monotonic) the door waits for it; None while the door works for it."""
        ...

    def give_way(self) -> None:
        """End now; the seat is somebody else's already."""
        ...

    def __hash__(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Room:
    """Of one group: seats kept for it, the most that it may have, and those of one address."""

    kept: int = 0
    most: int = 1_000_000
    share: int = 1_000_000


@dataclass(frozen=True, slots=True)
class _Place:
    group: Hashable
    address: Hashable


class Seats:
    """`total` seats for the groups of `rooms`; the first of them gives way first. `slow` seconds
    make a guest slow."""

    def __init__(self, total: int, rooms: Mapping[Hashable, Room], slow: float) -> None:
        self._rooms, self._slow = rooms, slow
        self._order = {group: place for place, group in enumerate(rooms)}
        self._common = total - sum(room.kept for room in rooms.values())
        self._guests: dict[Guest, _Place] = {}
        self._of_group: Counter[Hashable] = Counter()
        self._of_address: Counter[Hashable] = Counter()

    def __len__(self) -> int:
        return len(self._guests)

    def has(self, guest: Guest) -> bool:
        """Whether a guest has a seat."""
        return guest in self._guests

    def held(self, address: Hashable) -> int:
        """The seats of one address."""
        return self._of_address[address]

    def of(self, group: Hashable) -> int:
        """The seats that a group has."""
        return self._of_group[group]

    def take(self, guest: Guest, group: Hashable, address: Hashable, now: float) -> bool:
        """Seat a guest; somebody may have to give way. None as `address`: it has no share."""
        where = guest if address is None else address
        while not self._free(group, where):
            slowest = self._slowest(group, where, now)
            if slowest is None:
                return False
            self.leave(slowest)
            slowest.give_way()
        self._guests[guest] = _Place(group, where)
        self._of_group[group] += 1
        self._of_address[where] += 1
        return True

    def move(self, guest: Guest, group: Hashable, address: Hashable, now: float) -> bool:
        """More is known of a guest: seat it elsewhere. False: it has no seat any more."""
        self.leave(guest)
        return self.take(guest, group, address, now)

    def leave(self, guest: Guest) -> None:
        """A guest has gone; nothing if it has no seat."""
        place = self._guests.pop(guest, None)
        if place is None:
            return
        self._of_group[place.group] -= 1
        self._of_address[place.address] -= 1
        if not self._of_address[place.address]:
            del self._of_address[place.address]

    def _free(self, group: Hashable, address: Hashable) -> bool:
        room, taken = self._rooms[group], self._of_group[group]
        if taken >= room.most or self._of_address[address] >= room.share:
            return False
        return taken < room.kept or sum(map(self._beyond, self._rooms)) < self._common

    def _beyond(self, group: Hashable) -> int:
        """How many common seats a group has."""
        return max(0, self._of_group[group] - self._rooms[group].kept)

    def _slowest(self, group: Hashable, address: Hashable, now: float) -> Guest | None:
        """Who gives way to a newcomer of this group and address."""
        best: tuple[int, int, float] | None = None
        found = None
        hers = self._of_address[address]
        for guest, place in self._guests.items():
            if not self._may_end(place, group, address):
                continue
            since = guest.waits(now)
            if since is None:
                continue
            theirs, waited = self._of_address[place.address], now - since
            if theirs <= hers + 1 and waited < self._slow:
                continue
            rank = (-self._order[place.group], theirs, waited)
            if best is None or rank > best:
                best, found = rank, guest
        return found

    def _may_end(self, place: _Place, group: Hashable, address: Hashable) -> bool:
        """Whether a seat there, given up, makes room for the newcomer."""
        room = self._rooms[group]
        if self._of_address[address] >= room.share:
            return place.address == address
        if self._of_group[group] >= room.most or place.group == group:
            return place.group == group
        return self._beyond(place.group) > 0


@lru_cache(maxsize=4096)
def sharing(address: str) -> str:
    """What an IP address is counted as: of IPv6 its /64, which one customer has to itself."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(known, IPv6Address):
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(IPv6Address(int(known) >> 64 << 64)) + "/64"
