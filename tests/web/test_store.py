"""The same pages over the real store: what the fake archive promises, the store keeps."""

import argon2
import pytest

from mailfilter.config import Settings, Store
from mailfilter.model import Action, State
from mailfilter.record.archive.archive import Means
from mailfilter.record.contract import AuditLine, Staged, StagedItem
from mailfilter.record.open import open_store
from mailfilter.record.sealing.keys import ensure_keys, load_private
from tests.web.mails import NOW, dossier
from tests.web.office import REVIEWER, Office, Visitor

CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
ID = "M00001.1"
SECRET = "ett nytt långt lösen"


@pytest.fixture
async def store(tmp_path):
    ensure_keys(tmp_path / "keys")
    settings = Settings(store=Store(url=f"sqlite:///{tmp_path}/m.db", keys=tmp_path / "keys"))
    opened = await open_store(
        settings, load_private(tmp_path / "keys"), Means(clock=lambda: NOW, hasher=CHEAP)
    )
    for n, protected in ((1, False), (2, True)):
        await opened.intake.stage(_mail(f"M0000{n}", protected))
        await opened.intake.commit(f"M0000{n}", ())
    await opened.archive.add_user(REVIEWER, SECRET, AuditLine(0, NOW, "cli", "user-add", "rut"))
    yield opened
    await opened.close()


def _mail(name, protected):
    return Staged(
        id=name,
        join_key=name.encode(),
        incident_key=name.encode(),
        at=NOW,
        department="Socialförvaltningen",
        controller="Socialnämnden",
        protected=protected,
        rules_hash="f00d",
        dossier=dossier(),
        body=b"Subject: x\r\n\r\nHej\r\n",
        items=(StagedItem(Action.QUARANTINE, recipients=(0,)),),
        notice=True,
    )


@pytest.fixture
async def office(store):
    office = Office(read=[])
    office.archive = store.archive
    return office


@pytest.fixture
async def rut(office):
    visitor = Visitor(office.app())
    secret = await office.archive.new_login_link("rut", NOW)
    assert (await visitor.post("/login/link", secret=secret)).status == 303
    await visitor.get("/account")
    return visitor


async def test_from_login_to_release(office, rut):
    page = await rut.get("/")
    assert f"/item/{ID}" in page.text
    assert "M00002" not in page.text
    assert (await rut.get("/item/M00002.1")).status == 404
    assert "121212-****" in (await rut.get(f"/item/{ID}")).text

    answer = await rut.post(f"/item/{ID}/text", purpose="decide", case="SN 2026/1")
    assert "<mark>19121212-1212</mark>" in answer.text
    assert office.read == [b"Subject: x\r\n\r\nHej\r\n"]

    assert (await rut.post(f"/item/{ID}/release", reason="lawful")).status == 303
    assert (await rut.post(f"/item/{ID}/refuse", reason="sensitive")).status == 409
    kept = await office.archive.item(ID)
    assert (kept.state, kept.reason) == (State.RELEASING, "lawful")
    due = await office.archive.due(NOW)
    assert ("release", ID) in [(parcel.kind, parcel.item) for parcel in due]
    page = (await rut.get(f"/item/{ID}")).text
    assert "Texten visades" in page
    assert "ärende: SN 2026/1" in page
    acts = [line.act for line in await office.archive.audit_lines()]
    assert acts == ["user-add", "login", "view-list", "view-item", "view-text", "release"]
    assert (await office.archive.verify_audit())[1] == ""


@pytest.mark.parametrize(("act", "reason"), [("refuse", "sensitive"), ("delete", "test")])
async def test_after_the_end_the_content_is_gone(office, rut, act, reason):
    assert (await rut.post(f"/item/{ID}/{act}", reason=reason, sure="yes")).status == 303
    page = (await rut.get(f"/item/{ID}")).text
    assert "Innehållet är förstört" in page
    assert "anna.berg" not in page
    assert (await rut.post(f"/item/{ID}/text", purpose="decide")).status == 410
    assert ID in (await rut.get("/?tab=stopped")).text


async def test_redirect_names_its_connector(office, rut):
    form = {"reason": "sensitive", "connector": "saker"}
    assert (await rut.post(f"/item/{ID}/redirect", **form)).status == 303
    kept = await office.archive.item(ID)
    assert (kept.state, kept.connector) == (State.ACCEPTED, "saker")


async def test_passwords_and_throttling(office, rut):
    new = "ännu ett långt lösen"
    answer = await rut.post("/account/password", password=new, password_again=new)
    assert answer.status == 303
    assert (await rut.get("/account")).status == 200
    visitor = Visitor(rut.app)
    statuses = [
        (await visitor.post("/login", name="rut", password=SECRET)).status for _ in range(6)
    ]
    assert statuses == [401] * 5 + [429]


@pytest.mark.parametrize(
    "query", ["kind=health", "since=2026-11-18", "kind=encrypted", "action=quarantine"]
)
async def test_filters_of_the_list(rut, query):
    answer = await rut.get(f"/?{query}")
    assert answer.status == 200
    assert (ID in answer.text) == (query != "kind=encrypted")


async def test_ended_mail_keeps_kind_rule_and_who_decided(rut):
    assert (await rut.post(f"/item/{ID}/refuse", reason="sensitive")).status == 303
    page = (await rut.get(f"/item/{ID}")).text
    assert "Hälsa (medel)" in page
    assert "numbers-out" in page
    assert "Beslutat av" in page
    listed = (await rut.get("/?tab=stopped")).text
    assert "(avsändaren är raderad)" in listed
    assert "Personnummer" in listed


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("kind=health", True),
        ("kind=encrypted", False),
        ("level=high", True),
        ("level=low", False),
        ("rule=numbers-out", True),
        ("rule=numbers", False),
        ("decided=me", True),
        ("decided=reviewer", True),
        ("decided=sender", False),
        ("decided=rule", False),
    ],
)
async def test_filters_hold_for_ended_mail(rut, query, fits):
    await rut.post(f"/item/{ID}/refuse", reason="sensitive")
    answer = await rut.get(f"/?tab=stopped&{query}")
    assert (ID in answer.text) == fits
