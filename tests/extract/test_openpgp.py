"""OpenPGP messages that a password opens: those of GnuPG 2.4 and our own, and damaged ones."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailfilter.extract import Budget, extract
from mailfilter.extract.kit.budget import Unreadable
from mailfilter.extract.locked import openpgp
from mailfilter.extract.locked.tries import COST, Tries
from mailfilter.model import Class
from mailfilter.parse import parse, roles
from mailfilter.selftest.locked import PASSWORD, armoured, locked, packet
from tests.extract import making
from tests.extract.making_media import NOISE
from tests.extract.reading import NUMBER, attachment, body, places, read, reasons

GNUPG = {  # gpg -c, the file b.txt
    "as GnuPG does": "jA0ECQMKGkb2T6hdjdP/0lcBi0+ODhcqHJBINy4aTaAyfd+NmtL5x3ZITMxE"
    "ThYqFtsNJPU6A7rrpT5n"
    "PozWrGr5geilG/feEZHzBjeirosokZpDtFkK7TjLmBWBxEegRzmUUDBEEbg=",
    "AES-128": "jA0EBwMKcoJR7SU45Qn/0lcB+MJ2MCL7ZZi18XWNV3ZfYV0/Omz0GfAXOpIK"
    "g0fbQw/zL6tyK5UlvcdG"
    "lUMwgBb4CNEyDLFhs6+qMUOj2yYUOrRWnBrwWj64YfyToB1loXtxul1LGz4=",
    "bzip2 within": "jA0ECQMKbeTuUFqtclb/0ocBrYXziTogSa/qlLGkYY4kgAk2K28mpynuXjlU"
    "4zt0wHWvVgP6f6udD7dJ"
    "DKtvONvwPfJGcMCgscNrbj8OjLl2zQxdch92aIylKz5tZeGczLb99S4WcWoaDs5lb22XYFZ6kFVn/NBe"
    "2o+1gAUf2pPRS6hOiIHaNv0tIrP8+yq5I2g/Qd6e3ZE=",
    "AEAD asked for": "jE0FCQIDCjyZR4WjVeTP/8KpW9QJ+BzmVUtPPtbFSTPepxavms/qo38GSVdh"
    "FfHS/zEin7SXguFog0vM"
    "JUDtqGUM6m3BK1smSrDxp6RiW9RhAQkCEGgNmvv2b/KZLockvF2Car7rljuSOlImCSL9YnFSX3RQ/Jq2"
    "O0/LVzf07qltCKQH4kreFetXR16EeaqEOtVxyo6HTGNR35dm5o+/WhzEmaNB7AXGHALwiGdoaCHOrA==",
    "without a checksum": "jA0EAgMCtqUwonSr4Vb/yTgj0IfNncMITR6fV+k8QOgy+oljtNUCNk5OecFC"
    "X/bauPUCyOP9dFZBh3xr"
    "2DfKypCsW0eaOxODUw==",
    "key hashed once": "jAwECQEKBQpllF/ib6nSVwHuECxSZy1An/mvssWxaUAto+VHj2o3uNhwEY6Z"
    "e3CqMJCmRMKKIxm0s8eH"
    "NFQZwFD4DcQiErSZj6JVzYjhU6O7qmtcHxvBIM0dhHoH3ZI5JhN5/ecSjw==",
}
TOLD = f"Hej, lösenord: {PASSWORD}".encode()


def opened(message: bytes, *passwords: str):
    return openpgp.unlock(message, Tries(passwords), Budget())


def mailed(data: bytes, name: str, told: bytes = TOLD):
    parts = [body(told), attachment(data, name)]
    return extract(parts, parse=parse, roles=roles.split, budget=Budget())


@pytest.mark.parametrize("case", GNUPG)
def test_what_gnupg_locks_opens(case):
    message = base64.b64decode(GNUPG[case])
    [file] = opened(message, "fel", PASSWORD)
    assert (file.name, NUMBER in file.data.decode()) == ("b.txt", True)
    assert opened(message, "fel", PASSWORD.lower()) is None


@pytest.mark.parametrize("name", ["a.gpg", "a.pgp", "a.dat", "a.pdf", ""])
def test_a_mail_that_tells_the_password_shows_the_file(name):
    found = mailed(locked(NUMBER.encode()), name)
    assert places(found)
    assert reasons(found) == []
    assert found.opened


@pytest.mark.parametrize("told", [b"Hej", b"L\xf6senord: Vinter2026"])
def test_without_it_the_file_has_a_password(told):
    found = mailed(locked(NUMBER.encode()), "a.gpg", told)
    assert [each.cls for each in found.not_examined] == [Class.ENCRYPTED]


def test_in_armour_and_in_the_text():
    text = armoured(locked(NUMBER.encode()))
    assert places(mailed(text.encode(), "a.asc"))
    found = extract(
        [body(TOLD + b"\n" + text.encode())], parse=parse, roles=roles.split, budget=Budget()
    )
    assert places(found)
    assert reasons(found) == []


def test_of_two_in_a_text_both_must_open():
    text = armoured(locked(b"hej")) + armoured(locked(b"hej", password="annat"))
    found = extract(
        [body(TOLD + b"\n" + text.encode())], parse=parse, roles=roles.split, budget=Budget()
    )
    assert reasons(found) == ["encrypted"]


def mail(text: str) -> bytes:
    return b"From: a@b.se\r\nContent-Type: text/plain\r\n\r\n" + text.replace("\n", "\r\n").encode()


def test_for_the_keys_of_its_recipient_it_is_protected_still():
    key = b"\3" + bytes(range(1, 255))
    message = packet(1, key) + packet(18, b"\1" + NOISE[:3000])
    assert [each.reason for each in parse(mail(armoured(message))).defects] == ["pgp-encrypted"]
    assert [each.reason for each in parse(mail(armoured(locked(b"x")))).defects] == []


def test_a_file_in_a_file_is_read():
    found = mailed(locked(making.zipped({"b.txt": NUMBER.encode()}), "a.zip"), "a.gpg")
    assert places(found)


def test_names_are_read():
    assert places(mailed(locked(b"hej", f"{NUMBER}.txt"), "a.gpg"))


def test_a_dear_key_is_paid_for():
    """65 MB are hashed for each try: what the message says it costs is taken before."""
    message = base64.b64decode(GNUPG["as GnuPG does"])
    tries = Tries(tuple(f"fel{n}" for n in range(40)))
    with pytest.raises(Unreadable, match="encrypted"):
        openpgp.unlock(message, tries, Budget())
    assert tries.left < COST // 10


def test_a_message_twice_encrypted_stays_shut():
    outer = locked(b"x")
    plain = packet(3, b"x") + packet(18, b"x")
    with pytest.raises(Unreadable, match="encrypted"):
        openpgp._files(plain, Budget())
    assert openpgp.messages(outer)


def test_packed_data_are_bounded():
    import zlib

    packed = b"\2" + zlib.compress(bytes(60_000_000), 9)
    with pytest.raises(Unreadable):
        openpgp._files(packet(8, packed), Budget(inflated=1_000_000))


MESSAGES = [*map(base64.b64decode, list(GNUPG.values())[5:]), locked(b"hej")]


@given(st.sampled_from(MESSAGES), st.data())
@settings(max_examples=120, deadline=None)
def test_damaged_messages_never_raise(message, data):
    changed = bytearray(message)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(changed) - 1))
        changed[at] = data.draw(st.integers(0, 255))
    for each in openpgp.messages(bytes(changed)):
        try:
            openpgp.unlock(each, Tries((PASSWORD,), 300_000), Budget())
        except Unreadable:
            continue
    read(bytes(changed), "a.gpg")


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_bytes_never_raise(data):
    for each in openpgp.messages(b"\xc3\x04" + data):
        try:
            openpgp.unlock(each, Tries((PASSWORD,), 300_000), Budget())
        except Unreadable:
            continue
    read(data, "a.gpg")
