"""An office with a few mails, and visitors of each role."""

import pytest

from mailfilter.model import State
from tests.record.conftest import keys, opening, postgresql, url
from tests.web.mails import LOCKED, dossier, item
from tests.web.office import ADMIN, AUDITOR, EVERYTHING, REVIEWER, Office, Visitor

__all__ = ["keys", "opening", "postgresql", "url"]


@pytest.fixture
def office():
    office = Office()
    keep = office.archive.keep
    keep(item(), b"From: anna\r\n\r\nHej")
    keep(item("B2222-22222", department="Miljöförvaltningen"), b"x")
    keep(item("C3333-33333", protected=True), b"x")
    keep(item("D4444-44444", state=State.RELEASE_FAILED, receipt="550 5.1.1 no such user"), b"x")
    keep(item("E5555-55555", contents=dossier(not_examined=(LOCKED,), findings=())), b"x")
    keep(item("F6666-66666", state=State.RELEASING), b"x")
    return office


@pytest.fixture
def app(office):
    return office.app()


@pytest.fixture
def anybody(app):
    return Visitor(app)


@pytest.fixture
async def rut(app):
    return await Visitor(app).login(REVIEWER)


@pytest.fixture
async def alla(app):
    return await Visitor(app).login(EVERYTHING)


@pytest.fixture
async def rolf(app):
    return await Visitor(app).login(AUDITOR)


@pytest.fixture
async def adam(app):
    return await Visitor(app).login(ADMIN)
