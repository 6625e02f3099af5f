"""Named changes of the log and of the rows that it speaks of: each an act of somebody who has the
database, the program and old copies, but not the key.

`CHANGES` is name → change. `ANCHORED` names those that put back what was once true as a whole,
which nothing inside the database can show: only a checkpoint does.
"""

from collections.abc import Callable
from random import Random
from typing import Any

from sqlalchemy import delete, insert, update

from mailfilter.model import State
from mailfilter.record.database.tables import audit as audit_table
from mailfilter.record.database.tables import audit_head, item, message, user
from mailfilter.record.ledgers import audit
from mailfilter.record.ledgers.audit import Head, digest, keyed_digest, line_of
from tests.record.audit_story import Change, Rows, Scene

CHANGES: dict[str, Change] = {}
ANCHORED: set[str] = set()
Row = dict[str, Any]


def change(name: str, *, anchored: bool = False) -> Callable[[Change], Change]:
    def put(made: Change) -> Change:
        assert name not in CHANGES
        CHANGES[name] = made
        if anchored:
            ANCHORED.add(name)
        return made

    return put


# ---- tools of the attacker -----------------------------------------------------------------


def chained(scene: Scene, rows: list[Row], *, keyed: bool) -> list[Row]:
    """The rows numbered anew and chained as far as it can be done without the key."""
    before, made = scene.present["audit_head"][0]["log"] if keyed else "", []
    for n, row in enumerate(rows, 1):
        new = row | {"seq": n}
        one = line_of(new, "")
        hash_ = keyed_digest(scene.other, one, before) if keyed else digest(one, before)
        made.append(new | {"hash": hash_})
        before = hash_
    return made


async def put_lines(scene: Scene, rows: list[Row]) -> None:
    await scene.put(audit_table, rows)


async def move_head(scene: Scene, **values: Any) -> None:
    await scene.connection.execute(update(audit_head).values(values))


async def seal_head(scene: Scene, rows: list[Row], **values: Any) -> None:
    """The head of `rows`, sealed with a key that is not the right one."""
    old = scene.present["audit_head"][0] | values
    seq, hash_ = (rows[-1]["seq"], rows[-1]["hash"]) if rows else (0, "")
    head = Head(seq, hash_, old["keyed"], old["log"]).sealed(scene.other)
    names = ("seq", "hash", "keyed", "log", "seal")
    await move_head(scene, **{name: getattr(head, name) for name in names})


async def edit(scene: Scene, one: int, /, **values: Any) -> None:
    await scene.connection.execute(
        update(audit_table).where(audit_table.c.seq == one).values(values)
    )


async def cut(scene: Scene, n: int) -> list[Row]:
    rows = scene.lines[:-n]
    await scene.connection.execute(delete(audit_table).where(audit_table.c.seq > rows[-1]["seq"]))
    return rows


async def set_item(scene: Scene, one: str, /, **values: Any) -> None:
    await scene.connection.execute(update(item).where(item.c.id == one).values(values))


async def set_user(scene: Scene, one: str, /, **values: Any) -> None:
    await scene.connection.execute(update(user).where(user.c.name == one).values(values))


async def put_back(scene: Scene, past: Rows, *names: str) -> None:
    """Tables as they were; all if none is named."""
    tables = {table.name: table for table in (message, item, user, audit_table, audit_head)}
    if not names:
        await scene.connection.execute(delete(item))
    for name, table in tables.items():
        if not names or name in names:
            await scene.put(table, past[name])


# ---- lines ---------------------------------------------------------------------------------


for _name, _values in {
    "who did it": {"actor": "bo"},
    "what was done": {"act": "view-list"},
    "on what": {"object": "M00099.1"},
    "the details": {"detail": '{"reason":"other"}'},
    "what it made of it": {"state": "held"},
    "a hash": {"hash": "0" * 64},
    "details that are no table": {"detail": "["},
}.items():

    def _edit(values: Row) -> Change:
        async def made(scene: Scene) -> None:
            await edit(scene, 15, **values)

        return made

    change(f"edit {_name}")(_edit(_values))


@change("edit the time")
async def edit_time(scene: Scene) -> None:
    row = scene.lines[6]
    await edit(scene, 7, at=row["at"].replace(year=2025))


@change("edit the first line")
async def edit_first(scene: Scene) -> None:
    await edit(scene, 1, actor="bo")


@change("edit the last line")
async def edit_last(scene: Scene) -> None:
    await edit(scene, len(scene.lines), actor="bo")


@change("edit a line and its hash without a key")
async def edit_hashed(scene: Scene) -> None:
    new = scene.lines[9] | {"actor": "bo"}
    await edit(scene, 10, actor="bo", hash=digest(line_of(new, ""), scene.lines[8]["hash"]))


@change("edit a line and its hash with another key")
async def edit_keyed(scene: Scene) -> None:
    new = line_of(scene.lines[9] | {"actor": "bo"}, "")
    made = keyed_digest(scene.other, new, scene.lines[8]["hash"])
    await edit(scene, 10, actor="bo", hash=made)


@change("edit the last line, with the head")
async def edit_last_with_head(scene: Scene) -> None:
    last = len(scene.lines)
    made = digest(line_of(scene.lines[-1] | {"actor": "bo"}, ""), scene.lines[-2]["hash"])
    await edit(scene, last, actor="bo", hash=made)
    await move_head(scene, hash=made)


@change("edit every line's actor")
async def edit_all(scene: Scene) -> None:
    await scene.connection.execute(update(audit_table).values(actor="bo"))


@change("delete the first line")
async def delete_first(scene: Scene) -> None:
    await scene.connection.execute(delete(audit_table).where(audit_table.c.seq == 1))


@change("delete a line")
async def delete_one(scene: Scene) -> None:
    await scene.connection.execute(delete(audit_table).where(audit_table.c.seq == 12))


@change("delete a line and close the gap")
async def delete_and_renumber(scene: Scene) -> None:
    rows = scene.lines[:11] + [row | {"seq": row["seq"] - 1} for row in scene.lines[12:]]
    await put_lines(scene, rows)


@change("delete a line, close the gap and move the head")
async def delete_and_move(scene: Scene) -> None:
    rows = scene.lines[:11] + [row | {"seq": row["seq"] - 1} for row in scene.lines[12:]]
    await put_lines(scene, rows)
    await move_head(scene, seq=len(rows))


@change("delete every look at one mail")
async def delete_looks(scene: Scene) -> None:
    await scene.connection.execute(delete(audit_table).where(audit_table.c.object == "M00001.1"))


@change("swap two lines")
async def swap(scene: Scene) -> None:
    rows = list(scene.lines)
    rows[5], rows[9] = rows[9] | {"seq": 6}, rows[5] | {"seq": 10}
    await put_lines(scene, rows)


@change("swap two lines but for their hashes")
async def swap_contents(scene: Scene) -> None:
    rows = list(scene.lines)
    first, second = rows[5], rows[9]
    rows[5] = second | {"seq": 6, "hash": first["hash"]}
    rows[9] = first | {"seq": 10, "hash": second["hash"]}
    await put_lines(scene, rows)


@change("swap two hashes")
async def swap_hashes(scene: Scene) -> None:
    await edit(scene, 6, hash=scene.lines[9]["hash"])
    await edit(scene, 10, hash=scene.lines[5]["hash"])


@change("turn the order round")
async def reverse(scene: Scene) -> None:
    await put_lines(scene, [row | {"seq": n} for n, row in enumerate(scene.lines[::-1], 1)])


@change("shuffle the lines")
async def shuffle(scene: Scene) -> None:
    rows = list(scene.lines)
    Random(3).shuffle(rows)
    await put_lines(scene, [row | {"seq": n} for n, row in enumerate(rows, 1)])


@change("shift all numbers")
async def shift(scene: Scene) -> None:
    await put_lines(scene, [row | {"seq": row["seq"] + 1} for row in scene.lines])


@change("move a line to the end")
async def move_to_end(scene: Scene) -> None:
    await edit(scene, 8, seq=len(scene.lines) + 1)


@change("put a line in between")
async def put_between(scene: Scene) -> None:
    rows = list(scene.lines)
    rows.insert(8, rows[3])
    await put_lines(scene, [row | {"seq": n} for n, row in enumerate(rows, 1)])


@change("put a line before the first")
async def put_before(scene: Scene) -> None:
    await scene.connection.execute(insert(audit_table).values(scene.lines[0] | {"seq": 0}))


@change("put a line far behind the last")
async def put_far(scene: Scene) -> None:
    await scene.connection.execute(
        insert(audit_table).values(scene.lines[-1] | {"seq": 10_000_000})
    )


@change("replace a line by another one")
async def replace_line(scene: Scene) -> None:
    rows = list(scene.lines)
    rows[7] = rows[2] | {"seq": 8}
    await put_lines(scene, rows)


# ---- the end and the head ------------------------------------------------------------------


@change("cut the end off")
async def cut_end(scene: Scene) -> None:
    await cut(scene, 5)


@change("cut the last line off")
async def cut_last(scene: Scene) -> None:
    await cut(scene, 1)


@change("cut the end off and move the head")
async def cut_and_move(scene: Scene) -> None:
    rows = await cut(scene, 5)
    await move_head(scene, seq=rows[-1]["seq"], hash=rows[-1]["hash"])


@change("cut the last line off and move the head")
async def cut_last_and_move(scene: Scene) -> None:
    rows = await cut(scene, 1)
    await move_head(scene, seq=rows[-1]["seq"], hash=rows[-1]["hash"])


@change("cut the end off, the head sealed with another key")
async def cut_and_seal(scene: Scene) -> None:
    await seal_head(scene, await cut(scene, 5))


@change("cut acts off and put back the head of then")
async def cut_to_past(scene: Scene) -> None:
    await put_back(scene, scene.pasts[2], "audit", "audit_head")


@change("cut looks off and put back the head of then", anchored=True)
async def cut_looks(scene: Scene) -> None:
    await put_back(scene, scene.pasts[-1], "audit", "audit_head")


@change("empty the log")
async def empty(scene: Scene) -> None:
    await put_lines(scene, [])


@change("empty the log and move the head")
async def empty_and_move(scene: Scene) -> None:
    await put_lines(scene, [])
    await move_head(scene, seq=0, hash="")


@change("empty the log and remove the head")
async def empty_and_remove(scene: Scene) -> None:
    await put_lines(scene, [])
    await scene.put(audit_head, [])


@change("empty the log and put back its first head")
async def empty_to_first(scene: Scene) -> None:
    await put_back(scene, scene.pasts[0], "audit", "audit_head")


@change("forge a line at the end")
async def forge(scene: Scene) -> None:
    row = scene.lines[-1]
    new = row | {"seq": row["seq"] + 1, "act": "release", "actor": "anna"}
    new["hash"] = digest(line_of(new, ""), row["hash"])
    await scene.connection.execute(insert(audit_table).values(new))


@change("forge a line at the end, with the head")
async def forge_with_head(scene: Scene) -> None:
    await forge(scene)
    rows = (await scene.now())["audit"]
    await move_head(scene, seq=rows[-1]["seq"], hash=rows[-1]["hash"])


@change("forge a line and the head with another key")
async def forge_keyed(scene: Scene) -> None:
    row = scene.lines[-1]
    new = row | {"seq": row["seq"] + 1, "act": "release", "actor": "anna"}
    new["hash"] = keyed_digest(scene.other, line_of(new, ""), row["hash"])
    await scene.connection.execute(insert(audit_table).values(new))
    await seal_head(scene, [new])


@change("say an old line once more at the end")
async def replay(scene: Scene) -> None:
    new = scene.lines[4] | {"seq": len(scene.lines) + 1}
    await scene.connection.execute(insert(audit_table).values(new))
    await move_head(scene, seq=new["seq"], hash=new["hash"])


@change("a whole new chain, without a key")
async def new_chain(scene: Scene) -> None:
    rows = chained(scene, [row | {"actor": "bo"} for row in scene.lines], keyed=False)
    await put_lines(scene, rows)
    await move_head(scene, seq=len(rows), hash=rows[-1]["hash"])


@change("a whole new chain, with another key")
async def new_chain_keyed(scene: Scene) -> None:
    rows = chained(scene, [row | {"actor": "bo"} for row in scene.lines], keyed=True)
    await put_lines(scene, rows)
    await seal_head(scene, rows)


@change("a whole new chain that is older than the key")
async def new_chain_older(scene: Scene) -> None:
    rows = chained(scene, scene.lines[:-4], keyed=False)
    await put_lines(scene, rows)
    await seal_head(scene, rows, keyed=len(rows) + 1)


@change("a whole new chain, the head as in a log that has no key yet")
async def new_chain_unkeyed(scene: Scene) -> None:
    rows = chained(scene, scene.lines[:-4], keyed=False)
    await put_lines(scene, rows)
    await move_head(scene, seq=len(rows), hash=rows[-1]["hash"], keyed=0, log="", seal="")


for _name, _values in {
    "names an earlier line": {"seq": 9},
    "names a later line": {"seq": 10_000},
    "has another hash": {"hash": "1" * 64},
    "lets the key begin later": {"keyed": 12},
    "has no key": {"keyed": 0},
    "is of another log": {"log": "ab" * 8},
    "has no seal": {"seal": ""},
}.items():

    def _head_change(values: Row) -> Change:
        async def made(scene: Scene) -> None:
            await move_head(scene, **values)

        return made

    change(f"the head {_name}")(_head_change(_values))


@change("remove the head")
async def remove_head(scene: Scene) -> None:
    await scene.put(audit_head, [])


# ---- rows that the log speaks of -----------------------------------------------------------


for _id, _state in {
    "M00005.1": State.HANDED_OVER,  # accepted, never acted on
    "M00008.1": State.RELEASED,  # held, never acted on
    "M00009.1": State.DELETED,
    "M00010.1": State.ACCEPTED,
    "M00001.1": State.HELD,  # released
    "M00003.1": State.RELEASING,  # refused
    "M00006.1": State.EXPIRED,  # deleted
    "M00007.1": State.STAGED,  # on its way
}.items():

    def _item_change(id: str, state: State) -> Change:
        async def made(scene: Scene) -> None:
            await set_item(scene, id, state=state.value)

        return made

    change(f"{_id} becomes {_state}")(_item_change(_id, _state))


@change("an item that was acted on is removed")
async def remove_item(scene: Scene) -> None:
    await scene.connection.execute(delete(item).where(item.c.id == "M00007.1"))


@change("a message that was acted on is removed")
async def remove_message(scene: Scene) -> None:
    await scene.connection.execute(delete(item).where(item.c.message == "M00002"))
    await scene.connection.execute(delete(message).where(message.c.id == "M00002"))


@change("an item is added that is on its way")
async def add_item(scene: Scene) -> None:
    row = next(row for row in scene.present["item"] if row["id"] == "M00008.1")
    new = row | {"id": "M00008.2", "state": State.RELEASING.value}
    await scene.connection.execute(insert(item).values(new))


@change("an item gets another number")
async def rename_item(scene: Scene) -> None:
    await set_item(scene, "M00001.1", id="M00001.7")


@change("a message is hidden as protected, and then changed")
async def hide(scene: Scene) -> None:
    marked = update(message).where(message.c.id == "M00003").values(protected=True)
    await scene.connection.execute(marked)
    await set_item(scene, "M00003.1", state=State.RELEASING.value)


@change("an item changes, with a forged line")
async def item_and_line(scene: Scene) -> None:
    await set_item(scene, "M00008.1", state=State.RELEASED.value)
    await forge_with_head(scene)


for _name, _values in {
    "anna becomes admin": ("anna", {"role": "admin"}),
    "anna sees all departments": ("anna", {"departments": None}),
    "olle is opened again": ("olle", {"disabled": False}),
    "siv gets another password": ("siv", {"password": "$argon2id$other"}),
    "anna is renamed": ("anna", {"name": "anders"}),
}.items():

    def _user_change(name: str, values: Row) -> Change:
        async def made(scene: Scene) -> None:
            await set_user(scene, name, **values)

        return made

    change(_name)(_user_change(*_values))


@change("an account is added")
async def add_account(scene: Scene) -> None:
    new = scene.present["user"][0] | {"name": "bo", "role": "admin"}
    await scene.connection.execute(insert(user).values(new))


@change("an account is removed")
async def remove_account(scene: Scene) -> None:
    await scene.connection.execute(delete(user).where(user.c.name == "olle"))


@change("anna becomes admin, with a forged line")
async def role_and_line(scene: Scene) -> None:
    await set_user(scene, "anna", role="admin")
    await forge_with_head(scene)


# ---- back in time --------------------------------------------------------------------------


@change("the database is rolled back", anchored=True)
async def roll_back(scene: Scene) -> None:
    await put_back(scene, scene.pasts[2])


@change("the database is rolled back by a little", anchored=True)
async def roll_back_little(scene: Scene) -> None:
    await put_back(scene, scene.pasts[-1])


@change("the database is rolled back to its beginning", anchored=True)
async def roll_back_all(scene: Scene) -> None:
    await put_back(scene, scene.pasts[0])


@change("the database is rolled back and goes on for longer than it was", anchored=True)
async def roll_back_and_on(scene: Scene) -> None:
    await put_back(scene, scene.pasts[1])
    for n in range(len(scene.lines)):
        await audit.append(scene.connection, line_of(scene.lines[n % 3], ""))


@change("items and accounts are rolled back")
async def roll_back_rows(scene: Scene) -> None:
    await put_back(scene, scene.pasts[2], "item", "user")


@change("accounts are rolled back")
async def roll_back_accounts(scene: Scene) -> None:
    await put_back(scene, scene.pasts[2], "user")


@change("items are rolled back")
async def roll_back_items(scene: Scene) -> None:
    await put_back(scene, scene.pasts[2], "item")


@change("the log is rolled back")
async def roll_back_log(scene: Scene) -> None:
    await put_back(scene, scene.pasts[1], "audit", "audit_head")
