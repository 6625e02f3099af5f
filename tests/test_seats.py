"""Seats at a door: kept ones, a share for each address, and who gives way."""

from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mailfilter.seats import Room, Seats, sharing

SLOW = 5.0


@dataclass(eq=False)
class Guest:
    """`since`: when the door began to wait for it; None: at work."""

    since: float | None = None
    ended: list[bool] = field(default_factory=list)

    def waits(self, _now: float) -> float | None:
        return self.since

    def give_way(self) -> None:
        assert not self.ended, "asked twice"
        self.ended.append(True)


def door(total=10, **rooms: Room) -> Seats:
    return Seats(total, rooms or {"any": Room()}, SLOW)


def seated(seats: Seats, count: int, group="any", address="crowd", since=None) -> list[Guest]:
    guests = [Guest(since) for _ in range(count)]
    for guest in guests:
        assert seats.take(guest, group, address, 0)
    return guests


def test_no_more_than_there_are():
    seats = door(10)
    seated(seats, 10)
    assert not seats.take(Guest(), "any", "own", 100)
    assert len(seats) == 10


def test_kept_seats_are_nobody_elses():
    seats = door(10, strangers=Room(), own=Room(kept=4))
    seated(seats, 6, "strangers")
    assert not seats.take(Guest(), "strangers", "other", 100)
    seated(seats, 4, "own", "server")  # one server may have all of them
    assert not seats.take(Guest(), "own", "server", 100)


def test_a_group_has_its_limit_and_an_address_its_share():
    seats = door(10, strangers=Room(most=3, share=2), own=Room())
    seated(seats, 2, "strangers", "one")
    assert not seats.take(Guest(), "strangers", "one", 100)
    seated(seats, 1, "strangers", "two")
    assert not seats.take(Guest(), "strangers", "three", 100)
    seated(seats, 7, "own", "server")


def test_of_the_largest_holder_who_waits_longest_gives_way():
    seats = door(6)
    few = seated(seats, 2, address="few", since=0.0)
    crowd = seated(seats, 4, address="crowd", since=9.0)
    crowd[2].since = 8.0
    assert seats.take(Guest(), "any", "own", 10)
    assert [guest.ended for guest in crowd] == [[], [], [True], []]
    assert not any(guest.ended for guest in few)
    assert len(seats) == 6


def test_among_equals_only_the_slow_give_way():
    seats = door(4)
    crowd = [guest for n in range(4) for guest in seated(seats, 1, address=f"bot {n}", since=0.0)]
    assert not seats.take(Guest(), "any", "own", SLOW - 1)
    assert seats.take(Guest(), "any", "own", SLOW)
    assert sum(bool(guest.ended) for guest in crowd) == 1


def test_who_is_at_work_never_gives_way():
    seats = door(4)
    seated(seats, 4, since=None)
    assert not seats.take(Guest(), "any", "own", 1e9)


def test_at_its_share_an_address_loses_its_own_slowest_and_nobody_elses():
    seats = door(10, any=Room(share=2))
    other = seated(seats, 1, address="other", since=0.0)
    mine = seated(seats, 2, address="mine", since=1.0)
    assert seats.take(Guest(), "any", "mine", 100)
    assert sum(bool(guest.ended) for guest in mine) == 1
    assert not other[0].ended


def test_the_first_group_gives_way_first():
    seats = door(4, strangers=Room(), own=Room())
    own = seated(seats, 3, "own", "big", since=0.0)
    stranger = seated(seats, 1, "strangers", "small", since=50.0)
    assert seats.take(Guest(), "own", "new", 100)
    assert stranger[0].ended
    assert not any(guest.ended for guest in own)


def test_what_is_within_its_kept_seats_is_safe_from_other_groups():
    seats = door(4, strangers=Room(), own=Room(kept=4))
    own = seated(seats, 4, "own", "big", since=0.0)
    assert not seats.take(Guest(), "strangers", "new", 1e9)
    assert not any(guest.ended for guest in own)


def test_who_moves_has_a_seat_of_the_new_kind_or_none():
    seats = door(4, strangers=Room(most=2), own=Room(kept=1, most=1))
    first, second = seated(seats, 2, "strangers", "proxy")
    assert seats.move(first, "own", "known", 0)
    assert (seats.of("strangers"), seats.of("own"), seats.held("proxy")) == (1, 1, 1)
    assert not seats.move(second, "own", "known", 0)
    assert len(seats) == 1


def test_without_an_address_there_is_no_share():
    seats = door(10, any=Room(share=1))
    seated(seats, 10, address=None)


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_what_an_address_is_counted_as(address, counted):
    assert sharing(address) == counted


GROUPS = {
    "strangers": Room(most=6, share=3),
    "shared": Room(share=5),
    "own": Room(kept=4, share=8),
}
TOTAL = 12


class Doorway(RuleBasedStateMachine):
    """Whoever comes, goes, works or waits: the seats add up, and the promises hold."""

    def __init__(self) -> None:
        super().__init__()
        self.seats = Seats(TOTAL, GROUPS, SLOW)
        self.now = 0.0
        self.inside: dict[Guest, tuple[str, str]] = {}

    def _note_who_went(self) -> None:
        for guest in [guest for guest in self.inside if guest.ended]:
            assert guest.since is not None, "who was at work lost its seat"
            del self.inside[guest]

    def _of(self, group: str) -> int:
        return sum(kind == group for kind, _ in self.inside.values())

    @rule(group=st.sampled_from(sorted(GROUPS)), n=st.integers(0, 4), waits=st.booleans())
    def comes(self, group, n, waits):
        guest, address = Guest(self.now if waits else None), f"{group} {n}"
        own, before = self._of("own"), dict(self.inside)
        if self.seats.take(guest, group, address, self.now):
            self.inside[guest] = (group, address)
        else:
            room = GROUPS[group]
            held = sum(address == other for _, other in before.values())
            full = len(before) == TOTAL or self._of(group) >= room.most or held >= room.share
            rest = TOTAL - len(before) - max(0, GROUPS["own"].kept - own)
            assert full or (group != "own" and rest <= 0)
        self._note_who_went()
        if group != "own":
            assert self._of("own") >= min(own, GROUPS["own"].kept)

    @precondition(lambda self: self.inside)
    @rule(data=st.data(), works=st.booleans())
    def changes(self, data, works):
        guest = data.draw(st.sampled_from(list(self.inside)))
        guest.since = None if works else self.now

    @precondition(lambda self: self.inside)
    @rule(data=st.data())
    def goes(self, data):
        guest = data.draw(st.sampled_from(list(self.inside)))
        self.seats.leave(guest)
        self.seats.leave(guest)
        del self.inside[guest]

    @precondition(lambda self: self.inside)
    @rule(data=st.data(), group=st.sampled_from(sorted(GROUPS)))
    def moves(self, data, group):
        guest = data.draw(st.sampled_from(list(self.inside)))
        _, address = self.inside.pop(guest)
        if self.seats.move(guest, group, address, self.now):
            self.inside[guest] = (group, address)
        self._note_who_went()

    @rule(seconds=st.floats(0, 2 * SLOW))
    def passes(self, seconds):
        self.now += seconds

    @invariant()
    def the_seats_add_up(self):
        assert len(self.seats) == len(self.inside) <= TOTAL
        for group, room in GROUPS.items():
            assert self.seats.of(group) == self._of(group) <= room.most
        for address in {address for _, address in self.inside.values()}:
            held = sum(address == other for _, other in self.inside.values())
            assert self.seats.held(address) == held


TestDoorway = Doorway.TestCase
TestDoorway.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
