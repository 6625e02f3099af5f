"""Targets of what comes over sockets, and of the detectors: SMTP, a worker's answers, text."""

import json
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from itertools import pairwise

from detectors import DETECTORS, detect
from detectors.contract import Source
from detectors.search.text import fold
from mailfilter.decide import addresses
from mailfilter.place import Place
from mailfilter.receive import address, header
from mailfilter.receive.data_reader import DataReader, unstuffed
from mailfilter.receive.input import Input
from mailfilter.receive.stray import stray
from mailfilter.workers import checked
from mailfilter.workers.notes import Trail
from tests.fuzz.target import NUMBER, RAW, Target, must

TODAY = date(2026, 11, 28)
_KINDS = {kind for one in DETECTORS for kind in one.KINDS}

# ---- SMTP input --------------------------------------------------------------------------------


def _cut(data: bytes) -> tuple[list[bytes], bytes]:
    """The first eight bytes say where the rest is cut."""
    cuts, rest = data[:8], data[8:]
    places = sorted({cut * (at + 1) % (len(rest) + 1) for at, cut in enumerate(cuts)})
    bounds = [0, *places, len(rest)]
    chunks = [rest[a:b] for a, b in pairwise(bounds) if a < b]
    return chunks, rest


def contents(data: bytes) -> None:
    chunks, whole = _cut(data)
    must(_message(chunks, whole) == _expected(whole), "chunks do not change a message")
    single = [whole[at : at + 1] for at in range(len(whole))] if len(whole) < 300 else chunks
    must(_message(single, whole) == _expected(whole), "single bytes do not change a message")
    lone = whole.replace(b"\r\n", b"")
    must(stray(whole) == any(byte in lone for byte in b"\r\n\0"), "stray bytes are seen")
    header.received_fields(whole)
    header.after_trace(whole)
    for name, value in header.fields(whole) or ():
        must(name and b"\n" not in value, "a field is one line")
        header.from_domain(value)


def _message(chunks: list[bytes], whole: bytes) -> tuple[bytes, bytes] | None:
    reader, used = DataReader(1 << 20), 0
    for chunk in chunks:
        used += len(chunk)
        rest = reader.feed(chunk)
        if rest is not None:
            return unstuffed(reader.wire()), rest + whole[used:]
    return None


def _expected(whole: bytes) -> tuple[bytes, bytes] | None:
    """By the letter of RFC 5321: a line of one dot ends, a dot at a line's start is taken away."""
    lines, at = [], 0
    while (end := whole.find(b"\r\n", at)) >= 0:
        line, at = whole[at:end], end + 2
        if line == b".":
            return b"".join(each + b"\r\n" for each in lines), whole[at:]
        lines.append(line.removeprefix(b"."))
    return None


def commands(data: bytes) -> None:
    chunks, whole = _cut(data)
    must(_lines(chunks) == _lines([whole] if whole else []), "chunks do not change commands")
    line = whole.partition(b"\r\n")[0]
    try:
        path = address.path(line)
        must(path.address in line, "an address stands in its command")
        must(not set(path.address) & set(b"\r\n\0"), "an address holds no control character")
        address.size(path.parameters)
        address.body(path.parameters)
    except (address.AddressError, address.ArgumentError):
        pass
    text = line.decode("utf-8", "replace")
    found = addresses.split(text)
    rules = addresses.Patterns()
    try:
        rules.add(text, "a")
    except ValueError:
        pass
    else:
        plain = "*" not in text and "@" in text and text == text.strip()
        must(not plain or rules.find(found) == "a", "an address fits itself as a pattern")


def _lines(chunks: list[bytes]) -> list[bytes]:
    """Command lines of a client that sends these chunks and closes."""
    found, lines = Input(40), []
    for chunk in chunks:
        found.feed(chunk)
        while (line := found.line()) is not None:
            lines.append(line)
    return lines


def _wire() -> Iterable[bytes]:
    yield b"\1\2\3\4\5\6\7\x08Received: a\r\nFrom: a@b.se\r\n\r\n..hej\r\n.\r\nQUIT\r\n"
    yield b"\0" * 8 + b".\r\nMAIL FROM:<a@b.se>\r\n"
    yield b"\x09" * 8 + b"a\r\n.\n.\r\n\r\n.\r\r\n.\r\n"


def _spoken() -> Iterable[bytes]:
    yield b"\1\2\3\4\5\6\7\x08 <anna@x.se> SIZE=10 BODY=8BITMIME\r\nRCPT TO:<b@x.se>\r\n"
    yield b'\0\0\0\0\0\0\0\0<"a b"@x.se> NOTIFY=NEVER ORCPT=rfc822;a@b\r\n'
    yield b"\0\0\0\0\0\0\0\0@a,@b:c@d.se\r\n*.x.se\r\n" + b"x" * 60 + b"\r\nQUIT\r\n"
    yield "\0\0\0\0\0\0\0\0åsa@räksmörgås.se\r\n".encode()


# ---- what a worker answers ---------------------------------------------------------------------


def answers(data: bytes) -> None:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return
    for judge in (lambda: checked.examination(value, 1000), lambda: checked.view(value)):
        try:
            judge()
        except ValueError:
            continue
    with suppress(ValueError, TypeError, KeyError):
        Place.from_json(value)
    with suppress(ValueError):
        Trail().take(value)


def _answers() -> Iterable[bytes]:
    from mailfilter.examine import Job, examine, to_json

    found, _ = examine(b"Subject: a\r\n\r\nPersonnummer " + RAW + b"\r\n", Job(b"k" * 32, TODAY))
    yield json.dumps(to_json(found)).encode()
    yield json.dumps({"texts": [["a", "b"]], "unread": [["a", "encrypted"]]}).encode()
    yield b'["body", [["attachment", 1, "a.txt", "txt"]]]'
    yield b'{"part": [1, 2], "place": ["body", []]}'


# ---- detectors -----------------------------------------------------------------------------------


def texts(data: bytes) -> None:
    content = data.decode("utf-8", "surrogatepass" if data[:1] == b"\xed" else "replace")
    folded = fold(content)
    offsets = list(folded.offsets)
    must(len(folded.text) == len(offsets), "each folded character has an offset")
    must(offsets == sorted(offsets), "offsets never fall")
    must(not offsets or (offsets[0] >= 0 and offsets[-1] < len(content)), "offsets lie in the text")
    for match in detect([Source(content)], TODAY):
        must(match.source == 0 and match.end <= len(content), "a match lies in its text")
        must(match.kind in _KINDS, "a match has a known kind")
        must(match.value not in match.mask or not match.value[:6].isdigit(), "a mask hides")
    clean = f"\nPersonnummer: {NUMBER[:8]}-{NUMBER[8:]}\n"
    if len(content) < 1500:
        found = detect([Source(f"{content}\n{clean}")], TODAY)
        at = len(content) + 1 + clean.index("1")
        must(
            any(
                match.start <= at < match.end and match.kind == "se.personnummer" for match in found
            ),
            "a plain number behind any text is found",
        )


def _texts() -> Iterable[bytes]:
    yield f"Eleven {NUMBER} har diabetes och får insulin.".encode()
    yield "Ring 070-174 06 05. Ärende 2024-1234, 121212+1212".encode()
    yield "ett nio ett två ett två ett två ett två ett två".encode()
    yield "１９１２１２１２−１２１２ 1\u200b9\u0301121212 ﬁ İ ß \U000e0031\U000e0039".encode()
    yield b"Namn\tPersonnr\nAnna\t191212121212\nNamn\tDiagnos\nBo\tF32.1\n"
    yield b"010190-123A 01810112345 1201743399 https://x.sharepoint.com/:w:/a"
    yield b"1 9 1 2 1 2 1 2 - 1 2 1 2\n19.12.12.12.12.12\n1912 1212 1212"


TARGETS = (
    Target(
        "data",
        "A message is the same however its bytes are cut, by the letter of RFC 5321, and its "
        "header is counted without raising.",
        contents,
        (b"\r\n.\r\n", b"\r\n..", b"\r", b"\n", b"\0", b"Received: ", b"\r\n\r\n", b"From: "),
        _wire,
        2048,
    ),
    Target(
        "commands",
        "Command lines are the same however they are cut; an address is taken as it stands or "
        "refused, and fits itself as a pattern.",
        commands,
        (
            b"<",
            b">",
            b"@",
            b'"',
            b"\\",
            b" SIZE=",
            b" BODY=8BITMIME",
            b"\r\n",
            b"*@",
            b"*.",
            b"%",
            b"!",
        ),
        _spoken,
        1024,
    ),
    Target(
        "answers",
        "No answer of a worker raises anything but what its reader allows.",
        answers,
        (b'"findings"', b"[[", b"1e999", b"null", b'"body"', b'"not_examined"', b"{", b"}", b"NaN"),
        _answers,
        2048,
    ),
    Target(
        "texts-of-people",
        "Detectors never raise and are linear, matches lie in their text, folding keeps its map, "
        "and a plain number is found whatever stands before it.",
        texts,
        (
            RAW,
            b"19121212-1212",
            b"121212-1212",
            b"personnummer",
            b"diabetes",
            b"ett",
            b"\xe2\x80\x8b",
            b"\xcc\x81",
            b"\xef\xac\x81",
            b"\xc4\xb0",
            b"\xf3\xa0\x80\xb1",
            b"070-",
            b"\t",
            b"\n",
            b"+46",
        ),
        _texts,
        2048,
        seconds=3.0,  # 5,000 numbers in 64 KiB, each judged by its surroundings
    ),
)
