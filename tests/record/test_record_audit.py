"""The audit chain: editing, deleting, moving and cutting off are each found, on both engines."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from mailfilter.errors import Temporary
from mailfilter.record.contract import AuditLine
from mailfilter.record.ledgers.audit import BROKEN, digest, keyed_digest
from mailfilter.record.ledgers.audit_key import AuditKey
from mailfilter.record.ledgers.checkpoint import Checkpoint
from tests.record.making import DAY, NOW, Parts, line, without_triggers


async def fill(store: Parts, n: int = 5) -> None:
    for i in range(1, n + 1):
        await store.archive.audit(line("view-item", f"M{i}.1", purpose="ärende", n=i))


async def tamper(store: Parts, *statements: str) -> None:
    """What somebody with the database's password can do: triggers off, then anything."""

    async def work(connection: AsyncConnection) -> None:
        await without_triggers(connection)
        for statement in statements:
            await connection.execute(text(statement))

    await store.database.run(work)


async def test_lines_come_back_as_they_went(store: Parts) -> None:
    await fill(store)
    assert await store.archive.verify_audit() == (5, "")
    lines = await store.archive.audit_lines(after=1, limit=2)
    assert [(one.seq, one.object, one.at) for one in lines] == [(2, "M2.1", NOW), (3, "M3.1", NOW)]
    assert lines[0].detail == {"purpose": "ärende", "n": 2}
    assert await store.archive.audit_head() == (5, (await store.archive.audit_lines(4))[0].hash)


async def test_an_empty_chain_is_whole(store: Parts) -> None:
    assert await store.archive.verify_audit() == (0, "")


@pytest.mark.parametrize(
    ("statements", "complaint"),
    [
        (["UPDATE audit SET actor = 'bo' WHERE seq = 3"], "line 3 was changed"),
        (["UPDATE audit SET detail = '{}' WHERE seq = 3"], "line 3 was changed"),
        (["UPDATE audit SET at = at + 1 WHERE seq = 1"], "line 1 was changed"),
        (["DELETE FROM audit WHERE seq = 2"], "line 2 is missing"),
        (["DELETE FROM audit WHERE seq = 1"], "line 1 is missing"),
        (
            ["DELETE FROM audit WHERE seq = 3", "UPDATE audit SET seq = seq - 1 WHERE seq > 3"],
            "line 3 was changed or moved",
        ),
        (
            [
                "UPDATE audit SET seq = 99 WHERE seq = 2",
                "UPDATE audit SET seq = 2 WHERE seq = 3",
                "UPDATE audit SET seq = 3 WHERE seq = 99",
            ],
            "line 2 was changed or moved",
        ),
        (["DELETE FROM audit WHERE seq > 3"], "ends at line 3; at least 5"),
        (["DELETE FROM audit"], "ends at line 0; at least 5"),
        (["UPDATE audit_head SET seq = 3"], "head row does not fit"),
    ],
)
async def test_tampering_is_found(store: Parts, statements: list[str], complaint: str) -> None:
    await fill(store)
    await tamper(store, *statements)
    assert complaint in (await store.archive.verify_audit())[1]


async def test_a_chain_cut_off_with_its_head_is_found(store: Parts) -> None:
    await fill(store)
    anchor = await store.archive.audit_head()
    third = (await store.archive.audit_lines(2, 1))[0].hash
    cut = "UPDATE audit_head SET seq = 3, hash = '" + third + "'"
    await tamper(store, "DELETE FROM audit WHERE seq > 3", cut)
    assert "no seal" in (await store.archive.verify_audit())[1]
    assert (
        "at least 5"
        in (await store.archive.proof.verify([Checkpoint(*anchor)])).faults[-1].sentence
    )


async def test_a_log_that_was_emptied_says_so_itself(store: Parts) -> None:
    await fill(store)
    await tamper(store, "DELETE FROM audit", "UPDATE audit_head SET seq = 0, hash = ''")
    await fill(store, 6)
    assert "line 1 says that the log's end was changed" in (await store.archive.verify_audit())[1]
    assert [one.act for one in await store.archive.audit_lines(0, 2)] == [BROKEN, "view-item"]


async def test_an_anchor_that_is_of_another_chain_is_told(store: Parts) -> None:
    await fill(store)
    assert (await store.archive.verify_audit([(5, "0" * 64)]))[1].startswith("line 5 is not the")
    assert "at least 9" in (await store.archive.verify_audit([(9, "0" * 64)]))[1]


_ROW = "INTO audit (seq, at, actor, act, object, detail, hash) VALUES (1, 1, '', '', '', '', '')"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'bo'",
        "DELETE FROM audit WHERE seq = 1",
        f"INSERT OR REPLACE {_ROW}",
        f"INSERT {_ROW} ON CONFLICT (seq) DO UPDATE SET actor = 'bo'",
        f"INSERT {_ROW} ON CONFLICT (seq) DO NOTHING",
        f"INSERT {_ROW.replace('(1,', '(0,')}",
    ],
)
async def test_the_database_itself_refuses_changes(store: Parts, statement: str) -> None:
    await fill(store, 2)

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(text(statement))

    with pytest.raises(Temporary):
        await store.database.run(work)
    assert await store.archive.verify_audit() == (2, "")


async def test_many_writers_make_one_line(
    store: Parts, opening: Callable[..., Awaitable[Parts]]
) -> None:
    other = await opening()
    writers = [store.archive, other.archive] * 10
    await asyncio.gather(*(archive.audit(line(n=i)) for i, archive in enumerate(writers)))
    assert await store.archive.verify_audit() == (20, "")


def test_the_hash_of_before_the_key_covers_every_field() -> None:
    one = AuditLine(1, NOW, "a", "b", "c", {"d": 1})
    others = [
        AuditLine(2, NOW, "a", "b", "c", {"d": 1}),
        AuditLine(1, NOW, "ab", "", "c", {"d": 1}),
        AuditLine(1, NOW, "a", "bc", "", {"d": 1}),
        AuditLine(1, NOW, "a", "b", "c", {"d": "1"}),
    ]
    assert len({digest(one, ""), digest(one, "x"), *(digest(o, "") for o in others)}) == 6


def test_the_hash_covers_every_field() -> None:
    key = AuditKey(b"k" * 32)
    one = AuditLine(1, NOW, "a", "b", "c", {"d": 1}, state="e")
    others = [
        replace(one, seq=2),
        replace(one, at=NOW + DAY),
        replace(one, actor="ab", act=""),
        replace(one, act="bc", object=""),
        replace(one, detail={"d": "1"}),
        replace(one, state=""),
    ]
    hashes = {keyed_digest(key, other, "") for other in (one, *others)}
    hashes |= {keyed_digest(key, one, "x"), keyed_digest(AuditKey(b"l" * 32), one, "")}
    assert len(hashes) == 9
