"""No message hides another: some tricks, in front of real servers; ``make smuggling`` has all.

First the harness is shown to see what it looks for: the servers, asked directly, are smuggled past,
and so is one behind a gateway that sees no stray bytes.
"""

import asyncio
import shutil
from collections import Counter

import pytest

from tests.smuggling.play import Blind, Told, faults, run, server, servers, settled, straight
from tests.smuggling.sequences import END, FAMILIES, Trick, envelope, message, tricks

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(shutil.which("postfix") is None, reason="postfix is not installed"),
]
SAMPLE = list(tricks(20261128, 140))


def test_tricks_differ_and_each_ends_once():
    every = list(tricks(7, 1500))
    assert len({(trick.lines, trick.wire) for trick in every}) == len(every)
    assert all((b"\r\n" + trick.wire).find(END) == len(trick.wire) - 3 for trick in every)
    assert all(b"".join(trick.pieces()) == trick.wire for trick in every)
    assert set(Counter(trick.family for trick in every)) == set(FAMILIES)
    assert 0.15 < sum(not trick.stray for trick in every) / len(every) < 0.5, "both kinds"


def test_every_fault_has_its_name():
    good = Trick(1, "near", envelope(1), message(1, b"\x0b.\x0b") + END)
    odd = Trick(2, "mix", envelope(2), message(2, b"\n.\n") + END)
    m1, s1, m2 = (f"{who}@exempelkommun.example" for who in ("m1", "s1", "m2"))
    taken, refused = "250 2.0.0 Ok", "550 5.6.0 Lone CR, lone LF or NUL in the message"

    def names(replies: dict, accepted: list, extra: dict | None = None) -> list[str]:
        told = Told({1: taken, 2: refused} | replies, extra or {})
        return [fault.partition(":")[0] for fault in faults([good, odd], told, accepted)]

    assert names({}, [m1]) == []
    assert names({}, [m1, s1]) == ["SECOND"]
    assert names({}, [m1, "nobody@exempelkommun.example"]) == ["SECOND"]
    assert names({}, [m1, m1]) == ["DOUBLED"]
    assert names({}, []) == ["LOST"]
    assert names({}, [m1, m2]) == ["LATE"]
    assert names({2: taken}, [m1, m2]) == ["PASSED"]
    assert names({1: refused}, []) == ["REFUSED"]
    assert names({1: "451 4.3.0 not now"}, []) == ["REFUSED"]
    assert names({}, [m1], {1: 1}) == ["DESYNC"]


def test_servers_that_are_asked_directly_are_smuggled_past():
    sequences = (b"\n.\n", b"\r\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\r", b"\r\n\0.\r\n")
    ends = [(sequence, end) for sequence in sequences for end in (b"\r\n", b"\n")] * 2
    every = [
        Trick(n, "lookalike", envelope(n), message(n, sequence, end) + END)
        for n, (sequence, end) in zip(range(1, 99, 2), ends, strict=False)
    ]
    for name in set(servers()) - {"postfix-strict"}:
        with server(name) as standing:
            asyncio.run(straight(standing.port, every, slow=True))
            accepted = settled(standing, Told())
        assert [who for who in accepted if who.startswith("s")], name
        assert [who for who in accepted if who.startswith("m")], name


def test_a_gateway_that_sees_no_stray_bytes_is_found_out():
    told, found = run("postfix", SAMPLE, Blind)
    names = Counter(fault.partition(":")[0] for fault in found)
    assert names["SECOND"] >= 3
    assert names["PASSED"] >= 3
    assert len(told.replies) == len(SAMPLE)


def test_no_second_message():
    for name in set(servers()) - {"postfix-strict"}:
        told, found = run(name, SAMPLE)
        assert found == [], name
        codes = Counter(reply[:3] for reply in told.replies.values())
        assert codes["250"] >= len(SAMPLE) // 8, "many are content, and pass"
        assert codes["550"] >= len(SAMPLE) // 4
