"""Keys and database lie on disks of their own, of which ``check-config`` says nothing."""

import pytest

from mailfilter.app import key_place


@pytest.fixture(autouse=True)
def disks(monkeypatch):
    monkeypatch.setattr(key_place, "_disk", str)
