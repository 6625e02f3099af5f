"""Random changes of the log and of the rows it speaks of: run by ``make audit``.

Each is one to three acts drawn from `ACTS`, made, verified and rolled back; one that comes to
nothing is drawn anew. Prints how many were seen with the checkpoint and without it, and exits with
1 if one was not seen with it.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import delete, insert, update

from mailfilter.errors import Temporary
from mailfilter.model import State
from mailfilter.record.database.tables import audit as audit_table
from mailfilter.record.database.tables import audit_head, item, message, user
from mailfilter.record.ledgers.audit import digest, keyed_digest, line_of
from mailfilter.record.open import open_store
from mailfilter.record.sealing.keys import ensure_keys, load_private
from tests.record.audit_changes import (
    ANCHORED,
    CHANGES,
    chained,
    move_head,
    put_back,
    put_lines,
    seal_head,
    set_item,
    set_user,
)
from tests.record.audit_story import Change, Rows, Scene, Story, attacked, tell
from tests.record.making import CHEAP, Mails, Parts, settings

Act = Callable[[Scene, Rows], Awaitable[None]]
SPOKEN_OF = ("M00001", "M00002", "M00003", "M00004", "M00006", "M00007")  # by the log, with a state
FIELDS = ("actor", "act", "object", "detail", "state", "hash", "at")


def _other(random: Random, row: dict[str, Any], field: str) -> Any:
    """Another value of a field of a line."""
    if field == "at":
        return row["at"].replace(microsecond=random.randrange(1, 1_000_000))
    if field == "hash":
        return random.randbytes(32).hex()
    if field == "detail":
        return f'{{"n":{random.randrange(10**6)}}}'
    return f"{field}-{random.randrange(10**6)}"


async def edit_lines(scene: Scene, now: Rows) -> None:
    rows = now["audit"]
    for row in scene.random.sample(rows, min(len(rows), scene.random.randrange(1, 4))):
        field = scene.random.choice(FIELDS)
        change = {field: _other(scene.random, row, field)}
        where = audit_table.c.seq == row["seq"]
        await scene.connection.execute(update(audit_table).where(where).values(change))


async def forge_line(scene: Scene, now: Rows) -> None:
    """Another line and its hash, made as well as it can be."""
    rows, random = now["audit"], scene.random
    n = random.randrange(len(rows))
    new = rows[n] | {"actor": f"a{random.randrange(10**6)}"}
    before = rows[n - 1]["hash"] if n else ""
    one = line_of(new, "")
    made = digest(one, before) if random.random() < 0.5 else keyed_digest(scene.other, one, before)
    rows[n] = new | {"hash": made}
    await put_lines(scene, rows)
    if random.random() < 0.5:
        await seal_head(scene, rows)


async def delete_lines(scene: Scene, now: Rows) -> None:
    rows, random = now["audit"], scene.random
    gone = set(random.sample(range(len(rows)), random.randrange(1, max(2, len(rows) // 2))))
    left = [row for n, row in enumerate(rows) if n not in gone]
    if random.random() < 0.5:
        left = [row | {"seq": n} for n, row in enumerate(left, 1)]
    await put_lines(scene, left)
    if left and random.random() < 0.5:
        await move_head(scene, seq=left[-1]["seq"], hash=left[-1]["hash"])


async def cut_lines(scene: Scene, now: Rows) -> None:
    rows, random = now["audit"], scene.random
    left = rows[: random.randrange(len(rows))]
    await put_lines(scene, left)
    match random.randrange(4):
        case 0:
            seq, hash_ = (left[-1]["seq"], left[-1]["hash"]) if left else (0, "")
            await move_head(scene, seq=seq, hash=hash_)
        case 1:
            await seal_head(scene, left)
        case 2:
            await scene.put(audit_head, random.choice(scene.pasts)["audit_head"])


async def reorder_lines(scene: Scene, now: Rows) -> None:
    rows, random = now["audit"], scene.random
    start = random.randrange(len(rows))
    end = random.randrange(start, len(rows)) + 1
    part = rows[start:end]
    random.shuffle(part)
    moved = rows[:start] + part + rows[end:]
    await put_lines(scene, [row | {"seq": n} for n, row in enumerate(moved, 1)])


async def add_line(scene: Scene, now: Rows) -> None:
    rows, random = now["audit"], scene.random
    rows.insert(random.randrange(len(rows) + 1), random.choice(rows))
    rows = [row | {"seq": n} for n, row in enumerate(rows, 1)]
    await put_lines(scene, rows)
    if random.random() < 0.5:
        await move_head(scene, seq=rows[-1]["seq"], hash=rows[-1]["hash"])


async def new_chain(scene: Scene, now: Rows) -> None:
    rows, keyed = now["audit"], scene.random.random() < 0.5
    rows[scene.random.randrange(len(rows))]["actor"] = "bo"
    rows = chained(scene, rows, keyed=keyed)
    await put_lines(scene, rows)
    await seal_head(scene, rows, keyed=1 if keyed else len(rows) + 1)


async def change_head(scene: Scene, now: Rows) -> None:
    random = scene.random
    values = {
        "seq": random.randrange(10**6),
        "hash": random.randbytes(32).hex(),
        "keyed": random.randrange(2, 100),
        "log": random.randbytes(8).hex(),
        "seal": random.randbytes(32).hex(),
    }
    name = random.choice(list(values))
    await move_head(scene, **{name: values[name]})


async def change_item(scene: Scene, now: Rows) -> None:
    row = scene.random.choice(now["item"])
    states = [state.value for state in State if state.value != row["state"]]
    await set_item(scene, row["id"], state=scene.random.choice(states))


async def remove_item(scene: Scene, _now: Rows) -> None:
    id = scene.random.choice(SPOKEN_OF)
    await scene.connection.execute(delete(item).where(item.c.message == id))


async def hide_message(scene: Scene, _now: Rows) -> None:
    id = scene.random.choice(SPOKEN_OF)
    await scene.connection.execute(update(message).where(message.c.id == id).values(protected=True))


async def change_account(scene: Scene, now: Rows) -> None:
    random = scene.random
    row = random.choice(now["user"])
    values = {
        "role": random.choice([r for r in ("reviewer", "auditor", "admin") if r != row["role"]]),
        "departments": f'["D{random.randrange(1000)}"]',
        "disabled": not row["disabled"],
        "password": random.randbytes(8).hex(),
        "name": f"n{random.randrange(1000)}",
    }
    name = random.choice(list(values))
    await set_user(scene, row["name"], **{name: values[name]})


async def add_account(scene: Scene, now: Rows) -> None:
    new = scene.random.choice(now["user"]) | {"name": f"n{scene.random.randrange(1000)}"}
    await scene.connection.execute(insert(user).values(new))


async def remove_account(scene: Scene, now: Rows) -> None:
    name = scene.random.choice(now["user"])["name"]
    await scene.connection.execute(delete(user).where(user.c.name == name))


async def back_in_time(scene: Scene, _now: Rows) -> None:
    past, random = scene.random.choice(scene.pasts), scene.random
    parts = random.choice([(), ("audit", "audit_head"), ("item",), ("user",), ("item", "user")])
    await put_back(scene, past, *parts)


LINES: tuple[Act, ...] = (
    *(edit_lines, forge_line, delete_lines, cut_lines, reorder_lines, add_line, new_chain),
)
ROWS: tuple[Act, ...] = (change_item, remove_item, hide_message)
ACCOUNTS: tuple[Act, ...] = (change_account, add_account, remove_account)
ACTS: tuple[Act, ...] = (*LINES, *ROWS, *ACCOUNTS, change_head, back_in_time)
NEEDS = {
    **dict.fromkeys(LINES, "audit"),
    **dict.fromkeys(ROWS, "item"),
    **dict.fromkeys(ACCOUNTS, "user"),
}


def _covered(rows: Rows) -> Any:
    """What the log answers for."""
    messages = {row["id"]: row["protected"] for row in rows["message"]}
    items = [(row["id"], row["state"], messages.get(row["message"])) for row in rows["item"]]
    accounts = [
        tuple(row[name] for name in ("name", "role", "departments", "disabled", "password"))
        for row in rows["user"]
    ]
    return rows["audit"], rows["audit_head"], items, accounts


def drawn(story: Story) -> Change:
    """A random change."""

    async def made(scene: Scene) -> None:
        before = _covered(story.present)
        while _covered(await scene.now()) == before:
            for _ in range(scene.random.choice((1, 1, 2, 3))):
                now = await scene.now()
                fit = [act for act in ACTS if act not in NEEDS or now[NEEDS[act]]]
                await scene.random.choice(fit)(scene, now)

    return made


async def sample(story: Story, count: int, seed: int) -> tuple[int, list[int], int]:
    """(tried, the numbers of those not seen with the checkpoint, how many were seen without)."""
    missed, alone, number = [], 0, seed * 1_000_000
    for _ in range(count):
        seen = None
        while seen is None:
            number += 1
            seen = await _seen(story, number, anchored=True)
        missed += [] if seen else [number]
        alone += bool(await _seen(story, number, anchored=False))
    return count, missed, alone


async def _seen(story: Story, number: int, *, anchored: bool) -> bool | None:
    """Whether a change is seen; None if the database itself refuses it."""
    goes_on, change = Random(number).choice((0, 0, 1, 3)), drawn(story)
    try:
        said = await attacked(story, change, Random(number), anchored=anchored, goes_on=goes_on)
    except Temporary:
        return None
    return bool(said)


async def named(story: Story) -> tuple[int, int]:
    """(seen with the checkpoint, seen without)."""
    both = [0, 0]
    for change in CHANGES.values():
        for n, anchored in enumerate((True, False)):
            both[n] += bool(await attacked(story, change, Random(1), anchored=anchored))
    return both[0], both[1]


async def main(count: int, seed: int) -> int:
    with tempfile.TemporaryDirectory(prefix="mailfilter-audit-") as name:
        folder = Path(name)
        ensure_keys(folder / "keys")
        url = f"sqlite:///{folder}/db"
        store = await open_store(settings(url, folder), load_private(folder / "keys"), CHEAP)
        parts = Parts(store.intake, store.archive, store.database, url)
        story = await tell(parts, Mails())
        seen, alone = await named(story)
        print(f"named   {len(CHANGES)}: {seen} seen with the checkpoint, {alone} without")
        print("        not without:", "; ".join(sorted(ANCHORED)))
        tried, missed, without = await sample(story, count, seed)
        print(f"random  {tried}: {tried - len(missed)} seen with the checkpoint, {without} without")
        if missed:
            print("        not seen:", *missed)
        await store.close()
    return int(bool(missed) or seen < len(CHANGES))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    sys.exit(asyncio.run(main(given.count, given.seed)))
