"""No byte of an answer is read before its link is known to be good, nor of one that is too big."""

import socket

import pytest

from tests.pickup.whole import letter, links, pickup

pytestmark = pytest.mark.system


def said(port: int, path: str, length: int) -> bytes:
    """The status line for a request whose body never comes."""
    head = (
        f"POST {path}/answer HTTP/1.1\r\nHost: 127.0.0.1\r\ncontent-length: {length}\r\n"
        "content-type: multipart/form-data; boundary=x\r\nsec-fetch-site: same-origin\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=15) as sock:
        sock.sendall(head.encode())
        return sock.makefile("rb").readline()


def test_an_answer_is_read_only_behind_a_good_link_and_within_its_size(tmp_path):
    with pickup(tmp_path) as at:
        assert b" 404 " in said(at.port, "/h/ANY/ANY", 1_000_000)
        at.send(letter())
        good = links(at, "h")[0].partition(f":{at.port}")[2]
        assert b" 413 " in said(at.port, good, 90 * 1024 * 1024)
