"""Case numbers as senders quote them, and that a protected one answers as one that never was."""

from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from mailfilter.app.clock import new_id
from mailfilter.desk.control import Desk, run_verb
from mailfilter.model import Action
from mailfilter.record.archive import case_number
from mailfilter.record.contract import StagedItem
from tests.record.making import NOW, Mails, Parts, hold

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@pytest.mark.parametrize(
    "text",
    [
        "KT6RP-K3JVX",
        "kt6rp-k3jvx",
        "Kt6Rp K3jvx",
        "kt6rpk3jvx",
        "KT6RP–K3JVX",
        "KT6RP - K3JVX",
        " KT6RP-K3JVX. ",
        '"KT6RP-K3JVX"',
        "#KT6RP-K3JVX",
        "/item/kt6rp-k3jvx",
        "https://granskning.kommunen.example/item/KT6RP-K3JVX",
        "ＫＴ６ＲＰ-K3JVX",
    ],
)
def test_a_number_is_read_as_people_write_it(text):
    assert case_number.read(text).names[0] == "KT6RP-K3JVX"
    assert case_number.read(text).n == 0
    assert case_number.read(f"{text.strip(' .')}".rstrip('"') + ".2").n == 2


def test_letters_that_are_no_letters_of_ours():
    assert case_number.read("kioip-l0ooo").names[0] == "K101P-10000"


@pytest.mark.parametrize(
    "text", ["", " ", "å", "a b c", "x" * 200, "anna@kommun.example", "../x y"]
)
def test_what_is_none(text):
    assert case_number.read(text) is None


@given(st.text())
def test_reading_never_fails_and_names_nothing_odd(text):
    found = case_number.read(text)
    for name in found.names if found else ():
        assert name.isascii()
        assert set(name) <= set("-_") | set(map(chr, range(128)))
        assert "/" not in name
        assert "%" not in name


@given(st.lists(st.sampled_from(CROCKFORD), min_size=10, max_size=10), st.data())
def test_every_spelling_of_a_number_is_that_number(letters, data):
    said = {"0": "0Oo", "1": "1IiLl"}
    typed = [data.draw(st.sampled_from(said.get(x, x + x.lower()))) for x in letters]
    typed.insert(5, data.draw(st.sampled_from(["-", " ", "", "–", " - "])))
    word = "".join(letters)
    assert f"{word[:5]}-{word[5:]}" in case_number.read("".join(typed)).names


TWO = (StagedItem(Action.QUARANTINE, recipients=(0,)), StagedItem(Action.ASK, recipients=(1,)))


async def test_the_store_finds_it(store: Parts, mails: Mails) -> None:
    number = new_id()
    await hold(store, mails(id=number, items=TWO))
    for text in (number, number.lower(), number.replace("-", " "), number.replace("0", "O")):
        found = await store.archive.case(case_number.read(text))
        assert [item.id for item in found] == [f"{number}.1", f"{number}.2"]
        assert found[0].dossier is not None
    [one] = await store.archive.case(case_number.read(f"{number.lower()}.2"))
    assert one.id == f"{number}.2"


@contextmanager
def statements(parts: Parts):
    """What the database is asked."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            seen.append(statement)

    event.listen(parts.database.sync_engine, "after_cursor_execute", note)
    yield seen
    event.remove(parts.database.sync_engine, "after_cursor_execute", note)


async def test_a_protected_one_is_one_that_never_was(store: Parts, mails: Mails) -> None:
    """The same statement: what must not be shown is not fetched, opened and then thrown away."""
    await hold(store, mails(id="PR0TE-CTED0", protected=True))
    await store.intake.stage(mails(id="STAGE-D0000"))
    asked = []
    for text in ("pr0te-cted0", "never-was00", "stage-d0000"):
        with statements(store) as seen:
            assert await store.archive.case(case_number.read(text)) == []
        asked.append(seen)
    assert asked[0] == asked[1] == asked[2]
    assert len(asked[0]) == 1


async def ask(parts: Parts, verb: str, **more: str):
    async def nothing(*_: str) -> str:
        return ""

    desk = Desk(parts.archive, lambda: NOW, nothing)
    return await run_verb(desk, {"verb": verb, "actor": "cli:test", **more})


@pytest.mark.parametrize("verb", ["show", "trace", "act"])
async def test_the_command_line_reads_the_same_spellings(store: Parts, mails: Mails, verb) -> None:
    await hold(store, mails(id="KT6RP-K3JVX"))
    answer = await ask(store, verb, id="kt6rp k3jvx", act="refuse", reason="sensitive")
    assert "KT6RP-K3JVX.1" in str(answer["ok"])


@pytest.mark.parametrize("verb", ["show", "trace", "act"])
async def test_the_command_line_knows_no_protected_case(store: Parts, mails: Mails, verb) -> None:
    await hold(store, mails(id="PR0TE-CTED0", protected=True))
    before = await store.archive.audit_head()
    said = []
    for id_ in ("PR0TE-CTED0", "NEVER-WAS00"):
        answer = await ask(store, verb, id=id_, act="release", reason="x")
        said.append(answer["error"].replace(id_, "ID"))
    assert said[0] == said[1]
    assert await store.archive.audit_head() == before
