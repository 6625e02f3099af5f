"""The outbox: what must be sent is due until it is done."""

from datetime import timedelta

from tests.record.making import DAY, NOW, Mails, Parts, dossier, hold


async def test_due_done_retry(store: Parts, mails: Mails) -> None:
    await hold(store, mails(notice=False))
    archive = store.archive
    first = await archive.put("not-sent", NOW, item="M00001.1", note="3")
    second = await archive.put("reviewers", NOW + timedelta(seconds=1), note="2")
    assert [p.id for p in await archive.due(NOW)] == [first]
    await archive.retry(first, NOW + timedelta(minutes=5), "450 4.1.1 <a@example.org> unknown")
    assert [p.id for p in await archive.due(NOW + timedelta(minutes=1))] == [second]
    (again, _) = sorted(await archive.due(NOW + DAY), key=lambda parcel: parcel.id)
    assert (again.attempts, again.dossier, again.note) == (1, dossier(), "3")
    assert again.created_at == NOW
    await archive.done(first)
    await archive.done(second)
    await archive.retry(second, NOW, "too late")
    assert await archive.due(NOW + DAY) == []
    assert len(await archive.due(NOW + DAY, limit=1)) == 0


async def test_a_report_is_put_once_for_each_week(store: Parts) -> None:
    first = await store.archive.put("report", NOW, note="2026-W47")
    await store.archive.done(first)
    assert await store.archive.put("report", NOW, note="2026-W47") == first
    assert await store.archive.put("report", NOW, note="2026-W48") != first
    assert [p.note for p in await store.archive.due(NOW)] == ["2026-W48"]


async def test_one_mail_to_the_reviewers_waits_at_a_time(store: Parts) -> None:
    first = await store.archive.put("reviewers", NOW, note="1")
    assert await store.archive.put("reviewers", NOW, note="2") == first
    await store.archive.done(first)
    assert await store.archive.put("reviewers", NOW, note="3") != first


async def test_a_parcel_of_nothing_has_no_dossier(store: Parts) -> None:
    await store.archive.put("not-sent", NOW, item="gone.1")
    (parcel,) = await store.archive.due(NOW)
    assert (parcel.dossier, parcel.message) == (None, "")
