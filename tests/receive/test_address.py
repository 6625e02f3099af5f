"""MAIL and RCPT arguments: what is kept, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailfilter.receive import address

GOOD = [
    (b"<a@b.se>", b"a@b.se", b""),
    (b"<>", b"", b""),
    (b"<> RET=HDRS", b"", b"RET=HDRS"),
    (b" <a@b.se> SIZE=1  BODY=8BITMIME ", b"a@b.se", b"SIZE=1  BODY=8BITMIME"),
    (b"a@b.se", b"a@b.se", b""),
    (b"a@b.se SIZE=1", b"a@b.se", b"SIZE=1"),
    (b"<@x.se:a@b.se>", b"a@b.se", b""),
    (b"<@x.se,@y.se:a@b.se>", b"a@b.se", b""),
    (b"<user%host@b.se>", b"user%host@b.se", b""),
    (b"<host!user@b.se>", b"host!user@b.se", b""),
    (b'<"a b"@b.se>', b'"a b"@b.se', b""),
    (b'<"a\\"<x>@y"@b.se>', b'"a\\"<x>@y"@b.se', b""),
    (b"<postmaster>", b"postmaster", b""),
    (b"<a@[192.0.2.1]>", b"a@[192.0.2.1]", b""),
    ("<å@räksmörgås.se> SMTPUTF8".encode(), "å@räksmörgås.se".encode(), b"SMTPUTF8"),
    (
        b"<a@b.se> NOTIFY=NEVER ORCPT=rfc822;x+3Dy=z@b",
        b"a@b.se",
        b"NOTIFY=NEVER ORCPT=rfc822;x+3Dy=z@b",
    ),
    (
        "<a@b.se> ORCPT=utf-8;å@b.se ENVID=Q+C3".encode(),
        b"a@b.se",
        "ORCPT=utf-8;å@b.se ENVID=Q+C3".encode(),
    ),
]
BAD = [
    b"", b" ", b"<a@b.se", b"a@b.se>", b"<<a@b.se>>", b"<a@b.se><c@d.se>", b"<a b@c.se>",
    b"<a@b.se>SIZE=1", b"<a@b.se> =1", b"<a@b.se> SIZE=1=\x01", b"<a\x00@b.se>", b"<a\r@b.se>",
    b"<a@b.se\t>", b'<"a@b.se>', b'<"a"b@c.se>', b'<"a\x01"@b.se>', b"<a\xff@b.se>",
    "<a\x85b@c.se>".encode(), "<a\u2028@c.se>".encode(), b"<a@b.se> x y\tz", b"<a@b.se> SIZE=",
]  # fmt: skip


@pytest.mark.parametrize(("argument", "plain", "parameters"), GOOD)
def test_kept_as_it_came(argument, plain, parameters):
    path = address.path(argument)
    assert (path.raw, path.address, path.parameters) == (argument, plain, parameters)


@pytest.mark.parametrize("argument", BAD)
def test_refused(argument):
    with pytest.raises((address.AddressError, address.ArgumentError)):
        address.path(argument)


@pytest.mark.parametrize(
    "odd",
    [b"ENVID=Q\x85", "ENVID=Q\x85".encode(), "envid=å".encode(), b"ORCPT=utf-8;\xff@b.se",
     "RET=HDRS ORCPT=utf-8;a\u2028@b.se".encode()],
)  # fmt: skip
def test_a_parameter_that_is_no_text_is_a_fault_of_the_command(odd):
    """501: what the next hop would say of it came out as our own 451."""
    with pytest.raises(address.ArgumentError):
        address.path(b"<a@b.se> " + odd)


@given(st.binary(max_size=60) | st.text('<>@:," \\a.é\x01=', max_size=30).map(str.encode))
def test_any_bytes_are_a_path_or_refused(argument):
    try:
        path = address.path(argument)
    except (address.AddressError, address.ArgumentError):
        return
    assert path.raw == argument
    assert path.address in argument
    assert not set(path.address) & set(b"\0\r\n\x7f")


@pytest.mark.parametrize(
    ("parameters", "size"), [(b"SIZE=10", 10), (b"BODY=7BIT size=0", 0), (b"XSIZE=4", 0), (b"", 0)]
)
def test_size(parameters, size):
    assert address.size(parameters) == size


@pytest.mark.parametrize("parameters", [b"SIZE", b"SIZE=x", b"SIZE=-1", b"SIZE=" + b"9" * 21])
def test_size_that_is_no_number(parameters):
    with pytest.raises(address.ArgumentError):
        address.size(parameters)
