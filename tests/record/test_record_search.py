"""What held and ended mail is found and filtered by, and when that is destroyed."""

import json

import pytest
from sqlalchemy import text

from mailfilter.examine import Job, examine, from_json, to_json
from mailfilter.model import Action, State
from mailfilter.record.archive import search
from mailfilter.record.contract import Clue, Filter, StagedItem, Way
from tests.record.making import DAY, NOW, Mails, Parts, dossier, hold, line, path, swept
from tests.record.test_record_crash import files

SENT = "anna.berg@kommun.example"
TO = "Kerstin.Ek@Example.org"


def one(**changes: object):
    values = {
        "sender": SENT,
        "rcpts": (path(TO), path("c@example.org")),
        "subject": "Ang. Årsmöte, underlag",
        "files": ("Kallelse_2026.docx",),
    }
    return dossier(**(values | changes))


def sought(clue: Clue, *words: str) -> Filter:
    return Filter(sought=(Way(clue, words),))


WAYS = {
    "sender": sought(Clue.SENDER, search.address(SENT.upper())),
    "recipient": sought(Clue.RECIPIENT, search.address(TO)),
    "subject": sought(Clue.SUBJECT, *search.words("underlag ÅRSMÖTE")),
    "file": sought(Clue.FILE, *search.words("kallelse")),
}
KEPT = {"sender", "recipient"}


async def found(parts: Parts) -> set[str]:
    return {name for name, wanted in WAYS.items() if await parts.archive.items(wanted)}


async def rows(parts: Parts, table: str) -> int:
    async def work(c):
        return (await c.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()

    return await parts.database.run(work)


async def end(parts: Parts, state: State, at=NOW) -> None:
    assert await parts.archive.act("M00001.1", [State.HELD], state, line("refuse", "M00001.1", at))


async def test_whole_words_find_a_held_mail(store: Parts, mails: Mails) -> None:
    await hold(store, mails(dossier=one()))
    await hold(store, mails())
    for name, wanted in WAYS.items():
        assert [item.id for item in await store.archive.items(wanted)] == ["M00001.1"], name
        assert await store.archive.count_items(wanted) == 1
    for clue, words in (
        (Clue.SUBJECT, ("årsmöt",)),
        (Clue.SUBJECT, ("årsmöte", "kallelse")),
        (Clue.FILE, ("årsmöte",)),
        (Clue.SENDER, ("kerstin.ek@example.org",)),
    ):
        assert await store.archive.items(sought(clue, *words)) == []


@pytest.mark.parametrize("indexed", [True, False])
async def test_words_end_with_the_content_and_addresses_later(
    opening,
    mails: Mails,
    indexed: bool,  # type: ignore[no-untyped-def]
) -> None:
    store = await opening(search_days=90)
    await hold(store, mails(dossier=one()))
    if indexed:
        assert await found(store) == set(WAYS)
    await end(store, State.REFUSED)
    assert await found(store) == KEPT
    await swept(store.archive, NOW + 89 * DAY)
    assert await found(store) == KEPT
    await swept(store.archive, NOW + 90 * DAY)
    assert await found(store) == set()
    assert await rows(store, "term") == 0


async def test_delete_removes_all_of_it(store: Parts, mails: Mails) -> None:
    await hold(store, mails(dossier=one()))
    assert await store.archive.index() == 1
    await end(store, State.DELETED)
    assert await rows(store, "term") == 0


@pytest.mark.parametrize("how", ["refused", "deleted"])
async def test_purged_hashes_leave_no_bytes(opening, mails: Mails, how: str) -> None:  # type: ignore[no-untyped-def]
    store = await opening(search_days=90)
    if not store.url.startswith("sqlite"):
        return  # PostgreSQL reuses the space after a vacuum; deploy/ says so
    contents = one()
    await hold(store, mails(dossier=contents))
    await store.archive.index()
    made = search.terms(store.archive._opener.search_key, contents)

    def left() -> set[str]:
        data = b"".join(file.read_bytes() for file in files(store.url))
        groups = {"words": made.content, "addresses": made.addresses}
        return {name for name, hashes in groups.items() if any(one in data for one in hashes)}

    assert left() == {"words", "addresses"}
    await end(store, State(how))
    assert left() == ({"addresses"} if how == "refused" else set())
    done = await swept(store.archive, NOW + 90 * DAY)
    assert done.get("search", 0) == (len(made.addresses) if how == "refused" else 0)
    assert left() == set()


async def test_no_days_keep_nothing(opening, mails: Mails) -> None:  # type: ignore[no-untyped-def]
    store = await opening(search_days=0)
    await hold(store, mails(dossier=one()))
    await store.archive.index()
    await end(store, State.REFUSED)
    assert await rows(store, "term") == 0


async def test_hashes_go_with_the_bare_row(opening, mails: Mails) -> None:  # type: ignore[no-untyped-def]
    store = await opening(search_days=1830, audit_days=30)
    await hold(store, mails(dossier=one()))
    await store.archive.index()
    await end(store, State.REFUSED)
    await swept(store.archive, NOW + 31 * DAY)
    assert await rows(store, "term") == 0


async def test_protected_mail_is_in_no_index(store: Parts, mails: Mails) -> None:
    await hold(store, mails(dossier=one(), protected=True))
    assert await store.archive.index() == 0
    assert await found(store) == set()
    await end(store, State.REFUSED)
    assert await rows(store, "term") == 0
    assert await rows(store, "facet") == 0
    everything = Filter(protected=True)
    [item] = await store.archive.items(everything)
    assert (item.kinds, item.level, item.rules) == ((), "", ())


FILTERS = {
    "kind": Filter(kind="health"),
    "class": Filter(kind="encrypted"),
    "level": Filter(level="high"),
    "rule": Filter(rule="high"),
}


@pytest.mark.parametrize("indexed", [True, False])
async def test_the_bare_row_keeps_what_lists_are_filtered_by(
    opening,
    mails: Mails,
    indexed: bool,  # type: ignore[no-untyped-def]
) -> None:
    store = await opening(search_days=90)
    await hold(store, mails())
    if indexed:
        await store.archive.index()
    await end(store, State.REFUSED)
    for name, wanted in FILTERS.items():
        assert [item.id for item in await store.archive.items(wanted)] == ["M00001.1"], name
    for wanted in (Filter(kind="healt"), Filter(level="low"), Filter(rule="hig")):
        assert await store.archive.items(wanted) == []
    [item] = await store.archive.items(Filter())
    assert item.dossier is None
    assert dict(item.kinds)["se.personnummer"] == "high"
    assert (item.level, item.rules) == ("high", ("high",))
    assert (item.decided_by, item.decided_at) == ("anna", NOW)
    known = await store.archive.facets()
    assert known["department"] == ("Socialförvaltningen",)
    assert "health" in known["kind"]


async def test_who_decided_is_a_filter(store: Parts, mails: Mails) -> None:
    await hold(store, mails())
    await hold(store, mails(items=(StagedItem(Action.ASK, recipients=(0,)),)))
    await end(store, State.REFUSED)
    for who, ids in {
        "me": ["M00001.1"],
        "reviewer": ["M00001.1"],
        "rule": ["M00002.1"],
        "sender": [],
        "system": [],
    }.items():
        listed = await store.archive.items(Filter(decided=who, name="anna"))
        assert [item.id for item in listed] == ids, who


async def test_no_word_stands_in_clear(store: Parts, mails: Mails) -> None:
    await hold(store, mails(dossier=one()))
    await store.archive.index()

    async def work(c):
        return [bytes(row.hash) for row in (await c.execute(text("SELECT hash FROM term"))).all()]

    hashes = await store.database.run(work)
    assert {len(each) for each in hashes} == {search.SIZE}
    for word in (b"kerstin", b"anna", b"rsm", b"kallelse"):
        assert not any(word in each for each in hashes)


def test_names_of_files_are_read_for_the_search():
    raw = (
        b"From: a@kommun.example\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n\r\nHej\r\n--x\r\n'
        b'Content-Type: text/plain; name="kallelse.txt"\r\n'
        b'Content-Disposition: attachment; filename="kallelse.txt"\r\n\r\nHej\r\n--x--\r\n'
    )
    seen, _ = examine(raw, Job(b"k" * 32, NOW.date()))
    assert seen.facts.files == ("kallelse.txt",)
    assert from_json(json.loads(json.dumps(to_json(seen)))).facts.files == ("kallelse.txt",)
