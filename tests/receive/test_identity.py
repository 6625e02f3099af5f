"""Join and incident keys: what is the same mail, and what is not (P2)."""

from hypothesis import given
from hypothesis import strategies as st

from mailfilter.model import Envelope, Path
from mailfilter.receive.identity import body_without_trace, incident_key, join_key

SECRET = b"k" * 32
# what a front Postfix gives to its smtpd_proxy_filter, at the first and at a second try
TRY = (
    b"Received: from klient.kommun.example (klient.kommun.example [192.0.2.10])\r\n"
    b"\tby front.kommun.example (Postfix) with ESMTPS id %b\r\n"
    b"\tfor <b@example.net>; Mon, 23 Nov 2026 %b +0100 (CET)\r\n"
)
OLDER = (
    b"Received: by klient.kommun.example (Postfix, from userid 1000)\r\n"
    b"\tid 77777; Mon, 23 Nov 2026 09:00:00 +0100 (CET)\r\n"
)
MAIL = b"From: a@kommun.example\r\nMessage-ID: <1@k>\r\n\r\nReceived: in the body\r\n"


def envelope(mail: bytes = b"a@kommun.example", *rcpts: bytes) -> Envelope:
    paths = tuple(Path(b"<" + rcpt + b">", rcpt) for rcpt in rcpts or (b"b@example.net",))
    return Envelope(Path(b"<" + mail + b"> SIZE=1", mail), paths)


def test_a_second_try_through_a_front_server_joins():
    first = TRY % (b"4AAAA", b"09:00:01") + OLDER + MAIL
    second = TRY % (b"4BBBB", b"09:05:07") + OLDER + MAIL
    assert first != second
    assert bytes(body_without_trace(first)) == MAIL
    assert join_key(SECRET, envelope(), first) == join_key(SECRET, envelope(), second)


def test_the_order_of_recipients_does_not_count():
    one, two = envelope(b"a@x", b"b@y", b"c@z"), envelope(b"a@x", b"c@z", b"b@y")
    assert join_key(SECRET, one, MAIL) == join_key(SECRET, two, MAIL)


def test_anything_else_is_another_mail():
    keys = {
        join_key(SECRET, envelope(), MAIL),
        join_key(b"other" * 8, envelope(), MAIL),
        join_key(SECRET, envelope(b"A@kommun.example"), MAIL),
        join_key(SECRET, envelope(b"a@kommun.example", b"c@example.net"), MAIL),
        join_key(SECRET, envelope(b"a@kommun.example", b"b@example.net", b"b@example.net"), MAIL),
        join_key(SECRET, envelope(b"a@kommun.exampleb", b"@example.net"), MAIL),
        join_key(SECRET, envelope(), MAIL + b"."),
        join_key(SECRET, envelope(), b"X: 1\r\n" + OLDER + MAIL),
    }
    assert len(keys) == 8


def test_copies_split_by_recipient_are_one_incident():
    copy = OLDER + b"X-Split: 2\r\n" + MAIL
    key = incident_key(SECRET, b"a@kommun.example", "<1@k>", MAIL)
    assert key == incident_key(SECRET, b"a@kommun.example", "<1@k>", copy)
    assert key != incident_key(SECRET, b"a@kommun.example", "<2@k>", copy)
    assert key != incident_key(SECRET, b"b@kommun.example", "<1@k>", copy)
    assert key != incident_key(SECRET, b"a@kommun.example", "<1@k>", MAIL + b"x")
    assert incident_key(SECRET, b"", "\udcff", b"no body") != key


@given(st.lists(st.sampled_from([b"Received: x", b" y", b"\r\n", b"received:", b"A: b", b"\t"])))
def test_only_trace_fields_at_the_top_are_left_out(pieces):
    data = b"".join(pieces)
    rest = bytes(body_without_trace(data))
    assert data.endswith(rest)
    assert not rest.lower().startswith(b"received:")
    taken = data[: len(data) - len(rest)]
    assert not taken or taken.lower().startswith(b"received:")
